/* SPDX-License-Identifier: ISC */
/* Date and Retry-After of a hostile server. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/http_date.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = strndup((const char *)p, n);
	int64_t at = http_date_parse(text);

	assert(at >= -1 && at < 253402300800); /* the year 10000 */
	assert(http_date_wait(text, 0) < 253402300800);
	assert(at == -1 || http_date_wait(text, at) == 0);
	free(text);
	return 0;
}
