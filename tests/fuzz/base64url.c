/* SPDX-License-Identifier: ISC */
/* What is decoded comes out the same when it is encoded again. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/base64url.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf plain, coded;

	buf_init(&plain, n + 1);
	buf_init(&coded, 2 * n + 4);
	if (base64url_decode(&plain, (const char *)p, n) == 0) {
		assert(base64url_put(&coded, buf_data(&plain), plain.len) == 0);
		assert(coded.len == n);
		assert(n == 0 || memcmp(coded.data, p, n) == 0);
	}
	buf_clear(&plain);
	buf_clear(&coded);
	return 0;
}
