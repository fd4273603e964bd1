/* SPDX-License-Identifier: ISC */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * Octets of the well-formed UTF-8 character (RFC 3629: shortest form, no
 * surrogate) at p, or 0 when none stands there.  *code may be NULL.
 */
size_t utf8_char(const char *p, size_t n, unsigned long *code);

bool utf8_is_valid(const char *p, size_t n);
bool utf8_is_ascii(const char *p, size_t n);

/*
 * The same for text that is shown and ends in NUL: the octets of the character
 * beyond ASCII at text, or 0.  C1 controls count as none, since some terminals
 * obey them; text holds none either.
 */
size_t utf8_len(const char *text);
bool utf8_is_text(const char *s);

/*
 * Appends s for a terminal or a file of text: controls, DEL and bytes that are
 * not UTF-8 become \xNN, all else stays.
 */
void utf8_put_safe(struct buf *b, const char *s);

#endif
