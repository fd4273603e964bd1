/* SPDX-License-Identifier: ISC */
/*
 * The SMTP dialogue around the messages.  Each step sends one command, reads
 * one reply and judges it; the order of the steps is session_open.
 *
 * The credential is asked for in one place, sign_in, and that is reached only
 * over TLS whose peer was verified: see check_protected.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "mail/greeting.h"
#include "mail/verdict.h"
#include "delivery/command.h"
#include "delivery/conn.h"
#include "delivery/reply_read.h"
#include "delivery/sasl.h"
#include "delivery/secret.h"
#include "delivery/session.h"

/* ---- failures ---- */

/* No reply, or nonsense. */
static int
fail(struct session *s, const struct err *e, struct job_result *why)
{
	s->is_broken = true;
	verdict_error(conn_get_phase(s->conn), e, why);
	return -1;
}

/* A reply that refuses, or one that has no business here. */
static int
fail_reply(struct session *s, const struct reply *r, struct job_result *why)
{
	struct err e;

	if (reply_class(r) >= 4) {
		verdict_reply(conn_get_phase(s->conn), r, why);
		verdict_name(why, s->job->user, NULL);
		return -1;
	}
	err_set(&e, ERR_TEMP, "4.5.0",
	    "protocol error: the server answered %u %s", r->code,
	    buf_data(&r->text));
	return fail(s, &e, why);
}

/* What the server cannot do, or the configuration asks for in vain. */
static int
fail_setup(struct session *s, enum job_scope scope, const char *status,
    const char *text, const char *fix, struct job_result *why)
{
	memset(why, 0, sizeof(*why));
	why->outcome = scope == JOB_SCOPE_ACCOUNT ? JOB_REJECTED : JOB_DEFERRED;
	why->scope = scope;
	strlcpy(why->status, status, sizeof(why->status));
	strlcpy(why->phase, phase_name(conn_get_phase(s->conn)),
	    sizeof(why->phase));
	strlcpy(why->text, text, sizeof(why->text));
	strlcpy(why->fix, fix, sizeof(why->fix));
	return -1;
}

/* ---- steps ---- */

static int
greeting(struct session *s, struct reply *r, struct job_result *why)
{
	struct err e;

	conn_phase(s->conn, PHASE_GREETING);
	if (reply_read(r, s->conn, &e) == -1)
		return fail(s, &e, why);
	s->ready.server_at = greeting_time(buf_data(&r->text));
	if (s->ready.server_at != 0)
		s->ready.greeted_at = clock_wall();
	return r->code == 220 ? 0 : fail_reply(s, r, why);
}

static int
ehlo(struct session *s, struct reply *r, struct job_result *why)
{
	struct err e;

	conn_phase(s->conn, PHASE_EHLO);
	if (command_put(s->conn, &e, "EHLO %s", s->job->helo) == -1 ||
	    conn_flush(s->conn, &e) == -1 || reply_read(r, s->conn, &e) == -1)
		return fail(s, &e, why);
	if (r->code != 250)
		return fail_reply(s, r, why);
	ehlo_parse(buf_data(&r->text), r->text.len, &s->ehlo);
	strlcpy(s->ready.offers, s->ehlo.words, sizeof(s->ready.offers));
	return 0;
}

static int
handshake(struct session *s, struct job_result *why)
{
	struct err e;

	if (conn_start_tls(s->conn, s->policy, &e) == -1) {
		fail(s, &e, why);
		s->ready.is_tls_old = conn_tls_is_old(s->conn);
		if (strstr(e.text, "certificate") != NULL)
			strlcpy(why->fix,
			    "Check account.host and the clock; a private "
			    "certificate authority goes to "
			    "account.tls_ca_file.",
			    sizeof(why->fix));
		return -1;
	}
	strlcpy(s->ready.tls, conn_tls_version(s->conn), sizeof(s->ready.tls));
	strlcpy(
	    s->ready.cipher, conn_tls_cipher(s->conn), sizeof(s->ready.cipher));
	s->ready.tls_level = conn_tls_level(s->conn);
	s->ready.cert_until = conn_tls_certificate(
	    s->conn, s->ready.issuer, sizeof(s->ready.issuer));
	return 0;
}

