/* SPDX-License-Identifier: ISC */
/* Fewer connections for an hour, and not for longer. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue/fewer.h"
#include "tests/unit/queue_fixture.h"

static void
one_less_each_time_and_never_none(void **state)
{
	struct fewer f = { 0, 0 };

	(void)state;
	assert_int_equal(fewer_limit(&f, 3, T0), 3);
	fewer_note(&f, 3, T0);
	assert_int_equal(fewer_limit(&f, 3, T0), 2);
	fewer_note(&f, 3, T0 + 10);
	assert_int_equal(fewer_limit(&f, 3, T0 + 10), 1);
	fewer_note(&f, 3, T0 + 20);
	assert_int_equal(fewer_limit(&f, 3, T0 + 20), 1);
	/* Where one was configured, one it is. */
	f = (struct fewer){ 0, 0 };
	fewer_note(&f, 1, T0);
	assert_int_equal(fewer_limit(&f, 1, T0), 1);
}

static void
an_hour_after_the_last_time_all_are_back(void **state)
{
	struct fewer f = { 0, 0 };

	(void)state;
	fewer_note(&f, 3, T0);
	fewer_note(&f, 3, T0 + 3000);
	assert_int_equal(fewer_limit(&f, 3, T0 + 3000 + FEWER_S - 1), 1);
	assert_int_equal(fewer_limit(&f, 3, T0 + 3000 + FEWER_S), 3);
	/* The next time is a first one again. */
	fewer_note(&f, 3, T0 + 3000 + FEWER_S);
	assert_int_equal(fewer_limit(&f, 3, T0 + 3000 + FEWER_S), 2);
	/* The configuration may allow fewer by now. */
	assert_int_equal(fewer_limit(&f, 1, T0 + 3000 + FEWER_S), 1);
}

static void
it_follows_the_clock(void **state)
{
	struct fewer f = { 0, 0 };

	(void)state;
	fewer_move_times(&f, 86400);
	assert_int_equal(f.until, 0);
	fewer_note(&f, 3, T0);
	fewer_move_times(&f, 86400);
	assert_int_equal(fewer_limit(&f, 3, T0 + 86400 + FEWER_S - 1), 2);
	assert_int_equal(fewer_limit(&f, 3, T0 + 86400 + FEWER_S), 3);
}

static void
save(struct world *w, const struct fewer *f)
{
	fixture_begin(w->s);
	assert_int_equal(fewer_save(f, w->s, "a", &w->e), 0);
	fixture_commit(w->s);
}

static void
it_survives_a_restart(void **state)
{
	struct world *w = *state;
	struct fewer f = { 0, 0 }, g;

	save(w, &f);
	assert_int_equal(fewer_load(&g, w->s, "a", T0, &w->e), 0);
	assert_int_equal(fewer_limit(&g, 3, T0), 3);
	fewer_note(&f, 3, T0);
	save(w, &f);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(fewer_load(&g, w->s, "a", T0 + 60, &w->e), 0);
	assert_int_equal(fewer_limit(&g, 3, T0 + 60), 2);
	assert_int_equal(fewer_limit(&g, 3, T0 + FEWER_S), 3);
	/* Another account has nothing of it. */
	assert_int_equal(fewer_load(&g, w->s, "b", T0 + 60, &w->e), 0);
	assert_int_equal(fewer_limit(&g, 3, T0 + 60), 3);
	/* A clock that was years ahead when it was noted. */
	assert_int_equal(fewer_load(&g, w->s, "a", T0 - 99999999, &w->e), 0);
	assert_int_equal(fewer_limit(&g, 3, T0 - 99999999 + FEWER_S), 3);
}

static void
nonsense_in_the_store_is_nothing(void **state)
{
	static const char *const values[] = { "", "2", "x y", "-1 5", "2 never",
		" " };
	struct world *w = *state;
	struct fewer f;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		fixture_begin(w->s);
		assert_int_equal(
		    store_fact_put(w->s, "fewer a", values[i], &w->e), 0);
		fixture_commit(w->s);
		assert_int_equal(fewer_load(&f, w->s, "a", T0, &w->e), 0);
		assert_int_equal(fewer_limit(&f, 3, T0), 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_less_each_time_and_never_none),
		cmocka_unit_test(an_hour_after_the_last_time_all_are_back),
		cmocka_unit_test(it_follows_the_clock),
		cmocka_unit_test_setup_teardown(
		    it_survives_a_restart, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    nonsense_in_the_store_is_nothing, world_set_up,
		    world_tear_down),
	};

	return cmocka_run_group_tests_name("fewer", tests, NULL, NULL);
}
