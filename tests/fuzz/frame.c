/* SPDX-License-Identifier: ISC */
/*
 * Frames from a hostile client: whatever is taken apart must give the same
 * octets when it is put together again.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/frame.h"

#include "tests/fuzz/fuzz.h"

/* Writes the fields of f again, as far as they are well-formed. */
static bool
copy_fields(struct buf *to, const struct frame *f)
{
	struct field_walk w;
	struct field x;
	uint64_t v;
	char *s;
	int got;

	field_walk_init(&w, f);
	while ((got = field_next(&w, &x)) == 1) {
		assert(x.value >= f->payload);
		assert(x.value + x.len <= f->payload + f->len);
		if ((s = field_str(&x)) != NULL) {
			assert(strlen(s) == x.len);
			assert(field_put_str(to, x.tag, s) == 0);
		} else if (field_u64(&x, &v) == 0)
			assert(field_put_u64(to, x.tag, v) == 0);
		else
			assert(field_put(to, x.tag, x.value, x.len) == 0);
		free(s);
	}
	return got == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf copy;
	struct frame f;
	ssize_t used, start;

	while ((used = frame_parse(p, n, &f)) > 0) {
		assert((size_t)used <= n && f.len <= FRAME_MAX);
		buf_init(&copy, FRAME_MAX + FRAME_HEAD);
		start = frame_begin(&copy, f.type);
		if (copy_fields(&copy, &f)) {
			assert(frame_end(&copy, start) == 0);
			assert(copy.len == (size_t)used);
			assert(memcmp(copy.data, p, copy.len) == 0);
		}
		buf_clear(&copy);
		p += used;
		n -= (size_t)used;
	}
	return 0;
}
