/* SPDX-License-Identifier: ISC */
/*
 * Character classes of mail text.  <ctype.h> is not used: it follows the
 * locale, and its functions are undefined for a negative char.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "mail/chars.h"

bool
char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
char_is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
char_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

bool
char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
char_is_alnum(char c)
{
	return char_is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

bool
char_is_atext(char c)
{
	if (char_is_alnum(c) || (unsigned char)c >= 0x80)
		return true;
	return c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

bool
char_is_ftext(char c)
{
	return c > 0x20 && c < 0x7f && c != ':';
}

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
chars_are_utf8(const char *p, size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len)
		if ((len = utf8_char(p, n, NULL)) == 0)
			return false;
	return true;
}

bool
text_is_ascii(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] >= 0x80)
			return false;
	return true;
}
