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
	unsigned long total = 0;
	bool is_code = false;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		/* "7f00-7f10 r-xp ... /usr/lib/..." begins a mapping. */
		if (strncmp(line, "Rss:", 4) == 0 && is_code)
			total += strtoul(line + 4, NULL, 10);
		else if (strchr(line, '-') != NULL)
			is_code = strstr(line, " r-xp ") != NULL &&
				  strchr(line, '/') != NULL;
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
