/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"

static void
a_deadline_becomes_a_timeout(void **state)
{
	int64_t now = clock_mono_ms();

	(void)state;
	assert_int_equal(clock_poll_timeout(CLOCK_NEVER), -1);
	assert_int_equal(clock_poll_timeout(now), 0);
	assert_int_equal(clock_poll_timeout(now - 1000), 0);
	assert_in_range(clock_poll_timeout(now + 3600000), 1, 3600000);
	assert_int_equal(clock_poll_timeout(INT64_MAX - 1), INT_MAX);
}

static void
the_two_clocks_differ_in_unit(void **state)
{
	int64_t before = clock_wall(), ms = clock_wall_ms();

	(void)state;
	assert_true(ms / 1000 >= before && ms / 1000 <= clock_wall());
	assert_true(clock_mono_ms() > 0);
}

static void
the_zone_is_that_of_the_time(void **state)
{
	static const struct {
		const char *zone;
		int64_t at;
		int minutes;
	} cases[] = {
		{ "UTC0", 1795935600, 0 }, { "ABC-5:30", 1795935600, 330 },
		{ "ABC8", 1795935600, -480 },
		/* summer from the 100th day to the 300th */
		{ "CET-1CEST-2,J100,J300", 1782864000, 120 },
		{ "CET-1CEST-2,J100,J300", 1795935600, 60 },
		{ "ABC-1", INT64_MAX, 0 }, /* a year that is none */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(setenv("TZ", cases[i].zone, 1), 0);
		tzset();
		assert_int_equal(clock_offset(cases[i].at), cases[i].minutes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_becomes_a_timeout),
		cmocka_unit_test(the_two_clocks_differ_in_unit),
		cmocka_unit_test(the_zone_is_that_of_the_time),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
