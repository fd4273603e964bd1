/* SPDX-License-Identifier: ISC */
/* Base64 from a server or a client: what is taken comes out the same when
 * encoded again. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "mail/base64.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf plain, again;

	buf_init(&plain, n);
	buf_init(&again, n);
	if (base64_decode(&plain, (const char *)p, n) == 0) {
		assert(base64_put(&again, buf_data(&plain), plain.len) == 0);
		assert(again.len == n);
		assert(n == 0 || memcmp(again.data, p, n) == 0);
	}
	buf_clear(&again);
	buf_clear(&plain);
	return 0;
}
