/* SPDX-License-Identifier: ISC */
#ifndef MAIL_DOTLINE_H
#define MAIL_DOTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * A message as it follows the DATA command (RFC 5321 4.5.2), as a stream: a
 * dot in front of every line that begins with one, and a line of a single dot
 * at the end.  Whatever octets go in, what comes out holds no CR and no LF but
 * in CRLF, and CRLF.CRLF at its very end alone: no text can smuggle a command.
 */
struct dotline {
	bool at_start; /* of a line */
	bool after_cr; /* a CR came last; its line end is written already */
};

void dotline_init(struct dotline *d);

/* What dotline_put may append for n octets, and dotline_end for none. */
#define DOTLINE_ROOM(n) (2 * (n) + 5)

/*
 * Appends the next n octets: CRLF, CR and LF each end a line.  -1 when out
 * cannot take them; then the stream is spoilt.
 */
int dotline_put(struct dotline *d, const char *p, size_t n, struct buf *out);

/* Ends the last line if need be, and the message. */
int dotline_end(struct dotline *d, struct buf *out);

#endif
