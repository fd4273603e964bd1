/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 as bytes from anywhere: what is well-formed, and how to show what may
 * not be.  utf8_char alone decides what a character is.
 */
#include "config.h"

#include <string.h>

#include "common/utf8.h"

#define LONGEST  4    /* octets of a character, RFC 3629 */
#define AFTER_C1 0xa0 /* U+0080 to U+009F are controls */

size_t
utf8_char(const char *p, size_t n, unsigned long *code)
{
	/* By length: the least code that may be written so long. */
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)p;
	unsigned long c;
	size_t len, i;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		len = 1;
		c = u[0];
	} else if (u[0] >= 0xc2 && u[0] < 0xe0) {
		len = 2;
		c = u[0] & 0x1f;
	} else if (u[0] >= 0xe0 && u[0] < 0xf0) {
		len = 3;
		c = u[0] & 0x0f;
	} else if (u[0] >= 0xf0 && u[0] < 0xf5) {
		len = 4;
		c = u[0] & 0x07;
	} else
		return 0;
	if (len > n)
		return 0;
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (code != NULL)
		*code = c;
	return len;
}

bool
utf8_is_valid(const char *p, size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len)
		if ((len = utf8_char(p, n, NULL)) == 0)
			return false;
	return true;
}

bool
utf8_is_ascii(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] >= 0x80)
			return false;
	return true;
}

size_t
utf8_len(const char *text)
{
	unsigned long code;
	size_t n = utf8_char(text, strnlen(text, LONGEST), &code);

	return n > 0 && code >= AFTER_C1 ? n : 0;
}

bool
utf8_is_text(const char *s)
{
	size_t n;

	while (*s != '\0') {
		if (((unsigned char)*s & 0x80) == 0)
			n = 1;
		else if ((n = utf8_len(s)) == 0)
			return false;
		s += n;
	}
	return true;
}

static size_t
plain_span(const char *s)
{
	size_t n;

	for (n = 0; s[n] >= 0x20 && s[n] < 0x7f; n++)
		;
	return n;
}

/* A run at a time: a listing of 10,000 messages passes through here. */
void
utf8_put_safe(struct buf *b, const char *s)
{
	size_t n, room;

	while (*s != '\0') {
		if ((n = plain_span(s)) > 0) {
			/* What passes the cap is cut, not left out. */
			room = b->max - b->len;
			buf_append(b, s, n < room ? n : room);
			s += n;
		} else if ((n = utf8_len(s)) > 0) {
			buf_append(b, s, n);
			s += n;
		} else {
			buf_printf(b, "\\x%02x", (unsigned char)*s++);
		}
	}
}
