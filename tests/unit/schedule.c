/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/schedule.h"

/* Dice that fall the same way each time: xorshift32. */
static uint32_t
roll(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void
retry_follows_the_list_with_jitter(void **unused)
{
	static const int64_t list[] = { 60, 120, 300, 600, 1200, 2400, 3600 };
	static const struct {
		unsigned attempts;
		int64_t base;
	} cases[] = {
		{ 0, 60 },
		{ 1, 60 },
		{ 2, 120 },
		{ 7, 3600 },
		{ 8, 3600 },
		{ UINT32_MAX, 3600 },
	};
	uint32_t seed = 1;
	int64_t got, lo, hi, base;
	size_t i;
	int n;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		base = cases[i].base;
		lo = INT64_MAX;
		hi = 0;
		for (n = 0; n < 20000; n++) {
			got = schedule_retry(
			    list, 7, cases[i].attempts, roll(&seed));
			assert_in_range(got, base - base / 5, base + base / 5);
			lo = got < lo ? got : lo;
			hi = got > hi ? got : hi;
		}
		/* It is spread over the whole range, not stuck in it. */
		assert_true(lo <= base - base / 5 + base / 50);
		assert_true(hi >= base + base / 5 - base / 50);
		assert_int_equal(schedule_retry(list, 7, cases[i].attempts, 0),
		    base - base / 5);
		assert_int_equal(
		    schedule_retry(list, 7, cases[i].attempts, UINT32_MAX),
		    base + base / 5);
	}
}

static void
retry_of_odd_lists_is_never_at_once(void **unused)
{
	static const int64_t odd[] = { 0, -5, 1, 3, INT64_MAX };
	unsigned n;

	(void)unused;
	for (n = 1; n <= 5; n++) {
		assert_true(schedule_retry(odd, 5, n, 0) >= 1);
		assert_true(schedule_retry(odd, 5, n, UINT32_MAX) >= 1);
	}
}

static void
backoff_doubles_to_its_most(void **unused)
{
	static const struct {
		int64_t min, max;
		unsigned n;
		int64_t lo, hi;
	} cases[] = {
		{ 15, 900, 0, 8, 15 },
		{ 15, 900, 1, 8, 15 },
		{ 15, 900, 2, 15, 30 },
		{ 15, 900, 3, 30, 60 },
		{ 15, 900, 6, 240, 480 },
		{ 15, 900, 7, 450, 900 },
		{ 15, 900, 8, 450, 900 },
		{ 15, 900, UINT32_MAX, 450, 900 },
		{ 900, 15, 1, 8, 15 },
		{ 0, 0, 1, 1, 1 },
		{ -1, -1, 9, 1, 1 },
		{ 1, INT64_MAX, 4000, 1LL << 30, INT32_MAX },
	};
	uint32_t seed = 2;
	size_t i;
	int n;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (n = 0; n < 1000; n++)
			assert_in_range(
			    schedule_backoff(cases[i].min, cases[i].max,
				cases[i].n, roll(&seed)),
			    cases[i].lo, cases[i].hi);
		assert_int_equal(
		    schedule_backoff(cases[i].min, cases[i].max, cases[i].n, 0),
		    cases[i].lo);
		assert_int_equal(schedule_backoff(cases[i].min, cases[i].max,
				     cases[i].n, UINT32_MAX),
		    cases[i].hi);
	}
}

static void
clock_set_back_makes_nobody_wait(void **unused)
{
	(void)unused;
	assert_int_equal(schedule_past(100, 200), 100);
	assert_int_equal(schedule_past(300, 200), 200);
	assert_int_equal(schedule_due(250, 200, 60), 250);
	assert_int_equal(schedule_due(100, 200, 60), 100);
	assert_int_equal(schedule_due(100000, 200, 60), 260);
}

