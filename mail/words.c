/* SPDX-License-Identifier: ISC */
/*
 * Encoded words, in the "Q" form only: most names are mostly ASCII, and stay
 * legible that way.
 */
#include "config.h"

#include <string.h>

#include "common/utf8.h"
#include "mail/chars.h"
#include "mail/words.h"

#define WORD_END "?="

/* Characters that stand for themselves in any place (RFC 2047 5 (3)). */
static bool
is_plain(char c)
{
	return char_is_alnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

/* Octets that the n bytes at p take as "Q". */
static size_t
q_length(const char *p, size_t n)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += is_plain(p[i]) || p[i] == ' ' ? 1 : 3;
	return len;
}

static int
q_put(struct buf *b, const char *p, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		if (p[i] == ' ')
			rc = buf_putc(b, '_');
		else if (is_plain(p[i]))
			rc = buf_putc(b, p[i]);
		else
			rc = buf_printf(b, "=%02X", (unsigned char)p[i]);
	}
	return rc;
}

int
words_put(struct buf *b, const char *text, size_t n)
{
	bool is_utf8 = utf8_is_valid(text, n);
	const char *begin = is_utf8 ? "=?UTF-8?Q?" : "=?ISO-8859-1?Q?";
	/* Two octets for what closes a comment, and separates it. */
	size_t around = strlen(begin) + strlen(WORD_END) + 2;
	size_t room = WORD_FIRST - around;
	size_t used = 0, i, len;

	if (buf_puts(b, begin) == -1)
		return -1;
	/* A word ends between characters, never within one (RFC 2047 5). */
	for (i = 0; i < n; i += len) {
		len = is_utf8 ? utf8_char(text + i, n - i, NULL) : 1;
		if (used + q_length(text + i, len) > room) {
			if (buf_puts(b, WORD_END " ") == -1 ||
			    buf_puts(b, begin) == -1)
				return -1;
			room = WORD_MAX - around;
			used = 0;
		}
		if (q_put(b, text + i, len) == -1)
			return -1;
		used += q_length(text + i, len);
	}
	return buf_puts(b, WORD_END);
}

bool
words_is_encoded(const char *p, size_t n)
{
	const char *end = p + n;
	size_t charset = 0;

	if (n > WORD_MAX || n < strlen("=?x?Q?x?=") ||
	    strncmp(p, "=?", 2) != 0 || strncmp(end - 2, WORD_END, 2) != 0)
		return false;
	p += 2;
	end -= 2;
	while (char_is_alnum(p[charset]) || p[charset] == '-' ||
	       p[charset] == '_' || p[charset] == '*')
		charset++;
	p += charset; /* now "?Q?text" */
	if (charset == 0 || end - p < 4 || p[0] != '?' || p[2] != '?' ||
	    strchr("QqBb", p[1]) == NULL)
		return false;
	for (p += 3; p < end; p++)
		if (!is_plain(*p) && *p != '=' && *p != '_' && *p != '.')
			return false;
	return true;
}
