/* SPDX-License-Identifier: ISC */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * The header of a message, as a list of fields that keep their exact text.
 * The text is in canonical form: every line ends in CRLF.
 */

#define HEADER_MAX (1024 * 1024) /* a longer header is refused */

struct header_field {
	char *name;  /* as written, without blanks before the colon */
	char *value; /* after the colon, unfolded and trimmed */
	char *raw;   /* the whole field with its folding and final CRLF */
};

struct header {
	struct header_field *v;
	size_t n;
};

void header_clear(struct header *h);

/*
 * Length of the header at the start of p, with the empty line that ends it, or
 * up to the first line that is no field (then the body starts there, and no
 * empty line was read).  0 when it is not yet decided within n octets; with
 * final set the text ends at n and the answer is certain.  *has_blank tells
 * whether an empty line ended it.
 */
size_t header_length(const char *p, size_t n, bool final, bool *has_blank);

/* Takes the fields of text of that length.  Always 0: odd lines are kept. */
int header_parse(const char *p, size_t n, struct header *h);

/* First field of that name, or the next after prev; NULL when none is left. */
struct header_field *header_find(
    const struct header *h, const char *name, const struct header_field *prev);

/* Takes out every field of that name; how many there were. */
size_t header_remove(struct header *h, const char *name);

/* Adds "Name: value" (folded at blanks, RFC 5322 2.2.3) at the end or front. */
void header_add(struct header *h, const char *name, const char *value);
void header_add_first(struct header *h, const char *name, const char *value);

/* Replaces the text of one field. */
void header_set(struct header_field *f, const char *value);

/* Appends all fields; without the empty line after them. */
int header_put(struct buf *b, const struct header *h);

#endif
