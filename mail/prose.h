/* SPDX-License-Identifier: ISC */
#ifndef MAIL_PROSE_H
#define MAIL_PROSE_H

#include <stddef.h>

#include "common/buf.h"

/*
 * Text for people in mail that we write, much of it said by strangers: a
 * server's words, the header of a message.  No octet of theirs ends a line or
 * moves a cursor.
 */

/*
 * One line of UTF-8, for the caller to free: controls become blanks, octets
 * that are no UTF-8 "?".
 */
char *prose_clean(const char *text);

/* Appends text, cleaned, as lines of that indent, broken at blanks. */
void prose_put(struct buf *b, size_t indent, const char *text);

/* "Label text", indented by 4; nothing when text is NULL or "". */
void prose_put_labelled(struct buf *b, const char *label, const char *text);

/*
 * A part of a multipart in 7 bits: its fields, an empty line, the n octets at
 * p, in quoted-printable if they need it, and the end of a line.
 */
void prose_put_part(struct buf *b, const char *type, const char *p, size_t n);

#endif
