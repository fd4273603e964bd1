/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/xalloc.h"
#include "queue/sql.h"
#include "tests/unit/queue_fixture.h"

struct seen {
	size_t n;
	struct store_attempt last;
	char address[64], text[64];
};

static void
note_attempt(void *arg, const struct store_attempt *a, const char *rcpt_address)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last = *a;
	strlcpy(seen->address, rcpt_address == NULL ? "" : rcpt_address,
	    sizeof(seen->address));
	strlcpy(seen->text, a->text == NULL ? "" : a->text, sizeof(seen->text));
}

static void
attempts_are_told_in_order(void **state)
{
	struct world *w = *state;
	uint64_t id =
	    fixture_add(w->s, (struct fixture_message){ .recipients = 2 });
	struct store_attempt a = { .message = id,
		.rcpt = 2,
		.at = T0,
		.outcome = "deferred",
		.account = "",
		.relay = "mx.example",
		.address = "192.0.2.1:587",
		.tls = "TLSv1.3",
		.cipher = "AES",
		.code = 451,
		.status = "4.7.1",
		.text = "one",
		.elapsed_ms = 12 };
	struct seen seen = { .n = 0 };

	fixture_begin(w->s);
	assert_int_equal(store_attempt_add(w->s, &a, &w->e), 0);
	a.text = NULL;
	a.at = T0 + 60;
	a.rcpt = 1;
	assert_int_equal(store_attempt_add(w->s, &a, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(
	    store_attempts_each(w->s, id, note_attempt, &seen, &w->e), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.last.at, T0 + 60);
	assert_int_equal(seen.last.rcpt, 1);
	assert_int_equal(seen.last.code, 451);
	assert_int_equal(seen.last.elapsed_ms, 12);
	assert_string_equal(seen.address, "r1@example.com");
	assert_string_equal(seen.text, "");
	assert_int_equal(
	    store_attempts_each(w->s, id + 1, note_attempt, &seen, &w->e), 0);
	assert_int_equal(seen.n, 2);
	fixture_begin(w->s);
	a.message = id + 1;
	assert_int_equal(store_attempt_add(w->s, &a, &w->e), -1);
	store_rollback(w->s);
	fixture_begin(w->s);
	a.message = id;
	a.outcome = NULL;
	assert_int_equal(store_attempt_add(w->s, &a, &w->e), -1);
	store_rollback(w->s);
}

/* What v_history shows. */
static int
history_rows(struct world *w, const char *where)
{
	char *path = xasprintf("%s/queue.db", w->directory);
	char *sql = xasprintf("SELECT count(*) FROM v_history WHERE %s", where);
	sqlite3_stmt *st;
	sqlite3 *db;
	int n;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	free(path);
	free(sql);
	return n;
}

static void
events_outlive_their_message(void **state)
{
	struct world *w = *state;
	uint64_t id = fixture_add(w->s, (struct fixture_message){ .uid = 1 });
	struct store_event ev = { .at = T0 + 5,
		.what = "delivered",
		.message = id,
		.uid = 1,
		.account = "",
		.sender = "a@b",
		.recipient = "c@d",
		.message_id = "<1@x>",
		.code = 250,
		.status = "2.0.0",
		.text = "OK",
		.relay = "mx",
		.size = 100,
		.arrived_at = T0 };

	fixture_begin(w->s);
	assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
	assert_int_equal(store_message_delete(w->s, id, &w->e), 0);
	ev.at = T0 + 50;
	ev.code = 0;
	assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(
	    history_rows(w, "at = '2023-11-14T22:13:25Z' AND "
			    "what = 'delivered' AND id GLOB '0*' AND "
			    "address = 'c@d' AND code = 250"),
	    1);
	assert_int_equal(history_rows(w, "code IS NULL"), 1);
	fixture_begin(w->s);
	assert_int_equal(store_event_forget(w->s, T0 + 5, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(history_rows(w, "1"), 2);
	fixture_begin(w->s);
	assert_int_equal(store_event_forget(w->s, T0 + 6, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(history_rows(w, "1"), 1);
}

/* A slice at a time, the oldest first, until none is left. */
static void
old_events_go_in_slices(void **state)
{
	struct world *w = *state;
	struct store_event ev = { .what = "delivered",
		.message = 1,
		.sender = "a@b",
		.recipient = "c@d",
		.status = "",
		.text = "",
		.relay = "" };
	int i, slices = 1, more;

	fixture_begin(w->s);
	for (i = 0; i < 2 * SQL_FORGET_SLICE + 7; i++) {
		ev.at = T0 - i;
		assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
	}
	fixture_commit(w->s);
	for (;;) {
		fixture_begin(w->s);
		more = store_event_forget(w->s, T0, &w->e);
		fixture_commit(w->s);
		if (more != 1)
			break;
		assert_int_equal(history_rows(w, "1"),
		    2 * SQL_FORGET_SLICE + 7 - slices * SQL_FORGET_SLICE);
		slices++;
	}
	assert_int_equal(more, 0);
	assert_int_equal(slices, 3);
	/* What is not old stays. */
	assert_int_equal(history_rows(w, "1"), 1);
}

static void
accounts_are_remembered(void **state)
{
	struct world *w = *state;
	char name[] = "alerts", text[] = "no", fix[] = "sign in again";
	struct store_account a = { .name = name,
		.state = ACCOUNT_HELD,
		.since = T0,
		.next_at = T0 + 9,
		.failures = 3,
		.code = 535,
		.status = "5.7.3",
		.text = text,
		.fix = fix,
		.last_success_at = T0 - 50 };

	assert_int_equal(store_account_get(w->s, "alerts", &a, &w->e), 0);
	assert_null(a.name);
	a = (struct store_account){ .name = name,
		.state = ACCOUNT_HELD,
		.since = T0,
		.next_at = T0 + 9,
		.failures = 3,
		.code = 535,
		.status = "5.7.3",
		.text = text,
		.fix = fix,
		.last_success_at = T0 - 50 };
	fixture_begin(w->s);
	assert_int_equal(store_account_put(w->s, &a, &w->e), 0);
	fixture_commit(w->s);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_account_get(w->s, "alerts", &a, &w->e), 1);
	assert_string_equal(a.name, "alerts");
	assert_int_equal(a.state, ACCOUNT_HELD);
	assert_int_equal(a.since, T0);
	assert_int_equal(a.next_at, T0 + 9);
	assert_int_equal(a.failures, 3);
	assert_int_equal(a.code, 535);
	assert_string_equal(a.status, "5.7.3");
	assert_string_equal(a.text, "no");
	assert_null(a.meaning);
	assert_string_equal(a.fix, "sign in again");
	assert_int_equal(a.last_success_at, T0 - 50);
	a.state = ACCOUNT_READY;
	fixture_begin(w->s);
	assert_int_equal(store_account_put(w->s, &a, &w->e), 0);
	fixture_commit(w->s);
	store_account_clear(&a);
	assert_int_equal(store_account_get(w->s, "alerts", &a, &w->e), 1);
	assert_int_equal(a.state, ACCOUNT_READY);
	store_account_clear(&a);
	assert_int_equal(store_account_get(w->s, "Alerts", &a, &w->e), 0);
}

struct sums {
	size_t rows;
	uint64_t messages, recipients;
	int64_t first_at;
};

static void
note_budget(void *arg, int64_t at, unsigned messages, unsigned recipients)
{
	struct sums *s = arg;

	if (s->rows++ == 0)
		s->first_at = at;
	s->messages += messages;
	s->recipients += recipients;
}

static struct sums
budget(struct world *w, const char *key, int64_t since)
{
	struct sums s = { 0, 0, 0, 0 };

	assert_int_equal(
	    store_budget_each(w->s, key, since, note_budget, &s, &w->e), 0);
	return s;
}

static void
ledger_adds_up_by_the_second(void **state)
{
	struct world *w = *state;
	struct sums s;
	int i;

	fixture_begin(w->s);
	for (i = 0; i < 10; i++)
		assert_int_equal(store_budget_add(w->s, "a", T0 + i / 5, 1,
				     (unsigned)i, &w->e),
		    0);
	assert_int_equal(store_budget_add(w->s, "b", T0, 7, 7, &w->e), 0);
	fixture_commit(w->s);
	s = budget(w, "a", 0);
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.first_at, T0);
	assert_int_equal(s.messages, 10);
	assert_int_equal(s.recipients, 45);
	assert_int_equal(budget(w, "a", T0 + 1).messages, 5);
	assert_int_equal(budget(w, "c", 0).rows, 0);
	fixture_begin(w->s);
	assert_int_equal(store_budget_forget(w->s, T0 + 1, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(budget(w, "a", 0).messages, 5);
	assert_int_equal(budget(w, "b", 0).messages, 0);
}

static void
facts_are_put_and_got(void **state)
{
	struct world *w = *state;
	char *value;

	assert_int_equal(store_fact_get(w->s, "paused", &value, &w->e), 0);
	assert_null(value);
	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "paused", "yes", &w->e), 0);
	assert_int_equal(store_fact_put(w->s, "paused", "", &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(store_fact_get(w->s, "paused", &value, &w->e), 1);
	assert_string_equal(value, "");
	free(value);
	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "paused", NULL, &w->e), -1);
	store_rollback(w->s);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

/* A message whose recipients fail together counts once. */
static void
failures_are_counted_in_slices(void **state)
{
	static const char *const ends[] = { "delivered", "bounced", "expired",
		"removed" };
	struct world *w = *state;
	struct store_event ev = { .at = T0,
		.uid = 1,
		.sender = "s@example.com",
		.recipient = "r@example.com" };
	struct store_failures f = { .at = T0 + 1 };
	size_t i, turns = 1;
	int more;

	fixture_begin(w->s);
	ev.what = "bounced"; /* before the time in question */
	ev.message = 9999;
	assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
	for (i = 0; i < 4000; i++) {
		ev.at = T0 + 1 + (int64_t)i / 100;
		ev.message = 1 + i / 4 * 4 + (i % 4 == 1 ? 2 : i % 4);
		ev.what = ends[i % 4];
		assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
	}
	fixture_commit(w->s);
	while ((more = store_failures_next(w->s, &f, &w->e)) == 1)
		turns++;
	assert_int_equal(more, 0);
	assert_int_equal(turns, 5);
	assert_int_equal(f.n, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(attempts_are_told_in_order),
		CASE(failures_are_counted_in_slices),
		CASE(events_outlive_their_message),
		CASE(old_events_go_in_slices),
		CASE(accounts_are_remembered),
		CASE(ledger_adds_up_by_the_second),
		CASE(facts_are_put_and_got),
	};

	return cmocka_run_group_tests_name("store_journal", tests, NULL, NULL);
}
