/* SPDX-License-Identifier: ISC */
/*
 * Commands and their order (RFC 5321 4.1.4).  Each has a function that fills
 * one reply; what it says next is decided by whether it refused.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/proto_submit.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "smtpd/command.h"
#include "smtpd/params.h"
#include "smtpd/reply.h"
#include "smtpd/secure.h"
#include "smtpd/session.h"
#include "smtpd/session_auth.h"
#include "smtpd/session_text.h"

/* Answers one command: *r, or text in out and r->code 0.  -1: refused. */
typedef int answer_fn(struct session *s, const struct command *c,
    struct buf *out, struct reply *r);

void
session_init(struct session *s, const char *hostname, struct size_limit limit,
    unsigned rcpts_max)
{
	memset(s, 0, sizeof(*s));
	s->hostname = hostname;
	s->limit = limit;
	s->rcpts_max = rcpts_max;
	envelope_init(&s->env);
	recipients_init(&s->rcpts, &s->env, 0);
}

void
session_clear(struct session *s)
{
	session_reset(s);
	auth_clear(&s->dialogue);
}

void
session_reset(struct session *s)
{
	recipients_clear(&s->rcpts);
	envelope_clear(&s->env);
	s->has_sender = false;
	s->has_refused = false;
	s->is_chunked = false;
	s->chunked = 0;
}

void
session_take(struct session *s, struct envelope *out)
{
	*out = s->env;
	envelope_init(&s->env);
	recipients_clear(&s->rcpts);
}

void
session_greet(const struct session *s, struct buf *out)
{
	buf_printf(out, "220 %s ESMTP mailchute\r\n", s->hostname);
}

/* For whoever wants to begin anew. */
static void
start_over(struct session *s)
{
	session_reset(s);
	s->is_mixed = false;
}

static int
accept_it(struct reply *r, unsigned code, const char *status, const char *text)
{
	reply_set(r, code, status, "%s", text);
	return 0;
}

/* ---- commands ---- */

static void
note_hello(struct session *s, const struct command *c, bool is_esmtp)
{
	if (s->words == NULL)
		return;
	client_words_set(
	    s->words->helo, sizeof(s->words->helo), c->arg.p, c->arg.n);
	s->words->is_esmtp = is_esmtp;
}

static int
answer_helo(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)out;
	start_over(s);
	note_hello(s, c, false);
	/* RFC 2034 4: no status here. */
	return accept_it(r, 250, "", s->hostname);
}

static int
answer_ehlo(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	start_over(s);
	note_hello(s, c, true);
	buf_printf(out,
	    "250-%s\r\n250-8BITMIME\r\n250-SIZE %llu\r\n250-DSN\r\n"
	    "250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n%s",
	    s->hostname, (unsigned long long)s->limit.octets,
	    secure_offer(s->tls));
	session_put_auth(s, out);
	buf_puts(out, "250 SMTPUTF8\r\n");
	r->code = 0;
	return 0;
}

static bool
is_utf8(const char *address)
{
	return !utf8_is_ascii(address, strlen(address));
}

/* The path of MAIL or RCPT as an address; *r when it is none. */
static int
read_address(const struct span *path, const char *status, char **address,
    struct reply *r)
{
	struct err e;

	*address = xstrndup(path->p, path->n);
	if (addr_check(*address, status, NULL, &e) == 0)
		return 0;
	free(*address);
	*address = NULL;
	return reply_set(r, 501, status, "%s", e.text);
}

static int
answer_mail(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	struct span path, params;

	(void)out;
	if (session_check_text(s, r) == -1)
		return -1;
	if (session_check_auth(s, r) == -1)
		return -1;
	if (s->has_sender)
		return reply_set(r, 503, "5.5.1",
		    "the last message has neither ended nor was it reset");
	if (command_path(&c->arg, "FROM", &path, &params) == -1)
		return reply_set(r, 501, "5.5.4",
		    "MAIL FROM:<address> is what is understood here");
	if (path.n == 0)
		s->env.sender = xstrdup("");
	else if (read_address(&path, "5.1.7", &s->env.sender, r) == -1)
		return -1;
	if (params_mail(&params, s->limit, &s->env, r) == -1) {
		session_reset(s);
		return -1;
	}
	s->env.sender_is_local =
	    path.n > 0 && addr_domain(s->env.sender) == NULL;
	if (is_utf8(s->env.sender))
		s->env.smtputf8 = true;
	s->has_sender = true;
	return accept_it(r, 250, "2.1.0", "ok");
}

