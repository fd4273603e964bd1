/* SPDX-License-Identifier: ISC */
#ifndef MAIL_LOOK_H
#define MAIL_LOOK_H

#include <stddef.h>
#include <stdint.h>

/*
 * A look over a text that comes in pieces: does anything in it keep it from
 * travelling as it is?  Octets beyond ASCII need 8BITMIME, and lines beyond
 * LINE_OCTETS_MAX are refused or cut by servers.
 *
 * What was found is told as the place behind its last occurrence, counted from
 * the first octet, and 0 for none: so whoever knows where a header ends knows
 * of the body alone, too.  The text is in canonical form.
 */

#define LINE_OCTETS_MAX 998 /* without its CRLF; RFC 5321 4.5.3.1.6 */

struct look {
	uint64_t at;       /* octets seen */
	uint64_t eight_at; /* behind the last octet beyond ASCII */
	uint64_t wrong_at; /* behind the last that is of no UTF-8 character */
	uint64_t long_at;  /* behind the last line that is too long */
	uint64_t line;     /* octets of the line whose end was not seen */
	char cut[4];       /* a character whose end was not seen */
	size_t ncut;
};

void look_init(struct look *l);
void look_put(struct look *l, const char *p, size_t n);
void look_end(struct look *l); /* before that the places are not final */

#endif
