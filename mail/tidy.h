/* SPDX-License-Identifier: ISC */
#ifndef MAIL_TIDY_H
#define MAIL_TIDY_H

#include <stdbool.h>

#include "mail/header.h"

/*
 * A header that can travel: no octets beyond ASCII, and no line of more than
 * 998.  A field that can as it is keeps its exact text.
 *
 * Text becomes encoded words (RFC 2047), in address fields in display names
 * and comments alone; a parameter becomes one of RFC 2231; what else stands
 * beyond ASCII becomes "=" and its hexadecimal digits.  A long line is folded
 * at its blanks.  Where it has none, text becomes encoded words, a parameter
 * several sections, and any other field gets a blank: behind a comma, a
 * semicolon or an angle bracket if there is one, else in the middle.
 */

/* Which octets beyond ASCII may stay. */
enum tidy_keep {
	TIDY_ASCII,
	TIDY_UTF8, /* RFC 6532: fields that are UTF-8 */
	TIDY_8BIT  /* all of them */
};

struct tidy {
	enum tidy_keep keep;
	/*
	 * A domain in A-labels, allocated, or NULL.  An address that cannot be
	 * said in ASCII is shown as the name of an empty group (RFC 6857 3.1).
	 */
	char *(*to_ascii)(const char *domain);
};

/* Would header_tidy change anything in it?  text is the whole header. */
bool tidy_is_needed(const struct tidy *t, const char *text, size_t n);

/*
 * 1 when anything was changed, 0 when not, -1 when a field would become larger
 * than any header may be.
 */
int header_tidy(struct header *h, const struct tidy *t);

#endif
