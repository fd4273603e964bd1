/* SPDX-License-Identifier: ISC */
/*
 * The SQL of a salvage, which is no part of a sound queue's: it asks both files
 * by the schema of queue/sql.c, and counts on nothing in the damaged one.
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
	"SELECT id FROM message INDEXED BY message_uid"
	" ORDER BY uid DESC, id DESC",
	"SELECT message FROM recipient ORDER BY message, id",
	"SELECT message FROM recipient ORDER BY message DESC, id DESC",
	"SELECT id >> 15 FROM chunk ORDER BY id",
	"SELECT id >> 15 FROM chunk ORDER BY id DESC",
};

/* What is worth having but no message, and not missed if it is gone. */
const char *const salvage_tables[SALVAGE_TABLES][2] = {
	{ "SELECT * FROM submission ORDER BY uid, id",
	    "INSERT OR IGNORE INTO submission VALUES (?, ?, ?, ?)" },
	{ "SELECT * FROM submission ORDER BY uid DESC, id DESC",
	    "INSERT OR IGNORE INTO submission VALUES (?, ?, ?, ?)" },
	{ "SELECT * FROM event ORDER BY id",
	    "INSERT OR IGNORE INTO event VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ "SELECT * FROM event ORDER BY id DESC",
	    "INSERT OR IGNORE INTO event VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ "SELECT * FROM account", "INSERT OR IGNORE INTO account VALUES"
				   " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ "SELECT * FROM budget",
	    "INSERT OR IGNORE INTO budget VALUES (?, ?, ?, ?)" },
	{ "SELECT * FROM fact WHERE name <> 'stopped'",
	    "INSERT OR IGNORE INTO fact VALUES (?, ?)" },
};

const char *const salvage_read[PARTS] = {
	"SELECT * FROM message WHERE id = ?",
	"SELECT * FROM recipient WHERE message = ? ORDER BY id",
	"SELECT * FROM chunk WHERE id = ?",
	"SELECT * FROM attempt WHERE message = ? ORDER BY n",
};
const char *const salvage_write[PARTS] = {
	"INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	" ?, ?, ?, ?, ?)",
	"INSERT INTO recipient VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	" ?)",
	"INSERT INTO chunk VALUES (?, ?, ?)",
	"INSERT OR IGNORE INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	" ?, ?, ?)",
};
