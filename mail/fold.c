/* SPDX-License-Identifier: ISC */
/*
 * Folding of one field.  A line ends in front of a gap, never within one: a
 * line of nothing but blanks could be taken for the end of the header, and
 * blanks at the end of a line do not survive every server.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/fold.h"

/* A word, and the gap before it. */
struct word {
	size_t gap, len;
};

static struct word
next_word(const char *p, size_t n)
{
	struct word w = { 0, 0 };

	while (w.gap < n && char_is_blank(p[w.gap]))
		w.gap++;
	while (w.gap + w.len < n && !char_is_blank(p[w.gap + w.len]))
		w.len++;
	return w;
}

/*
 * The first word stays beside the name, where some readers want it.  Not so an
 * encoded one that would pass the 76 octets, which is for other readers.
 */
static bool
leaves_name(const char *value, size_t used)
{
	return strncmp(value, "=?", 2) == 0 &&
	       used + strcspn(value, " \t") > FOLD_GOOD;
}

int
fold_put(struct buf *b, const char *name, const char *value)
{
	size_t n = strlen(value), used = strlen(name) + 2;
	struct word w;

	if (buf_puts(b, name) == -1 || buf_putc(b, ':') == -1)
		return -1;
	if (leaves_name(value, used)) {
		if (buf_puts(b, "\r\n") == -1)
			return -1;
		used = 1;
	}
	if (buf_putc(b, ' ') == -1)
		return -1;
	for (; n > 0; value += w.gap + w.len, n -= w.gap + w.len) {
		w = next_word(value, n);
		if (w.gap > 0 && w.len > 0 &&
		    used + w.gap + w.len > FOLD_GOOD) {
			if (buf_puts(b, "\r\n") == -1)
				return -1;
			used = 0;
		}
		if (buf_append(b, value, w.gap + w.len) == -1)
			return -1;
		used += w.gap + w.len;
	}
	return buf_puts(b, "\r\n");
}

/* May a blank stand between these two, where none was? */
static bool
is_joint(char before, char after)
{
	return before == ',' || before == ';' || before == '>' || after == '<';
}

/* Octets up to where the word is cut, or all of it. */
static size_t
piece_length(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n && i < FOLD_WORD; i++)
		if (is_joint(p[i - 1], p[i]))
			return i;
	/* Not within a character. */
	while (i < n && i > 1 && ((unsigned char)p[i] & 0xc0) == 0x80)
		i--;
	return i < n ? i : n;
}

static int
cut_word(struct buf *b, const char *p, size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = piece_length(p, n);
		if (buf_append(b, p, len) == -1)
			return -1;
		if (len < n && buf_putc(b, ' ') == -1)
			return -1;
	}
	return 0;
}

int
fold_cut(struct buf *b, const char *value)
{
	size_t n = strlen(value);
	struct word w;
	int rc = 0;

	for (; n > 0 && rc == 0; value += w.gap + w.len, n -= w.gap + w.len) {
		w = next_word(value, n);
		rc = w.gap > FOLD_GAP ? buf_putc(b, ' ')
				      : buf_append(b, value, w.gap);
		if (rc == 0 && w.len > FOLD_WORD)
			rc = cut_word(b, value + w.gap, w.len);
		else if (rc == 0)
			rc = buf_append(b, value + w.gap, w.len);
	}
	return rc;
}

size_t
fold_longest(const char *p, size_t n)
{
	size_t longest = 0;
	struct word w;

	for (; n > 0; p += w.gap + w.len, n -= w.gap + w.len) {
		w = next_word(p, n);
		if (w.len > longest)
			longest = w.len;
	}
	return longest;
}
