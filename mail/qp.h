/* SPDX-License-Identifier: ISC */
#ifndef MAIL_QP_H
#define MAIL_QP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * The quoted-printable encoding (RFC 2045 6.7), for text in canonical form
 * that is not fit to travel as it is.
 */

/* Appends n octets of text, lines of at most 76; -1 when b is too small. */
int qp_put(struct buf *b, const char *p, size_t n);

/* ASCII without controls but tab, in lines of at most 998 (RFC 2045 2.7). */
bool text_is_7bit(const char *p, size_t n);

#endif
