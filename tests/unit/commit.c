/* SPDX-License-Identifier: ISC */
/*
 * Transactions and the journal: who is told when nobody knows what is in the
 * file, and what of a failure is told to whom has to go on.
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
#include "queue/commit.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/queue_fixture.h"

/* ---- SQLite: its waits, and a rollback that fails ---- */

static unsigned waits;
static bool no_rollback;

static int
wait_not(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	waits++;
	return us;
}

/* By the linker's --wrap, which says how these are called. */
int __real_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st);

int
__wrap_sqlite3_step(sqlite3_stmt *st)
{
	if (no_rollback && strcmp(sqlite3_sql(st), "ROLLBACK") == 0)
		return SQLITE_IOERR;
	return __real_sqlite3_step(st);
}

/* Another program that has the queue open. */
static sqlite3 *
open_other(const struct world *w)
{
	char *path = xasprintf("%s/queue.db", w->directory);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	free(path);
	return db;
}

static void
run(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* ---- doubt ---- */

static unsigned doubts;
static char doubted[ERR_TEXT_MAX];

static void
note_doubt(const struct err *why)
{
	doubts++;
	strlcpy(doubted, why->text, sizeof(doubted));
}

static int
set_up(void **state)
{
	struct world *w;

	if (world_set_up(state) == -1)
		return -1;
	w = *state;
	doubts = waits = 0;
	no_rollback = false;
	store_on_doubt(w->s, note_doubt);
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	faultfs_fail(FAULT_NONE, 0, false);
	store_on_doubt(w->s, NULL);
	return world_tear_down(state);
}

static void
is_in_doubt(struct world *w, const char *by)
{
	assert_int_equal(doubts, 1);
	assert_non_null(strstr(doubted, by));
	faultfs_fail(FAULT_NONE, 0, false);
	no_rollback = false;
	/* Nothing more is begun, and it is said once. */
	assert_int_equal(store_begin(w->s, &w->e), -1);
	assert_int_equal(store_trouble(w->s), STORE_FAILED);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_PASSIVE, NULL), -1);
	assert_int_equal(doubts, 1);
}

static void
a_commit_that_fails_is_told(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "a", "b", &w->e), 0);
	faultfs_fail(FAULT_EIO, 1, false);
	assert_int_equal(store_commit(w->s, &w->e), -1);
	is_in_doubt(w, "commit, outcome unknown");
}

static void
a_rollback_that_fails_is_told(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "a", "b", &w->e), 0);
	no_rollback = true;
	store_rollback(w->s);
	is_in_doubt(w, "rollback");
}

/* Whoever asks for it, and whether he wants to know why or not. */
static void
a_checkpoint_that_fails_is_told(void **state)
{
	struct world *w = *state;

	fixture_add(w->s, (struct fixture_message){ .octets = 100000 });
	faultfs_fail(FAULT_EIO, 1, false);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_TRUNCATE, NULL), -1);
	is_in_doubt(w, "checkpoint");
}

/* The journal has it all, and the file may grow another time. */
static void
a_checkpoint_without_room_is_no_doubt(void **state)
{
	static const enum faultfs_error full[] = { FAULT_ENOSPC, FAULT_EDQUOT };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		fixture_add(w->s, (struct fixture_message){ .octets = 100000 });
		faultfs_fail(full[i], 1, true);
		assert_int_equal(
		    store_checkpoint(w->s, CHECKPOINT_PASSIVE, &w->e), -1);
		faultfs_fail(FAULT_NONE, 0, false);
		assert_int_equal(doubts, 0);
		assert_int_equal(store_trouble(w->s), STORE_FULL);
	}
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_PASSIVE, &w->e), 0);
	assert_int_equal(store_journal_size(w->s), 0);
}

/* ---- what kept it ---- */

