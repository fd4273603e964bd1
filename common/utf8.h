/* SPDX-License-Identifier: ISC */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * Octets of the UTF-8 sequence of two or more that begins at text (RFC 3629),
 * or 0 when none does.  C1 controls count as none, since some terminals obey
 * them.
 */
size_t utf8_len(const char *text);

bool utf8_is_text(const char *s);

/*
 * Appends s for a terminal or a file of text: controls, DEL and bytes that are
 * not UTF-8 become \xNN, all else stays.
 */
void utf8_put_safe(struct buf *b, const char *s);

#endif
