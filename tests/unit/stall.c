/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/stall.h"

#define HOUR 3600
#define T    1700000000

/* Mail is due and may go, an hour is the limit, nothing ever went. */
static struct stall_facts
at(int64_t now)
{
	return (struct stall_facts){ .now = now,
		.limit_s = HOUR,
		.may_deliver = true,
		.has_waiting = true,
		.is_due = true };
}

static enum stall_state
look(struct stall *s, struct stall_facts f)
{
	return stall_look(s, &f);
}

static void
comes_after_its_time_and_goes_with_a_delivery(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f;

	(void)state;
	assert_int_equal(look(&s, at(T)), STALL_WAITING);
	assert_int_equal(look(&s, at(T + HOUR - 1)), STALL_WAITING);
	assert_int_equal(look(&s, at(T + HOUR)), STALL_COME);
	assert_int_equal(s.since, T);
	assert_int_equal(look(&s, at(T + 2 * HOUR)), STALL_COME);
	f = at(T + 3 * HOUR);
	f.delivered_at = f.now - 5;
	assert_int_equal(look(&s, f), STALL_NONE);
	/* From then on it is counted anew. */
	f.now += HOUR - 1;
	assert_int_equal(look(&s, f), STALL_WAITING);
	f.now += 1;
	assert_int_equal(look(&s, f), STALL_COME);
	assert_int_equal(s.since, T + 3 * HOUR);
}

static void
a_delivery_in_time_is_none(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f;
	int64_t minute;

	(void)state;
	/* A queue that is never empty, and moves each half an hour. */
	for (minute = 0; minute < 600; minute++) {
		f = at(T + minute * 60);
		f.delivered_at = T + minute / 30 * 30 * 60 - 60;
		assert_int_not_equal(look(&s, f), STALL_COME);
	}
}

static void
nothing_to_deliver_is_none(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f;

	(void)state;
	look(&s, at(T));
	f = at(T + HOUR);
	f.has_waiting = f.is_due = false;
	assert_int_equal(look(&s, f), STALL_NONE);
	/* What comes later has its own hour. */
	assert_int_equal(look(&s, at(T + 2 * HOUR)), STALL_WAITING);
}

/* What an administrator stopped is no stall, nor is the time it took. */
static void
a_pause_is_none_and_does_not_count(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f;

	(void)state;
	look(&s, at(T));
	assert_int_equal(look(&s, at(T + HOUR)), STALL_COME);
	f = at(T + 5 * HOUR);
	f.may_deliver = false;
	assert_int_equal(look(&s, f), STALL_NONE);
	f.now = T + 9 * HOUR;
	assert_int_equal(look(&s, f), STALL_NONE);
	assert_int_equal(look(&s, at(T + 9 * HOUR + 60)), STALL_WAITING);
	assert_int_equal(look(&s, at(T + 10 * HOUR + 60)), STALL_COME);
}

/* One that waits for its next try is not due, whatever the time. */
static void
mail_that_was_put_off_is_due_when_it_is_tried(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f = at(T);
	int64_t minute;

	(void)state;
	f.is_due = false;
	assert_int_equal(look(&s, f), STALL_WAITING);
	f.tried_at = T + 10;
	for (minute = 1; minute < 300; minute++) {
		f.now = T + minute * 60;
		assert_int_equal(look(&s, f), STALL_WAITING);
	}
	assert_int_equal(s.since, T + 10);
	/* Tried again between two looks, and put off again. */
	f.tried_at = f.now + 1;
	f.now += 60;
	assert_int_equal(look(&s, f), STALL_COME);
	assert_int_equal(s.since, T + 10);
}

/* The time before the daemon began to look says nothing. */
static void
a_new_start_counts_from_its_first_look(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f = at(T);

	(void)state;
	f.is_due = false;
	f.tried_at = T - 10 * HOUR;
	assert_int_equal(look(&s, f), STALL_WAITING);
	assert_int_equal(s.since, 0);
	/* But one that had come before it goes on. */
	s.since = T - HOUR;
	assert_int_equal(look(&s, f), STALL_WAITING);
	f.is_due = true;
	assert_int_equal(look(&s, f), STALL_COME);
	f.delivered_at = T - 1;
	assert_int_equal(look(&s, f), STALL_NONE);
}

static void
follows_the_clock(void **state)
{
	struct stall s = { 0, 0 };
	struct stall_facts f;

	(void)state;
	look(&s, at(T));
	stall_move_times(&s, 10 * HOUR);
	assert_int_equal(look(&s, at(T + 10 * HOUR + 60)), STALL_WAITING);
	assert_int_equal(look(&s, at(T + 11 * HOUR)), STALL_COME);
	assert_int_equal(s.since, T + 10 * HOUR);
	stall_move_times(&s, -10 * HOUR);
	assert_int_equal(s.since, T);
	/* What never was stays never. */
	s = (struct stall){ 0, 0 };
	stall_move_times(&s, HOUR);
	assert_int_equal(s.since, 0);
	assert_int_equal(s.looked_at, 0);
	/* Set back while nothing ran: an instant to come is now. */
	s.since = T + 100 * HOUR;
	f = at(T);
	f.delivered_at = T + 100 * HOUR;
	assert_int_equal(look(&s, f), STALL_NONE);
	f.now = T + 2;
	f.delivered_at = 0;
	look(&s, f);
	assert_int_equal(s.since, T + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_after_its_time_and_goes_with_a_delivery),
		cmocka_unit_test(a_delivery_in_time_is_none),
		cmocka_unit_test(nothing_to_deliver_is_none),
		cmocka_unit_test(a_pause_is_none_and_does_not_count),
		cmocka_unit_test(mail_that_was_put_off_is_due_when_it_is_tried),
		cmocka_unit_test(a_new_start_counts_from_its_first_look),
		cmocka_unit_test(follows_the_clock),
	};

	return cmocka_run_group_tests_name("stall", tests, NULL, NULL);
}