static void
what_a_transaction_met_is_known(void **state)
{
	static const struct {
		enum faultfs_error error;
		enum store_trouble trouble;
	} all[] = { { FAULT_READ, STORE_FAILED }, { FAULT_ENOSPC, STORE_FULL },
		{ FAULT_EDQUOT, STORE_FULL } };
	struct world *w = *state;
	static char chunk[CHUNK_SIZE];
	uint64_t id;
	size_t i;
	int rc;

	id = fixture_add(
	    w->s, (struct fixture_message){ .octets = 40 * CHUNK_SIZE });
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct store_message m = { .sender = chunk, .account = chunk };

		fixture_begin(w->s);
		assert_int_equal(store_trouble(w->s), STORE_WELL);
		m.id = store_next_id(w->s, T0 * 1000LL);
		faultfs_fail(all[i].error, 1, true);
		/* More than is kept in memory, both ways. */
		rc = all[i].error == FAULT_READ
			 ? store_message_delete(w->s, id, &w->e)
			 : store_message_add(w->s, &m, &w->e);
		while (rc == 0)
			rc = store_chunk_add(
			    w->s, m.id, chunk, CHUNK_SIZE, &w->e);
		faultfs_fail(FAULT_NONE, 0, false);
		store_rollback(w->s);
		assert_int_equal(store_trouble(w->s), all[i].trouble);
	}
	assert_int_equal(doubts, 0);
}

static void
nobody_waits_who_asks_at_once(void **state)
{
	struct world *w = *state;
	sqlite3 *other = open_other(w);

	run(other, "BEGIN IMMEDIATE");
	assert_int_equal(store_begin_at_once(w->s, &w->e), -1);
	assert_int_equal(store_trouble(w->s), STORE_LOCKED);
	assert_int_equal(w->e.class, ERR_TEMP);
	assert_int_equal(waits, 0);
	assert_int_equal(store_begin(w->s, &w->e), -1);
	assert_int_equal(store_trouble(w->s), STORE_LOCKED);
	assert_true(waits > 0);
	run(other, "ROLLBACK");
	assert_int_equal(store_begin_at_once(w->s, &w->e), 0);
	store_rollback(w->s);
	assert_int_equal(doubts, 0);
	sqlite3_close(other);
}

/* ---- the journal, while somebody else moves it ---- */

struct meanwhile {
	struct world *w;
	bool was_asked;
};

/* In the other one's checkpoint, which waits for a reader. */
static int
look(void *arg, int n)
{
	struct meanwhile *m = arg;
	struct store_place place = { .directory = m->w->directory,
		.mode = STORE_WRITE,
		.now = T0,
		.uncertain_due = T0 };
	struct store_opened what;
	struct store *second = NULL;

	(void)n;
	if (m->was_asked)
		return 0;
	m->was_asked = true;
	assert_int_equal(
	    store_checkpoint(m->w->s, CHECKPOINT_PASSIVE, &m->w->e), 0);
	assert_true(store_journal_size(m->w->s) > 0);
	assert_int_equal(store_open(&place, &second, &what, &m->w->e), -1);
	assert_non_null(strstr(m->w->e.text, "moving the journal"));
	return 0;
}

/* Nothing is known of it then: above all, not that all of it was moved. */
static void
what_somebody_else_moves_is_not_moved_yet(void **state)
{
	struct world *w = *state;
	struct meanwhile m = { w, false };
	sqlite3 *reader = open_other(w), *other = open_other(w);

	run(reader, "BEGIN");
	run(reader, "SELECT count(*) FROM message");
	fixture_add(w->s, (struct fixture_message){ .octets = 100000 });
	run(other, "SELECT count(*) FROM message");
	sqlite3_busy_handler(other, look, &m);
	(void)sqlite3_wal_checkpoint_v2(
	    other, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	assert_true(m.was_asked);
	assert_true(store_journal_size(w->s) > 0);
	sqlite3_close(other);
	sqlite3_close(reader);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_PASSIVE, &w->e), 0);
	assert_int_equal(store_journal_size(w->s), 0);
}

#define in_world(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_commit_that_fails_is_told),
		in_world(a_rollback_that_fails_is_told),
		in_world(a_checkpoint_that_fails_is_told),
		in_world(a_checkpoint_without_room_is_no_doubt),
		in_world(what_a_transaction_met_is_known),
		in_world(nobody_waits_who_asks_at_once),
		in_world(what_somebody_else_moves_is_not_moved_yet),
	};

	faultfs_install();
	sqlite3_vfs_find(NULL)->xSleep = wait_not;
	return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
