/* SPDX-License-Identifier: ISC */
/* When the turn of a message comes, by the budget and by what goes before it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queue/schedule.h"

/* What is expected of each message is what comes true when all go as they may.
 */
static void
what_is_expected_comes_true(void **unused)
{
	static const struct {
		struct rate rate;
		uint64_t per_day;
	} cases[] = { { { 28, 60 }, 0 }, { { 28, 60 }, 100 }, { { 1, 1 }, 0 },
		{ { 5, 7 }, 12 }, { { 0, 0 }, 30 }, { { 3, 3600 }, 40 } };
	struct budget *told, *b;
	const int64_t start = 1800000000;
	int64_t now = start, at, off, slack;
	size_t i, n;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		told = budget_new(cases[i].rate, cases[i].per_day);
		b = budget_new(cases[i].rate, cases[i].per_day);
		/* Two went a while ago. */
		for (n = 0; n < 2; n++) {
			now = budget_next(b, start + 3 * (int64_t)n, 1);
			if (now == 0)
				now = start + 3 * (int64_t)n;
			budget_note(b, now, 1, 1);
			budget_note(told, now, 1, 1);
		}
		now = start + 8;
		for (n = 0; n < 90; n++) {
			at = budget_next(b, now, 1);
			now = at > now ? at : now;
			off = now - budget_expect(told, start + 8, n);
			/* A day is counted by the minute. */
			slack = cases[i].per_day == 0
				    ? 0
				    : 60 * (int64_t)(n / cases[i].per_day + 1);
			if (off < -slack || off > slack)
				fail_msg("case %zu: the %zu-th goes %lld s off",
				    i, n, (long long)off);
			budget_note(b, now, 1, 1);
		}
		budget_free(told);
		budget_free(b);
	}
}

static void
what_is_under_way_goes_before(void **unused)
{
	const int64_t start = 1800000000;
	struct budget *b = budget_new((struct rate){ 2, 60 }, 0);

	(void)unused;
	assert_int_equal(budget_expect(b, start, 1), start);
	budget_begin(b, start, 1);
	assert_int_equal(budget_expect(b, start, 0), start);
	assert_int_equal(budget_expect(b, start, 1), start + 61);
	budget_end(b, start + 5, 1);
	assert_int_equal(budget_expect(b, start + 5, 1), start + 66);
	budget_free(b);
}

/* What account.rate is held against; a minute where there is none. */
static void
a_window_is_as_long_as_the_rate_has_it(void **unused)
{
	struct budget *b = budget_new((struct rate){ 5, 3600 }, 0);

	(void)unused;
	budget_note(b, 1000, 2, 2);
	budget_begin(b, 1100, 9);
	assert_int_equal(budget_in_window(b, 1100), 3);
	budget_end(b, 1100, 9);
	assert_int_equal(budget_in_window(b, 4600), 3);
	assert_int_equal(budget_in_window(b, 4601), 1);
	assert_int_equal(budget_in_window(b, 4701), 0);
	budget_free(b);
	b = budget_new((struct rate){ 0, 0 }, 0);
	budget_note(b, 1000, 2, 2);
	assert_int_equal(budget_in_window(b, 1060), 2);
	assert_int_equal(budget_in_window(b, 1061), 0);
	budget_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_is_as_long_as_the_rate_has_it),
		cmocka_unit_test(what_is_expected_comes_true),
		cmocka_unit_test(what_is_under_way_goes_before),
	};

	return cmocka_run_group_tests_name("budget_expect", tests, NULL, NULL);
}
