/* SPDX-License-Identifier: ISC */
/* Others that read the file, beside the one that writes it. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/xalloc.h"
#include "tests/unit/queue_fixture.h"

static char *
path_in(const char *directory, const char *name)
{
	return xasprintf("%s/%s", directory, name);
}

static void
count_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	(void)m;
	(void)r;
	++*(size_t *)arg;
}

static size_t
rows_of(struct store *s)
{
	struct store_walk walk = { .max = 100 };
	size_t rows = 0;
	struct err e;

	assert_int_equal(store_list(s, &walk, count_row, &rows, &e), 0);
	return rows;
}

static void
reader_sees_what_is_committed_and_changes_nothing(void **state)
{
	char *directory = fixture_directory();
	struct store *w = fixture_open(directory, NULL), *r;
	struct store_opened what;
	struct err e;

	(void)state;
	fixture_add(w, (struct fixture_message){ .uid = 1 });
	assert_int_equal(
	    store_open(&(struct store_place){ directory, STORE_READ, T0, T0 },
		&r, &what, &e),
	    0);
	assert_int_equal(rows_of(r), 1);
	fixture_add(w, (struct fixture_message){ .uid = 1 });
	assert_int_equal(rows_of(r), 2);
	/* The writer goes, and comes, while the reader stays. */
	store_close(w);
	assert_int_equal(rows_of(r), 2);
	w = fixture_open(directory, NULL);
	fixture_add(w, (struct fixture_message){ .uid = 1 });
	assert_int_equal(rows_of(r), 3);
	assert_int_equal(store_begin(r, &e), -1);
	store_close(r);
	fixture_begin(w);
	fixture_commit(w);
	store_close(w);
	/* A reader's end is no clean stop, nor an unclean one. */
	w = fixture_open(directory, &what);
	assert_false(what.checked);
	store_close(w);
	fixture_remove(directory);
}

/* As docs/schema.md promises to whoever may read the file. */
static void
sqlite3_readonly_reads_the_views(void **state)
{
	char *directory = fixture_directory();
	char *path = path_in(directory, "queue.db");
	struct store *s = fixture_open(directory, NULL);
	sqlite3_stmt *st;
	sqlite3 *db;
	int stopped;

	(void)state;
	fixture_add(s, (struct fixture_message){ .uid = 33, .recipients = 2 });
	for (stopped = 0; stopped < 2; stopped++) {
		if (stopped == 1)
			store_close(s);
		assert_int_equal(
		    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
		    SQLITE_OK);
		assert_int_equal(
		    sqlite3_prepare_v2(db,
			"SELECT id, state, sender, uid, address, arrived_at,"
			" next_at, size FROM v_queue",
			-1, &st, NULL),
		    SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		assert_int_equal(sqlite3_column_bytes(st, 0), 12);
		assert_string_equal(
		    (const char *)sqlite3_column_text(st, 1), "queued");
		assert_int_equal(sqlite3_column_int(st, 3), 33);
		assert_string_equal(
		    (const char *)sqlite3_column_text(st, 4), "r1@example.com");
		assert_string_equal((const char *)sqlite3_column_text(st, 5),
		    "2023-11-14T22:13:20Z");
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		assert_int_equal(sqlite3_step(st), SQLITE_DONE);
		sqlite3_finalize(st);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
	}
	free(path);
	fixture_remove(directory);
}

/* The rows of v_queue as somebody sees them who may only read; -1: none. */
static int
rows_as_group_member(const char *path)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int rows = -1;

	if (setgroups(0, NULL) == -1 || setgid(65534) == -1 ||
	    setuid(65534) == -1 ||
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM v_queue", -1, &st,
		NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		rows = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return rows;
}

static void
assert_member_sees(const char *path, int rows)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(rows_as_group_member(path) != rows);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Writes in a process of its own, and stops when the leash is let go. */
static pid_t
writer_start(const char *directory, int *leash)
{
	int ready[2], hold[2];
	struct store *s;
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(hold), 0);
	if ((pid = fork()) == 0) {
		close(hold[1]);
		s = fixture_open(directory, NULL);
		fixture_add(s, (struct fixture_message){ .recipients = 3 });
		if (write(ready[1], "x", 1) != 1 || read(hold[0], &c, 1) != 0)
			_exit(1);
		store_close(s);
		_exit(0);
	}
	close(ready[1]);
	close(hold[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*leash = hold[1];
	return pid;
}

/*
 * With queue.admin_group: the folder is its, 2750, and its members may not
 * write there, neither while the daemon runs nor when it has stopped.  Each
 * side is a process that has not had the file open before: SQLite shares what
 * it knows of a file within one, and a fork would take that along.
 */
static void
admin_group_reads_and_nobody_else(void **state)
{
	char *directory, *path;
	int leash, status;
	pid_t writer;

	(void)state;
	if (geteuid() != 0)
		skip();
	directory = fixture_directory();
	path = path_in(directory, "queue.db");
	assert_int_equal(chown(directory, 0, 65534), 0);
	assert_int_equal(chmod(directory, 02750), 0);
	writer = writer_start(directory, &leash);
	assert_member_sees(path, 3);
	close(leash);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_member_sees(path, 3);
	assert_int_equal(chmod(directory, 0700), 0);
	assert_member_sees(path, -1);
	free(path);
	fixture_remove(directory);
}

/* A reader that stays in the middle of a listing delays, and breaks nothing. */
static void
reader_in_the_way_of_a_checkpoint(void **state)
{
	struct world *w = *state;
	char *path = path_in(w->directory, "queue.db");
	sqlite3_stmt *st;
	sqlite3 *db;

	fixture_add(w->s, (struct fixture_message){ .uid = 1 });
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "SELECT id FROM v_queue", -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	fixture_add(w->s, (struct fixture_message){ .octets = 300000 });
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_TRUNCATE, &w->e), 0);
	assert_true(store_journal_size(w->s) > 300000);
	fixture_add(w->s, (struct fixture_message){ .uid = 1 });
	sqlite3_finalize(st);
	sqlite3_close(db);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_TRUNCATE, &w->e), 0);
	assert_int_equal(store_journal_size(w->s), 0);
	assert_int_equal(rows_of(w->s), 3);
	free(path);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    reader_sees_what_is_committed_and_changes_nothing),
		cmocka_unit_test(sqlite3_readonly_reads_the_views),
		cmocka_unit_test(admin_group_reads_and_nobody_else),
		CASE(reader_in_the_way_of_a_checkpoint),
	};

	return cmocka_run_group_tests_name("store_reader", tests, NULL, NULL);
}
