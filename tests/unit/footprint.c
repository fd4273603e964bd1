/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/footprint.h"

static const char constant[] = "what lies in a file is found again";
static char written[] = "what was written is kept";

/* The KiB of mapped files' code that this process has in memory. */
static unsigned long
code_kib(void)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long total = 0, n;
	bool is_code = false;
	char line[512], rights[8];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*x-%*x %7s", rights) == 1)
			is_code = rights[2] == 'x' && strchr(line, '/') != NULL;
		else if (is_code && sscanf(line, "Rss: %lu kB", &n) == 1)
			total += n;
	}
	assert_int_equal(fclose(f), 0);
	return total;
}

static void
code_goes_and_comes_back(void **state)
{
	unsigned long before = code_kib();

	(void)state;
	strlcpy(written, "what was changed is kept", sizeof(written));
	footprint_shrink();
	assert_true(code_kib() < before);
	assert_string_equal(written, "what was changed is kept");
	assert_string_equal(constant, "what lies in a file is found again");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_goes_and_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
