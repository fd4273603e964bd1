/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/store.h"
#include "queue/times.h"
#include "tests/unit/queue_fixture.h"

#define YEARS_S (INT64_C(10) * 365 * 86400)

static void
count(void *arg)
{
	++*(int *)arg;
}

static void
goes_on_through_a_jump(void **state)
{
	struct times t;
	int jumps = 0;

	(void)state;
	times_init(&t, 1000000, 5000);
	t.jumped = count;
	t.arg = &jumps;
	assert_int_equal(times_at(&t, 1001000, 6000), 1001);
	/* Ten years on, and a second later. */
	assert_int_equal(times_at(&t, 1002000 + YEARS_S * 1000, 7000), 1002);
	assert_int_equal(times_pending(&t), YEARS_S);
	assert_int_equal(times_at(&t, 1003000 + YEARS_S * 1000, 8000), 1003);
	assert_int_equal(jumps, 1);
	/* The queue has followed: wall time it is. */
	times_followed(&t, YEARS_S);
	assert_int_equal(times_pending(&t), 0);
	assert_int_equal(
	    times_at(&t, 1004000 + YEARS_S * 1000, 9000), 1004 + YEARS_S);
	/* And back, while nobody has followed yet: twice. */
	assert_int_equal(times_at(&t, 905000, 10000), 1005 + YEARS_S);
	assert_int_equal(times_at(&t, 806000, 11000), 1006 + YEARS_S);
	assert_int_equal(jumps, 3);
	times_followed(&t, times_pending(&t));
	assert_int_equal(times_at(&t, 807000, 12000), 807);
}

static void
follows_small_steps(void **state)
{
	struct times t;
	int64_t i;

	(void)state;
	times_init(&t, 0, 0);
	/* A clock that is slewed, by an hour in all. */
	for (i = 1; i <= 3600; i++)
		assert_int_equal(times_at(&t, i * 2000, i * 1000), i * 2);
	/* To a minute, either way, is no jump. */
	assert_int_equal(times_at(&t, 7200000 + 60000, 3600000), 7260);
	assert_int_equal(times_at(&t, 7200000, 3600000), 7200);
	assert_int_equal(times_pending(&t), 0);
	assert_int_equal(times_at(&t, 7200000 + 60001, 3600000), 7200);
	assert_int_equal(times_pending(&t), 60);
}

