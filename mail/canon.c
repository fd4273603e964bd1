/* SPDX-License-Identifier: ISC */
/*
 * The canonical form of a text that comes in pieces of any size.  Most text is
 * lines without a CR or a NUL in them: put_plain copies those whole.  Every
 * other octet takes the slow way through put_octet, which is the definition.
 */
#include "config.h"

#include <string.h>

#include "mail/canon.h"

#define CRS_MAX 2 /* CRs that one LF makes a single line end with */
#define PLAIN_MAX \
	4096 /* octets searched at a time: bounds what is searched \
		again when a piece is full of odd octets */

void
canon_init(struct canon *c, enum canon_dot mode)
{
	memset(c, 0, sizeof(*c));
	c->mode = mode;
	c->in_header = true;
	c->at_start = true;
}

static int
put_text(struct canon *c, const char *p, size_t n, struct buf *out)
{
	if (c->held_dot && buf_putc(out, '.') == -1)
		return -1;
	c->held_dot = false;
	c->at_start = false;
	return buf_append(out, p, n);
}

static int
put_line_end(struct canon *c, struct buf *out)
{
	if (c->held_dot) {
		c->held_dot = false;
		c->ended = true;
		return 0;
	}
	if (c->at_start)
		c->in_header = false;
	c->at_start = true;
	return buf_append(out, "\r\n", 2);
}

/* Takes the first of the CRs that came last: no LF belongs to it. */
static int
put_lone_cr(struct canon *c, struct buf *out)
{
	c->crs--;
	if (c->ended)
		c->discarded++;
	else if (c->in_header)
		return put_text(c, " ", 1, out);
	else
		return put_line_end(c, out);
	return 0;
}

static int
put_octet(struct canon *c, char octet, struct buf *out)
{
	if (c->ended) {
		c->discarded++;
		return 0;
	}
	if (octet == '\0') {
		c->nuls++;
		return 0;
	}
	if (octet == '\r') {
		c->crs++;
		return c->crs > CRS_MAX ? put_lone_cr(c, out) : 0;
	}
	if (octet == '\n') {
		c->crs = 0;
		return put_line_end(c, out);
	}
	while (c->crs > 0)
		if (put_lone_cr(c, out) == -1)
			return -1;
	if (c->ended) {
		c->discarded++;
		return 0;
	}
	if (octet == '.' && c->at_start && c->mode == CANON_DOT_ENDS &&
	    !c->held_dot) {
		c->held_dot = true;
		return 0;
	}
	return put_text(c, &octet, 1, out);
}

/* Octets at p that stand for themselves: none where a dot may end the text. */
static size_t
plain_length(const struct canon *c, const char *p, size_t n)
{
	const char *stop;

	if (n > PLAIN_MAX)
		n = PLAIN_MAX;
	if (c->crs > 0 || c->ended || c->held_dot || (c->at_start && *p == '.'))
		return 0;
	if ((stop = memchr(p, '\n', n)) != NULL)
		n = (size_t)(stop - p);
	if ((stop = memchr(p, '\r', n)) != NULL)
		n = (size_t)(stop - p);
	if ((stop = memchr(p, '\0', n)) != NULL)
		n = (size_t)(stop - p);
	return n;
}

int
canon_put(struct canon *c, const char *p, size_t n, struct buf *out)
{
	size_t plain;

	for (; n > 0; p += plain, n -= plain) {
		if ((plain = plain_length(c, p, n)) > 0) {
			if (put_text(c, p, plain, out) == -1)
				return -1;
			continue;
		}
		plain = 1;
		if (put_octet(c, *p, out) == -1)
			return -1;
	}
	return 0;
}

int
canon_end(struct canon *c, struct buf *out)
{
	if (c->ended || (c->at_start && !c->held_dot && c->crs == 0))
		return 0;
	return put_octet(c, '\n', out);
}

size_t
canon_span(const char *p, size_t n, char *last)
{
	char before = *last;
	size_t i;

	for (i = 0; i < n; i++) {
		/* Every CR is followed by LF, and every LF follows CR. */
		if (p[i] == '\0' || (before == '\r') != (p[i] == '\n'))
			break;
		before = p[i];
	}
	*last = before;
	return i;
}
