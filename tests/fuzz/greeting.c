/* SPDX-License-Identifier: ISC */
/* The clock in a greeting, of a hostile server. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mail/date.h"
#include "mail/greeting.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = strndup((const char *)p, n);
	int64_t at = greeting_time(text);
	char again[DATE_SIZE];

	assert(at >= 0 && at < 253402387200); /* a day into the year 10000 */
	/* What is written as one is read as that. */
	if (at > 0 && at < 253402214400) {
		date_format(again, at, 0);
		assert(greeting_time(again) == at);
	}
	free(text);
	return 0;
}
