/* SPDX-License-Identifier: ISC */
/* The service of a listener: one client, from its greeting to its end. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "common/proto_listen.h"
#include "common/proto_words.h"
#include "common/sandbox.h"
#include "common/submit.h"
#include "common/xalloc.h"
#include "smtpd/channel.h"
#include "smtpd/link.h"
#include "smtpd/listener.h"
#include "smtpd/pipe.h"
#include "smtpd/report.h"
#include "smtpd/serve.h"
#include "smtpd/setup.h"
#include "smtpd/sign_in.h"
#include "smtpd/tls.h"

#define HANG_UP_MS     2000
#define HANG_UP_OCTETS (1024 * 1024)
#define HANDSHAKE_MS   (60 * 1000) /* an old device is slow at RSA */

/* Its client, and what both have come to. */
struct listener {
	const struct listen_setup *setup;
	struct pipe_ends ends;
	struct client_words words;
	struct channel channel;
	struct link link;
	struct report report;
	struct dialogue dialogue;
	struct tls_rules *rules; /* NULL: no TLS is to be had */
	struct tls *tls;         /* in use */
	bool is_silent;          /* it left before it began TLS */
};

static int
hand_over(void *arg, struct parcel *p, struct handed *out, struct err *e)
{
	struct listener *l = arg;

	return link_hand_over(&l->link, &l->words, p, out->queue_id, e);
}

/* Whoever signs in is somebody else than before. */
static enum sign_in_result
sign_in(void *arg, const char *login, const char *password, struct err *e)
{
	struct listener *l = arg;

	link_drop(&l->link);
	return sign_in_ask(&l->channel, login, password, e);
}

static bool
is_over(void *arg)
{
	const struct listener *l = arg;

	return l->channel.fd == -1;
}

static void
open_log(const struct listen_setup *s)
{
	if (s->log_target == CONF_LOG_SYSLOG)
		(void)log_open("smtpd", LOG_TO_SYSLOG, NULL, (int)s->log_level);
	else
		log_open_fd("smtpd", STDERR_FILENO, (int)s->log_level);
	tzset();
}

/*
 * What a client has said that nobody has read makes TCP forget what it was
 * told; who was sent away should hear why.
 */
static void
hang_up(struct pipe_ends *ends)
{
	int64_t until = clock_mono_ms() + HANG_UP_MS;
	struct io io = pipe_io(ends);
	char scratch[4096];
	size_t left = HANG_UP_OCTETS;
	ssize_t n = 1;

	(void)shutdown(ends->out, SHUT_WR);
	while (n > 0 && left > 0) {
		n = io.read(io.arg, scratch, sizeof(scratch), until);
		left = n > 0 && (size_t)n < left ? left - (size_t)n : 0;
	}
}

/* ---- TLS ---- */

static int
start_tls(void *arg, struct io *io, struct err *e)
{
	struct listener *l = arg;
	const struct listen_setup *s = l->setup;

	l->tls = tls_accept(l->rules, &l->ends, clock_mono_ms() + HANDSHAKE_MS,
	    &l->is_silent, e);
	if (l->tls == NULL) {
		if (l->is_silent && s->tls == LISTEN_TLS_IMPLICIT)
			return -1;
		report_failed(&l->report, e->text);
		log_event(LOG_NOTICE, "tls-failed", "listener", s->listener,
		    "client", s->client, "text", e->text, NULL);
		return -1;
	}
	strlcpy(l->words.tls_version, tls_version(l->tls),
	    sizeof(l->words.tls_version));
	strlcpy(l->words.tls_cipher, tls_cipher(l->tls),
	    sizeof(l->words.tls_cipher));
	log_event(LOG_INFO, "tls", "listener", s->listener, "client", s->client,
	    "version", l->words.tls_version, "cipher", l->words.tls_cipher,
	    NULL);
	*io = tls_io(l->tls);
	return 0;
}

/*
 * What the session does about TLS.  Without a key that serves, mailchuted has
 * said so in the log; who has to use TLS is sent away until there is one.
 */
static enum session_tls
tls_at_start(const struct listener *l)
{
	bool has_key = l->rules != NULL;

	switch (l->setup->tls) {
	case LISTEN_TLS_STARTTLS:
		return has_key ? SESSION_TLS_OFFERED : SESSION_TLS_BROKEN;
	case LISTEN_TLS_REQUIRED:
		return SESSION_TLS_REQUIRED;
	case LISTEN_TLS_IMPLICIT:
		return SESSION_TLS_IN_USE;
	case LISTEN_TLS_NONE:
		break;
	}
	return SESSION_TLS_ABSENT;
}

/* ---- the client ---- */

static void
refused(void *arg, struct reply *r)
{
	struct listener *l = arg;

	report_refused(&l->report, r);
}

