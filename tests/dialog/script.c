/* SPDX-License-Identifier: ISC */
/* Words and escapes of a script's line. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/dialog/script.h"

/* Two digits of a script, which has them right. */
static char
hex(const char *p)
{
	char digits[3] = { p[0], p[1], '\0' };

	return (char)strtol(digits, NULL, 16);
}

size_t
script_unescape(char *s)
{
	char *from = s, *to = s;

	while (*from != '\0') {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		switch (from[1]) {
		case 'r':
			*to++ = '\r';
			break;
		case 'n':
			*to++ = '\n';
			break;
		case 't':
			*to++ = '\t';
			break;
		case '0':
			*to++ = '\0';
			break;
		case 'x':
			*to++ = hex(from + 2);
			from += 2;
			break;
		default:
			*to++ = from[1];
		}
		from += 2;
	}
	*to = '\0';
	return (size_t)(to - s);
}

size_t
script_split(char *s, char *args[ARGS_MAX])
{
	size_t n = 0;
	char *word;

	while ((word = strsep(&s, " ")) != NULL && n < ARGS_MAX)
		if (*word != '\0')
			args[n++] = word;
	return n;
}
