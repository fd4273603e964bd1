/* SPDX-License-Identifier: ISC */
/* The engine: what the client says goes to the session, texts to message.c. */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "smtpd/message.h"
#include "smtpd/reply.h"
#include "smtpd/serve.h"
#include "smtpd/session.h"
#include "smtpd/text.h"

struct serve {
	struct conn conn;
	struct session session;
	const struct service *service;
	enum session_next next; /* what the latest command asks for */
	bool has_lf;            /* its line ended in LF alone */
	bool has_spoken;
	unsigned commands; /* since the last message */
};

/* Beside what a message to the most recipients needs, each refused once. */
#define COMMANDS_MAX 200

/* In a row that are none: devices have no more to get wrong. */
#define NONSENSE_MAX 20

static void
put_reply(struct serve *s, struct reply *r)
{
	reply_tell(conn_out(&s->conn), r, s->service->refused, s->service->arg);
}

static void
say(struct serve *s, unsigned code, const char *status, const char *text)
{
	struct reply r;

	reply_set(&r, code, status, "%s", text);
	put_reply(s, &r);
}

/* A stranger who only talks, keeps a place from who has mail. */
static bool
is_flood(struct serve *s)
{
	return s->service->is_public &&
	       (++s->commands > COMMANDS_MAX + 2 * s->service->rcpts_max ||
		   s->session.nonsense >= NONSENSE_MAX);
}

/* Reads one line and does what it says: s->next is what comes next. */
static void
one_command(struct serve *s)
{
	struct conn_line line;
	struct buf *out;

	s->next = SESSION_QUIT;
	if (conn_read_line(&s->conn, &line) == -1)
		return;
	s->has_spoken = true;
	if (is_flood(s)) {
		say(s, 421, "4.7.0", "too many commands; closing");
		s->next = SESSION_GIVE_UP;
		return;
	}
	out = conn_out(&s->conn);
	s->has_lf = !line.has_cr;
	s->next = line.is_long
		      ? session_long_line(&s->session, line.p, line.n, out)
		      : session_command(&s->session, line.p, line.n, out);
}

/* A message has ended: the client has time for the next. */
static void
end_message(struct serve *s)
{
	session_reset(&s->session);
	s->commands = 0;
	s->conn.until_ms =
	    patience_between(s->service->patience, clock_mono_ms());
}

/* ---- the text ---- */

static void
note_loss(void)
{
	log_text(LOG_NOTICE, "smtpd",
	    "a message did not come to its end and was dropped");
}

static void
refuse(struct serve *s, const struct err *e)
{
	struct reply r;

	if (s->service->refused == NULL)
		log_text(LOG_ERR, "smtpd", "%s", e->text);
	reply_of_err(&r, e);
	put_reply(s, &r);
}

/* The rest of what was refused would keep a place for hours. */
static int
cut_off(struct serve *s)
{
	say(s, 421, "4.7.0", "what was refused went on for too long; closing");
	s->next = SESSION_GIVE_UP;
	return 1;
}

/* The answer to a text that was refused, and drained to that outcome. */
static int
end_refused(struct serve *s, int drained, const struct err *e)
{
	if (drained == -1) {
		note_loss();
		return -1;
	}
	refuse(s, e);
	return drained == 0 ? 0 : cut_off(s);
}

/*
 * The text behind DATA, and the answer to it.  Returns 0, 1 when s->next says
 * that it is over, -1 when the client is gone.
 */
static int
take_data(struct serve *s)
{
	struct envelope env;
	struct source source;
	struct reply r;
	struct text t;
	struct err e;
	int rc = 0;

	text_init_data(&t, &s->conn, s->service->patience, s->has_lf);
	t.refuses_bare = s->service->refuses_bare;
	source = text_source_data(&t);
	session_take(&s->session, &env);
	if (message_take(&source, s->service, &env, &r, &e) == 0)
		put_reply(s, &r);
	else
		rc = end_refused(s, text_drain_data(&t), &e);
	envelope_clear(&env);
	end_message(s);
	return rc;
}

/* A large message has many, which its deadline bounds and no number does. */
static void
begin_chunk(struct serve *s, struct text *t)
{
	t->left = s->session.chunk.size;
	t->is_last = s->session.chunk.is_last;
	if (t->left > 0 && s->commands > 0)
		s->commands--;
}

