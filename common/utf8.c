/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 as bytes from anywhere: what is well-formed, and how to show what may
 * not be.  Nothing here looks beyond the NUL that ends its input.
 */
#include "config.h"

#include "common/utf8.h"

size_t
utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n, i;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	if (s[0] == 0xc2 && s[1] < 0xa0)
		return 0;
	return n;
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

void
utf8_put_safe(struct buf *b, const char *s)
{
	size_t n;

	while (*s != '\0') {
		if (*s >= 0x20 && *s < 0x7f) {
			buf_putc(b, *s++);
		} else if ((n = utf8_len(s)) > 0) {
			buf_append(b, s, n);
			s += n;
		} else {
			buf_printf(b, "\\x%02x", (unsigned char)*s++);
		}
	}
}
