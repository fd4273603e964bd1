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
#include "tests/unit/queue_fixture.h"

/* Row: from, column: to, in the order of enum rcpt_state.  x: legal. */
static const char *const picture[RCPT_STATES] = {
	/*  S Q A D F E U H R */
	/* staging   */ ".x.......",
	/* queued    */ "..x..x.xx",
	/* active    */ ".x.xx.x..",
	/* delivered */ ".........",
	/* failed    */ ".........",
	/* expired   */ ".........",
	/* uncertain */ ".x.....xx",
	/* held      */ ".x......x",
	/* removed   */ ".........",
};

/* A way from staging to each state, as a string of states; "": none needed. */
static const char *const way[RCPT_STATES] = {
	[RCPT_QUEUED] = "",
	[RCPT_ACTIVE] = "A",
	[RCPT_DELIVERED] = "AD",
	[RCPT_FAILED] = "AF",
	[RCPT_EXPIRED] = "E",
	[RCPT_UNCERTAIN] = "AU",
	[RCPT_HELD] = "H",
	[RCPT_REMOVED] = "R",
};
static const char letters[] = "SQADFEUHR";

static char *trigger; /* its text, of the file in hand */

static int64_t
due_of(enum rcpt_state s)
{
	return s == RCPT_QUEUED || s == RCPT_UNCERTAIN ? T0 + 5 : 0;
}

static void
table_says_what_the_picture_says(void **unused)
{
	int from, to;
	bool any;

	(void)unused;
	for (from = 0; from < RCPT_STATES; from++) {
		any = false;
		for (to = 0; to < RCPT_STATES; to++) {
			any = any || picture[from][to] == 'x';
			if (state_is_legal(
				(enum rcpt_state)from, (enum rcpt_state)to) !=
			    (picture[from][to] == 'x'))
				fail_msg("%s to %s",
				    rcpt_state_name((enum rcpt_state)from),
				    rcpt_state_name((enum rcpt_state)to));
		}
		assert_int_equal(state_is_final((enum rcpt_state)from), !any);
	}
}

static void
names_go_there_and_back(void **unused)
{
	static const char *const bad[] = { "", "Queued", "queued ", "waiting",
		"stagin", "backoff" };
	enum rcpt_state s;
	enum account_state a;
	size_t i;
	int n;

	(void)unused;
	for (n = 0; n < RCPT_STATES; n++) {
		assert_int_equal(
		    rcpt_state_parse(rcpt_state_name((enum rcpt_state)n), &s),
		    0);
		assert_int_equal(s, n);
	}
	for (n = ACCOUNT_READY; n <= ACCOUNT_HELD; n++) {
		assert_int_equal(
		    account_state_parse(
			account_state_name((enum account_state)n), &a),
		    0);
		assert_int_equal(a, n);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rcpt_state_parse(bad[i], &s), -1);
	assert_int_equal(account_state_parse("queued", &a), -1);
	assert_int_equal(account_state_parse("", &a), -1);
}

static enum rcpt_state
state_now(struct store *s, uint64_t id)
{
	struct store_rcpt *v;
	enum rcpt_state state;
	struct err e;
	size_t n;

	assert_int_equal(store_rcpts_get(s, id, &v, &n, &e), 0);
	assert_int_equal(n, 1);
	state = v[0].state;
	store_rcpt_clear(&v[0]);
	free(v);
	return state;
}

/* Brings a new message's recipient to the state. */
static uint64_t
message_in(struct store *s, enum rcpt_state state)
{
	uint64_t id = fixture_add(s, (struct fixture_message){ .uid = 7 });
	enum rcpt_state at = RCPT_QUEUED, next;
	const char *p;

	for (p = way[state]; *p != '\0'; p++) {
		next = (enum rcpt_state)(strchr(letters, *p) - letters);
		fixture_set(s, id, 1, at, next, due_of(next));
		at = next;
	}
	return id;
}

static void
try_pair(struct store *s, enum rcpt_state from, enum rcpt_state to)
{
	struct rcpt_change c = { .to = to, .due_at = due_of(to) };
	struct store_message m;
	bool legal = picture[from][to] == 'x';
	uint64_t id = message_in(s, from);
	struct err e;
	int rc;

	fixture_begin(s);
	rc = state_set(s, id, 1, from, &c, &e);
	assert_int_equal(rc, legal ? 0 : -1);
	if (legal)
		fixture_commit(s);
	else {
		assert_int_equal(e.class, ERR_LOCAL);
		store_rollback(s);
	}
	assert_int_equal(state_now(s, id), legal ? to : from);
	/* The message follows its only recipient. */
	assert_int_equal(store_message_get(s, id, &m, &e), 1);
	assert_int_equal(m.state, legal ? to : from);
	if (legal)
		assert_int_equal(m.due_at, due_of(to));
	store_message_clear(&m);
}

