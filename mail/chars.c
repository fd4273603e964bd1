/* SPDX-License-Identifier: ISC */
/*
 * Character classes of mail text.  <ctype.h> is not used: it follows the
 * locale, and its functions are undefined for a negative char.
 */
#include "config.h"

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
