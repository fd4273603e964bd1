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

/* The value of a digit, or 64. */
static unsigned
digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int
base64_decode(struct buf *out, const char *p, size_t n)
{
	uint32_t v;
	char three[3];
	size_t i, k, pad;

	if (n % 4 != 0)
		return -1;
	for (i = 0; i < n; i += 4) {
		pad = 0;
		if (i + 4 == n)
			pad = p[i + 3] != '=' ? 0 : p[i + 2] != '=' ? 1 : 2;
		for (k = 0, v = 0; k < 4; k++) {
			unsigned d = k < 4 - pad ? digit_value(p[i + k]) : 0;

			if (d > 63)
				return -1;
			v = v << 6 | d;
		}
		/* What the padding leaves over is 0 in every encoding. */
		if ((v & ((1U << 8 * pad) - 1)) != 0)
			return -1;
		three[0] = (char)(v >> 16);
		three[1] = (char)(v >> 8 & 0xff);
		three[2] = (char)(v & 0xff);
		if (buf_append(out, three, 3 - pad) == -1)
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
