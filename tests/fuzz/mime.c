/* SPDX-License-Identifier: ISC */
/*
 * A body cut into its parts, in pieces whose size the first octet says: what is
 * handed out is the body, octet for octet, and the same at every size.  The
 * first line is the Content-Type of the message.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/mime.h"

#include "tests/fuzz/fuzz.h"

struct seen {
	struct buf text;
	struct buf kinds; /* of each octet, and its part */
};

static int
take(void *arg, const struct mime_piece *piece)
{
	struct seen *s = arg;
	char kind = (char)('a' + piece->kind * 32 + piece->part % 32);
	size_t i;

	assert(buf_append(&s->text, piece->p, piece->n) == 0);
	for (i = 0; i < piece->n; i++)
		buf_putc(&s->kinds, kind);
	return piece->kind == MIME_HEADER && piece->part % 5 == 4 ? MIME_AS_TEXT
								  : 0;
}

static void
cut(const struct label *root, const char *p, size_t n, size_t piece,
    struct seen *s)
{
	struct mime *m = xcalloc(1, sizeof(*m));
	size_t i;

	buf_init(&s->text, n);
	buf_init(&s->kinds, n);
	mime_begin(m, root, 0, take, s);
	for (i = 0; i < n; i += piece)
		assert(mime_put(m, p + i, n - i < piece ? n - i : piece) == 0);
	assert(mime_end(m) == 0);
	mime_clear(m);
	free(m);
	assert(s->text.len == n);
	assert(n == 0 || memcmp(s->text.data, p, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p + 1, *lf;
	struct header h = { NULL, 0 };
	struct seen whole, pieces;
	struct label root;
	char *field;

	if (n == 0 || (lf = memchr(text, '\n', n - 1)) == NULL)
		return 0;
	field = xasprintf("Content-Type: %.*s\r\n", (int)(lf - text), text);
	header_parse(field, strlen(field), &h);
	label_read(&root, &h, false);
	header_clear(&h);
	free(field);
	n -= (size_t)(lf + 1 - (const char *)p);
	cut(&root, lf + 1, n, n + 1, &whole);
	cut(&root, lf + 1, n, p[0] % 64 + 1, &pieces);
	assert(n == 0 || memcmp(whole.kinds.data, pieces.kinds.data, n) == 0);
	buf_clear(&whole.text);
	buf_clear(&whole.kinds);
	buf_clear(&pieces.text);
	buf_clear(&pieces.kinds);
	return 0;
}
