/* SPDX-License-Identifier: ISC */
/* Base64, as one line for a protocol and in lines for a body. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "mail/base64.h"
#include "mail/chars.h"

/* Up to three octets as four digits. */
static void
put_quad(char four[4], const unsigned char *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	uint32_t v = (uint32_t)p[0] << 16;

	v |= n > 1 ? (uint32_t)p[1] << 8 : 0;
	v |= n > 2 ? p[2] : 0;
	four[0] = digits[v >> 18];
	four[1] = digits[v >> 12 & 63];
	four[2] = n > 1 ? digits[v >> 6 & 63] : '=';
	four[3] = n > 2 ? digits[v & 63] : '=';
}

int
base64_put(struct buf *b, const void *p, size_t n)
{
	const unsigned char *from = p;
	char four[4];
	size_t i;

	for (i = 0; i < n; i += 3) {
		put_quad(four, from + i, n - i);
		if (buf_append(b, four, sizeof(four)) == -1)
			return -1;
	}
	return 0;
}

void
base64_init(struct base64 *s)
{
	memset(s, 0, sizeof(*s));
}

static int
put_line(struct base64 *s, struct buf *b)
{
	if (s->nline == 0)
		return 0;
	if ((s->has_lines && buf_append(b, "\r\n", 2) == -1) ||
	    buf_append(b, s->line, s->nline) == -1)
		return -1;
	s->has_lines = true;
	s->nline = 0;
	return 0;
}

/* Lines are multiples of four, so that four digits never meet an end. */
static int
put_octets(struct base64 *s, struct buf *b)
{
	put_quad(s->line + s->nline, s->octets, s->noctets);
	s->nline += 4;
	s->noctets = 0;
	return s->nline == BASE64_LINE ? put_line(s, b) : 0;
}

int
base64_write(struct base64 *s, const char *p, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i++) {
		s->octets[s->noctets++] = (unsigned char)p[i];
		if (s->noctets == 3 && put_octets(s, b) == -1)
			return -1;
	}
	return 0;
}

int
base64_rewrap(struct base64 *s, const char *p, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!char_is_alnum(p[i]) && p[i] != '+' && p[i] != '/' &&
		    p[i] != '=')
			continue;
		s->line[s->nline++] = p[i];
		if (s->nline == BASE64_LINE && put_line(s, b) == -1)
			return -1;
	}
	return 0;
}

int
base64_end(struct base64 *s, struct buf *b)
{
	if (s->noctets > 0 && put_octets(s, b) == -1)
		return -1;
	return put_line(s, b);
}
