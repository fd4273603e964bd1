/* SPDX-License-Identifier: ISC */
/* A rate, in each window of its length wherever that begins. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/window.h"

#define SECOND 1000
#define START  (INT64_C(1000000) * SECOND)

static void
no_window_has_more(void **state)
{
	const struct rate rate = { 5, 60 };
	struct window w = { .slice = 0 };
	int64_t taken[1000], now;
	size_t n = 0;

	(void)state;
	for (now = START; now < START + 3600 * SECOND; now += 311) {
		if (!window_take(&w, &rate, now))
			continue;
		if (n >= 5)
			assert_true(now - taken[n - 5] >= 60 * SECOND);
		assert_true(n < 1000);
		taken[n++] = now;
	}
	/* a slice is all that is lost */
	assert_true(n >= 5 * 60 * WINDOW_SLICES / (WINDOW_SLICES + 1));
}

static void
a_window_shorter_than_its_slices(void **state)
{
	const struct rate rate = { 2, 1 };
	struct window w = { .slice = 0 };

	(void)state;
	assert_true(window_take(&w, &rate, START));
	assert_true(window_take(&w, &rate, START));
	assert_false(window_take(&w, &rate, START + SECOND - 1));
	assert_true(window_take(&w, &rate, START + 2 * SECOND));
}

static void
refusals_do_not_count(void **state)
{
	const struct rate rate = { 1, 60 };
	struct window w = { .slice = 0 };
	int64_t now;

	(void)state;
	assert_true(window_take(&w, &rate, START));
	for (now = START; now < START + 60 * SECOND; now += SECOND)
		assert_false(window_take(&w, &rate, now));
	assert_true(window_take(&w, &rate, START + 64 * SECOND));
}

/* However long nobody looked. */
static void
an_old_window_is_empty(void **state)
{
	const struct rate rate = { 1, 60 };
	struct window w = { .slice = 0 };
	int64_t away, now = START;

	(void)state;
	for (away = 64; away < 80; away++) {
		assert_true(window_take(&w, &rate, now));
		assert_false(window_take(&w, &rate, now + 59 * SECOND));
		now += away * SECOND;
	}
	assert_true(window_take(&w, &rate, START + 1000000 * SECOND));
}

static void
without_a_rate_nothing_is_counted(void **state)
{
	const struct rate none = { 0, 0 };
	struct window w = { .slice = 0 }, before = w;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_true(window_take(&w, &none, START));
	assert_memory_equal(&w, &before, sizeof(w));
}

/* To the millisecond, where a slice is no whole number of them. */
static void
a_slice_is_rounded_up(void **state)
{
	const struct rate rate = { 1, 1 };
	struct window w;
	int64_t first, now;

	(void)state;
	for (first = START; first < START + 100; first++) {
		w = (struct window){ .slice = 0 };
		assert_true(window_take(&w, &rate, first));
		for (now = first; now < first + SECOND; now++)
			assert_false(window_take(&w, &rate, now));
	}
}

/* Nobody has more by a clock that was late, and none costs more time. */
static void
a_clock_that_jumps(void **state)
{
	const struct rate rate = { 1, 60 };
	struct window w = { .slice = 0 };

	(void)state;
	assert_true(window_take(&w, &rate, START));
	assert_false(window_take(&w, &rate, START - 30 * SECOND));
	assert_false(window_take(&w, &rate, START));
	assert_true(window_take(&w, &rate, INT64_MAX / 2));
	assert_false(window_take(&w, &rate, INT64_MAX / 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_has_more),
		cmocka_unit_test(a_window_shorter_than_its_slices),
		cmocka_unit_test(refusals_do_not_count),
		cmocka_unit_test(an_old_window_is_empty),
		cmocka_unit_test(a_slice_is_rounded_up),
		cmocka_unit_test(a_clock_that_jumps),
		cmocka_unit_test(without_a_rate_nothing_is_counted),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
