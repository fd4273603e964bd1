/* SPDX-License-Identifier: ISC */
/* What is counted of results: only what was committed, and by account. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/figures.h"
#include "tests/unit/queue_fixture.h"

static void
end(struct world *w, const char *account, const char *what)
{
	const struct store_event ev = { .at = T0,
		.what = what,
		.account = account,
		.sender = "",
		.recipient = "r@example.com",
		.status = "",
		.text = "",
		.relay = "" };

	assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
}

/* "delivered deferred uncertain bounced expired removed" */
static void
counts(struct world *w, const char *account, const char *want)
{
	struct store_tally t;
	char got[64];

	store_tally(w->s, account, &t);
	snprintf(got, sizeof(got), "%u %u %u %u %u %u",
	    (unsigned)t.n[RESULT_DELIVERED], (unsigned)t.n[RESULT_DEFERRED],
	    (unsigned)t.n[RESULT_UNCERTAIN], (unsigned)t.n[RESULT_BOUNCED],
	    (unsigned)t.n[RESULT_EXPIRED], (unsigned)t.n[RESULT_REMOVED]);
	assert_string_equal(got, want);
}

static void
each_end_counts_by_its_account(void **state)
{
	struct world *w = *state;

	counts(w, "", "0 0 0 0 0 0");
	fixture_begin(w->s);
	end(w, "", "delivered");
	end(w, "", "delivered");
	end(w, "", "bounced");
	end(w, "", "merged"); /* into a report, which has an end of its own */
	end(w, "b", "expired");
	end(w, "b", "removed");
	store_count(w->s, "b", RESULT_DEFERRED);
	store_count(w->s, "", RESULT_UNCERTAIN);
	fixture_commit(w->s);
	counts(w, "", "2 0 1 1 0 0");
	counts(w, "b", "0 1 0 0 1 1");
	counts(w, "c", "0 0 0 0 0 0");
}

static void
what_is_taken_back_never_was(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	end(w, "", "delivered");
	fixture_commit(w->s);
	fixture_begin(w->s);
	end(w, "", "delivered");
	end(w, "b", "delivered"); /* the first of that account */
	store_rollback(w->s);
	counts(w, "", "1 0 0 0 0 0");
	counts(w, "b", "0 0 0 0 0 0");
	fixture_begin(w->s);
	end(w, "b", "delivered");
	fixture_commit(w->s);
	counts(w, "b", "1 0 0 0 0 0");
}

static void
what_came_by_a_listener(void **state)
{
	struct world *w = *state;

	assert_int_equal(store_listened(w->s, "scan"), 0);
	fixture_begin(w->s);
	store_count_listened(w->s, "scan");
	store_count_listened(w->s, "scan");
	store_count_listened(w->s, "floor");
	fixture_commit(w->s);
	fixture_begin(w->s);
	store_count_listened(w->s, "scan");
	store_count_listened(w->s, "attic");
	store_rollback(w->s);
	assert_int_equal(store_listened(w->s, "scan"), 2);
	assert_int_equal(store_listened(w->s, "floor"), 1);
	assert_int_equal(store_listened(w->s, "attic"), 0);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_listened(w->s, "scan"), 0);
}

/* A process's counters: a curve knows a reset by its falling to nothing. */
static void
counting_begins_when_the_store_is_opened(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	end(w, "", "delivered");
	fixture_commit(w->s);
	assert_int_equal(store_opened_at(w->s), T0);
	w->s = fixture_reopen(w->s, w->directory);
	counts(w, "", "0 0 0 0 0 0");
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_end_counts_by_its_account),
		CASE(what_is_taken_back_never_was),
		CASE(what_came_by_a_listener),
		CASE(counting_begins_when_the_store_is_opened),
	};

	return cmocka_run_group_tests_name("store_tally", tests, NULL, NULL);
}
