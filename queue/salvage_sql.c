/* SPDX-License-Identifier: ISC */
/*
 * The SQL of a salvage, which is no part of a sound queue's: it asks both files
 * by the schema of queue/schema.c, and counts on nothing in the damaged one.
 */
#include "config.h"

#include "queue/salvage_priv.h"

#define STR2(x) #x
#define STR(x)  STR2(x)

const char salvage_from_settings[] =
    "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0";
const char salvage_to_settings[] = "PRAGMA page_size = " STR(
    SQL_PAGE_SIZE) ";"
		   "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL";
const char salvage_ask_tables[] =
    "SELECT count(*) FROM sqlite_master WHERE name IN"
    " ('message', 'recipient', 'chunk')";

/* Where ids of messages stand.  Readers of one table go both ways. */
const char *const salvage_ids[SALVAGE_IDS] = {
	"SELECT id FROM message NOT INDEXED ORDER BY id",
	"SELECT id FROM message NOT INDEXED ORDER BY id DESC",
	"SELECT id FROM message INDEXED BY message_uid ORDER BY uid, id",
	("SELECT id FROM message INDEXED BY message_uid"
	 " ORDER BY uid DESC, id DESC"),
	"SELECT message FROM recipient ORDER BY message, id",
	"SELECT message FROM recipient ORDER BY message DESC, id DESC",
	"SELECT id >> 15 FROM chunk ORDER BY id",
	"SELECT id >> 15 FROM chunk ORDER BY id DESC",
};

/*
 * The columns go over by their names: a file of an older version lacks some,
 * and the schema's defaults stand in for them.
 */
const struct salvage_source salvage_parts[PARTS] = {
	[PART_MESSAGE] = { "message", "SELECT * FROM message WHERE id = ?1",
	    "INSERT" },
	[PART_RCPTS] = { "recipient",
	    "SELECT * FROM recipient WHERE message = ?1 ORDER BY id",
	    "INSERT" },
	[PART_CHUNK] = { "chunk", "SELECT * FROM chunk WHERE id = ?1",
	    "INSERT" },
	[PART_ATTEMPTS] = { "attempt",
	    "SELECT * FROM attempt WHERE message = ?1 ORDER BY n",
	    "INSERT OR IGNORE" },
};

/* What is worth having but no message, and not missed if it is gone. */
const struct salvage_source salvage_tables[SALVAGE_TABLES] = {
	{ "submission", "SELECT * FROM submission ORDER BY uid, id",
	    "INSERT OR IGNORE" },
	{ "submission", "SELECT * FROM submission ORDER BY uid DESC, id DESC",
	    "INSERT OR IGNORE" },
	{ "event", "SELECT * FROM event ORDER BY id", "INSERT OR IGNORE" },
	{ "event", "SELECT * FROM event ORDER BY id DESC", "INSERT OR IGNORE" },
	{ "account", "SELECT * FROM account", "INSERT OR IGNORE" },
	{ "budget", "SELECT * FROM budget", "INSERT OR IGNORE" },
	{ "expiry", "SELECT * FROM expiry", "INSERT OR IGNORE" },
	{ "fact", "SELECT * FROM fact WHERE name <> 'stopped'",
	    "INSERT OR IGNORE" },
	{ "device", "SELECT * FROM device ORDER BY id", "INSERT OR IGNORE" },
	{ "device", "SELECT * FROM device ORDER BY id DESC",
	    "INSERT OR IGNORE" },
};

/*
 * A submission that is remembered is not taken again.  So only that of a
 * message that is here, or has come to its end, may be: a drop file may still
 * hold what was lost, and twice is better than not at all.
 */
const char salvage_forget_lost[] =
    "DELETE FROM submission WHERE message NOT IN (SELECT id FROM message)"
    " AND message NOT IN (SELECT message FROM event)";

char *
salvage_insert(const struct salvage_source *source, sqlite3_stmt *in)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	int i, n = sqlite3_column_count(in);

	sqlite3_str_appendf(sql, "%s INTO %s (", source->insert, source->table);
	for (i = 0; i < n; i++)
		sqlite3_str_appendf(sql, "%s\"%w\"", i == 0 ? "" : ", ",
		    sqlite3_column_name(in, i));
	sqlite3_str_appendall(sql, ") VALUES (");
	for (i = 0; i < n; i++)
		sqlite3_str_appendall(sql, i == 0 ? "?" : ", ?");
	sqlite3_str_appendall(sql, ")");
	return sqlite3_str_finish(sql);
}
