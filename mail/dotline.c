/* SPDX-License-Identifier: ISC */
/*
 * Dot transparency.  A CR is written as CRLF at once, and a LF right behind it
 * is then passed over: so nothing is ever held back, and where the text is cut
 * into pieces cannot matter.
 */
#include "config.h"

#include <string.h>

#include "mail/dotline.h"

#define SEARCH_MAX \
	4096 /* octets searched at a time, so that many odd \
		     ones do not make every search a long one */

void
dotline_init(struct dotline *d)
{
	d->at_start = true;
	d->after_cr = false;
}

static int
put_line_end(struct dotline *d, char octet, struct buf *out)
{
	bool is_second = octet == '\n' && d->after_cr;

	d->after_cr = octet == '\r';
	d->at_start = true;
	return is_second ? 0 : buf_append(out, "\r\n", 2);
}

/* Octets at p up to the next CR or LF. */
static size_t
text_length(const char *p, size_t n)
{
	const char *stop;

	if (n > SEARCH_MAX)
		n = SEARCH_MAX;
	if ((stop = memchr(p, '\n', n)) != NULL)
		n = (size_t)(stop - p);
	if ((stop = memchr(p, '\r', n)) != NULL)
		n = (size_t)(stop - p);
	return n;
}

int
dotline_put(struct dotline *d, const char *p, size_t n, struct buf *out)
{
	size_t text;

	for (; n > 0; p += text, n -= text) {
		text = text_length(p, n);
		if (text == 0) {
			text = 1;
			if (put_line_end(d, *p, out) == -1)
				return -1;
			continue;
		}
		if (d->at_start && *p == '.' && buf_putc(out, '.') == -1)
			return -1;
		d->at_start = d->after_cr = false;
		if (buf_append(out, p, text) == -1)
			return -1;
	}
	return 0;
}

int
dotline_end(struct dotline *d, struct buf *out)
{
	if (!d->at_start && put_line_end(d, '\r', out) == -1)
		return -1;
	return buf_append(out, ".\r\n", 3);
}
