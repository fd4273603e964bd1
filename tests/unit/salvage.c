/* SPDX-License-Identifier: ISC */
/* What is carried over from a damaged queue, and what is refused. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/damage.h"
#include "queue/salvage.h"
#include "tests/unit/queue_fixture.h"

#define MESSAGES 8

static char *
filled(void)
{
	char *directory = fixture_directory();
	struct store *s = fixture_open(directory, NULL);
	int i;

	for (i = 0; i < MESSAGES; i++)
		fixture_add(s, (struct fixture_message){
				   .recipients = 2, .octets = 100000 });
	store_close(s);
	return directory;
}

static char *
name(const char *directory, const char *end)
{
	return xasprintf("%s/queue.db%s", directory, end);
}

static void
put(const char *path, off_t at, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, text, n, at), (ssize_t)n);
	close(fd);
}

/* Each line is harm done to a sound file, and how many messages it costs. */
static void
whole_or_not_at_all(void **state)
{
	static const struct {
		const char *sql;
		uint64_t saved, lost;
	} cases[] = {
		{ "SELECT 1", MESSAGES, 0 },
		{ "UPDATE chunk SET crc = crc + 1 WHERE id ="
		  " (SELECT max(id) FROM chunk)",
		    MESSAGES - 1, 1 },
		{ "DELETE FROM chunk WHERE id = (SELECT min(id) FROM chunk)",
		    MESSAGES - 1, 1 },
		{ "DELETE FROM message WHERE id ="
		  " (SELECT min(id) FROM message)",
		    MESSAGES - 1, 1 },
		{ "DELETE FROM recipient WHERE message ="
		  " (SELECT min(message) FROM recipient)",
		    MESSAGES - 1, 1 },
		{ "PRAGMA ignore_check_constraints = ON;"
		  "DROP TRIGGER recipient_state;"
		  "UPDATE recipient SET state = 'nonsense' WHERE message ="
		  " (SELECT min(message) FROM recipient)",
		    MESSAGES - 1, 1 },
		{ "PRAGMA ignore_check_constraints = ON;"
		  "UPDATE message SET size = size + 1",
		    0, MESSAGES },
		{ "DELETE FROM message; DELETE FROM recipient;"
		  "DELETE FROM chunk",
		    0, 0 },
		{ "DROP TABLE event; DROP TABLE submission; DROP TABLE expiry",
		    MESSAGES, 0 },
	};
	struct salvage_report r;
	char *directory, *from, *to;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		directory = filled();
		fixture_tamper(directory, cases[i].sql);
		from = name(directory, "");
		to = name(directory, ".part");
		err_clear(&e);
		if (salvage_run(from, to, NULL, NULL, &r, &e) == -1)
			fail_msg("%s: %s", cases[i].sql, e.text);
		if (r.saved != cases[i].saved || r.lost != cases[i].lost)
			fail_msg("%s: %d saved, %d lost", cases[i].sql,
			    (int)r.saved, (int)r.lost);
		free(from);
		free(to);
		fixture_remove(directory);
	}
}

static int64_t
ask(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return n;
}

/*
 * Journal, accounts, ledger, calendar and facts, also of a file with a column
 * less.
 */