static int
starttls(struct session *s, struct reply *r, struct job_result *why)
{
	struct err e;

	conn_phase(s->conn, PHASE_STARTTLS);
	if ((s->ehlo.offers & EHLO_STARTTLS) == 0)
		return fail_setup(s, JOB_SCOPE_CONNECTION, "4.7.4",
		    "the server does not offer STARTTLS; nothing was sent",
		    "Check account.host and account.port (587); something "
		    "between here and the server may be taking STARTTLS away.",
		    why);
	if (command_put(s->conn, &e, "STARTTLS") == -1 ||
	    conn_flush(s->conn, &e) == -1 || reply_read(r, s->conn, &e) == -1)
		return fail(s, &e, why);
	if (r->code != 220)
		return fail_reply(s, r, why);
	/* What was offered in clear counts for nothing: EHLO starts anew. */
	return handshake(s, why);
}

/* Is it right to say a secret here, and is there one to say? */
static int
check_protected(struct session *s, struct job_result *why)
{
	char text[ERR_TEXT_MAX];

	if (s->ready.tls[0] == '\0')
		return fail_setup(s, JOB_SCOPE_ACCOUNT, "4.7.0",
		    "no password or token is sent without TLS",
		    "Set account.tls to starttls or implicit, or account.auth "
		    "to none.",
		    why);
	if ((s->ehlo.offers & EHLO_AUTH) == 0)
		return fail_setup(s, JOB_SCOPE_CONNECTION, "4.7.0",
		    "the server does not offer AUTH; no password was sent",
		    "Check account.host and account.port: mail is handed in "
		    "on port 587.",
		    why);
	if ((s->ehlo.mechs & sasl_bit(s->job->auth)) != 0)
		return 0;
	snprintf(text, sizeof(text),
	    "the server does not offer AUTH %s, only %s; no password was sent",
	    sasl_name(s->job->auth), s->ehlo.mech_names);
	return fail_setup(s, JOB_SCOPE_ACCOUNT, "4.7.0", text,
	    "Set account.auth to a mechanism that the server offers.", why);
}

static int
sign_in(struct session *s, struct reply *r, struct job_result *why)
{
	struct buf secret;
	struct err e;
	int rc = -1;

	conn_phase(s->conn, PHASE_AUTH);
	if (s->job->auth == AUTH_NONE)
		return 0;
	if (check_protected(s, why) == -1)
		return -1;
	buf_init(&secret, JOB_SECRET_MAX);
	if (secret_ask(SECRET_FD, &secret, &e) == -1) {
		fail_setup(s,
		    e.class == ERR_TEMP ? JOB_SCOPE_CONNECTION
					: JOB_SCOPE_ACCOUNT,
		    "4.7.0", e.text,
		    "Do what the text says; a file that is changed is read "
		    "again by itself, else run \"mailchute retry ALL\".",
		    why);
		goto out;
	}
	conn_phase(s->conn, PHASE_AUTH);
	if (sasl_sign_in(s->conn, s->job->auth, s->job->user, &secret, r, &e) ==
	    -1)
		fail(s, &e, why);
	else if (r->code != 235)
		fail_reply(s, r, why);
	else
		rc = 0;
out:
	buf_wipe(&secret);
	return rc;
}

int
session_open(struct session *s, struct job_result *why)
{
	struct reply r;
	int rc = -1;

	reply_init(&r);
	conn_patience(s->conn, s->job->patience_ms);
	if (s->job->tls == TLS_NONE && !s->is_loopback) {
		fail_setup(s, JOB_SCOPE_ACCOUNT, "4.7.4",
		    "account.tls = none is for servers on this machine only",
		    "Set account.tls to starttls or implicit.", why);
		goto out;
	}
	if (s->job->tls == TLS_IMPLICIT && handshake(s, why) == -1)
		goto out;
	if (greeting(s, &r, why) == -1 || ehlo(s, &r, why) == -1)
		goto out;
	if (s->job->tls == TLS_STARTTLS &&
	    (starttls(s, &r, why) == -1 || ehlo(s, &r, why) == -1))
		goto out;
	if (sign_in(s, &r, why) == -1)
		goto out;
	s->ready.size_max = s->ehlo.size_max;
	s->ready.dsn = (s->ehlo.offers & EHLO_DSN) != 0;
	s->ready.is_8bit = (s->ehlo.offers & EHLO_8BITMIME) != 0;
	rc = 0;
out:
	conn_patience(s->conn, 0);
	reply_clear(&r);
	return rc;
}

/* ---- the end ---- */

void
session_close(struct session *s)
{
	struct reply r;

	reply_init(&r);
	if (!s->is_broken && s->conn != NULL) {
		conn_phase(s->conn, PHASE_QUIT);
		if (command_put(s->conn, NULL, "QUIT") == 0 &&
		    conn_flush(s->conn, NULL) == 0)
			(void)reply_read(&r, s->conn, NULL);
	}
	reply_clear(&r);
	conn_free(s->conn);
	s->conn = NULL;
}
