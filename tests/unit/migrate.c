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

/* The two versions after the newest. */
static const char to_4[] = "CREATE TABLE gadget (name TEXT PRIMARY KEY);"
			   "PRAGMA user_version = 4";
static const char to_5[] = "ALTER TABLE message ADD COLUMN extra TEXT;"
			   "UPDATE message SET extra = 'x';"
			   "PRAGMA user_version = 5";
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

static int
run(sqlite3 *db, const char *path, const char *const *steps, int newest,
    struct err *e)
{
	struct migration m = {
		.db = db, .path = path, .steps = steps, .newest = newest
	};

	return migrate_run(&m, e);
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	struct err e;
	int64_t n;

	assert_int_equal(query_ask_number(db, sql, &n, &e), 0);
	return n;
}

/* A queue of the newest version with two messages, and its path. */
static char *
make_queue(const char *directory)
{
	struct store *s = fixture_open(directory, NULL);

	fixture_add(s, (struct fixture_message){ .octets = 100000 });
	fixture_add(s, (struct fixture_message){ .uid = 1 });
	store_close(s);
	return xasprintf("%s/queue.db", directory);
}

/* All of a file's schema as text: what is there, where it begins, its SQL. */
static char *
schema_of(const char *path)
{
	static const char sql[] =
	    "SELECT group_concat(type || ' ' || name || ' of ' || tbl_name ||"
	    " ' at ' || rootpage || char(10) || ifnull(sql, ''), char(10))"
	    " FROM (SELECT * FROM sqlite_master ORDER BY type, name)";
	sqlite3 *db = open_raw(path);
	struct err e;
	char *text;

	assert_int_equal(query_ask(db, sql, &text, &e), 0);
	assert_non_null(text);
	sqlite3_close(db);
	return text;
}

/*
 * The text of each version is that of the files of it: whoever finds this
 * failing wants to write another version.
 */
static void
is_what_it_was(int version)
{
	char *directory = fixture_directory();
	char *stored = fixture_stored(directory, version), *was, *is;
	char *path = xasprintf("%s/new.db", directory);
	sqlite3 *db;
	struct err e;
	size_t i;

	/* Which makes it, with the pages of a queue. */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "PRAGMA page_size = 8192", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(run(db, path, sql_migrations, version, &e), 0);
	assert_int_equal(number(db, sql_ask_version), version);
	assert_int_equal(number(db, sql_ask_application_id), 0x4d636875);
	sqlite3_close(db);
	was = schema_of(stored);
	is = schema_of(path);
	for (i = 0; was[i] != '\0' && was[i] == is[i]; i++)
		;
	if (was[i] != is[i])
		fail_msg("version %d was \"%.60s\" and is \"%.60s\"", version,
		    was + (i < 30 ? 0 : i - 30), is + (i < 30 ? 0 : i - 30));
	db = open_raw(stored);
	assert_int_equal(number(db, sql_ask_version), version);
	assert_int_equal(number(db, sql_ask_application_id), 0x4d636875);
	assert_int_equal(number(db, sql_ask_page_size), 8192);
	sqlite3_close(db);
	free(was);
	free(is);
	free(path);
	free(stored);
	fixture_remove(directory);
}

static void
each_version_is_what_it_was(void **state)
{
	int version;

	(void)state;
	for (version = 1; version <= sql_version; version++)
		is_what_it_was(version);
}

/* Opened by today's store: put right as after a crash, and whole. */
static void
is_a_queue(int version)
{
	char *directory = fixture_directory();
	char *path = fixture_stored(directory, version);
	struct store_opened what;
	struct store_totals t;
	struct store *s = fixture_open(directory, &what);
	struct err e;

	assert_int_equal(
	    what.migrated_from, sql_version > version ? version : 0);
	assert_true(what.checked);
	assert_int_equal(what.uncertain, 1);
	assert_int_equal(what.swept, 1);
	assert_int_equal(what.repaired, 0);
	assert_int_equal(store_totals(s, &t, &e), 0);
	assert_int_equal(t.messages, 9);
	assert_int_equal(t.held, 1);
	assert_int_equal(t.uncertain, 2);
	store_close(s);
	assert_int_equal(
	    fixture_number(directory, "SELECT count(*) FROM expiry"),
	    version > 1 ? 1 : 0);
	assert_int_equal(fixture_number(directory,
			     "SELECT count(*) FROM device WHERE name = "
			     "'copier' AND messages = 1"),
	    version > 2 ? 1 : 0);
	free(path);
	fixture_remove(directory);
}

