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

#define QP_LINE 76 /* RFC 2045 6.7 (5), with the "=" of a soft break */

/* Appends n octets of text, lines of at most QP_LINE; -1 when b is too small.
 */
int qp_put(struct buf *b, const char *p, size_t n);

/*
 * The same for text that comes in pieces.  No line that a soft break began
 * starts with "-": it cannot be taken for the boundary of a multipart.
 */
struct qp {
	char line[QP_LINE];
	size_t nline;
	bool is_soft;  /* the line was begun by a soft break */
	char held[32]; /* of which it is not known yet what it is */
	size_t nheld;
};

/* What n octets add at most: 25 of them a line of 78. */
#define QP_ROOM(n) ((n) / 25 * 78 + 400)

void qp_init(struct qp *q);
int qp_write(struct qp *q, const char *p, size_t n, struct buf *b);

/*
 * Takes what is quoted-printable already: its lines are cut to QP_LINE, and
 * octets that have no place in it are encoded.  What it means stays the same.
 */
int qp_rewrap(struct qp *q, const char *p, size_t n, struct buf *b);

/* The end of either; the last line gets no line end that it did not have. */
int qp_end(struct qp *q, struct buf *b);
int qp_rewrap_end(struct qp *q, struct buf *b);

/* ASCII without controls but tab, in lines of at most 998 (RFC 2045 2.7). */
bool text_is_7bit(const char *p, size_t n);

#endif
