/* SPDX-License-Identifier: ISC */
#ifndef MAIL_BASE64_H
#define MAIL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/* The base64 encoding (RFC 2045 6.8, RFC 4648). */

#define BASE64_LINE 76 /* RFC 2045 6.8 */

/* Appends p in base64, in one line; -1 when the cap of b is reached. */
int base64_put(struct buf *b, const void *p, size_t n);

/*
 * Appends what p is the base64 of; -1 when it is of nothing, or out's cap is
 * reached.  Strict: padding to four, no other characters, no bit left over.
 */
int base64_decode(struct buf *out, const char *p, size_t n);

/*
 * The same in lines, for octets that come in pieces.  The last line has no end
 * of its own.  Each returns -1 when the cap of b is reached.
 */
struct base64 {
	unsigned char octets[3]; /* not yet in a digit */
	size_t noctets;
	char line[BASE64_LINE];
	size_t nline;
	bool has_lines; /* one was put before */
};

/* What n octets add at most: lines of 57 octets become 78. */
#define BASE64_ROOM(n) ((n) / 57 * 78 + 160)

void base64_init(struct base64 *s);
int base64_write(struct base64 *s, const char *p, size_t n, struct buf *b);

/*
 * Takes what is base64 already, and only puts it into lines.  What is no digit
 * of it says nothing (RFC 2045 6.8), and is left out.
 */
int base64_rewrap(struct base64 *s, const char *p, size_t n, struct buf *b);

int base64_end(struct base64 *s, struct buf *b);

#endif
