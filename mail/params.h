/* SPDX-License-Identifier: ISC */
#ifndef MAIL_PARAMS_H
#define MAIL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * The parameters of Content-Type and Content-Disposition (RFC 2045 5.1):
 * "text/plain; charset=utf-8; name="a b"".  What people write is read: blanks
 * in a value without quotes, a quote that is never closed, comments.
 */

struct param {
	const char *p; /* "charset=utf-8", without the semicolons around it */
	size_t n;
	size_t name;       /* octets of the name; 0: there is no "=" */
	const char *value; /* as written */
	size_t nvalue;
};

struct params {
	const char *p;
	size_t n, at;
	bool is_open; /* a "(" was found that is never closed */
};

/* A value in unfolded form, with what stands before the first semicolon. */
void params_init(struct params *w, const char *value, size_t n);

/* The next one; false at the end.  The first is the type itself. */
bool params_next(struct params *w, struct param *out);

bool param_is(const struct param *p, const char *name); /* case ignored */

/* Appends the value without its quotes and quoted pairs, and trimmed. */
int param_value(struct buf *b, const struct param *p);

/*
 * Appends " name*=UTF-8''..." by RFC 2231, or as many " name*0*=..." with
 * semicolons between them as keep each to a line.  The charset is UTF-8 when
 * value is that, else ISO-8859-1.
 */
int param_put(
    struct buf *b, const char *name, size_t nname, const char *value, size_t n);

#endif