static int
run(struct listener *l, enum session_tls tls)
{
	const struct listen_setup *s = l->setup;
	const struct rewrite_rules forced = {
		.user = s->from,
		.mode = REWRITE_ALWAYS,
		.local_names = &s->local_names,
		.hostname = s->hostname,
		.domain = s->domain,
	};
	const struct service service = {
		.hostname = s->hostname,
		.domain = s->domain,
		.client = s->client,
		.limit = SIZE_LIMIT_LISTENER(s->size_max),
		.rcpts_max = s->rcpts_max,
		.patience =
		    s->is_crowded ? &patience_crowded : &patience_public,
		.is_public = true,
		.refuses_bare = s->bare_newline == BARE_NEWLINE_REFUSE,
		.tls = tls,
		.start_tls = start_tls,
		.refused = refused,
		.dialogue = s->log_dialogue ? &l->dialogue : NULL,
		.forced = s->from == NULL ? NULL : &forced,
		.words = &l->words,
		.auth = s->auth,
		.auth_in_clear = s->auth_in_clear,
		.sign_in = sign_in,
		.hand_over = hand_over,
		.is_over = is_over,
		.arg = l,
	};
	struct io io = pipe_io(&l->ends);
	struct err e;
	int status = EX_PROTOCOL;

	if (tls != SESSION_TLS_IN_USE || start_tls(l, &io, &e) == 0)
		status = serve(&io, &service);
	else if (l->is_silent)
		status = EX_OK; /* who looked whether the port is open */
	tls_free(l->tls);
	link_drop(&l->link);
	return status;
}

static int
send_away(struct listener *l)
{
	struct io io = pipe_io(&l->ends);
	struct reply r;
	struct buf b;

	buf_init(&b, REPLY_MAX);
	reply_set(&r, 421, "4.7.0", "the listener has no certificate");
	reply_tell(&b, &r, refused, l);
	/* Whoever waits for a handshake understands the end alone. */
	if (l->setup->tls != LISTEN_TLS_IMPLICIT)
		(void)io.write(
		    io.arg, b.data, b.len, clock_mono_ms() + HANG_UP_MS);
	buf_clear(&b);
	return EX_CONFIG;
}

static const char *
reason_of(int status)
{
	switch (status) {
	case EX_TEMPFAIL:
		return "it was silent or slow for too long";
	case EX_PROTOCOL:
		return "it spoke before its turn, too often without a message, "
		       "or something else than SMTP";
	case EX_IOERR:
		return "it did not read what it was told";
	case EX_UNAVAILABLE:
		return "mailchuted did not answer its smtpd";
	case EX_CONFIG:
		return "the listener has no certificate";
	default:
		return "it could not be read";
	}
}

static int
meet(struct listener *l)
{
	enum session_tls tls = tls_at_start(l);
	int status;

	l->dialogue = (struct dialogue){ .listener = l->setup->listener,
		.client = l->setup->client };
	log_event(LOG_INFO, "client", "listener", l->setup->listener, "client",
	    l->setup->client, NULL);
	if (l->rules == NULL &&
	    (tls == SESSION_TLS_REQUIRED || tls == SESSION_TLS_IN_USE))
		status = send_away(l);
	else
		status = run(l, tls);
	if (status != EX_OK)
		log_event(LOG_NOTICE, "client-sent-away", "listener",
		    l->setup->listener, "client", l->setup->client, "text",
		    reason_of(status), NULL);
	report_end(&l->report);
	hang_up(&l->ends);
	return status;
}

/* All that a client could break comes after the sandbox. */
static int
confine_and_meet(struct listener *l, const struct sandbox_made *made)
{
	enum sandbox_mode mode = l->setup->sandbox;
	char told[SANDBOX_TOLD_MAX];
	struct err e;

	if ((made != NULL && mode == SANDBOX_STRICT
		    ? sandbox_enter_made(made, told, &e)
		    : sandbox_enter(
			  SANDBOX_DELIVER, mode, NULL, 0, told, &e)) == 0)
		return meet(l);
	log_text(LOG_ERR, "smtpd", "%s", e.text);
	return EX_CONFIG;
}

int
listener_run(const struct sandbox_made *made)
{
	struct listen_setup s;
	struct listener l = { .setup = &s,
		.ends = { STDIN_FILENO, STDOUT_FILENO, &l.channel.fd },
		.channel = { LISTEN_FD },
		.link = LINK_BY(&l.channel),
		.report = {
		    .channel = &l.channel, .setup = &s, .words = &l.words } };
	struct pair pair;
	struct err e;
	int status;

	sandbox_hide_memory();
	if (setup_read(&s, &pair, &e) == -1) {
		log_text(LOG_ERR, "smtpd", "%s", e.text);
		return EX_USAGE;
	}
	open_log(&s);
	if (s.has_pair &&
	    (l.rules = tls_rules_new(s.tls_min, &pair, &e)) == NULL)
		log_text(LOG_ERR, "smtpd", "%s", e.text);
	pair_wipe(&pair);
	status = confine_and_meet(&l, made);
	tls_rules_free(l.rules);
	listen_setup_clear(&s);
	return status;
}
