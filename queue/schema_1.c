/* SPDX-License-Identifier: ISC */
/*
 * Version 1 of the schema.  Files of it exist, so this text stays as it is,
 * macros and all (tests/unit/migrate.c compares it with a stored file): what is
 * to be different is version 2, in a file of its own that begins from here.
 */
#include "config.h"

#include "queue/sql.h"

#define STR2(x) #x
#define STR(x)  STR2(x)

#define INTEGER(c)      c " INTEGER NOT NULL CHECK (typeof(" c ") = 'integer')"
#define TEXT(c)         c " TEXT NOT NULL CHECK (typeof(" c ") = 'text')"
#define TEXT_OR_NULL(c) c " TEXT CHECK (typeof(" c ") IN ('text', 'null'))"
#define STATES \
	"('staging', 'queued', 'active', 'delivered', 'failed', 'expired', " \
	"'uncertain', 'held', 'removed')"

/* Seconds as people read them; NULL for 0, which means "none". */
#define RFC3339(c) \
	"CASE WHEN " c " > 0 THEN strftime('%Y-%m-%dT%H:%M:%SZ', " c \
	", 'unixepoch') END"

/* clang-format off */
const char sql_schema_1[] =
	"PRAGMA application_id = " STR(SQL_APPLICATION_ID) ";"

	/* What changes often stands first: a row is read from its front. */
	"CREATE TABLE message ("
	"  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 281474976710655),"
	"  state TEXT NOT NULL CHECK (state IN " STATES "),"
	"  due_at INTEGER NOT NULL"
	"    CHECK (typeof(due_at) = 'integer' AND due_at >= 0),"
	   INTEGER("attempts") ","
	   INTEGER("arrived_at") ","
	   INTEGER("uid") ","
	   TEXT("account") ","
	"  kind TEXT NOT NULL CHECK (kind IN ('mail', 'bounce', 'alarm')),"
	"  lane INTEGER NOT NULL CHECK (lane = (kind <> 'alarm')),"
	   INTEGER("size") ","
	"  chunks INTEGER NOT NULL CHECK (typeof(chunks) = 'integer'"
	"    AND chunks BETWEEN 0 AND " STR(SQL_CHUNKS_MAX) "),"
	"  body TEXT CHECK (body IN ('7BIT', '8BITMIME')),"
	"  smtputf8 INTEGER NOT NULL CHECK (smtputf8 IN (0, 1)),"
	"  ret TEXT CHECK (ret IN ('FULL', 'HDRS')),"
	   INTEGER("delay_notice_at") ","
	   TEXT("sender") ","
	   TEXT_OR_NULL("header_from") ","
	   TEXT_OR_NULL("message_id") ","
	   TEXT_OR_NULL("envid")
	");"
	"CREATE INDEX message_due ON message (account, lane, uid, due_at);"
	"CREATE INDEX message_uid ON message (uid);"

	"CREATE TABLE recipient ("
	"  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,"
	   INTEGER("id") ","
	"  state TEXT NOT NULL CHECK (state IN " STATES "),"
	"  due_at INTEGER NOT NULL CHECK (typeof(due_at) = 'integer'"
	"    AND due_at >= 0"
	"    AND (due_at = 0 OR state IN ('queued', 'uncertain'))"
	"    AND (due_at > 0 OR state <> 'queued')),"
	   INTEGER("attempts") ","
	   TEXT("address") ","
	   TEXT_OR_NULL("original") ","
	   TEXT_OR_NULL("orcpt") ","
	   INTEGER("notify") ","
	   INTEGER("code") ","
	   TEXT_OR_NULL("status") ","
	   TEXT_OR_NULL("text") ","
	   TEXT_OR_NULL("meaning") ","
	   TEXT_OR_NULL("fix") ","
	"  PRIMARY KEY (message, id)"
	") WITHOUT ROWID;"

	/* What state_set allows, whoever writes: queue/state.c draws it. */
	"CREATE TRIGGER recipient_state BEFORE UPDATE OF state ON recipient "
	"WHEN old.state || ' ' || new.state NOT IN ("
	"  'staging queued', 'queued active', 'queued expired',"
	"  'queued held', 'queued removed', 'held queued', 'held removed',"
	"  'active delivered', 'active queued', 'active failed',"
	"  'active uncertain', 'uncertain queued', 'uncertain held',"
	"  'uncertain removed') "
	"BEGIN SELECT raise(ABORT, 'no legal change of state'); END;"

	"CREATE TABLE chunk ("
	"  id INTEGER PRIMARY KEY,"
	   INTEGER("crc") ","
	"  data BLOB NOT NULL CHECK (typeof(data) = 'blob'"
	"    AND length(data) BETWEEN 1 AND 65536)"
	");"

	"CREATE TABLE submission ("
	   INTEGER("uid") ","
	"  id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = 16),"
	   INTEGER("message") ","
	   INTEGER("at") ","
	"  PRIMARY KEY (uid, id)"
	") WITHOUT ROWID;"

	"CREATE TABLE attempt ("
	"  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,"
	   INTEGER("n") ","
	   INTEGER("recipient") ","
	   INTEGER("at") ","
	   TEXT("outcome") ","
	   TEXT_OR_NULL("account") ","
	   TEXT_OR_NULL("relay") ","
	   TEXT_OR_NULL("address") ","
	   TEXT_OR_NULL("tls") ","
	   TEXT_OR_NULL("cipher") ","
	   INTEGER("code") ","
	   TEXT_OR_NULL("status") ","
	   TEXT_OR_NULL("text") ","
	   INTEGER("elapsed_ms") ","
	"  PRIMARY KEY (message, n)"
	") WITHOUT ROWID;"

	"CREATE TABLE event ("
	"  id INTEGER PRIMARY KEY,"
	   INTEGER("at") ","
	   TEXT("what") ","
	   INTEGER("message") ","
	   INTEGER("uid") ","
	   TEXT_OR_NULL("account") ","
	   TEXT_OR_NULL("sender") ","
	   TEXT_OR_NULL("recipient") ","
	   TEXT_OR_NULL("original") ","
	   TEXT_OR_NULL("message_id") ","
	   INTEGER("code") ","
	   TEXT_OR_NULL("status") ","
	   TEXT_OR_NULL("text") ","
	   TEXT_OR_NULL("relay") ","
	   INTEGER("size") ","
	   INTEGER("arrived_at")
	");"
	"CREATE INDEX event_at ON event (at);"

	"CREATE TABLE account ("
	"  name TEXT NOT NULL PRIMARY KEY CHECK (typeof(name) = 'text'),"
	"  state TEXT NOT NULL CHECK (state IN ('ready', 'backoff', 'held')),"
	   INTEGER("since") ","
	   INTEGER("next_at") ","
	   INTEGER("failures") ","
	   INTEGER("code") ","
	   TEXT_OR_NULL("status") ","
	   TEXT_OR_NULL("text") ","
	   TEXT_OR_NULL("meaning") ","
	   TEXT_OR_NULL("fix") ","
	   INTEGER("last_success_at")
	") WITHOUT ROWID;"

	"CREATE TABLE budget ("
	   TEXT("key") ","
	   INTEGER("at") ","
	   INTEGER("messages") ","
	   INTEGER("recipients") ","
	"  PRIMARY KEY (key, at)"
	") WITHOUT ROWID;"

	"CREATE TABLE fact ("
	"  name TEXT NOT NULL PRIMARY KEY CHECK (typeof(name) = 'text'),"
	   TEXT("value")
	") WITHOUT ROWID;"

	/* The views use the names of --json. */
	"CREATE VIEW v_queue AS SELECT "
	"  printf('%012X', m.id) AS id, m.state AS state, m.sender AS sender,"
	"  m.account AS account, m.size AS size,"
	   RFC3339("m.arrived_at") " AS arrived_at,"
	"  m.attempts AS attempts, m.uid AS uid, m.message_id AS message_id,"
	"  m.kind AS kind, r.address AS address, r.original AS original,"
	"  r.state AS recipient_state, nullif(r.code, 0) AS code,"
	"  r.status AS status, r.text AS text, r.meaning AS meaning,"
	"  r.fix AS fix,"
	   RFC3339("r.due_at") " AS next_at "
	"FROM message m JOIN recipient r ON r.message = m.id "
	"WHERE m.state <> 'staging';"

	"CREATE VIEW v_history AS SELECT "
	   RFC3339("at") " AS at, what, printf('%012X', message) AS id,"
	"  uid, account, sender, recipient AS address, original, message_id,"
	"  nullif(code, 0) AS code, status, text, relay, size,"
	   RFC3339("arrived_at") " AS arrived_at "
	"FROM event;"

	"PRAGMA user_version = 1;";
/* clang-format on */
