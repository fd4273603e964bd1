/* SPDX-License-Identifier: ISC */
/* A frame of any payload: what is read is written so that it is read again. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/proto_authors.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (1024 * 1024)

static void
again(const struct authors *a)
{
	struct authors b = { .has_unread = false };
	struct frame f;
	struct buf out;
	size_t i;

	buf_init(&out, OUT_MAX);
	assert(authors_put(&out, a) == 0);
	if (out.len > 0) {
		assert(frame_parse(out.data, out.len, &f) == (ssize_t)out.len);
		assert(authors_get(&f, &b, NULL) == 0);
	}
	assert(b.has_unread == a->has_unread && b.others.n == a->others.n);
	for (i = 0; i < b.others.n; i++)
		assert(strcmp(a->others.v[i], b.others.v[i]) == 0);
	strlist_clear(&b.others);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct authors a = { .has_unread = false };
	struct frame f;

	if (frame_parse(p, n, &f) <= 0)
		return 0;
	if (authors_get(&f, &a, NULL) == 0) {
		assert(a.others.n <= AUTHORS_MAX);
		again(&a);
	}
	strlist_clear(&a.others);
	return 0;
}
