/* SPDX-License-Identifier: ISC */
/*
 * Message bytes on their way in and out, cut into pieces where the first octet
 * says: the result never depends on the cut, a canonical text has CRLF alone,
 * and nothing on the wire looks like its end before the end.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "mail/canon.h"
#include "mail/dotline.h"

#include "tests/fuzz/fuzz.h"

static void
only_crlf(const struct buf *b)
{
	size_t i;

	for (i = 0; i < b->len; i++) {
		assert(b->data[i] != '\r' || b->data[i + 1] == '\n');
		assert(b->data[i] != '\n' || (i > 0 && b->data[i - 1] == '\r'));
	}
}

static void
make_canon(
    enum canon_dot mode, const char *p, size_t n, size_t cut, struct buf *out)
{
	struct canon c;

	canon_init(&c, mode);
	buf_init(out, CANON_ROOM(n));
	assert(canon_put(&c, p, cut, out) == 0);
	assert(canon_put(&c, p + cut, n - cut, out) == 0);
	assert(canon_end(&c, out) == 0);
	assert(memchr(buf_data(out), '\0', out->len) == NULL);
	only_crlf(out);
}

static void
make_wire(const char *p, size_t n, size_t cut, struct buf *out)
{
	struct dotline d;
	const char *end;

	dotline_init(&d);
	buf_init(out, DOTLINE_ROOM(n));
	assert(dotline_put(&d, p, cut, out) == 0);
	assert(dotline_put(&d, p + cut, n - cut, out) == 0);
	assert(dotline_end(&d, out) == 0);
	only_crlf(out);
	end = out->data + out->len - 3;
	assert(strcmp(end, ".\r\n") == 0);
	assert(end == out->data || end[-1] == '\n');
	end = memmem(out->data, out->len, "\n.\r\n", 4);
	assert(end == NULL || end == out->data + out->len - 4);
}

static void
same(struct buf *a, struct buf *b)
{
	assert(a->len == b->len);
	assert(memcmp(buf_data(a), buf_data(b), a->len) == 0);
	buf_clear(a);
	buf_clear(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p + 1;
	struct buf a, b;
	size_t cut;
	int mode;

	if (n == 0)
		return 0;
	n--;
	cut = p[0] % (n + 1);
	for (mode = CANON_DOT_IS_TEXT; mode <= CANON_DOT_ENDS; mode++) {
		make_canon(mode, text, n, 0, &a);
		make_canon(mode, text, n, cut, &b);
		same(&a, &b);
	}
	make_wire(text, n, 0, &a);
	make_wire(text, n, cut, &b);
	same(&a, &b);
	return 0;
}
