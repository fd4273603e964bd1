/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "common/xalloc.h"
#include "queue/sql.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/version_4.h"

/*
 * A column with a default, a table, an index, a change of every row; and a view
 * so long that the list of tables no longer fits the first page.
 */
#define PADDING \
	"-- xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
#define PADDING_4 PADDING PADDING PADDING PADDING

static const char to_4[] =
    "ALTER TABLE message ADD COLUMN class TEXT NOT NULL DEFAULT 'plain'"
    " CHECK (class IN ('plain', 'urgent'));"
    "CREATE TABLE gadget (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE INDEX message_class ON message (class);"
    "CREATE VIEW v_gadget AS SELECT " PADDING_4 PADDING_4 PADDING_4 PADDING_4
    " name FROM gadget;"
    "UPDATE message SET class = 'urgent' WHERE kind <> 'mail';"
    "PRAGMA user_version = 4;";

const char *const sql_migrations[] = { sql_schema_1, sql_schema_2, sql_schema_3,
	to_4 };
const int sql_version = 4;

/* Every column of version 1, by name: a later one may have more. */
static const char *const tables[] = {
	"SELECT id, state, due_at, attempts, arrived_at, uid, account, kind,"
	" lane, size, chunks, body, smtputf8, ret, delay_notice_at, sender,"
	" header_from, message_id, envid FROM message ORDER BY id",
	"SELECT message, id, state, due_at, attempts, address, original,"
	" orcpt, notify, code, status, text, meaning, fix FROM recipient"
	" ORDER BY message, id",
	"SELECT id, crc, data FROM chunk ORDER BY id",
	"SELECT uid, id, message, at FROM submission ORDER BY uid, id",
	"SELECT message, n, recipient, at, outcome, account, relay, address,"
	" tls, cipher, code, status, text, elapsed_ms FROM attempt"
	" ORDER BY message, n",
	"SELECT id, at, what, message, uid, account, sender, recipient,"
	" original, message_id, code, status, text, relay, size, arrived_at"
	" FROM event ORDER BY id",
	"SELECT name, state, since, next_at, failures, code, status, text,"
	" meaning, fix, last_success_at FROM account ORDER BY name",
	"SELECT key, at, messages, recipients FROM budget ORDER BY key, at",
};

char *
version_4_world(char **path)
{
	char *directory = fixture_directory();

	*path = fixture_stored(directory, 1);
	return directory;
}

void
version_4_remove(char *directory, char *path)
{
	free(path);
	fixture_remove(directory);
}

bool
is_beside(const char *path, const char *end)
{
	char *name = xasprintf("%s%s", path, end);
	bool is_there = access(name, F_OK) == 0;

	free(name);
	return is_there;
}

static sqlite3 *
open_file(const char *path)
{
	sqlite3 *db;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static char *
ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	char *answer;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	answer = xstrdup((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return answer;
}

int
version_of(const char *path)
{
	sqlite3 *db;
	char *answer;
	int version;

	if (access(path, F_OK) == -1)
		return -1;
	db = open_file(path);
	answer = ask(db, "PRAGMA user_version");
	version = answer[0] - '0';
	assert_int_equal(answer[1], '\0');
	free(answer);
	sqlite3_close(db);
	return version;
}

static unsigned long
digest_rows(sqlite3 *db, const char *sql, unsigned long crc)
{
	sqlite3_stmt *st = NULL;
	int i, rc;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		for (i = 0; i < sqlite3_column_count(st); i++) {
			unsigned char type =
			    (unsigned char)sqlite3_column_type(st, i);
			const void *p = sqlite3_column_blob(st, i);

			crc = crc32(crc, &type, 1);
			if (p != NULL)
				crc = crc32(
				    crc, p, (uInt)sqlite3_column_bytes(st, i));
		}
	assert_int_equal(rc, SQLITE_DONE);
	sqlite3_finalize(st);
	return crc;
}

unsigned long
digest_of(const char *path)
{
	sqlite3 *db = open_file(path);
	char *answer = ask(db, "PRAGMA quick_check");
	unsigned long crc = 0;
	size_t i;

	assert_string_equal(answer, "ok");
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		crc = digest_rows(db, tables[i], crc);
	free(answer);
	sqlite3_close(db);
	return crc;
}

int
open_and_close(const char *directory, enum store_mode mode,
    struct store_opened *what, struct err *e)
{
	const struct store_place place = { directory, mode, T0, T0 };
	struct store *s;

	err_clear(e);
	if (store_open(&place, &s, what, e) == -1)
		return -1;
	store_close(s);
	return 0;
}
