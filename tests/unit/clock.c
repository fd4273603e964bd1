/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_becomes_a_timeout),
		cmocka_unit_test(the_two_clocks_differ_in_unit),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
