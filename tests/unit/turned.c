/* SPDX-License-Identifier: ISC */
/* A flood of those who are turned away is a few lines, and a number. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/turned.h"

#define MINUTE INT64_C(60000)

static void
a_flood_is_a_few_lines(void **state)
{
	struct turned t = { 0, 0, 0 };
	uint64_t untold = 99;
	int64_t now = 1000 * MINUTE;
	int i, lines = 0;

	(void)state;
	for (i = 0; i < 100000; i++)
		if (turned_tell(&t, now + i % MINUTE, &untold)) {
			lines++;
			assert_int_equal(untold, 0);
		}
	assert_int_equal(lines, TURNED_LINES);
	assert_true(turned_tell(&t, now + MINUTE, &untold));
	assert_int_equal(untold, 100000 - TURNED_LINES);
	assert_true(turned_tell(&t, now + MINUTE, &untold));
	assert_int_equal(untold, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_a_few_lines),
	};

	return cmocka_run_group_tests_name("turned", tests, NULL, NULL);
}
