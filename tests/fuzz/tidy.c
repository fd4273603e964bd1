/* SPDX-License-Identifier: ISC */
/*
 * Any header, for a server that takes ASCII alone, UTF-8 or all, as the first
 * octet says: afterwards it can travel, has as many fields, and is not changed
 * once more.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/tidy.h"

#include "tests/fuzz/fuzz.h"

static char *
to_ascii(const char *domain)
{
	return strlen(domain) % 2 == 0 ? xstrdup("xn--a") : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct header h = { NULL, 0 }, again = { NULL, 0 };
	struct tidy t = { .to_ascii = to_ascii };
	bool has_blank;
	struct buf b;
	ssize_t span;

	if (n == 0)
		return 0;
	t.keep = (enum tidy_keep)(p[0] % 3);
	span = header_span((const char *)p + 1, n - 1, true, &has_blank);
	header_parse((const char *)p + 1, (size_t)span, &h);
	buf_init(&b, 32 * HEADER_MAX);
	if (header_tidy(&h, &t) != -1) {
		assert(header_put(&b, &h) == 0);
		assert(!tidy_is_needed(&t, buf_data(&b), b.len));
		assert(
		    t.keep != TIDY_ASCII || utf8_is_ascii(buf_data(&b), b.len));
		header_parse(buf_data(&b), b.len, &again);
		assert(again.n == h.n);
		assert(header_tidy(&again, &t) == 0);
	}
	buf_clear(&b);
	header_clear(&h);
	header_clear(&again);
	return 0;
}
