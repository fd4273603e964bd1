/* SPDX-License-Identifier: ISC */
/*
 * How SQLite carries out each statement: no walk over a whole table, and no
 * sorting, but where it is meant.
 */
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
#include "queue/store_priv.h"
#include "tests/unit/queue_fixture.h"

/*
 * Those that may walk a table: at start, after a jump of the clock, or
 * once an hour to forget what is old.
 */
static bool
may_scan(enum sql which)
{
	static const enum sql allowed[] = { SQL_USAGE, SQL_ACCOUNT_NAMES,
		SQL_TOTALS, SQL_SUBMISSION_FORGET, SQL_BUDGET_FORGET,
		SQL_CHECK_STATES, SQL_CHECK_SIZES, SQL_CHECK_CHUNKS,
		SQL_FIND_STAGING, SQL_FIND_ACTIVE, SQL_LAST_ID,
		SQL_ALL_DUE_RCPTS, SQL_ALL_DUE_MESSAGES, /* sendmail -q */
		SQL_OLDEST /* stops at the first row that is mail */,
		SQL_MOVE_MESSAGES, SQL_MOVE_RCPTS, SQL_MOVE_ATTEMPTS,
		SQL_MOVE_EVENTS, SQL_MOVE_SUBMISSIONS, SQL_MOVE_ACCOUNTS,
		SQL_MOVE_BUDGETS_AWAY, SQL_MOVE_BUDGETS_BACK, SQL_FIND_AHEAD,
		SQL_BOUND_ARRIVALS, SQL_BOUND_BUDGETS, SQL_BOUND_BUDGETS_REST,
		SQL_EXPIRY_EACH, SQL_MOVE_DEVICES, SQL_BOUND_DEVICES,
		SQL_DEVICE_TRIM /* of so few, and for a new one */,
		SQL_DEVICE_FORGET };
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (allowed[i] == which)
			return true;
	return false;
}

static void
check_step(enum sql which, const char *step)
{
	if (strstr(step, "USE TEMP B-TREE") != NULL)
		fail_msg("%s\nsorts: %s", sql_text[which], step);
	if (strncmp(step, "SCAN", 4) == 0 &&
	    strcmp(step, "SCAN CONSTANT ROW") != 0 && !may_scan(which))
		fail_msg("%s\nscans: %s", sql_text[which], step);
}

static void
no_statement_walks_or_sorts_a_table(void **state)
{
	struct world *w = *state;
	char *path = xasprintf("%s/queue.db", w->directory), *explain;
	sqlite3_stmt *st;
	sqlite3 *db;
	int i, steps = 0;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (i = 0; i < SQL_COUNT; i++) {
		explain = xasprintf("EXPLAIN QUERY PLAN %s", sql_text[i]);
		assert_int_equal(
		    sqlite3_prepare_v2(db, explain, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			check_step((enum sql)i,
			    (const char *)sqlite3_column_text(st, 3));
			steps++;
		}
		sqlite3_finalize(st);
		free(explain);
	}
	sqlite3_close(db);
	free(path);
	assert_true(steps > SQL_COUNT / 2);
}

/* The one index that the schedule's questions stand on. */
static void
due_is_asked_of_its_index(void **state)
{
	static const struct {
		enum sql which;
		const char *plan;
	} cases[] = {
		{ SQL_DUE_WHO,
		    "SEARCH message USING COVERING INDEX message_due "
		    "(account=? AND lane=? AND (uid,device)>(?,?))" },
		{ SQL_DUE_FIRST,
		    "SEARCH message USING COVERING INDEX message_due "
		    "(account=? AND lane=? AND uid=? AND device=?"
		    " AND due_at>?)" },
		{ SQL_DUE_WAITS, "SEARCH m USING COVERING INDEX message_due "
				 "(account=? AND lane=? AND uid=? AND device=?"
				 " AND due_at>?)" },
		{ SQL_DEVICE_SENT,
		    "SEARCH device USING INDEX sqlite_autoindex_device_1 "
		    "(listener=? AND client=? AND login=?)" },
		{ SQL_LIST_OWN, "SEARCH m USING INDEX message_uid "
				"(uid=? AND rowid>?)" },
		{ SQL_TRACE_MESSAGES,
		    "SEARCH m USING INTEGER PRIMARY KEY (rowid>?)" },
		{ SQL_TRACE_EVENTS,
		    "SEARCH event USING INTEGER PRIMARY KEY (rowid>?)" },
		{ SQL_EVENT_FAILED,
		    "SEARCH event USING INDEX event_at (at>?)" },
		{ SQL_LIST_ALL,
		    "SEARCH m USING INTEGER PRIMARY KEY (rowid>?)" },
	};
	struct world *w = *state;
	char *path = xasprintf("%s/queue.db", w->directory), *explain;
	sqlite3_stmt *st;
	sqlite3 *db;
	size_t i;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		explain = xasprintf(
		    "EXPLAIN QUERY PLAN %s", sql_text[cases[i].which]);
		assert_int_equal(
		    sqlite3_prepare_v2(db, explain, -1, &st, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		assert_string_equal(
		    (const char *)sqlite3_column_text(st, 3), cases[i].plan);
		sqlite3_finalize(st);
		free(explain);
	}
	sqlite3_close(db);
	free(path);
}

/* Each setting is in force, on the connection that writes. */
static void
settings_hold(void **state)
{
	struct world *w = *state;
	const struct sql_pragma *p;
	struct err e;
	char *got;
	size_t i;

	for (i = 0; i < sql_npragmas; i++) {
		p = &sql_pragmas[i];
		if (p->when == PRAGMA_READ)
			continue;
		assert_int_equal(query_ask(w->s->db, p->ask, &got, &e), 0);
		assert_non_null(got);
		assert_string_equal(got, p->want);
		free(got);
	}
	assert_int_equal(sqlite3_limit(w->s->db, SQLITE_LIMIT_ATTACHED, -1), 0);
	assert_int_equal(
	    sqlite3_exec(w->s->db, "ATTACH DATABASE ':memory:' AS other", NULL,
		NULL, NULL),
	    SQLITE_ERROR);
	assert_int_equal(sqlite3_exec(w->s->db, "SELECT load_extension('x')",
			     NULL, NULL, NULL),
	    SQLITE_ERROR);
	assert_int_equal(sqlite3_exec(w->s->db,
			     "PRAGMA writable_schema = ON;"
			     "DELETE FROM sqlite_master",
			     NULL, NULL, NULL),
	    SQLITE_ERROR);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_statement_walks_or_sorts_a_table),
		CASE(due_is_asked_of_its_index),
		CASE(settings_hold),
	};

	return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