/*
 * Between chunks the client may say anything.  What ends the message, a RSET
 * or the loss of the connection, has its answer already.
 */
static int
next_chunk(void *arg, struct text *t)
{
	struct serve *s = arg;

	say(s, 250, "2.0.0", "the chunk has arrived");
	/* The message has begun: it is late when its text is. */
	if (t->octets > 0)
		s->conn.until_ms =
		    patience_text(s->service->patience, t->since_ms, t->octets);
	do
		one_command(s);
	while (s->next == SESSION_COMMAND && s->session.is_chunked);
	if (s->next != SESSION_CHUNK)
		return -1;
	begin_chunk(s, t);
	return 0;
}

/* It was none: the client has no more time, nor more commands, for another. */
static int
drop_message(struct serve *s, int64_t until_ms)
{
	note_loss();
	session_reset(&s->session);
	s->conn.until_ms = until_ms;
	return 1;
}

/*
 * A message that begins with this chunk.  Returns 0 when s->next is done with,
 * 1 when it is what has ended the message, -1 when the client is gone.
 */
static int
take_chunks(struct serve *s)
{
	struct envelope env;
	struct source source;
	struct reply r;
	struct text t;
	struct err e;
	int64_t until = s->conn.until_ms;
	int rc = 0;

	text_init_chunks(&t, &s->conn, s->service->patience);
	t.refuses_bare = s->service->refuses_bare;
	t.next_chunk = next_chunk;
	t.arg = s;
	begin_chunk(s, &t);
	source = text_source_chunks(&t);
	session_take(&s->session, &env);
	if (message_take(&source, s->service, &env, &r, &e) == 0)
		put_reply(s, &r);
	else if (s->next == SESSION_CHUNK)
		rc = end_refused(s, text_drain_chunk(&t), &e);
	else
		rc = drop_message(s, until);
	envelope_clear(&env);
	if (s->next == SESSION_CHUNK)
		end_message(s);
	return rc;
}

/* A chunk of a message that was refused; as take_data. */
static int
skip_chunk(struct serve *s)
{
	struct text t;
	int rc;

	text_init_chunks(&t, &s->conn, s->service->patience);
	begin_chunk(s, &t);
	rc = text_drain_chunk(&t);
	return rc == 1 ? cut_off(s) : rc;
}

/* ---- TLS ---- */

/*
 * What came behind STARTTLS without TLS, somebody on the way may have put
 * there, to be taken for the client's words within TLS (CVE-2011-0411).  From
 * here on the octets are TLS's, which takes no others.
 */
static int
start_tls(struct serve *s)
{
	const struct service *service = s->service;
	struct err e;
	struct io io;

	if (conn_has_input(&s->conn)) {
		log_event(LOG_WARNING, "starttls-injection", "client",
		    service->client, "text",
		    "commands came behind STARTTLS, ahead of the handshake; "
		    "they were dropped",
		    NULL);
		say(s, 554, "5.5.0", "nothing may follow STARTTLS; closing");
		return EX_PROTOCOL;
	}
	say(s, 220, "2.0.0", "go ahead");
	if (conn_flush(&s->conn) == -1)
		return EX_IOERR;
	if (service->start_tls(service->arg, &io, &e) == -1)
		return EX_PROTOCOL;
	conn_change(&s->conn, &io);
	session_secured(&s->session);
	return EX_OK;
}

/* ---- who it is ---- */

/* What the client has said is in the session, and nowhere else any more. */
static void
sign_in(struct serve *s)
{
	struct session *session = &s->session;
	enum sign_in_result result;
	struct err e;

	conn_forget(&s->conn);
	result = s->service->sign_in(s->service->arg, session->dialogue.login,
	    session->dialogue.password, &e);
	s->next =
	    session_signed_in(session, result, e.text, conn_out(&s->conn));
}

/* ---- from the beginning to the end ---- */

