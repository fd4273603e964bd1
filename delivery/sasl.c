/* SPDX-License-Identifier: ISC */
/*
 * LOGIN, PLAIN and XOAUTH2.  Every buffer that holds a credential, bare or in
 * base64, is wiped before it is freed.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "common/proto_job.h"
#include "delivery/conn.h"
#include "delivery/ehlo.h"
#include "delivery/reply.h"
#include "delivery/sasl.h"

/*
 * Room for user and secret, and a line of them in base64.  RFC 4954 4 asks
 * servers to take 12,288 octets; a longer one is theirs to refuse.
 */
#define PLAIN_MAX   (JOB_SECRET_MAX + 1024)
#define ENCODED_MAX (PLAIN_MAX / 3 * 4 + 64)

int
sasl_base64(struct buf *out, const void *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const uint8_t *from = p;
	uint32_t v;
	char four[4];
	size_t i;

	for (i = 0; i < n; i += 3) {
		v = (uint32_t)from[i] << 16;
		v |= i + 1 < n ? (uint32_t)from[i + 1] << 8 : 0;
		v |= i + 2 < n ? from[i + 2] : 0;
		four[0] = digits[v >> 18];
		four[1] = digits[v >> 12 & 63];
		four[2] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		four[3] = i + 2 < n ? digits[v & 63] : '=';
		if (buf_append(out, four, sizeof(four)) == -1)
			return -1;
	}
	return 0;
}

/* Sends "command base64(p)" and reads the answer; command may be "". */
static int
send_encoded(struct conn *c, const char *command, const void *p, size_t n,
    struct reply *r, struct err *e)
{
	struct buf line;
	int rc = -1;

	buf_init(&line, ENCODED_MAX);
	if (buf_puts(&line, command) == -1 || sasl_base64(&line, p, n) == -1 ||
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
		rc =
		    send_encoded(c, "AUTH PLAIN ", plain.data, plain.len, r, e);
	buf_wipe(&plain);
	if (rc == 0 && r->code == 334)
		return cancel(c, r, e);
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
		rc = send_encoded(
		    c, "AUTH XOAUTH2 ", plain.data, plain.len, r, e);
	buf_wipe(&plain);
	if (rc == -1 || r->code != 334)
		return rc;
	if (conn_puts(c, "\r\n", e) == -1 || conn_flush(c, e) == -1 ||
	    reply_read(r, c, e) == -1)
		return -1;
	return r->code == 334 ? cancel(c, r, e) : 0;
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
