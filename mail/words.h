/* SPDX-License-Identifier: ISC */
#ifndef MAIL_WORDS_H
#define MAIL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * Encoded words (RFC 2047): how text beyond ASCII stands in a header field.
 */

#define WORD_MAX   75 /* octets of one encoded word, RFC 2047 2 */
#define WORD_FIRST 58 /* leaves room for the field's name on a line of 76 */

/*
 * Appends text as encoded words of less than WORD_MAX octets with single blanks
 * between them, where a field may be folded.  The charset is UTF-8 when text
 * is that, else ISO-8859-1.  What they hold is fit for a phrase, a comment and
 * unstructured text alike.  -1 when b's cap is too small.
 */
int words_put(struct buf *b, const char *text, size_t n);

/*
 * Is [p, p + n) one encoded word, fit for a phrase (RFC 2047 5 (3)), so that
 * it may be passed on as it is?
 */
bool words_is_encoded(const char *p, size_t n);

#endif
