/* SPDX-License-Identifier: ISC */
/*
 * A message for a server: of the first octet, bit 0 says that it takes no 8-bit
 * octets, the others say the size of pieces.  What comes out has no long lines,
 * and no octets that were not to be left; it is the same at every size; and
 * when it is sent on, there is nothing left to do.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/canon.h"
#include "mail/reencode.h"

#include "tests/fuzz/fuzz.h"

/* The body behind the header as it then is; whether anything was touched. */
static bool
encode(struct header *h, const char *p, size_t n, bool is_7bit, size_t piece,
    struct buf *out)
{
	const struct tidy t = { .keep = is_7bit ? TIDY_ASCII : TIDY_8BIT };
	struct reencode *r = xcalloc(1, sizeof(*r));
	struct plan *plan = xcalloc(1, sizeof(*plan));
	struct label root;
	bool touched;
	size_t i;

	label_read(&root, h, false);
	plan_begin(plan, &root, is_7bit);
	for (i = 0; i < n; i += piece)
		plan_put(plan, p + i, n - i < piece ? n - i : piece);
	plan_end(plan);
	touched = plan->touched > 0;
	reencode_label(h, &root, plan_of(plan, 0), is_7bit);
	buf_init(out, REENCODE_ROOM(n));
	reencode_begin(r, plan, &root, &t);
	for (i = 0; i < n; i += piece)
		assert(reencode_put(
			   r, p + i, n - i < piece ? n - i : piece, out) == 0);
	assert(reencode_end(r, out) == 0);
	reencode_clear(r);
	plan_clear(plan);
	free(r);
	free(plan);
	return touched;
}

static void
can_travel(const struct buf *b, bool is_7bit)
{
	struct look l;

	look_init(&l);
	look_put(&l, buf_data(b), b->len);
	look_end(&l);
	assert(l.long_at == 0);
	assert(!is_7bit || l.eight_at == 0);
}

static void
same(const struct buf *a, const struct buf *b)
{
	assert(a->len == b->len);
	assert(memcmp(buf_data(a), buf_data(b), a->len) == 0);
}

static void
send(const char *p, size_t n, bool is_7bit, size_t piece)
{
	struct header h = { NULL, 0 }, again = { NULL, 0 };
	struct buf whole, pieces, twice;
	bool has_blank;
	size_t span = (size_t)header_span(p, n, true, &has_blank);

	header_parse(p, span, &h);
	header_parse(p, span, &again);
	p += span;
	n -= span;
	(void)encode(&h, p, n, is_7bit, n + 1, &whole);
	(void)encode(&again, p, n, is_7bit, piece, &pieces);
	can_travel(&whole, is_7bit);
	same(&whole, &pieces);
	assert(!encode(&h, buf_data(&whole), whole.len, is_7bit, 100, &twice));
	same(&whole, &twice);
	header_clear(&h);
	header_clear(&again);
	buf_clear(&whole);
	buf_clear(&pieces);
	buf_clear(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct canon c;
	struct buf text;

	if (n == 0)
		return 0;
	canon_init(&c, CANON_DOT_IS_TEXT);
	buf_init(&text, CANON_ROOM(n));
	canon_put(&c, (const char *)p + 1, n - 1, &text);
	canon_end(&c, &text);
	send(buf_data(&text), text.len, (p[0] & 1) != 0, p[0] / 2 + 1);
	buf_clear(&text);
	return 0;
}
