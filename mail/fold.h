/* SPDX-License-Identifier: ISC */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include <stddef.h>

#include "common/buf.h"

/*
 * Folding (RFC 5322 2.2.3): a line end is put in front of blanks that are
 * there, and nothing else is changed, so that unfolding gives the same value.
 */

#define FOLD_GOOD 76  /* RFC 2047 2, of lines with encoded words */
#define FOLD_WORD 900 /* fits on any line, whatever its blanks and name */
#define FOLD_GAP  90  /* so do so many blanks */

/*
 * Appends "Name: value" and its CRLF, in lines of at most FOLD_GOOD octets
 * where there are blanks for it.  value has no line end.
 */
int fold_put(struct buf *b, const char *name, const char *value);

/*
 * Appends value with its words, which are what stands between blanks, cut to
 * FOLD_WORD octets by further blanks, and gaps beyond FOLD_GAP made one blank.
 * A word is cut behind a comma, a semicolon or a ">", or before a "<", and
 * anywhere else only when it has none of those.
 */
int fold_cut(struct buf *b, const char *value);

/* Octets of the longest word. */
size_t fold_longest(const char *p, size_t n);

#endif