/* The client's fault, or the connection's, as an exit status. */
static int
end(struct serve *s)
{
	switch (s->conn.fault) {
	case CONN_FINE:
	case CONN_GONE:
		break;
	case CONN_LATE:
		say(s, 421, "4.4.2", "nothing came for too long; closing");
		(void)conn_flush(&s->conn);
		return EX_TEMPFAIL;
	case CONN_DISMISSED:
		say(s, 421, "4.3.2", "mailchuted ends this session; closing");
		break;
	case CONN_UNREADABLE:
		/* Whoever tries whether a port is open leaves like this. */
		if (!s->has_spoken && s->service->is_public)
			break;
		log_text(LOG_ERR, "smtpd", "cannot read commands: %s",
		    strerror(s->conn.error));
		say(s, 421, "4.3.0", "cannot read commands; closing");
		(void)conn_flush(&s->conn);
		return EX_NOINPUT;
	case CONN_UNWRITABLE:
		return EX_IOERR;
	}
	return conn_flush(&s->conn) == -1 ? EX_IOERR : EX_OK;
}

/*
 * What follows may be the text of a message that was refused, and its lines
 * must not become commands.
 */
static int
send_away(struct serve *s)
{
	say(s, 421, "4.7.0",
	    "the message came without being asked for; closing");
	return EX_PROTOCOL;
}

/* It comes again, to another smtpd, which may have an answer. */
static int
give_up(struct serve *s)
{
	say(s, 421, "4.3.2", "mailchuted does not answer; closing");
	return EX_UNAVAILABLE;
}

static bool
is_over(const struct serve *s)
{
	return s->service->is_over != NULL &&
	       s->service->is_over(s->service->arg);
}

/* Returns the exit status of a client that is sent away, or 0. */
static int
converse(struct serve *s)
{
	int rc;

	one_command(s);
	for (;;) {
		rc = 0;
		switch (s->next) {
		case SESSION_COMMAND:
			break;
		case SESSION_TEXT:
			rc = take_data(s);
			break;
		case SESSION_NO_TEXT:
			/*
			 * RFC 2920 3.1: nobody goes on behind DATA without its
			 * answer.  Who does so all the same sends the text.
			 */
			if (conn_has_input(&s->conn))
				return send_away(s);
			break;
		case SESSION_CHUNK:
			rc = take_chunks(s);
			break;
		case SESSION_NO_CHUNK:
			rc = skip_chunk(s);
			break;
		case SESSION_LOST:
			return send_away(s);
		case SESSION_HANDSHAKE:
			if ((rc = start_tls(s)) != EX_OK)
				return rc;
			break;
		case SESSION_SIGN_IN:
			sign_in(s);
			continue;
		case SESSION_QUIT:
			return EX_OK;
		case SESSION_GIVE_UP:
			return EX_PROTOCOL;
		}
		if (rc == -1)
			return EX_OK;
		if (rc == 1)
			continue;
		if (is_over(s))
			return give_up(s);
		one_command(s);
	}
}

/*
 * Before the greeting nobody speaks who means SMTP (RFC 5321 3.1): whoever does
 * would not hear what is answered, either.  Programs of this host may.
 */
static int
greet(struct serve *s)
{
	const char *p;

	if (s->service->is_public && conn_has_input(&s->conn)) {
		/* The end is nothing that was said. */
		if (conn_read(&s->conn, &p, clock_mono_ms()) == -1)
			return EX_OK;
		s->has_spoken = true;
		say(s, 554, "5.5.0", "the greeting comes first; closing");
		return EX_PROTOCOL;
	}
	session_greet(&s->session, conn_out(&s->conn));
	return EX_OK;
}

int
serve(const struct io *io, const struct service *service)
{
	struct serve s;
	int status, ended;

	memset(&s, 0, sizeof(s));
	s.service = service;
	conn_init(&s.conn, io, service->patience->command_ms);
	s.conn.until_ms = patience_between(service->patience, clock_mono_ms());
	s.conn.dialogue = service->dialogue;
	session_init(
	    &s.session, service->hostname, service->limit, service->rcpts_max);
	s.session.words = service->words;
	s.session.refused = service->refused;
	s.session.arg = service->arg;
	s.session.tls = service->tls;
	s.session.auth = service->auth;
	s.session.auth_in_clear = service->auth_in_clear;
	if ((status = greet(&s)) == EX_OK)
		status = converse(&s);
	ended = end(&s);
	session_clear(&s.session);
	conn_clear(&s.conn);
	return ended == EX_OK ? status : ended;
}
