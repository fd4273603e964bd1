/* SPDX-License-Identifier: ISC */
/* Who hands in mail too fast: told once a window, and nobody for another. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queue/flood.h"

#define T0 1700000000

static unsigned
told(struct flood *f, uid_t uid, int64_t at, unsigned messages)
{
	unsigned n = 0;

	while (messages-- > 0)
		n += flood_note(f, uid, at);
	return n;
}

static void
one_more_than_the_rate_is_told_once(void **state)
{
	struct flood *f = flood_new((struct rate){ 10, 3600 });

	(void)state;
	assert_int_equal(told(f, 7, T0, 10), 0);
	assert_int_equal(told(f, 7, T0 + 3599, 1), 1);
	assert_int_equal(told(f, 7, T0 + 3599, 1000), 0);
	/* And once more in the next window. */
	assert_int_equal(told(f, 7, T0 + 3600, 10), 0);
	assert_int_equal(told(f, 7, T0 + 3600, 1000), 1);
	flood_free(f);
}

static void
users_do_not_mix(void **state)
{
	struct flood *f = flood_new((struct rate){ 3, 60 });
	uid_t uid;

	(void)state;
	for (uid = 0; uid < 200; uid++)
		assert_int_equal(told(f, uid, T0, 3), 0);
	assert_int_equal(told(f, 0, T0 + 1, 1), 1);
	assert_int_equal(told(f, 199, T0 + 1, 1), 1);
	/* Their windows are over; others have their places. */
	for (uid = 1000; uid < 1400; uid++)
		assert_int_equal(told(f, uid, T0 + 60, 4), 1);
	assert_int_equal(told(f, 5, T0 + 61, 3), 0);
	assert_int_equal(told(f, 5, T0 + 61, 1), 1);
	flood_free(f);
}

static void
a_clock_set_back_begins_anew(void **state)
{
	struct flood *f = flood_new((struct rate){ 3, 60 });

	(void)state;
	assert_int_equal(told(f, 1, T0, 3), 0);
	assert_int_equal(told(f, 1, T0 - 100, 3), 0);
	assert_int_equal(told(f, 1, T0 - 100, 1), 1);
	flood_free(f);
}

static void
without_a_rate_nobody_is_told_of(void **state)
{
	struct flood *f = flood_new((struct rate){ 0, 0 });

	(void)state;
	assert_int_equal(told(f, 1, T0, 100000), 0);
	flood_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_more_than_the_rate_is_told_once),
		cmocka_unit_test(users_do_not_mix),
		cmocka_unit_test(a_clock_set_back_begins_anew),
		cmocka_unit_test(without_a_rate_nobody_is_told_of),
	};

	return cmocka_run_group_tests_name("flood", tests, NULL, NULL);
}