static void
each_stored_file_is_a_queue(void **state)
{
	int version;

	(void)state;
	for (version = 1; version <= sql_version; version++)
		is_a_queue(version);
}

static void
steps_run_in_order_after_a_backup(void **state)
{
	const char *const steps[] = { sql_migrations[0], sql_migrations[1],
		sql_migrations[2], to_4, to_5 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	char *backup = xasprintf("%s.v3", path);
	sqlite3 *db = open_raw(path), *old;
	struct stat st;
	struct err e;
	int version;

	(void)state;
	assert_int_equal(run(db, path, steps, 5, &e), 0);
	assert_int_equal(migrate_version(db, path, 5, &version, &e), 0);
	assert_int_equal(version, 5);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM message WHERE extra = 'x'"), 2);

	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	old = open_raw(backup);
	assert_int_equal(migrate_version(old, backup, 5, &version, &e), 0);
	assert_int_equal(version, 3);
	assert_int_equal(number(old, "SELECT count(*) FROM message"), 2);
	assert_int_equal(
	    number(old, "SELECT sum(length(data)) FROM chunk"), 100100);
	sqlite3_close(old);

	/* Nothing to do is nothing done. */
	assert_int_equal(unlink(backup), 0);
	assert_int_equal(run(db, path, steps, 5, &e), 0);
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
	const char *const steps[] = { sql_migrations[0], sql_migrations[1],
		sql_migrations[2], to_4 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	char *backup = xasprintf("%s.v3", path);
	sqlite3 *db = open_raw(path);
	struct store_totals t;
	struct store *s;
	struct err e;

	(void)state;
	assert_int_equal(run(db, path, steps, 4, &e), 0);
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
	const char *const steps[] = { sql_migrations[0], sql_migrations[1],
		sql_migrations[2], to_4, broken };
	char *directory = fixture_directory(), *path = make_queue(directory);
	sqlite3 *db = open_raw(path);
	struct err e;
	int version;

	(void)state;
	assert_int_equal(run(db, path, steps, 5, &e), -1);
	assert_int_equal(migrate_version(db, path, 5, &version, &e), 0);
	assert_int_equal(version, 4);
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
	const char *const steps[] = { sql_migrations[0], sql_migrations[1],
		sql_migrations[2], to_4 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	char *partial = xasprintf("%s.v3.part", path);
	sqlite3 *db = open_raw(path);
	struct err e;
	int version;

	(void)state;
	assert_int_equal(mkdir(partial, 0700), 0);
	assert_int_equal(run(db, path, steps, 4, &e), -1);
	assert_non_null(strstr(e.text, "backing up"));
	assert_int_equal(migrate_version(db, path, 4, &version, &e), 0);
	assert_int_equal(version, 3);
	assert_int_equal(rmdir(partial), 0);
	assert_int_equal(run(db, path, steps, 4, &e), 0);
	sqlite3_close(db);
	free(partial);
	free(path);
	fixture_remove(directory);
}

static void
newer_version_is_left_alone(void **state)
{
	const char *const steps[] = { sql_migrations[0], sql_migrations[1],
		sql_migrations[2], to_4 };
	char *directory = fixture_directory(), *path = make_queue(directory);
	sqlite3 *db = open_raw(path);
	struct store_opened what;
	struct store *s;
	struct err e;

	(void)state;
	assert_int_equal(run(db, path, steps, 4, &e), 0);
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
		cmocka_unit_test(each_version_is_what_it_was),
		cmocka_unit_test(each_stored_file_is_a_queue),
		cmocka_unit_test(steps_run_in_order_after_a_backup),
		cmocka_unit_test(backup_is_a_queue),
		cmocka_unit_test(step_that_fails_leaves_the_version_before),
		cmocka_unit_test(backup_that_cannot_be_made_stops_it),
		cmocka_unit_test(newer_version_is_left_alone),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