static int
too_many(const struct session *s, struct reply *r)
{
	return reply_set(r, 452, "4.5.3",
	    "a message has at most %u recipients here", s->rcpts_max);
}

static int
add_recipient(struct session *s, const char *address, struct rcpt_params *p,
    struct reply *r)
{
	struct envelope_rcpt *rcpt;
	struct err e;
	bool is_new;

	if (s->env.nrcpts >= s->rcpts_max &&
	    !recipients_has(&s->rcpts, address))
		return too_many(s, r);
	rcpt = recipients_put(&s->rcpts, address, &is_new, &e);
	if (rcpt == NULL)
		return too_many(s, r);
	if (is_new) {
		rcpt->notify = p->notify;
		rcpt->orcpt = p->orcpt;
		p->orcpt = NULL;
	}
	return accept_it(r, 250, "2.1.5", "ok");
}

static int
take_recipient(struct session *s, const struct command *c, struct reply *r)
{
	struct rcpt_params p = { 0, NULL };
	struct span path, params;
	char *address = NULL;
	int rc = -1;

	if (command_path(&c->arg, "TO", &path, &params) == -1)
		return reply_set(r, 501, "5.5.4",
		    "RCPT TO:<address> is what is understood here");
	if (read_address(&path, "5.1.3", &address, r) == 0 &&
	    params_rcpt(&params, &p, r) == 0)
		rc = add_recipient(s, address, &p, r);
	free(p.orcpt);
	free(address);
	return rc;
}

static int
answer_rcpt(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)out;
	if (session_check_text(s, r) == -1)
		return -1;
	if (!s->has_sender)
		return reply_set(r, 503, "5.5.1", "MAIL comes first");
	if (take_recipient(s, c, r) == 0)
		return 0;
	s->has_refused = true;
	return -1;
}

static int
answer_rset(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)c;
	(void)out;
	start_over(s);
	return accept_it(r, 250, "2.0.0", "ok");
}

static int
answer_noop(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return accept_it(r, 250, "2.0.0", "ok");
}

static int
answer_vrfy(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)out;
	if (c->arg.n == 0)
		return reply_set(r, 501, "5.5.4", "VRFY takes an address");
	return accept_it(
	    r, 252, "2.5.0", "this is not known here; send, and you will see");
}

static int
answer_help(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return accept_it(r, 214, "2.0.0",
	    "EHLO HELO AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT "
	    "STARTTLS; "
	    "smtpd(8)");
}

static int
answer_quit(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return accept_it(r, 221, "2.0.0", "bye");
}

static int
answer_starttls(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)out;
	if (session_check_text(s, r) == -1)
		return -1;
	return secure_may_start(s, &c->arg, r);
}

static int
answer_absent(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return reply_set(r, 502, "5.5.1", "this command is not offered here");
}

/*
 * What a browser sends has lines that a page has chosen: they must not become
 * commands.
 */
static int
answer_foreign(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return reply_set(
	    r, 421, "4.7.0", "this is SMTP, and not HTTP; closing");
}

static int
answer_unknown(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return reply_set(r, 500, "5.5.2", "there is no such command");
}

static int
answer_malformed(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)s;
	(void)c;
	(void)out;
	return reply_set(r, 500, "5.5.2", "the line holds a control character");
}

/* ---- one of them ---- */

static answer_fn *const answers[] = {
	[VERB_UNKNOWN] = answer_unknown,
	[VERB_ABSENT] = answer_absent,
	[VERB_FOREIGN] = answer_foreign,
	[VERB_AUTH] = answer_absent, /* where nobody signs in */
	[VERB_HELO] = answer_helo,
	[VERB_EHLO] = answer_ehlo,
	[VERB_MAIL] = answer_mail,
	[VERB_RCPT] = answer_rcpt,
	[VERB_DATA] = session_data,
	[VERB_BDAT] = session_bdat,
	[VERB_RSET] = answer_rset,
	[VERB_NOOP] = answer_noop,
	[VERB_VRFY] = answer_vrfy,
	[VERB_HELP] = answer_help,
	[VERB_QUIT] = answer_quit,
	[VERB_STARTTLS] = answer_starttls,
	[VERB_MALFORMED] = answer_malformed,
};