static void
every_pair_is_set_or_refused(void **unused)
{
	char *directory = fixture_directory();
	struct store *s = fixture_open(directory, NULL);
	int from, to;

	(void)unused;
	/* Out of staging a whole message goes, by store_message_queue alone. */
	for (from = RCPT_QUEUED; from < RCPT_STATES; from++)
		for (to = 0; to < RCPT_STATES; to++)
			try_pair(s, (enum rcpt_state)from, (enum rcpt_state)to);
	store_close(s);
	fixture_remove(directory);
}

/* The state of the only row of the table, written by nobody of ours. */
static bool
file_takes(sqlite3 *db, const char *from, const char *to)
{
	char *put = xasprintf("DROP TRIGGER IF EXISTS recipient_state;"
			      "UPDATE recipient SET due_at = %d, state = '%s';"
			      "%s",
	    strcmp(from, "queued") == 0, from, trigger);
	char *set = xasprintf("UPDATE recipient SET due_at = %d, state = '%s'",
	    strcmp(to, "queued") == 0, to);
	int rc;

	assert_int_equal(sqlite3_exec(db, put, NULL, NULL, NULL), SQLITE_OK);
	rc = sqlite3_exec(db, set, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		assert_string_equal(
		    sqlite3_errmsg(db), "no legal change of state");
	free(put);
	free(set);
	return rc == SQLITE_OK;
}

static int
copy_text(void *arg, int n, char **columns, char **names)
{
	(void)n;
	(void)names;
	*(char **)arg = xstrdup(columns[0]);
	return 0;
}

/* Beside state_set the database itself holds no forbidden change. */
static void
every_pair_is_judged_by_the_file_too(void **unused)
{
	char *directory = fixture_directory(), *path;
	struct store *s = fixture_open(directory, NULL);
	sqlite3 *db;
	int from, to;

	(void)unused;
	fixture_add(s, (struct fixture_message){ .uid = 7 });
	store_close(s);
	path = xasprintf("%s/queue.db", directory);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db,
		"SELECT sql FROM sqlite_schema WHERE name = 'recipient_state'",
		copy_text, &trigger, NULL),
	    SQLITE_OK);
	assert_non_null(trigger);
	for (from = 0; from < RCPT_STATES; from++)
		for (to = 0; to < RCPT_STATES; to++)
			if (file_takes(db,
				rcpt_state_name((enum rcpt_state)from),
				rcpt_state_name((enum rcpt_state)to)) !=
			    (picture[from][to] == 'x'))
				fail_msg("%s to %s",
				    rcpt_state_name((enum rcpt_state)from),
				    rcpt_state_name((enum rcpt_state)to));
	sqlite3_close(db);
	free(trigger);
	free(path);
	fixture_remove(directory);
}

/* Whoever believes in another state than the stored one is wrong. */
static void
wrong_from_is_refused_and_changes_nothing(void **unused)
{
	char *directory = fixture_directory();
	struct store *s = fixture_open(directory, NULL);
	struct rcpt_change c = { .to = RCPT_DELIVERED };
	uint64_t id = message_in(s, RCPT_HELD);
	struct err e;

	(void)unused;
	fixture_begin(s);
	assert_int_equal(state_set(s, id, 1, RCPT_ACTIVE, &c, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "is not active"));
	/* The transaction is spoilt: it cannot be committed by mistake. */
	assert_int_equal(store_commit(s, &e), -1);
	assert_int_equal(state_now(s, id), RCPT_HELD);
	fixture_begin(s);
	assert_int_equal(state_set(s, id, 2, RCPT_ACTIVE, &c, &e), -1);
	store_rollback(s);
	fixture_begin(s);
	assert_int_equal(state_set(s, id + 1, 1, RCPT_ACTIVE, &c, &e), -1);
	store_rollback(s);
	/* Outside a transaction nothing changes at all. */
	c.to = RCPT_QUEUED;
	c.due_at = T0;
	assert_int_equal(state_set(s, id, 1, RCPT_HELD, &c, &e), -1);
	assert_int_equal(state_now(s, id), RCPT_HELD);
	store_close(s);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_says_what_the_picture_says),
		cmocka_unit_test(names_go_there_and_back),
		cmocka_unit_test(every_pair_is_set_or_refused),
		cmocka_unit_test(every_pair_is_judged_by_the_file_too),
		cmocka_unit_test(wrong_from_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
