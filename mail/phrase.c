/* SPDX-License-Identifier: ISC */
/*
 * Display names as they stand in a field.  A name is cut into runs: encoded
 * words it came with, which must stay outside quotes to be understood (RFC
 * 2047 5), and the text between them, which is written in the plainest form
 * that holds it: words, a quoted string, or encoded words.
 */
#include "config.h"

#include <string.h>

#include "common/utf8.h"
#include "mail/addr.h"
#include "mail/chars.h"
#include "mail/words.h"

static size_t
word_length(const char *p)
{
	return strcspn(p, " \t\r\n");
}

/* Octets of the run of text at p: up to the next encoded word, or all. */
static size_t
text_run(const char *p)
{
	size_t end = 0, i = 0, len;

	while (p[i] != '\0') {
		len = word_length(p + i);
		if (len > 0 && words_is_encoded(p + i, len))
			break;
		i += len;
		if (len > 0)
			end = i;
		while (char_is_white(p[i]))
			i++;
	}
	return end;
}

/* Words of atext with single blanks between them need no quotes. */
static bool
is_plain(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!char_is_atext(p[i]) &&
		    (p[i] != ' ' || i == 0 || i == n - 1 || p[i + 1] == ' '))
			return false;
	return n > 0;
}

static int
put_quoted(struct buf *b, const char *p, size_t n)
{
	size_t i;

	if (buf_putc(b, '"') == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if ((p[i] == '"' || p[i] == '\\') && buf_putc(b, '\\') == -1)
			return -1;
		if (buf_putc(b, char_is_control(p[i]) ? ' ' : p[i]) == -1)
			return -1;
	}
	return buf_putc(b, '"');
}

/*
 * Blanks between two encoded words are not shown (RFC 2047 6.2), so text that
 * is encoded beside a word that already was takes the blank in.
 */
static int
put_encoded(struct buf *b, const char *p, size_t n, bool after, bool before)
{
	struct buf text;
	size_t i;
	int rc;

	buf_init(&text, n + 2);
	if (after)
		buf_putc(&text, ' ');
	for (i = 0; i < n; i++)
		buf_putc(&text, char_is_control(p[i]) ? ' ' : p[i]);
	if (before)
		buf_putc(&text, ' ');
	rc = words_put(b, text.data, text.len);
	buf_clear(&text);
	return rc;
}

int
addr_put_phrase(struct buf *b, const char *display)
{
	const char *p = display;
	size_t start = b->len, n;
	bool encoded = false; /* the run before was an encoded word */
	int rc = 0;

	while (char_is_white(*p))
		p++;
	while (*p != '\0' && rc == 0) {
		if (b->len > start && (rc = buf_putc(b, ' ')) == -1)
			break;
		n = text_run(p);
		if (n == 0) {
			n = word_length(p);
			rc = buf_append(b, p, n);
			encoded = true;
		} else if (!utf8_is_ascii(p, n)) {
			rc = put_encoded(b, p, n, encoded,
			    p[n + strspn(p + n, " ")] != '\0');
			encoded = true;
		} else {
			rc = is_plain(p, n) ? buf_append(b, p, n)
					    : put_quoted(b, p, n);
			encoded = false;
		}
		p += n;
		while (char_is_white(*p))
			p++;
	}
	if (b->len == start && rc == 0)
		rc = buf_puts(b, "\"\"");
	return rc;
}