static void
moves_every_instant(void **state)
{
	struct world *w = *state;
	struct store_account a = { .name = (char[]){ "a" },
		.state = ACCOUNT_BACKOFF,
		.since = T0,
		.next_at = T0 + 60 };
	struct store_message m;
	struct store_rcpt *r;
	struct fixture_message want = { .due_at = T0 + 300 };
	uint64_t id = fixture_add(w->s, want);
	size_t n;

	fixture_begin(w->s);
	assert_int_equal(store_account_put(w->s, &a, &w->e), 0);
	assert_int_equal(store_move_times(w->s, YEARS_S, &w->e), 0);
	fixture_commit(w->s);

	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	assert_int_equal(m.arrived_at, T0 + YEARS_S);
	assert_int_equal(m.due_at, T0 + 300 + YEARS_S);
	assert_int_equal(m.delay_notice_at, 0);
	assert_int_equal(store_rcpts_get(w->s, id, &r, &n, &w->e), 0);
	assert_int_equal(r[0].due_at, T0 + 300 + YEARS_S);
	store_rcpt_clear(&r[0]);
	free(r);
	store_message_clear(&m);
	assert_int_equal(store_account_get(w->s, "a", &a, &w->e), 1);
	assert_int_equal(a.since, T0 + YEARS_S);
	assert_int_equal(a.next_at, T0 + 60 + YEARS_S);
	assert_int_equal(a.last_success_at, 0);
	store_account_clear(&a);

	/* Before 1970 there is nothing; "none" is not made of an instant. */
	fixture_begin(w->s);
	assert_int_equal(store_move_times(w->s, -100 * YEARS_S, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	assert_int_equal(m.due_at, 1);
	store_message_clear(&m);
}

static void
note_row(void *arg, int64_t at, unsigned messages, unsigned recipients)
{
	int64_t *sum = arg;

	(void)recipients;
	*sum += at * messages;
}

static void
moves_the_ledger(void **state)
{
	struct world *w = *state;
	int64_t i, sum = 0;

	/* Rows that lie as far apart as they are moved. */
	fixture_begin(w->s);
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    store_budget_add(w->s, "k", T0 + i * 100, 1, 1, &w->e), 0);
	assert_int_equal(store_move_times(w->s, 100, &w->e), 0);
	assert_int_equal(store_move_times(w->s, -300, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(
	    store_budget_each(w->s, "k", 0, note_row, &sum, &w->e), 0);
	assert_int_equal(sum, 5 * (int64_t)(T0 - 200) + 1000);
}

static void
add_rows(void *arg, int64_t at, unsigned messages, unsigned recipients)
{
	int64_t *sums = arg;

	sums[0] += at;
	sums[1] += messages;
	sums[2] += recipients;
}

/* Ten seconds for each attempt. */
static int64_t
latest(void *arg, unsigned attempts)
{
	return *(int64_t *)arg + 10 * attempts;
}

/* What happened later than now did so now; nothing is due too late. */
static void
bounds_what_lies_ahead(void **state)
{
	struct world *w = *state;
	struct fixture_message want = { .due_at = T0 + YEARS_S };
	uint64_t id = fixture_add(w->s, want);
	int64_t sums[3] = { 0, 0, 0 }, now = T0;
	struct store_message m;

	fixture_begin(w->s);
	assert_int_equal(store_budget_add(w->s, "k", T0 - 5, 1, 2, &w->e), 0);
	assert_int_equal(store_budget_add(w->s, "k", T0, 1, 2, &w->e), 0);
	assert_int_equal(
	    store_budget_add(w->s, "k", T0 + YEARS_S, 1, 2, &w->e), 0);
	assert_int_equal(
	    store_budget_add(w->s, "k", T0 + YEARS_S + 1, 1, 2, &w->e), 0);
	assert_int_equal(
	    store_budget_add(w->s, "l", T0 + YEARS_S, 1, 2, &w->e), 0);
	assert_int_equal(store_bound_times(w->s, now, latest, &now, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	assert_int_equal(m.due_at, T0);
	assert_int_equal(m.arrived_at, T0);
	store_message_clear(&m);
	assert_int_equal(
	    store_budget_each(w->s, "k", 0, add_rows, sums, &w->e), 0);
	assert_int_equal(sums[0], T0 - 5 + (int64_t)T0);
	assert_int_equal(sums[1], 4);
	assert_int_equal(sums[2], 8);
	assert_int_equal(
	    store_budget_each(w->s, "l", 0, add_rows, sums, &w->e), 0);
	assert_int_equal(sums[1], 5);

	/* A message of tomorrow came just now. */
	now -= 86400;
	fixture_begin(w->s);
	assert_int_equal(store_bound_times(w->s, now, latest, &now, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	assert_int_equal(m.arrived_at, now);
	assert_int_equal(m.due_at, now);
	store_message_clear(&m);
}

static void
put_fact(struct world *w, const char *name, int64_t at)
{
	char *value = xasprintf("%lld", (long long)at);

	assert_int_equal(store_fact_put(w->s, name, value, &w->e), 0);
	free(value);
}

static void
check_fact(struct world *w, const char *name, int64_t at)
{
	char *value, *want = xasprintf("%lld", (long long)at);

	assert_int_equal(store_fact_get(w->s, name, &value, &w->e), 1);
	if (strcmp(value, want) != 0)
		fail_msg("%s is %s, not %s", name, value, want);
	free(want);
	free(value);
}

static const char *const instants[] = { "paused_at", "off_since", "held_since",
	"uncertain_since" };

/* Since when there is a trouble: as long as before. */
static void
facts_follow(void **state)
{
	struct world *w = *state;
	size_t i;

	for (i = 0; i < 4; i++) {
		fixture_begin(w->s);
		put_fact(w, instants[i], T0 + 5);
		put_fact(w, "stood a", T0);
		assert_int_equal(store_move_times(w->s, YEARS_S, &w->e), 0);
		fixture_commit(w->s);
		check_fact(w, instants[i], T0 + 5 + YEARS_S);
		/* What is no instant is left alone. */
		check_fact(w, "stood a", T0);
		/* 0 is none, and no instant becomes it. */
		fixture_begin(w->s);
		put_fact(w, "off_since", 0);
		put_fact(w, "held_since", 10);
		assert_int_equal(store_move_times(w->s, -20, &w->e), 0);
		fixture_commit(w->s);
		check_fact(w, "off_since", 0);
		check_fact(w, "held_since", 1);
	}
}

static void
facts_that_lie_ahead_are_bound(void **state)
{
	struct world *w = *state;
	int64_t now = T0;
	size_t i;

	fixture_begin(w->s);
	for (i = 0; i < 4; i++)
		put_fact(w, instants[i], T0 + YEARS_S);
	put_fact(w, "stood a", T0 + YEARS_S);
	assert_int_equal(store_bound_times(w->s, now, latest, &now, &w->e), 0);
	for (i = 0; i < 4; i++)
		check_fact(w, instants[i], T0);
	check_fact(w, "stood a", T0 + YEARS_S);
	put_fact(w, "held_since", T0 - 1);
	assert_int_equal(store_bound_times(w->s, now, latest, &now, &w->e), 0);
	check_fact(w, "held_since", T0 - 1);
	fixture_commit(w->s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_through_a_jump),
		cmocka_unit_test(follows_small_steps),
		cmocka_unit_test_setup_teardown(
		    moves_every_instant, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    moves_the_ledger, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    bounds_what_lies_ahead, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    facts_follow, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(facts_that_lie_ahead_are_bound,
		    world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests_name("times", tests, NULL, NULL);
}
