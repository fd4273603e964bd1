/* SPDX-License-Identifier: ISC */
/* Text for people: cleaned, broken into lines, and put into a part. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/chars.h"
#include "mail/header.h"
#include "mail/prose.h"
#include "mail/qp.h"

#define COLUMNS 74

char *
prose_clean(const char *text)
{
	struct buf b;
	size_t n = strlen(text), len;

	buf_init(&b, n);
	for (; n > 0; text += len, n -= len) {
		len = utf8_char(text, n, NULL);
		if (len == 0) {
			buf_putc(&b, '?');
			len = 1;
		} else if (char_is_control(*text))
			buf_putc(&b, ' ');
		else
			buf_append(&b, text, len);
	}
	return buf_steal(&b);
}

void
prose_put(struct buf *b, size_t indent, const char *text)
{
	char *line = prose_clean(text), *word = line;
	size_t len, gap, used = 0;

	for (;; word += len) {
		word += strspn(word, " ");
		len = strcspn(word, " ");
		if (len == 0)
			break;
		if (used > 0 && used + 1 + len > COLUMNS) {
			buf_puts(b, "\r\n");
			used = 0;
		}
		gap = used == 0 ? indent : 1;
		buf_printf(b, "%*s%.*s", (int)gap, "", (int)len, word);
		used += gap + len;
	}
	buf_puts(b, "\r\n");
	free(line);
}

void
prose_put_labelled(struct buf *b, const char *label, const char *text)
{
	char *whole;

	if (text == NULL || text[0] == '\0')
		return;
	whole = xasprintf("%s %s", label, text);
	prose_put(b, 4, whole);
	free(whole);
}

void
prose_put_part(struct buf *b, const char *type, const char *p, size_t n)
{
	struct header h = { 0 };
	char *full;

	if (text_is_7bit(p, n)) {
		header_add(&h, "Content-Type", type);
		header_put(b, &h);
		buf_puts(b, "\r\n");
		buf_append(b, p, n);
	} else {
		full = xasprintf("%s; charset=%s", type,
		    utf8_is_valid(p, n) ? "utf-8" : "iso-8859-1");
		header_add(&h, "Content-Type", full);
		header_add(&h, "Content-Transfer-Encoding", "quoted-printable");
		header_put(b, &h);
		buf_puts(b, "\r\n");
		qp_put(b, p, n);
		free(full);
	}
	if (n == 0 || p[n - 1] != '\n')
		buf_puts(b, "\r\n");
	header_clear(&h);
}
