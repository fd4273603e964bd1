/* SPDX-License-Identifier: ISC */
#ifndef MAIL_REPLY_H
#define MAIL_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * One reply of an SMTP server (RFC 5321 4.2), which may have several lines.
 *
 * The parser is strict where leniency would let two readers of the same bytes
 * disagree: three digits, then a blank or hyphen or nothing, the same code on
 * each line, and caps on all there is.  What stands in the text is not the
 * server's choice to make: controls become "?", so that a reply can be logged
 * and shown.
 */

#define REPLY_LINE_MAX  2048 /* RFC 5321 4.5.3.1.5 says 512; some exceed it */
#define REPLY_LINES_MAX 100
#define REPLY_MAX       (16 * 1024)

struct reply {
	unsigned code;               /* 200 to 599; 0: nothing was read yet */
	char status[ERR_STATUS_MAX]; /* RFC 3463, or "" when there was none */
	struct buf text; /* lines without their code, joined by LF */
	unsigned lines;
};

void reply_init(struct reply *r);
void reply_reset(struct reply *r); /* empty, for the next one */
void reply_clear(struct reply *r);

/*
 * Takes one line, without its CRLF.  1 when it was the last, 0 when more
 * follow, -1 with *e filled when it is no line of this reply.
 */
int reply_parse_line(struct reply *r, const char *p, size_t n, struct err *e);

/* Of the last reply that was parsed whole: its first digit, 2 to 5. */
unsigned reply_class(const struct reply *r);

/* The text on one line, for people: what followed the code. */
void reply_format(const struct reply *r, char *out, size_t size);

#endif
