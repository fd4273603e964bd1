/* SPDX-License-Identifier: ISC */
/*
 * LOGIN, PLAIN and XOAUTH2.  Every buffer that holds a credential, bare or in
 * base64, is wiped before it is freed.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/proto_job.h"
#include "mail/base64.h"
#include "delivery/conn.h"
#include "delivery/ehlo.h"
#include "delivery/reply_read.h"
#include "delivery/sasl.h"

/* Room for user and secret, and a line of them in base64. */
#define PLAIN_MAX   (JOB_SECRET_MAX + 1024)
#define ENCODED_MAX (PLAIN_MAX / 3 * 4 + 64)

/*
 * RFC 4954 4: a command that would be longer must not have the initial answer,
 * which then waits for the server's 334.  That line may be of any length.
 */
#define AUTH_LINE_MAX 12288

/* What is kept of a reason for a refusal; Google's has 100 octets. */
#define REASON_MAX 510

/* So many octets of the secret in a row are an echo of it. */
#define ECHO_MIN 12

/* Sends "command base64(p)" and reads the answer; command may be "". */
static int
send_encoded(struct conn *c, const char *command, const void *p, size_t n,
    struct reply *r, struct err *e)
{
	struct buf line;
	int rc = -1;

	buf_init(&line, ENCODED_MAX);
	if (buf_puts(&line, command) == -1 || base64_put(&line, p, n) == -1 ||
	    buf_puts(&line, "\r\n") == -1) {
		err_set(e, ERR_LOCAL, "5.7.0",
		    "user name and password are too long");
		goto out;
	}
	if (conn_put(c, line.data, line.len, e) == 0 && conn_flush(c, e) == 0)
		rc = reply_read(r, c, e);
out:
	buf_wipe(&line);
	return rc;
}

/* A "334" where none is due: cancelled, so that the server says its last. */
static int
cancel(struct conn *c, struct reply *r, struct err *e)
{
	if (conn_puts(c, "*\r\n", e) == -1 || conn_flush(c, e) == -1 ||
	    reply_read(r, c, e) == -1)
		return -1;
	if (reply_class(r) == 3)
		return err_set(e, ERR_TEMP, "4.7.0",
		    "protocol error: the server does not end the sign-in");
	return 0;
}

/* The initial answer is not sent along: some servers do not take it here. */
static int
sign_in_login(struct conn *c, const char *user, const struct buf *secret,
    struct reply *r, struct err *e)
{
	if (conn_puts(c, "AUTH LOGIN\r\n", e) == -1 || conn_flush(c, e) == -1 ||
	    reply_read(r, c, e) == -1)
		return -1;
	if (r->code != 334)
		return 0;
	if (send_encoded(c, "", user, strlen(user), r, e) == -1)
		return -1;
	if (r->code != 334)
		return 0;
	if (send_encoded(c, "", secret->data, secret->len, r, e) == -1)
		return -1;
	return r->code == 334 ? cancel(c, r, e) : 0;
}

/*
 * Sends the mechanism's one answer, with the command where it may stand there.
 * A server that answers 334 and nothing else wants it after the command alone.
 */
static int
send_answer(struct conn *c, const char *mech, const struct buf *plain,
    struct reply *r, struct err *e)
{
	size_t line =
	    strlen("AUTH  \r\n") + strlen(mech) + (plain->len + 2) / 3 * 4;
	char command[32];

	snprintf(command, sizeof(command), "AUTH %s%s", mech,
	    line > AUTH_LINE_MAX ? "\r\n" : " ");
	if (line <= AUTH_LINE_MAX) {
		if (send_encoded(c, command, plain->data, plain->len, r, e) ==
		    -1)
			return -1;
		if (r->code != 334 || r->text.len > 0)
			return 0;
	} else {
		if (conn_puts(c, command, e) == -1 || conn_flush(c, e) == -1 ||
		    reply_read(r, c, e) == -1)
			return -1;
		if (r->code != 334)
			return 0;
	}
	return send_encoded(c, "", plain->data, plain->len, r, e);
}

/* RFC 4616: no other identity, NUL, who, NUL, password. */
static int
sign_in_plain(struct conn *c, const char *user, const struct buf *secret,
    struct reply *r, struct err *e)
{
	struct buf plain;
	int rc = -1;

	buf_init(&plain, PLAIN_MAX);
	if (buf_putc(&plain, '\0') == -1 || buf_puts(&plain, user) == -1 ||
	    buf_putc(&plain, '\0') == -1 ||
	    buf_append(&plain, secret->data, secret->len) == -1)
		err_set(e, ERR_LOCAL, "5.7.0",
		    "user name and password are too long");
	else
		rc = send_answer(c, "PLAIN", &plain, r, e);
	buf_wipe(&plain);
	if (rc == 0 && r->code == 334)
		return cancel(c, r, e);
	return rc;
}

