/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>

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
#include "queue/store_priv.h"
#include "tests/unit/queue_fixture.h"

static const char to_2[] = "CREATE TABLE device (name TEXT PRIMARY KEY);"
			   "PRAGMA user_version = 2";
static const char to_3[] = "ALTER TABLE message ADD COLUMN extra TEXT;"
			   "UPDATE message SET extra = 'x';"
			   "PRAGMA user_version = 3";
static const char broken[] = "ALTER TABLE message ADD COLUMN extra TEXT;"
			     "UPDATE nothing SET extra = 'x'";

static sqlite3 *
open_raw(const char *path)
{
	sqlite3 *db;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	struct err e;
	int64_t n;

	assert_int_equal(query_ask_number(db, sql, &n, &e), 0);
	return n;
}

/* A queue of version 1 with two messages, and its path. */
static char *
make_queue(const char *directory)
{
	struct store *s = fixture_open(directory, NULL);

	fixture_add(s, (struct fixture_message){ .octets = 100000 });
	fixture_add(s, (struct fixture_message){ .uid = 1 });
	store_close(s);
	return xasprintf("%s/queue.db", directory);
}

static void
steps_run_in_order_after_a_backup(void **state)
{
	const char *const steps[] = { sql_migrations[0], to_2, to_3 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	char *backup = xasprintf("%s.v1", path);
	sqlite3 *db = open_raw(path), *old;
	struct stat st;
	struct err e;
	int version;

	(void)state;
	assert_int_equal(migrate_run(db, path, steps, 3, &e), 0);
	assert_int_equal(migrate_version(db, path, 3, &version, &e), 0);
	assert_int_equal(version, 3);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM message WHERE extra = 'x'"), 2);

	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	old = open_raw(backup);
	assert_int_equal(migrate_version(old, backup, 3, &version, &e), 0);
	assert_int_equal(version, 1);
	assert_int_equal(number(old, "SELECT count(*) FROM message"), 2);
	assert_int_equal(
	    number(old, "SELECT sum(length(data)) FROM chunk"), 100100);
	sqlite3_close(old);

	/* Nothing to do is nothing done. */
	assert_int_equal(unlink(backup), 0);
	assert_int_equal(migrate_run(db, path, steps, 3, &e), 0);
	assert_int_equal(stat(backup, &st), -1);
	sqlite3_close(db);
	free(backup);
	free(path);
	fixture_remove(directory);
}

/* Putting the copy back is the way back, and the store takes it. */
static void
backup_is_a_queue(void **state)
{
	const char *const steps[] = { sql_migrations[0], to_2 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	char *backup = xasprintf("%s.v1", path);
	sqlite3 *db = open_raw(path);
	struct store_totals t;
	struct store *s;
	struct err e;

	(void)state;
	assert_int_equal(migrate_run(db, path, steps, 2, &e), 0);
	sqlite3_close(db);
	assert_int_equal(rename(backup, path), 0);
	s = fixture_open(directory, NULL);
	assert_int_equal(store_totals(s, &t, &e), 0);
	assert_int_equal(t.messages, 2);
	store_close(s);
	free(backup);
	free(path);
	fixture_remove(directory);
}

static void
step_that_fails_leaves_the_version_before(void **state)
{
	const char *const steps[] = { sql_migrations[0], to_2, broken };
	char *directory = fixture_directory(), *path = make_queue(directory);
	sqlite3 *db = open_raw(path);
	struct err e;
	int version;

	(void)state;
	assert_int_equal(migrate_run(db, path, steps, 3, &e), -1);
	assert_int_equal(migrate_version(db, path, 3, &version, &e), 0);
	assert_int_equal(version, 2);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM pragma_table_info('message')"
		       " WHERE name = 'extra'"),
	    0);
	sqlite3_close(db);
	free(path);
	fixture_remove(directory);
}

/* Without a backup there is no migration. */
static void
backup_that_cannot_be_made_stops_it(void **state)
{
	const char *const steps[] = { sql_migrations[0], to_2 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	char *partial = xasprintf("%s.v1.part", path);
	sqlite3 *db = open_raw(path);
	struct err e;
	int version;

	(void)state;
	assert_int_equal(mkdir(partial, 0700), 0);
	assert_int_equal(migrate_run(db, path, steps, 2, &e), -1);
	assert_non_null(strstr(e.text, "backing up"));
	assert_int_equal(migrate_version(db, path, 2, &version, &e), 0);
	assert_int_equal(version, 1);
	assert_int_equal(rmdir(partial), 0);
	assert_int_equal(migrate_run(db, path, steps, 2, &e), 0);
	sqlite3_close(db);
	free(partial);
	free(path);
	fixture_remove(directory);
}

static void
newer_version_is_left_alone(void **state)
{
	const char *const steps[] = { sql_migrations[0], to_2 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	sqlite3 *db = open_raw(path);
	struct store_opened what;
	struct store *s;
	struct err e;

	(void)state;
	assert_int_equal(migrate_run(db, path, steps, 2, &e), 0);
	sqlite3_close(db);
	assert_int_equal(
	    store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
		&s, &what, &e),
	    -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "newer mailchute"));
	assert_int_equal(
	    store_open(&(struct store_place){ directory, STORE_READ, T0, T0 },
		&s, &what, &e),
	    -1);
	free(path);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_run_in_order_after_a_backup),
		cmocka_unit_test(backup_is_a_queue),
		cmocka_unit_test(step_that_fails_leaves_the_version_before),
		cmocka_unit_test(backup_that_cannot_be_made_stops_it),
		cmocka_unit_test(newer_version_is_left_alone),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
