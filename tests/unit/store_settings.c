/* SPDX-License-Identifier: ISC */
/*
 * What SQLite is told about the queue, read back from a connection that is in
 * use and compared with values written here; an SQLite that does not take
 * one; and when a change takes the lock.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"
#include "tests/unit/queue_fixture.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct setting {
	const char *name, *writer, *reader; /* NULL: as the library likes */
};

static const struct setting settings[] = {
	{ "page_size", "8192", "8192" },
	{ "cache_size", "-1024", "-1024" },
	{ "journal_mode", "wal", "wal" },
	{ "synchronous", "2", NULL },
	{ "wal_autocheckpoint", "0", NULL },
	{ "foreign_keys", "1", NULL },
	{ "secure_delete", "2", NULL },
	{ "trusted_schema", "0", "0" },
	{ "cell_size_check", "1", "1" },
	{ "mmap_size", "0", "0" },
	{ "temp_store", "2", "2" },
	{ "query_only", "0", "1" },
	{ "busy_timeout", "5000", "5000" },
};

static char *
ask(sqlite3 *db, const char *pragma)
{
	char *sql = xasprintf("PRAGMA %s", pragma), *value;
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: no answer", sql);
	value = xstrdup((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	free(sql);
	return value;
}

static int
switch_of(sqlite3 *db, int which)
{
	int value = -1;

	assert_int_equal(sqlite3_db_config(db, which, -1, &value), SQLITE_OK);
	return value;
}

static void
check(sqlite3 *db, bool writes)
{
	const char *want;
	int keeps = -1;
	char *got;
	size_t i;

	for (i = 0; i < LEN(settings); i++) {
		want = writes ? settings[i].writer : settings[i].reader;
		if (want == NULL)
			continue;
		got = ask(db, settings[i].name);
		if (strcmp(got, want) != 0)
			fail_msg(
			    "%s is %s, not %s", settings[i].name, got, want);
		free(got);
	}
	assert_int_equal(switch_of(db, SQLITE_DBCONFIG_DEFENSIVE), 1);
	assert_int_equal(switch_of(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA), 0);
	assert_int_equal(
	    switch_of(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION), 0);
	assert_int_equal(switch_of(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE), 1);
	assert_int_equal(
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps),
	    SQLITE_OK);
	assert_int_equal(keeps, 1);
	assert_int_equal(sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, -1), 0);
}

static void
each_is_in_force(void **state)
{
	struct world *w = *state;
	struct store_opened what;
	struct store *r;

	check(w->s->db, true);
	assert_int_equal(store_open(&(struct store_place){ w->directory,
					STORE_READ, T0, T0 },
			     &r, &what, &w->e),
	    0);
	check(r->db, false);
	store_close(r);
	/* The same when the file was there before. */
	w->s = fixture_reopen(w->s, w->directory);
	check(w->s->db, true);
}

/* The table of the code has no row that is not compared above. */
static void
each_is_known_here(void **state)
{
	char ask_for[64];
	size_t i, j;

	(void)state;
	for (i = 0; i < sql_npragmas; i++) {
		for (j = 0; j < LEN(settings); j++) {
			snprintf(ask_for, sizeof(ask_for), "PRAGMA %s",
			    settings[j].name);
			if (strcmp(sql_pragmas[i].ask, ask_for) == 0)
				break;
		}
		if (j == LEN(settings))
			fail_msg("%s: not in this test", sql_pragmas[i].ask);
	}
}

/* The setting that the library is to be deaf to, and what it has instead. */
static const struct deaf {
	const char *name, *has, *says;
} * deaf;

static int
authorize(void *arg, int action, const char *name, const char *value,
    const char *db, const char *trigger)
{
	(void)arg;
	(void)db;
	(void)trigger;
	/* An ignored PRAGMA does nothing, and fails nothing. */
	return action == SQLITE_PRAGMA && value != NULL &&
		       strcmp(name, deaf->name) == 0
		   ? SQLITE_IGNORE
		   : SQLITE_OK;
}

static int
make_deaf(sqlite3 *db, char **error, const struct sqlite3_api_routines *api)
{
	char *sql = xasprintf("PRAGMA %s = %s", deaf->name, deaf->has);
	int rc = sqlite3_exec(db, sql, NULL, NULL, error);

	(void)api;
	free(sql);
	return rc == SQLITE_OK ? sqlite3_set_authorizer(db, authorize, NULL)
			       : rc;
}

static void
one_that_is_not_taken_is_refused(void **state)
{
	static const struct deaf cases[] = {
		{ "page_size", "4096", "4096" },
		{ "cache_size", "-2000", "-2000" },
		{ "journal_mode", "DELETE", "delete" },
		{ "synchronous", "NORMAL", "1" },
		{ "wal_autocheckpoint", "1000", "1000" },
		{ "foreign_keys", "OFF", "0" },
		{ "secure_delete", "OFF", "0" },
		{ "cell_size_check", "OFF", "0" },
		{ "mmap_size", "1048576", "1048576" },
		{ "temp_store", "FILE", "1" },
	};
	struct store_opened what;
	struct store *s;
	char *directory, *says;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		directory = fixture_directory();
		deaf = &cases[i];
		says = xasprintf("it says %s", deaf->says);
		sqlite3_auto_extension((void (*)(void))make_deaf);
		rc = store_open(
		    &(struct store_place){ directory, STORE_WRITE, T0, T0 }, &s,
		    &what, &e);
		sqlite3_cancel_auto_extension((void (*)(void))make_deaf);
		if (rc == 0)
			fail_msg(
			    "%s = %s was not noticed", deaf->name, deaf->has);
		if (strstr(e.text, deaf->name) == NULL ||
		    strstr(e.text, "does not take") == NULL ||
		    strstr(e.text, says) == NULL)
			fail_msg("%s: %s", deaf->name, e.text);
		/* It is the library's fault, and nothing is lost by it. */
		assert_int_equal(e.class, ERR_LOCAL);
		free(says);
		s = fixture_open(directory, NULL);
		check(s->db, true);
		store_close(s);
		fixture_remove(directory);
	}
}

static int
try_to_begin(const char *directory)
{
	char *path = xasprintf("%s/queue.db", directory);
	sqlite3 *db;
	int rc;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	rc = sqlite3_exec(db, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	free(path);
	return rc;
}

/* Nothing was said yet but that a change begins: no other can, from then. */
static void
the_lock_is_taken_at_the_beginning(void **state)
{
	struct world *w = *state;

	assert_int_equal(try_to_begin(w->directory), SQLITE_OK);
	fixture_begin(w->s);
	assert_int_equal(try_to_begin(w->directory), SQLITE_BUSY);
	fixture_commit(w->s);
	assert_int_equal(try_to_begin(w->directory), SQLITE_OK);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_is_in_force),
		cmocka_unit_test(each_is_known_here),
		cmocka_unit_test(one_that_is_not_taken_is_refused),
		CASE(the_lock_is_taken_at_the_beginning),
	};

	return cmocka_run_group_tests_name("store_settings", tests, NULL, NULL);
}
