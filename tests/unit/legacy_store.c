/* SPDX-License-Identifier: ISC */
/* A stay at the legacy host, over restarts. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/legacy_store.h"
#include "tests/unit/queue_fixture.h"

static void
save(struct world *w, const struct legacy *l, const char *account)
{
	fixture_begin(w->s);
	assert_int_equal(legacy_save(l, w->s, account, &w->e), 0);
	fixture_commit(w->s);
}

static void
a_stay_comes_back(void **state)
{
	struct world *w = *state;
	const struct legacy in[] = {
		{ LEGACY_HOME, 0, 0, LEGACY_SHOWED_OLD, 2, 0 },
		{ LEGACY_AWAY, T0, 3600, LEGACY_NOTHING, 0, INT64_MAX },
		{ LEGACY_ASKED, T0, LEGACY_FOR_MAX_S, LEGACY_NOTHING, 0, 5 },
		{ LEGACY_HOME, 0, 0, LEGACY_SAID_OLD, 1, 1 },
	};
	struct legacy out;
	size_t i;

	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		save(w, &in[i], "a b");
		w->s = fixture_reopen(w->s, w->directory);
		assert_int_equal(legacy_load(&out, w->s, "a b", &w->e), 0);
		assert_int_equal(out.stay, in[i].stay);
		assert_int_equal(out.since, in[i].since);
		assert_int_equal(out.for_s, in[i].for_s);
		assert_int_equal(out.sign, in[i].sign);
		assert_int_equal(out.signs, in[i].signs);
		assert_true(out.sessions == in[i].sessions);
	}
	assert_int_equal(legacy_load(&out, w->s, "", &w->e), 0);
	assert_int_equal(out.stay, LEGACY_HOME);
}

static void
what_cannot_be_read_is_home(void **state)
{
	static const char *const values[] = { "", "away",
		"away x 3600 none 0 0", "gone 1 3600 none 0 0",
		"away 1 3600 well 0 0", "away -1 3600 none 0 0",
		"away 1 -1 none 0 0", "asked 1 99999999999 none 0 0" };
	struct world *w = *state;
	struct legacy out;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		fixture_begin(w->s);
		assert_int_equal(
		    store_fact_put(w->s, "legacy ", values[i], &w->e), 0);
		fixture_commit(w->s);
		assert_int_equal(legacy_load(&out, w->s, "", &w->e), 0);
		assert_int_equal(out.stay, LEGACY_HOME);
		assert_int_equal(out.for_s, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_stay_comes_back, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_cannot_be_read_is_home, world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests_name("legacy_store", tests, NULL, NULL);
}
