/* SPDX-License-Identifier: ISC */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/envelope.h"

/*
 * Writes a delivery status notification: RFC 3464 within multipart/report
 * (RFC 6522), in canonical form.  Pure text: dates and ids are arguments.
 */

#define DSN_MARK \
	"X-Mailchute-Notice" /* header field of everything we write \
			      */

/* Its value in DSN_LAST: of what fails of that, nobody is told any more. */
#define DSN_MARK_LAST "last"

/* Its value in what a program sent with the null sender. */
#define DSN_MARK_AUTOMATIC "automatic"

enum dsn_kind {
	DSN_FAILED,
	DSN_DELAYED,
	DSN_EXPIRED,
	DSN_RELAYED, /* RFC 3461 5.2.2: success, at a server without DSN */
	DSN_LAST     /* failed, told to somebody in its sender's place */
};

struct dsn_rcpt {
	const char *address;
	const char *original; /* as the sender gave it, or NULL */
	const char *orcpt;    /* or NULL */
	const char *status;   /* "5.1.1" */
	unsigned code;
	const char *text;    /* the server's words */
	const char *relay;   /* name of who said it, or NULL: we did */
	const char *meaning; /* plain words, or NULL */
	const char *fix;
};

struct dsn {
	enum dsn_kind kind;
	const char *from;       /* From: of the notice, a whole mailbox */
	const char *to;         /* the original's sender */
	const char *hostname;   /* Reporting-MTA */
	const char *queue_id;   /* of the original */
	const char *message_id; /* of the notice, with angle brackets */
	const char *envid;      /* of the original, or NULL */
	int64_t now;            /* date of the notice */
	int64_t arrived_at;     /* of the original */
	int64_t retry_until;    /* DSN_DELAYED; else 0 */
	const struct dsn_rcpt *rcpts;
	size_t nrcpts;
	const char *headers; /* of the original, canonical; cut by us if long */
	size_t headers_len;
	const char *whole; /* all of it, shown if it is fit for 7 bits */
	size_t whole_len;  /* 0: its header alone */
};

/* Appends the whole notice; -1 when b's cap is too small. */
int dsn_put(struct buf *b, const struct dsn *d);

/* What happened to the recipient, in plain words; never NULL. */
const char *dsn_meaning(const struct dsn *d, const struct dsn_rcpt *r);

/* "550 5.1.1 User unknown", for the caller to free. */
char *dsn_answer(const struct dsn_rcpt *r);

#endif