static void
what_is_no_message_goes_over_too(void **state)
{
	static const char *const harm[] = {
		"SELECT 1",
		"DROP VIEW v_history; ALTER TABLE event DROP COLUMN original",
	};
	/* What a drop file may bring again is known by its message alone. */
	static const char *const rows[] = {
		"SELECT count(*) FROM submission WHERE uid = 7 AND at = 99",
		"SELECT count(*) FROM submission WHERE uid = 8",
		"SELECT count(*) = 0 FROM submission WHERE uid = 9",
		"SELECT count(*) FROM event WHERE at = 5 AND message = 3",
		"SELECT count(*) FROM account WHERE failures = 4",
		"SELECT count(*) FROM budget WHERE at = 8 AND recipients = 2",
		"SELECT count(*) FROM fact WHERE name = 'f' AND value = 'v'",
		"SELECT count(*) FROM expiry WHERE account = 'b' AND at = 77"
		" AND warned = 2 AND mailed = 1",
		"SELECT count(*) FROM device WHERE name = 'copier'"
		" AND messages = 7",
	};
	struct salvage_report r;
	char *directory, *from, *to;
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		directory = filled();
		fixture_tamper(directory,
		    "INSERT INTO submission VALUES (7, zeroblob(16), 3, 99);"
		    "INSERT INTO submission SELECT 8, zeroblob(16), min(id), 99"
		    " FROM message;"
		    "INSERT INTO submission VALUES (9, zeroblob(16), 4, 99);"
		    "INSERT INTO event (at, what, message, uid, code, size,"
		    " arrived_at) VALUES (5, 'delivered', 3, 7, 250, 1, 1);"
		    "INSERT INTO account (name, state, since, next_at,"
		    " failures, code, last_success_at)"
		    " VALUES ('b', 'backoff', 1, 2, 4, 421, 0);"
		    "INSERT INTO budget VALUES ('k', 8, 1, 2);"
		    "INSERT INTO fact VALUES ('f', 'v');"
		    "INSERT INTO expiry VALUES"
		    " ('b', 'client_secret', 77, 'endpoint', 2, 1);"
		    "INSERT INTO device VALUES (3, 'scan', '10.0.0.5', '',"
		    " 'copier', '', '', 1, 5, 4, 5, 7, 0, 0, '')");
		fixture_tamper(directory, harm[i]);
		from = name(directory, "");
		to = name(directory, ".part");
		assert_int_equal(salvage_run(from, to, NULL, NULL, &r, &e), 0);
		assert_int_equal(r.saved, MESSAGES);
		for (j = 0; j < sizeof(rows) / sizeof(rows[0]); j++)
			if (ask(to, rows[j]) != 1)
				fail_msg("%s: lost: %s", harm[i], rows[j]);
		free(from);
		free(to);
		fixture_remove(directory);
	}
}

static void
no_queue_is_refused(void **state)
{
	static const char *const texts[] = { "", "no database at all",
		"SQLite format 3" };
	char *directory, *from, *to;
	struct salvage_report r;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		directory = fixture_directory();
		from = name(directory, "");
		to = name(directory, ".part");
		put(from, 0, texts[i], strlen(texts[i]));
		/* Of a file that cannot be read nothing is said to be saved. */
		if (salvage_run(from, to, NULL, NULL, &r, &e) == 0)
			assert_int_equal(r.saved, 0);
		assert_int_equal(salvage_run(from, to, NULL, NULL, &r, &e), -1);
		free(from);
		free(to);
		fixture_remove(directory);
	}
}

/* The states go over too: what was active is uncertain at the next start. */
static void
active_stays_active_until_the_start(void **state)
{
	const struct store_place place = {
		.mode = STORE_REPLACE, .now = T0, .uncertain_due = T0
	};
	char *directory = fixture_directory(), *db;
	struct store *s = fixture_open(directory, NULL);
	struct store_place here = place;
	struct store_opened what;
	uint64_t id;
	struct err e;

	(void)state;
	id = fixture_add(s, (struct fixture_message){ .recipients = 2 });
	fixture_set(s, id, 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	store_close(s);
	db = name(directory, "");
	put(db, 0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32);
	here.directory = directory;
	assert_int_equal(store_open(&here, &s, &what, &e), 0);
	assert_true(what.replaced);
	assert_int_equal(what.saved, 1);
	assert_int_equal(what.uncertain, 1);
	assert_int_equal(access(what.aside, F_OK), 0);
	store_close(s);
	/* Without leave to replace it, a damaged file is refused. */
	put(db, 0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32);
	here.mode = STORE_WRITE;
	assert_int_equal(store_open(&here, &s, &what, &e), -1);
	free(db);
	fixture_remove(directory);
}

/* A start that was cut off between two renames is brought to its end. */
static void
a_swap_is_finished(void **state)
{
	char *directory = filled(), *db = name(directory, "");
	char *fresh = name(directory, ".new");
	struct err e;

	(void)state;
	assert_int_equal(damage_finish(db, &e), 0);
	assert_int_equal(access(db, F_OK), 0);
	assert_int_equal(salvage_nothing(fresh, &e), 0);
	assert_int_equal(unlink(db), 0);
	assert_int_equal(damage_finish(db, &e), 0);
	assert_int_equal(access(db, F_OK), 0);
	assert_int_equal(access(fresh, F_OK), -1);
	free(fresh);
	free(db);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_or_not_at_all),
		cmocka_unit_test(what_is_no_message_goes_over_too),
		cmocka_unit_test(no_queue_is_refused),
		cmocka_unit_test(active_stays_active_until_the_start),
		cmocka_unit_test(a_swap_is_finished),
	};

	log_open("test", LOG_TO_STDERR, NULL, LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