static void
slow_start_is_one_two_all(void **unused)
{
	struct pace p;

	(void)unused;
	pace_reset(&p, 3);
	assert_true(pace_allows(&p, 0));
	assert_false(pace_allows(&p, 1));
	pace_success(&p);
	assert_true(pace_allows(&p, 1));
	assert_false(pace_allows(&p, 2));
	pace_success(&p);
	assert_true(pace_allows(&p, 2));
	assert_false(pace_allows(&p, 3));
	pace_success(&p);
	assert_false(pace_allows(&p, 3));
	pace_reset(&p, 3);
	assert_false(pace_allows(&p, 1));

	pace_reset(&p, 1);
	pace_success(&p);
	pace_success(&p);
	assert_true(pace_allows(&p, 0));
	assert_false(pace_allows(&p, 1));

	pace_reset(&p, 0);
	pace_success(&p);
	assert_false(pace_allows(&p, 0));
}

/* What a run sent, in milliseconds, to be judged without our own code. */
struct sent {
	int64_t at_ms[4096];
	unsigned recipients[4096];
	size_t n;
};

static void
judge_messages(const struct sent *sent, int64_t length_ms, size_t most)
{
	size_t i;

	/* The window that begins with each message, its end left out. */
	for (i = most; i < sent->n; i++)
		assert_true(
		    sent->at_ms[i] - sent->at_ms[i - most] >= length_ms);
}

static void
judge_recipients(const struct sent *sent, int64_t length_ms, uint64_t most)
{
	uint64_t sum = 0;
	size_t from = 0, i;

	for (i = 0; i < sent->n; i++) {
		sum += sent->recipients[i];
		while (sent->at_ms[i] - sent->at_ms[from] >= length_ms)
			sum -= sent->recipients[from++];
		assert_true(sum <= most || from == i);
	}
}

/*
 * Sends as eagerly as the budget allows, at odd moments of a clock whose
 * fractions the budget does not see.
 */
static void
run_eagerly(struct rate rate, uint64_t per_day, uint32_t seed, int64_t step_ms,
    struct sent *sent)
{
	struct budget *b = budget_new(rate, per_day);
	int64_t now_ms = 5000, next;
	unsigned recipients;

	sent->n = 0;
	while (sent->n < 3000) {
		recipients = roll(&seed) % 4 == 0 ? roll(&seed) % 40 + 1 : 1;
		next = budget_next(b, now_ms / 1000, recipients);
		if (next == 0) {
			budget_note(b, now_ms / 1000, 1, recipients);
			sent->at_ms[sent->n] = now_ms;
			sent->recipients[sent->n++] = recipients;
			now_ms += roll(&seed) % step_ms;
		} else {
			assert_true(next > now_ms / 1000);
			/* Not a second too late either: it holds until. */
			assert_true(budget_next(b, next - 1, recipients) != 0);
			now_ms = next * 1000;
			assert_int_equal(budget_next(b, next, recipients), 0);
		}
	}
	budget_free(b);
}

static void
no_window_ever_holds_too_much(void **unused)
{
	static struct sent sent;
	static const struct {
		struct rate rate;
		uint64_t per_day;
		int64_t step_ms;
	} cases[] = {
		{ { 28, 60 }, 10000, 900 },
		{ { 28, 60 }, 500, 5000 },
		{ { 1, 1 }, 0, 300 },
		{ { 1, 60 }, 100, 60000 },
		{ { 5, 7 }, 3000, 2500 },
		{ { 100, 3600 }, 2000, 20000 },
		{ { 1000, 86400 }, 0, 40000 },
	};
	uint32_t seed;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (seed = 1; seed < 6; seed++) {
			run_eagerly(cases[i].rate, cases[i].per_day, seed,
			    cases[i].step_ms, &sent);
			judge_messages(&sent, cases[i].rate.per_s * 1000,
			    cases[i].rate.count);
			if (cases[i].per_day > 0)
				judge_recipients(
				    &sent, 86400 * 1000LL, cases[i].per_day);
		}
}

/* A budget that only ever refused would pass the test above. */
static void
budget_is_used_nearly_whole(void **unused)
{
	static struct sent sent;

	(void)unused;
	run_eagerly((struct rate){ 28, 60 }, 0, 3, 100, &sent);
	/* 28 in 61 seconds, since a clock of seconds cannot tell better. */
	assert_true(sent.at_ms[sent.n - 1] - sent.at_ms[0] <=
		    ((int64_t)sent.n / 28 + 1) * 61 * 1000);
}

