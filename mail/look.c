/* SPDX-License-Identifier: ISC */
/*
 * A look over a text.  Most of it is short lines of ASCII, and those are not
 * looked at one by one: a line end within the next LINE_ROOM octets is searched
 * from their far end, and eight words at a time are tested for high bits.
 */
#include "config.h"

#include <string.h>

#include "common/utf8.h"
#include "mail/look.h"

#define LINE_ROOM (LINE_OCTETS_MAX + 2) /* with its CRLF */
#define HIGH_BITS 0x8080808080808080ULL

void
look_init(struct look *l)
{
	memset(l, 0, sizeof(*l));
}

/* Octets of ASCII in front. */
static size_t
ascii_run(const char *p, size_t n)
{
	uint64_t w[8];
	size_t i;

	for (i = 0; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(w, p + i, sizeof(w));
		if (((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) &
			HIGH_BITS) != 0)
			break;
	}
	while (i < n && ((unsigned char)p[i] & 0x80) == 0)
		i++;
	return i;
}

/* Octets of the character that begins with this one; 0: none does. */
static size_t
char_length(char first)
{
	unsigned char c = (unsigned char)first;

	return c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

/* Goes on with the character that was cut; octets of p that belong to it. */
static size_t
put_cut(struct look *l, const char *p, size_t n)
{
	size_t want = char_length(l->cut[0]), i = 0;

	while (i < n && l->ncut < want && ((unsigned char)p[i] & 0xc0) == 0x80)
		l->cut[l->ncut++] = p[i++];
	if (i > 0)
		l->eight_at = l->at + i;
	if (l->ncut < want && i == n)
		return i;
	if (utf8_char(l->cut, l->ncut, NULL) != want)
		l->wrong_at = l->at + i;
	l->ncut = 0;
	return i;
}

/* What stands at p is beyond ASCII; octets that it takes, 0: it is wrong. */
static size_t
put_char(struct look *l, const char *p, size_t n)
{
	size_t len, want, i;

	/* Most scripts of Europe and the Near East. */
	if (n > 1 && (unsigned char)p[0] >= 0xc2 &&
	    (unsigned char)p[0] < 0xe0 && ((unsigned char)p[1] & 0xc0) == 0x80)
		return 2;
	if ((len = utf8_char(p, n, NULL)) > 0)
		return len;
	want = char_length(p[0]);
	for (i = 1; i < n && i < want && ((unsigned char)p[i] & 0xc0) == 0x80;)
		i++;
	if (i < n || i >= want)
		return 0;
	memcpy(l->cut, p, n);
	l->ncut = n;
	return n;
}

static void
look_for_eight(struct look *l, const char *p, size_t n)
{
	size_t i = 0, len;

	if (l->ncut > 0)
		i = put_cut(l, p, n);
	for (; i < n; i += len) {
		if (((unsigned char)p[i] & 0x80) == 0) {
			len = ascii_run(p + i, n - i);
			continue;
		}
		if ((len = put_char(l, p + i, n - i)) == 0) {
			len = 1;
			l->wrong_at = l->at + i + 1;
		}
		l->eight_at = l->at + i + len;
	}
}

static void
look_for_long(struct look *l, const char *p, size_t n)
{
	const char *start = p, *end = p + n, *lf;
	size_t room;

	while (p < end) {
		n = (size_t)(end - p);
		room = l->line < LINE_ROOM ? LINE_ROOM - l->line : 0;
		lf = memrchr(p, '\n', n < room ? n : room);
		if (lf == NULL && n > room) {
			lf = memchr(p + room, '\n', n - room);
			if (lf != NULL)
				l->long_at = l->at + (size_t)(lf - start) + 1;
		}
		if (lf == NULL) {
			l->line += n;
			return;
		}
		l->line = 0;
		p = lf + 1;
	}
}

void
look_put(struct look *l, const char *p, size_t n)
{
	if (n == 0)
		return;
	look_for_eight(l, p, n);
	look_for_long(l, p, n);
	l->at += n;
}

void
look_end(struct look *l)
{
	if (l->ncut > 0)
		l->wrong_at = l->at;
	l->ncut = 0;
	if (l->line > LINE_OCTETS_MAX)
		l->long_at = l->at;
}
