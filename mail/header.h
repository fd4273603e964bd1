/* SPDX-License-Identifier: ISC */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * The header of a message, as a list of fields that keep their exact text.
 * The text is in canonical form: every line ends in CRLF.  A line that is no
 * field ends the header and belongs to the body, so nothing is ever dropped.
 */

#define HEADER_MAX (1024 * 1024) /* a longer header is not delivered, */

/*
 * and one longer than this is not taken, so that there is room for what is
 * added on the way: Received, the rewritten author, fields of MIME.
 */
#define HEADER_TAKEN_MAX (HEADER_MAX - 16 * 1024)

struct header_field {
	char *name;  /* as written, without blanks before the colon */
	char *value; /* after the colon, unfolded and trimmed */
	char *raw;   /* the whole field with its folding and final CRLF */
};                   /* each is allocated and the field's own */

struct header {
	struct header_field *v;
	size_t n;
};

void header_clear(struct header *h);

/*
 * Octets of the header at the start of p, with the empty line that ends it, or
 * up to the first line that is no field: there the body starts, and no empty
 * line was read.  A text without any header gives 0.  -1 when n octets do not
 * decide it; with final set the text ends at n, and they do.  *has_blank tells
 * whether an empty line ended it.
 *
 * Lines of an mbox in front ("From joe Mon ...", ">From ...") belong to it.
 */
ssize_t header_span(const char *p, size_t n, bool final, bool *has_blank);

/*
 * The same for who reads line by line: what a whole line, with its line end,
 * is to a header that has so many fields.  Lines of an mbox and folded ones go
 * on with it, but begin no field.
 */
enum header_line {
	HEADER_FIELD, /* begins a field */
	HEADER_MORE,
	HEADER_EMPTY, /* ends it */
	HEADER_BODY   /* so does this, which is of the body already */
};
enum header_line header_line(const char *p, size_t n, size_t fields);

/*
 * Takes the fields of a text of that span; *h is empty or new.  Lines of an
 * mbox are passed over, and a last line without its line end gets one.
 */
void header_parse(const char *p, size_t n, struct header *h);

/*
 * First field of that name, case ignored, or the next after prev; NULL when
 * none is left.
 */
struct header_field *header_find(
    const struct header *h, const char *name, const struct header_field *prev);

/* Takes out every field of that name; how many there were. */
size_t header_remove(struct header *h, const char *name);

/*
 * Adds "Name: value" at the end, or as field number `at` of them, folded at
 * blanks (RFC 5322 2.2.3).  Controls in value become blanks: no value makes a
 * second field.
 */
void header_add(struct header *h, const char *name, const char *value);
void header_insert(
    struct header *h, size_t at, const char *name, const char *value);

/* Replaces the value of one field; its name stays. */
void header_set(struct header_field *f, const char *value);

/*
 * RFC 5321 6.3: so many hops are no way, they are a circle.  -1 with *e filled
 * (ERR_PERM 5.4.6).
 */
int header_check_hops(const struct header *h, struct err *e);

/* Appends all fields; without the empty line after them. */
int header_put(struct buf *b, const struct header *h);

#endif