static void
message_beyond_the_day_waits_for_an_empty_one(void **unused)
{
	struct budget *b = budget_new((struct rate){ 0, 0 }, 100);

	(void)unused;
	assert_int_equal(budget_next(b, 1000, 500), 0);
	budget_note(b, 1000, 1, 1);
	assert_int_equal(budget_next(b, 1000, 500), 1000 + 86400 + 1);
	assert_int_equal(budget_next(b, 1000, 99), 0);
	assert_int_equal(budget_next(b, 1000, 100), 1000 + 86400 + 1);
	assert_int_equal(budget_next(b, 1000 + 86400 + 1, 500), 0);
	budget_free(b);
}

/* As much must have left as the message needs, not the first of it alone. */
static void
a_large_message_waits_for_enough(void **unused)
{
	struct budget *b = budget_new((struct rate){ 0, 0 }, 100);
	int64_t at;

	(void)unused;
	for (at = 1000; at < 1000 + 10 * 600; at += 600)
		budget_note(b, at, 1, 10);
	assert_int_equal(budget_next(b, 7000, 10), 1000 + 86401);
	assert_int_equal(budget_next(b, 7000, 11), 1600 + 86401);
	assert_int_equal(budget_next(b, 7000, 35), 2800 + 86401);
	assert_int_equal(budget_next(b, 7000, 100), 6400 + 86401);
	budget_free(b);
}

static void
a_minute_is_a_minute_with_any_rate(void **unused)
{
	static const struct rate rates[] = { { 0, 0 }, { 5, 1 }, { 28, 60 },
		{ 1000, 3600 } };
	uint64_t minute, day, recipients;
	struct budget *b;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		b = budget_new(rates[i], 0);
		budget_note(b, 1000, 2, 2);
		budget_note(b, 1050, 1, 1);
		budget_used(b, 1060, &minute, &day, &recipients);
		assert_int_equal(minute, 3);
		budget_used(b, 1061, &minute, &day, &recipients);
		assert_int_equal(minute, 1);
		assert_int_equal(day, 3);
		budget_free(b);
	}
}

static void
no_limit_is_no_limit(void **unused)
{
	struct budget *b = budget_new((struct rate){ 0, 0 }, 0);
	uint64_t minute, day, recipients;
	int i;

	(void)unused;
	for (i = 0; i < 1000; i++) {
		assert_int_equal(budget_next(b, 1000, 1000), 0);
		budget_note(b, 1000, 1, 1000);
	}
	budget_used(b, 1000, &minute, &day, &recipients);
	assert_int_equal(minute, 1000);
	assert_int_equal(day, 1000);
	assert_int_equal(recipients, 1000000);
	budget_used(b, 1061, &minute, &day, &recipients);
	assert_int_equal(minute, 0);
	assert_int_equal(day, 1000);
	budget_used(b, 1000 + 86401, &minute, &day, &recipients);
	assert_int_equal(day, 0);
	assert_int_equal(recipients, 0);
	budget_free(b);
}

static void
clock_set_back_counts_from_now(void **unused)
{
	struct budget *b = budget_new((struct rate){ 2, 60 }, 0);

	(void)unused;
	budget_note(b, 1000000, 1, 1);
	budget_note(b, 1000030, 1, 1);
	/* Back by a week: not blocked for a week, but for its own minute. */
	assert_int_equal(budget_next(b, 400000, 1), 400061);
	assert_int_equal(budget_next(b, 400061, 1), 0);
	budget_free(b);
}

static void
clock_moved_moves_the_windows(void **unused)
{
	struct budget *b = budget_new((struct rate){ 1, 60 }, 0);
	uint64_t minute, day, recipients;

	(void)unused;
	budget_note(b, 1000, 1, 1);
	budget_shift(b, 3600);
	assert_int_equal(budget_next(b, 4600, 1), 4661);
	budget_shift(b, -3600);
	assert_int_equal(budget_next(b, 1000, 1), 1061);
	budget_free(b);
	/* The day's and the minute's as well. */
	b = budget_new((struct rate){ 0, 0 }, 10);
	budget_note(b, 100000, 1, 10);
	budget_shift(b, -50000);
	budget_used(b, 50060, &minute, &day, &recipients);
	assert_int_equal(minute, 1);
	budget_used(b, 50061, &minute, &day, &recipients);
	assert_int_equal(minute, 0);
	assert_int_equal(budget_next(b, 50061, 1), 50000 + 86401);
	budget_free(b);
	budget_free(NULL);
}