/* A server may quote what it was sent; that must not get into a log. */
static bool
has_echo(const struct buf *text, const struct buf *secret)
{
	size_t i, n = secret->len < ECHO_MIN ? secret->len : ECHO_MIN;

	for (i = 0; n > 0 && i + n <= text->len; i++)
		if (memmem(secret->data, secret->len, text->data + i, n) !=
		    NULL)
			return true;
	return false;
}

/*
 * Why the server will refuse, as it says in a 334: a JSON object in base64.
 * *reason becomes a reply's text, made fit to show as any; empty when it was
 * something else.
 */
static void
read_reason(
    const struct reply *r, const struct buf *secret, struct reply *reason)
{
	struct buf line;
	size_t n = r->text.len;

	if (n > REASON_MAX / 3 * 4)
		n = REASON_MAX / 3 * 4;
	buf_init(&line, REASON_MAX + sizeof("334 "));
	if (buf_puts(&line, "334 ") == 0 &&
	    base64_decode(&line, buf_data(&r->text), n) == 0 && line.len > 4 &&
	    line.data[4] == '{' && !has_echo(&line, secret))
		(void)reply_parse_line(reason, buf_data(&line), line.len, NULL);
	buf_wipe(&line);
}

/* The reason counts as a line more of the refusal. */
static void
add_reason(struct reply *r, const struct reply *reason)
{
	if (reason->text.len == 0 || buf_putc(&r->text, '\n') == -1)
		return;
	(void)buf_append(&r->text, reason->text.data, reason->text.len);
}

/* The refusal itself comes after an empty line. */
static int
fetch_refusal(
    struct conn *c, const struct buf *secret, struct reply *r, struct err *e)
{
	struct reply reason;
	int rc = -1;

	reply_init(&reason);
	read_reason(r, secret, &reason);
	if (conn_puts(c, "\r\n", e) == 0 && conn_flush(c, e) == 0)
		rc = reply_read(r, c, e);
	if (rc == 0 && r->code == 334)
		rc = cancel(c, r, e);
	if (rc == 0)
		add_reason(r, &reason);
	reply_clear(&reason);
	return rc;
}

/*
 * As Google and Microsoft document it.  A server may say why it refuses in a
 * 334 first, which an empty line answers; then comes the refusal itself.
 */
static int
sign_in_xoauth2(struct conn *c, const char *user, const struct buf *secret,
    struct reply *r, struct err *e)
{
	struct buf plain;
	int rc = -1;

	buf_init(&plain, PLAIN_MAX);
	if (buf_printf(&plain, "user=%s\1auth=Bearer ", user) == -1 ||
	    buf_append(&plain, secret->data, secret->len) == -1 ||
	    buf_puts(&plain, "\1\1") == -1)
		err_set(
		    e, ERR_LOCAL, "5.7.0", "user name and token are too long");
	else
		rc = send_answer(c, "XOAUTH2", &plain, r, e);
	buf_wipe(&plain);
	if (rc == -1 || r->code != 334)
		return rc;
	return fetch_refusal(c, secret, r, e);
}

const char *
sasl_name(enum auth_mech mech)
{
	switch (mech) {
	case AUTH_LOGIN:
		return "LOGIN";
	case AUTH_PLAIN:
		return "PLAIN";
	case AUTH_XOAUTH2:
		return "XOAUTH2";
	case AUTH_NONE:
		break;
	}
	return "none";
}

unsigned
sasl_bit(enum auth_mech mech)
{
	switch (mech) {
	case AUTH_LOGIN:
		return EHLO_LOGIN;
	case AUTH_PLAIN:
		return EHLO_PLAIN;
	case AUTH_XOAUTH2:
		return EHLO_XOAUTH2;
	case AUTH_NONE:
		break;
	}
	return 0;
}

int
sasl_sign_in(struct conn *c, enum auth_mech mech, const char *user,
    const struct buf *secret, struct reply *r, struct err *e)
{
	switch (mech) {
	case AUTH_LOGIN:
		return sign_in_login(c, user, secret, r, e);
	case AUTH_PLAIN:
		return sign_in_plain(c, user, secret, r, e);
	case AUTH_XOAUTH2:
		return sign_in_xoauth2(c, user, secret, r, e);
	case AUTH_NONE:
		break;
	}
	return err_set(e, ERR_LOCAL, "4.3.5", "no way to sign in is set");
}