/*
 * Counts commands that no client says on purpose.  An address that is wrong is
 * something else: lists have many of those.
 */
static bool
is_too_much(struct session *s, const struct reply *r)
{
	if (r->code < 500 || strncmp(r->status, "5.5.", 4) != 0)
		s->nonsense = 0;
	else
		s->nonsense++;
	return s->nonsense >= SESSION_NONSENSE_MAX;
}

static enum session_next
give_up(const struct session *s, struct buf *out)
{
	struct reply r;

	reply_set(&r, 421, "4.7.0", "%d commands in a row were none; closing",
	    SESSION_NONSENSE_MAX);
	reply_tell(out, &r, s->refused, s->arg);
	return SESSION_GIVE_UP;
}

static enum session_next
next_of(const struct session *s, enum verb verb, bool is_accepted)
{
	if (verb == VERB_DATA)
		return is_accepted ? SESSION_TEXT : SESSION_NO_TEXT;
	if (verb == VERB_BDAT && !is_accepted)
		return s->is_lost ? SESSION_LOST : SESSION_NO_CHUNK;
	if (verb == VERB_BDAT)
		return SESSION_CHUNK;
	if (verb == VERB_STARTTLS && is_accepted)
		return SESSION_HANDSHAKE;
	if (verb == VERB_FOREIGN)
		return SESSION_GIVE_UP;
	return verb == VERB_QUIT ? SESSION_QUIT : SESSION_COMMAND;
}

/*
 * A prompt takes whatever comes as its answer, but for what may have a text
 * behind it: a client says that which has not waited for the prompt.  As base64
 * it is no login and no password that anybody can type.
 */
static enum session_next
answer_prompt(struct session *s, const struct command *c, const char *line,
    size_t n, struct buf *out)
{
	enum session_next next;

	if (c->verb == VERB_DATA || c->verb == VERB_BDAT)
		next = session_auth_line(s, "*", 1, out);
	else
		next = session_auth_line(s, line, n, out);
	if (next != SESSION_COMMAND || s->dialogue.step != AUTH_IDLE)
		return next;
	return session_behind_none(line, n);
}

enum session_next
session_command(struct session *s, const char *line, size_t n, struct buf *out)
{
	struct command c;
	struct reply r = { 0, "", "" };
	int rc;

	command_parse(line, n, &c);
	if (s->dialogue.step != AUTH_IDLE)
		return answer_prompt(s, &c, line, n, out);
	if (c.verb == VERB_AUTH && s->auth != LISTEN_AUTH_OFF)
		return session_auth(s, &c, out);
	if (secure_lets(s->tls, c.verb, &r) == 0) {
		rc = answers[c.verb](s, &c, out, &r);
	} else {
		/* Of a chunk that nobody may send, no size is believed. */
		s->is_lost = c.verb == VERB_BDAT;
		rc = -1;
	}
	if (is_too_much(s, &r))
		return give_up(s, out);
	if (r.code != 0)
		reply_tell(out, &r, s->refused, s->arg);
	if (c.verb == VERB_UNKNOWN || c.verb == VERB_MALFORMED)
		return session_behind_none(line, n);
	return next_of(s, c.verb, rc == 0);
}

enum session_next
session_long_line(
    struct session *s, const char *line, size_t n, struct buf *out)
{
	struct command c;
	struct reply r;

	if (s->dialogue.step != AUTH_IDLE) {
		(void)session_auth_long(s, out);
		return session_behind_none(line, n);
	}
	command_parse(line, n, &c);
	if (c.verb == VERB_FOREIGN)
		(void)answer_foreign(s, &c, out, &r);
	else
		reply_set(&r, 500, "5.5.2", "the line is too long");
	if (is_too_much(s, &r))
		return give_up(s, out);
	reply_tell(out, &r, s->refused, s->arg);
	return c.verb == VERB_FOREIGN ? SESSION_GIVE_UP
				      : session_behind_none(line, n);
}