static void
a_budget_knows_when_something_last_went(void **unused)
{
	struct budget *b = budget_new((struct rate){ 0, 0 }, 0);
	uint64_t minute, day, rcpts;

	(void)unused;
	assert_int_equal(budget_last(b), 0);
	budget_note(b, 1000, 1, 1);
	/* Within the grain of a day's window all the same. */
	budget_note(b, 1007, 1, 1);
	assert_int_equal(budget_last(b), 1007);
	budget_used(b, 1007 + 86400 + 1, &minute, &day, &rcpts);
	assert_int_equal(budget_last(b), 0);
	budget_free(b);
}

/* Whenever the server counted it, its window holds no more than is allowed. */
static void
what_is_under_way_counts_to_its_end_and_a_window_beyond(void **unused)
{
	struct budget *b = budget_new((struct rate){ 2, 60 }, 100);
	uint64_t minute, day, rcpts;

	(void)unused;
	budget_begin(b, 1000, 40);
	budget_begin(b, 1001, 1);
	assert_int_equal(budget_last(b), 1001);
	/* However long that takes; and none is known to be sooner. */
	assert_int_equal(budget_next(b, 1002, 1), 1002 + 61);
	assert_int_equal(budget_next(b, 1300, 1), 1300 + 61);
	assert_int_equal(budget_rcpts_left(b, 1300), 59);
	assert_int_equal(budget_rcpts_at(b, 1300 + 86401), 41);
	budget_used(b, 1300, &minute, &day, &rcpts);
	assert_int_equal(minute, 2);
	assert_int_equal(day, 2);
	assert_int_equal(rcpts, 41);
	budget_end(b, 1400, 40);
	assert_int_equal(budget_next(b, 1400, 1), 1461);
	assert_int_equal(budget_next(b, 1461, 1), 0);
	budget_end(b, 1480, 1);
	assert_int_equal(budget_next(b, 1480, 59), 0);
	assert_int_equal(budget_next(b, 1480, 60), 1400 + 86401);
	assert_int_equal(budget_last(b), 1480);
	budget_used(b, 1480, &minute, &day, &rcpts);
	assert_int_equal(minute, 1);
	budget_free(b);
}

/* The day, too, of which nothing has ended yet. */
static void
a_day_that_is_under_way_is_spent(void **unused)
{
	struct budget *b = budget_new((struct rate){ 0, 0 }, 100);

	(void)unused;
	budget_begin(b, 1000, 100);
	assert_int_equal(budget_rcpts_left(b, 1000), 0);
	assert_int_equal(budget_next(b, 1000, 1), 1000 + 86401);
	budget_end(b, 1010, 100);
	assert_int_equal(budget_next(b, 1010, 1), 1010 + 86401);
	assert_int_equal(budget_next(b, 1010 + 86401, 1), 0);
	budget_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retry_follows_the_list_with_jitter),
		cmocka_unit_test(retry_of_odd_lists_is_never_at_once),
		cmocka_unit_test(backoff_doubles_to_its_most),
		cmocka_unit_test(clock_set_back_makes_nobody_wait),
		cmocka_unit_test(slow_start_is_one_two_all),
		cmocka_unit_test(no_window_ever_holds_too_much),
		cmocka_unit_test(budget_is_used_nearly_whole),
		cmocka_unit_test(message_beyond_the_day_waits_for_an_empty_one),
		cmocka_unit_test(a_large_message_waits_for_enough),
		cmocka_unit_test(a_minute_is_a_minute_with_any_rate),
		cmocka_unit_test(no_limit_is_no_limit),
		cmocka_unit_test(clock_set_back_counts_from_now),
		cmocka_unit_test(clock_moved_moves_the_windows),
		cmocka_unit_test(a_budget_knows_when_something_last_went),
		cmocka_unit_test(
		    what_is_under_way_counts_to_its_end_and_a_window_beyond),
		cmocka_unit_test(a_day_that_is_under_way_is_spent),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
