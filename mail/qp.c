/* SPDX-License-Identifier: ISC */
/*
 * Quoted-printable.  Line ends are the CRLFs of the text; any other CR or LF
 * is an octet like others, so that decoding gives the very same text.
 *
 * What an octet becomes depends on those behind it: a blank before a line end,
 * a CR before its LF, a "=" before two digits.  Such octets are held until the
 * next ones say what they are.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/look.h"
#include "mail/qp.h"

/* ---- lines ---- */

void
qp_init(struct qp *q)
{
	memset(q, 0, sizeof(*q));
}

static int
put_line(struct qp *q, struct buf *b, bool is_soft)
{
	if (is_soft)
		q->line[q->nline++] = '=';
	if (buf_append(b, q->line, q->nline) == -1)
		return -1;
	q->nline = 0;
	q->is_soft = is_soft;
	return buf_append(b, "\r\n", 2);
}

/* Octets that stay together on a line, which keeps room for its "=". */
static int
put_token(struct qp *q, const char *p, size_t n, struct buf *b)
{
	if (q->nline + n >= QP_LINE && put_line(q, b, true) == -1)
		return -1;
	memcpy(q->line + q->nline, p, n);
	q->nline += n;
	return 0;
}

static int
put_escaped(struct qp *q, char c, struct buf *b)
{
	static const char digits[] = "0123456789ABCDEF";
	const char token[3] = { '=', digits[(uint8_t)c >> 4],
		digits[(uint8_t)c & 15] };

	return put_token(q, token, sizeof(token), b);
}

static int
put_literal(struct qp *q, char c, struct buf *b)
{
	if (q->nline + 1 >= QP_LINE && put_line(q, b, true) == -1)
		return -1;
	if (c == '-' && q->nline == 0 && q->is_soft)
		return put_escaped(q, c, b);
	q->line[q->nline++] = c;
	return 0;
}

static bool
is_literal(char c)
{
	return c > ' ' && c < 0x7f && c != '=';
}

/* ---- encoding ---- */

/*
 * What is held is a blank, a CR, or a blank and a CR.  A blank at the end of a
 * line would be lost on the way (6.7 (3)); without an LF it is at no end.
 */
static int
write_held(struct qp *q, bool is_at_end, struct buf *b)
{
	size_t n = q->nheld, i;
	int rc = 0;

	q->nheld = 0;
	for (i = 0; i < n && rc == 0; i++)
		rc = q->held[i] == '\r' || is_at_end
			 ? put_escaped(q, q->held[i], b)
			 : put_literal(q, q->held[i], b);
	return rc;
}

static int
write_octet(struct qp *q, char c, struct buf *b)
{
	bool after_cr = q->nheld > 0 && q->held[q->nheld - 1] == '\r';

	if (after_cr && c == '\n') {
		q->nheld--;
		if (write_held(q, true, b) == -1)
			return -1;
		return put_line(q, b, false);
	}
	if (q->nheld > 0 && (after_cr || c != '\r') &&
	    write_held(q, false, b) == -1)
		return -1;
	if (c == '\r' || char_is_blank(c)) {
		q->held[q->nheld++] = c;
		return 0;
	}
	return is_literal(c) ? put_literal(q, c, b) : put_escaped(q, c, b);
}

int
qp_write(struct qp *q, const char *p, size_t n, struct buf *b)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		if (q->nheld == 0 && is_literal(p[i]))
			rc = put_literal(q, p[i], b);
		else
			rc = write_octet(q, p[i], b);
	}
	return rc;
}

static int
put_rest(struct qp *q, struct buf *b)
{
	size_t n = q->nline;

	q->nline = 0;
	return buf_append(b, q->line, n);
}

int
qp_end(struct qp *q, struct buf *b)
{
	bool is_at_end = q->nheld == 1; /* a blank before a CR is at none */

	if (write_held(q, is_at_end, b) == -1)
		return -1;
	return put_rest(q, b);
}

int
qp_put(struct buf *b, const char *p, size_t n)
{
	struct qp q;

	qp_init(&q);
	return qp_write(&q, p, n, b) == -1 ? -1 : qp_end(&q, b);
}

/* ---- what is encoded already ---- */

static bool
is_hex(char c)
{
	return char_is_digit(c) || (c >= 'A' && c <= 'F') ||
	       (c >= 'a' && c <= 'f');
}

static int rewrap_octet(struct qp *q, char c, struct buf *b);

/*
 * What was held is not what it might have been: its first octet stands for
 * itself, the others are looked at again, and c after them.
 */
static int
rewrap_again(struct qp *q, char c, struct buf *b)
{
	char held[sizeof(q->held)];
	size_t n = q->nheld, i;

	memcpy(held, q->held, n);
	q->nheld = 0;
	if (put_escaped(q, held[0], b) == -1)
		return -1;
	for (i = 1; i < n; i++)
		if (rewrap_octet(q, held[i], b) == -1)
			return -1;
	return rewrap_octet(q, c, b);
}

/* Behind "=": two digits, or the end of the line, maybe behind blanks. */
static int
rewrap_behind(struct qp *q, char c, struct buf *b)
{
	char last = q->held[q->nheld - 1];

	if (last == '\r' && c == '\n') {
		q->nheld = 0;
		return put_line(q, b, true);
	}
	if (q->nheld == 2 && is_hex(last) && is_hex(c)) {
		q->held[2] = c;
		q->nheld = 0;
		return put_token(q, q->held, 3, b);
	}
	if (q->nheld == sizeof(q->held) || last == '\r' || is_hex(last) ||
	    (c != '\r' && !char_is_blank(c) && (q->nheld > 1 || !is_hex(c))))
		return rewrap_again(q, c, b);
	q->held[q->nheld++] = c;
	return 0;
}

static int
rewrap_octet(struct qp *q, char c, struct buf *b)
{
	if (q->nheld > 0 && q->held[0] == '=')
		return rewrap_behind(q, c, b);
	if (q->nheld > 0) { /* a CR */
		q->nheld = 0;
		if (c == '\n')
			return put_line(q, b, false);
		if (put_escaped(q, '\r', b) == -1)
			return -1;
	}
	if (c == '=' || c == '\r') {
		q->held[q->nheld++] = c;
		return 0;
	}
	return is_literal(c) || char_is_blank(c) ? put_literal(q, c, b)
						 : put_escaped(q, c, b);
}

int
qp_rewrap(struct qp *q, const char *p, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rewrap_octet(q, p[i], b) == -1)
			return -1;
	return 0;
}

int
qp_rewrap_end(struct qp *q, struct buf *b)
{
	/* A soft break with nothing behind it; or "=A", which is no octet. */
	if (q->nheld == 2 && is_hex(q->held[1]) &&
	    (put_escaped(q, '=', b) == -1 ||
		put_literal(q, q->held[1], b) == -1))
		return -1;
	if (q->nheld > 0 && q->held[0] == '\r' && put_escaped(q, '\r', b) == -1)
		return -1;
	q->nheld = 0;
	return put_rest(q, b);
}

/* ---- is it needed? ---- */

static bool
is_line_end(const char *p, size_t n)
{
	return n >= 2 && p[0] == '\r' && p[1] == '\n';
}

bool
text_is_7bit(const char *p, size_t n)
{
	size_t i, line = 0;

	for (i = 0; i < n; i++) {
		if (is_line_end(p + i, n - i)) {
			i++;
			line = 0;
		} else if (++line > LINE_OCTETS_MAX ||
			   (unsigned char)p[i] >= 0x80 ||
			   (char_is_control(p[i]) && p[i] != '\t'))
			return false;
	}
	return true;
}
