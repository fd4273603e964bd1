/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_REPLY_H
#define SMTPD_REPLY_H

#include "common/buf.h"
#include "common/err.h"

/*
 * One reply to a client: three digits, an enhanced status code (RFC 2034) and
 * words for people.
 */
struct reply {
	unsigned code;
	char status[ERR_STATUS_MAX]; /* "": none belongs to it */
	char text[ERR_TEXT_MAX];
};

/* Returns -1, so that a refusal can be "return reply_set(...)". */
int reply_set(struct reply *r, unsigned code, const char *status,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * The refusal of a message: 451 and 452 for what may pass, 550, 552 and 554 for
 * what will not.  The status keeps its subject and detail.  Returns -1.
 */
int reply_of_err(struct reply *r, const struct err *e);

#define REPLY_MAX 512

/*
 * Appends it as one line of at most REPLY_MAX octets (RFC 5321 4.5.3.1.5), in
 * ASCII: what else is in the text becomes "?".
 */
void reply_put(struct buf *b, const struct reply *r);

/* The same; of one of 400 or more somebody hears before, and may change it. */
typedef void reply_refused(void *arg, struct reply *r);
void reply_tell(
    struct buf *b, struct reply *r, reply_refused *refused, void *arg);

#endif
