/* SPDX-License-Identifier: ISC */
/*
 * All SQL of the store but its schema (queue/schema.c): the settings of a
 * connection, and each statement.
 */
#include "config.h"

#include "queue/sql.h"

#define STR2(x) #x
#define STR(x)  STR2(x)

/* The rowids of a message's chunks, from the parameter or column p. */
#define CHUNKS_OF(p) \
	" BETWEEN " p " << " STR(SQL_CHUNK_BITS) " AND (" p " << " STR( \
	    SQL_CHUNK_BITS) ") + " STR(SQL_CHUNKS_MAX) " - 1"

/* An instant moved by ?1 seconds; 0 means "none" and stays. */
#define MOVED(c) "CASE WHEN " c " > 0 THEN max(1, " c " + ?1) ELSE 0 END"

const char sql_ask_application_id[] = "PRAGMA application_id";
const char sql_ask_version[] = "PRAGMA user_version";
const char sql_ask_objects[] = "SELECT count(*) FROM sqlite_master";
const char sql_ask_page_size[] = "PRAGMA page_size";
const char sql_ask_free_pages[] = "PRAGMA freelist_count";
const char sql_quick_check[] = "PRAGMA quick_check(1)";
const char sql_foreign_key_check[] = "PRAGMA foreign_key_check";
const char sql_copy_settings[] = "PRAGMA synchronous = FULL";

/*
 * The order counts: the page size can be chosen only before the first page is
 * written, and entering WAL mode writes it.
 */
const struct sql_pragma sql_pragmas[] = {
	{ "PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0",
	    PRAGMA_ALL },
	{ "PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", "1",
	    PRAGMA_ALL },
	{ "PRAGMA mmap_size = 0", "PRAGMA mmap_size", "0", PRAGMA_ALL },
	{ "PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2", PRAGMA_ALL },
	{ "PRAGMA cache_size = -1024", "PRAGMA cache_size", "-1024",
	    PRAGMA_ALL },
	{ "PRAGMA query_only = ON", "PRAGMA query_only", "1", PRAGMA_READ },
	{ "PRAGMA page_size = " STR(SQL_PAGE_SIZE), "PRAGMA page_size",
	    STR(SQL_PAGE_SIZE), PRAGMA_NEW },
	{ "PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal",
	    PRAGMA_WRITE },
	{ "PRAGMA synchronous = FULL", "PRAGMA synchronous", "2",
	    PRAGMA_WRITE },
	{ "PRAGMA wal_autocheckpoint = 0", "PRAGMA wal_autocheckpoint", "0",
	    PRAGMA_WRITE },
	{ "PRAGMA secure_delete = FAST", "PRAGMA secure_delete", "2",
	    PRAGMA_WRITE },
	{ "PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1",
	    PRAGMA_WRITE },
};
const size_t sql_npragmas = sizeof(sql_pragmas) / sizeof(sql_pragmas[0]);

/* Facts whose value is an instant, and no more. */
#define FACT_INSTANTS \
	"(name IN ('paused_at', 'off_since', 'held_since', " \
	"'uncertain_since') OR (name > 'denied ' AND name < 'denied!'))"

/* In the order of enum sql_message_column and enum sql_rcpt_column. */
#define MESSAGE_COLUMNS \
	"m.id, m.state, m.due_at, m.arrived_at, m.uid, m.account, m.kind, " \
	"m.sender, m.header_from, m.message_id, m.size, m.chunks, m.body, " \
	"m.smtputf8, m.ret, m.envid, m.attempts, m.delay_notice_at, m.device"
#define RCPT_COLUMNS \
	"r.id, r.address, r.original, r.orcpt, r.notify, r.state, r.due_at, " \
	"r.attempts, r.code, r.status, r.text, r.meaning, r.fix"

/*
 * CROSS JOIN fixes the order of the loops: a walk along the messages, and for
 * each its recipients, which lie together; so the rows come sorted.
 */
#define LIST_FROM \
	"SELECT " MESSAGE_COLUMNS ", " RCPT_COLUMNS \
	" FROM message m CROSS JOIN recipient r ON r.message = m.id " \
	"WHERE m.state <> 'staging' AND m.id > ?1 "

/* A device is one address, by one listener, as one user. */
#define DEVICE_IS "WHERE listener = ?1 AND client = ?2 AND login = ?3"

/* An address that is looked for: ?4, or ?5 for a user of this host. */
#define TRACED(c) "(" c " = ?4 COLLATE NOCASE OR " c " = ?5 COLLATE NOCASE)"

/* clang-format off */
const char *const sql_text[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",

	[SQL_MESSAGE_ADD] =
	    "INSERT INTO message (id, state, due_at, attempts, arrived_at, uid,"
	    " account, kind, lane, size, chunks, body, smtputf8, ret,"
	    " delay_notice_at, sender, header_from, message_id, envid, device) "
	    "VALUES (?1, 'staging', 0, 0, ?2, ?3, ?4, ?5, ?5 <> 'alarm', 0, 0,"
	    " ?6, ?7, ?8, 0, ?9, ?10, ?11, ?12, ?13)",
	[SQL_MESSAGE_CHUNKS] =
	    "SELECT chunks FROM message WHERE id = ?1 AND state = 'staging'",
	[SQL_MESSAGE_GROW] =
	    "UPDATE message SET size = size + ?2, chunks = chunks + 1 "
	    "WHERE id = ?1 AND state = 'staging'",
	[SQL_MESSAGE_QUEUE] =
	    "UPDATE message SET state = 'queued', due_at = ?2 "
	    "WHERE id = ?1 AND state = 'staging'",
	[SQL_MESSAGE_SYNC] =
	    "UPDATE message SET state = ?2, due_at = ?3 WHERE id = ?1",
	[SQL_MESSAGE_ATTEMPTED] =
	    "UPDATE message SET attempts = attempts + 1 WHERE id = ?1",
	[SQL_MESSAGE_NOTICE] =
	    "UPDATE message SET delay_notice_at = ?2 WHERE id = ?1",
	[SQL_MESSAGE_DELETE] = "DELETE FROM message WHERE id = ?1",
	[SQL_MESSAGE_GET] =
	    "SELECT " MESSAGE_COLUMNS " FROM message m WHERE m.id = ?1",
	[SQL_MESSAGE_UNFINISHED] =
	    "SELECT 1 FROM recipient WHERE message = ?1 AND state NOT IN"
	    " ('delivered', 'failed', 'expired', 'removed') LIMIT 1",
	[SQL_MESSAGE_STATE] =
	    "SELECT state, size, account FROM message WHERE id = ?1",

	[SQL_RCPT_ADD] =
	    "INSERT INTO recipient (message, id, state, due_at, attempts,"
	    " address, original, orcpt, notify, code) "
	    "VALUES (?1, (SELECT coalesce(max(id), 0) + 1 FROM recipient"
	    " WHERE message = ?1), 'staging', 0, 0, ?2, ?3, ?4, ?5, 0)",
	[SQL_RCPT_QUEUE] =
	    "UPDATE recipient SET state = 'queued', due_at = ?2 "
	    "WHERE message = ?1 AND state = 'staging'",
	[SQL_RCPT_WRITE] =
	    "UPDATE recipient SET state = ?4, due_at = ?5,"
	    " attempts = attempts + ?6, code = coalesce(?7, code),"
	    " status = coalesce(?8, status), text = coalesce(?9, text),"
	    " meaning = coalesce(?10, meaning), fix = coalesce(?11, fix) "
	    "WHERE message = ?1 AND id = ?2 AND state = ?3",
	[SQL_RCPT_STATES] =
	    "SELECT state, due_at FROM recipient WHERE message = ?1",
	[SQL_RCPTS_GET] =
	    "SELECT " RCPT_COLUMNS " FROM recipient r WHERE r.message = ?1 "
	    "ORDER BY r.id",

	[SQL_CHUNK_ADD] =
	    "INSERT INTO chunk (id, crc, data) VALUES (?1, ?2, ?3)",
	[SQL_CHUNK_GET] =
	    "SELECT m.chunks, c.crc, c.data FROM message m LEFT JOIN chunk c"
	    " ON c.id = ?2 WHERE m.id = ?1",
	[SQL_CHUNK_DELETE] = "DELETE FROM chunk WHERE id" CHUNKS_OF("?1"),

	[SQL_SUBMISSION_FIND] =
	    "SELECT message FROM submission WHERE uid = ?1 AND id = ?2",
	[SQL_SUBMISSION_ADD] =
	    "INSERT INTO submission (uid, id, message, at) "
	    "VALUES (?1, ?2, ?3, ?4)",
	[SQL_SUBMISSION_FORGET] = "DELETE FROM submission WHERE at < ?1",

	/* A skip-scan made by hand: from one of the index to the next. */
	[SQL_DUE_WHO] =
	    "SELECT uid, device FROM message WHERE account = ?1 AND lane = ?2"
	    " AND (uid, device) > (?3, ?4) ORDER BY uid, device LIMIT 1",
	[SQL_DUE_FIRST] =
	    "SELECT id, due_at FROM message WHERE account = ?1 AND lane = ?2"
	    " AND uid = ?3 AND device = ?4 AND due_at > 0 "
	    "ORDER BY due_at, id",
	/* From the few facts to the messages, and not the other way. */
	[SQL_DUE_RELEASED] =
	    "SELECT m.id, m.due_at FROM fact f CROSS JOIN message m"
	    " ON m.id = CAST(substr(f.name, length(?5) + 1) AS INTEGER) "
	    "WHERE f.name > ?5 AND f.name < ?6 AND m.account = ?1"
	    " AND m.lane = ?2 AND m.uid = ?3 AND m.device = ?4"
	    " AND m.due_at > 0 ORDER BY f.name",
	[SQL_DUE_WAITS] =
	    "SELECT 1 FROM message m WHERE account = ?1 AND lane = ?2"
	    " AND uid = ?3 AND device = ?4 AND due_at > 0 AND NOT EXISTS"
	    " (SELECT 1 FROM fact WHERE name = 'released ' || m.uid || ' ' ||"
	    "  m.id) LIMIT 1",
	[SQL_DUE_BEFORE] =
	    "SELECT count(*) FROM message WHERE account = ?1 AND lane = 1"
	    " AND due_at BETWEEN 1 AND ?2 AND id < ?3",
	[SQL_USAGE] =
	    "SELECT uid, device, size FROM message WHERE state <> 'staging'",
	[SQL_ACCOUNT_NAMES] =
	    "SELECT DISTINCT account FROM message ORDER BY account",
	[SQL_ACCOUNT_MOVE] =
	    "UPDATE message SET account = ?2 WHERE account = ?1",

	[SQL_MESSAGE_EXPLAIN] =
	    "UPDATE recipient SET text = ?2, meaning = ?3, fix = ?4 "
	    "WHERE message = ?1",
	[SQL_MESSAGE_DUE] =
	    "UPDATE recipient SET due_at = ?2 WHERE message = ?1"
	    " AND due_at > 0",
	[SQL_ALL_DUE_RCPTS] =
	    "UPDATE recipient SET due_at = ?1 WHERE due_at > ?1",
	[SQL_ALL_DUE_MESSAGES] =
	    "UPDATE message SET due_at = ?1 WHERE due_at > ?1",

	[SQL_LIST_ALL] = LIST_FROM "ORDER BY m.id, r.id",
	[SQL_LIST_OWN] = LIST_FROM "AND m.uid = ?2 ORDER BY m.id, r.id",
	[SQL_TOTALS] =
	    "SELECT state, size, account FROM message",
	[SQL_OLDEST] =
	    "SELECT arrived_at FROM message WHERE state <> 'staging' "
	    "ORDER BY id LIMIT 1",

	[SQL_ATTEMPT_ADD] =
	    "INSERT INTO attempt (message, n, recipient, at, outcome, account,"
	    " relay, address, tls, cipher, code, status, text, elapsed_ms) "
	    "VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM attempt"
	    " WHERE message = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	    " ?12, ?13)",
	[SQL_ATTEMPTS_GET] =
	    "SELECT a.recipient, a.at, a.outcome, a.account, a.relay,"
	    " a.address, a.tls, a.cipher, a.code, a.status, a.text,"
	    " a.elapsed_ms, r.address FROM attempt a LEFT JOIN recipient r"
	    " ON r.message = a.message AND r.id = a.recipient "
	    "WHERE a.message = ?1 ORDER BY a.n",
	[SQL_ATTEMPTS_TRIM] =
	    "DELETE FROM attempt WHERE message = ?1 AND n <="
	    " (SELECT max(n) FROM attempt WHERE message = ?1) -"
	    " max(" STR(SQL_ATTEMPTS_MAX) ", " STR(SQL_ATTEMPTS_EACH) " *"
	    " (SELECT max(id) FROM recipient WHERE message = ?1))",
	[SQL_EVENT_ADD] =
	    "INSERT INTO event (at, what, message, uid, account, sender,"
	    " recipient, message_id, code, status, text, relay, size,"
	    " arrived_at, original) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	    " ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
	[SQL_EVENT_FORGET] =
	    "DELETE FROM event WHERE id IN (SELECT id FROM event "
	    "WHERE at < ?1 ORDER BY at LIMIT " STR(SQL_FORGET_SLICE) ")",
	[SQL_EVENT_FAILED] =
	    "SELECT at, id, message, what IN ('bounced', 'expired') FROM event "
	    "WHERE (at, id) > (?1, ?2) "
	    "ORDER BY at, id LIMIT " STR(SQL_TRACE_SLICE),
	[SQL_EVENT_LAST] = "SELECT coalesce(max(id), 0) FROM event",
	[SQL_TRACE_MESSAGES] =
	    "SELECT m.id, m.uid, m.id = ?2 OR m.message_id = ?3 OR"
	    " m.kind = 'bounce' AND m.message_id LIKE ?6 OR "
	    TRACED("m.sender") " OR EXISTS (SELECT 1 FROM recipient r"
	    " WHERE r.message = m.id AND (" TRACED("r.address") " OR "
	    TRACED("r.original") ")) FROM message m "
	    "WHERE m.state <> 'staging' AND m.id > ?1 "
	    "ORDER BY m.id LIMIT " STR(SQL_TRACE_SLICE),
	[SQL_TRACE_EVENTS] =
	    "SELECT id, uid, message = ?2 OR message_id = ?3 OR"
	    " sender = '' AND message_id LIKE ?6 OR "
	    TRACED("sender") " OR " TRACED("recipient") " OR "
	    TRACED("original") ", at, what, message,"
	    " account, sender, recipient, message_id, code, status, text,"
	    " relay, size, arrived_at, original FROM event WHERE id > ?1 "
	    "ORDER BY id LIMIT " STR(SQL_TRACE_SLICE),

	[SQL_ACCOUNT_GET] =
	    "SELECT state, since, next_at, failures, code, status, text,"
	    " meaning, fix, last_success_at FROM account WHERE name = ?1",
	[SQL_ACCOUNT_PUT] =
	    "REPLACE INTO account (name, state, since, next_at, failures, code,"
	    " status, text, meaning, fix, last_success_at) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SQL_BUDGET_ADD] =
	    "INSERT INTO budget (key, at, messages, recipients) "
	    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key, at) DO UPDATE SET"
	    " messages = messages + excluded.messages,"
	    " recipients = recipients + excluded.recipients",
	[SQL_BUDGET_TAKE] =
	    "UPDATE budget SET messages = messages - ?3,"
	    " recipients = recipients - ?4 "
	    "WHERE key = ?1 AND at = ?2 AND messages >= ?3"
	    " AND recipients >= ?4",
	[SQL_BUDGET_GET] =
	    "SELECT at, messages, recipients FROM budget "
	    "WHERE key = ?1 AND at >= ?2 ORDER BY at",
	[SQL_BUDGET_GET_ALL] =
	    "SELECT substr(key, length(?1) + 1), at, messages, recipients "
	    "FROM budget WHERE key > ?1 AND key < ?2 AND at >= ?3 "
	    "ORDER BY key, at",
	[SQL_BUDGET_FORGET] = "DELETE FROM budget WHERE at < ?1",
	[SQL_MOVE_MESSAGES] =
	    "UPDATE message SET arrived_at = " MOVED("arrived_at") ","
	    " due_at = " MOVED("due_at") ","
	    " delay_notice_at = " MOVED("delay_notice_at"),
	[SQL_MOVE_RCPTS] = "UPDATE recipient SET due_at = " MOVED("due_at"),
	[SQL_MOVE_ATTEMPTS] = "UPDATE attempt SET at = " MOVED("at"),
	[SQL_MOVE_EVENTS] =
	    "UPDATE event SET at = " MOVED("at") ","
	    " arrived_at = " MOVED("arrived_at"),
	[SQL_MOVE_SUBMISSIONS] = "UPDATE submission SET at = " MOVED("at"),
	[SQL_MOVE_ACCOUNTS] =
	    "UPDATE account SET since = " MOVED("since") ","
	    " next_at = " MOVED("next_at") ","
	    " last_success_at = " MOVED("last_success_at"),
	[SQL_MOVE_DEVICES] =
	    "UPDATE device SET first_at = " MOVED("first_at") ","
	    " last_at = " MOVED("last_at") ", old_at = " MOVED("old_at") ","
	    " error_at = " MOVED("error_at"),
	[SQL_MOVE_FACTS] =
	    "UPDATE fact SET value ="
	    " CAST(max(1, CAST(value AS INTEGER) + ?1) AS TEXT) "
	    "WHERE " FACT_INSTANTS " AND CAST(value AS INTEGER) > 0",
	/* By way of the negative, since two rows must never meet in the key. */
	[SQL_MOVE_BUDGETS_AWAY] = "UPDATE budget SET at = -at - ?1",
	[SQL_MOVE_BUDGETS_BACK] = "UPDATE budget SET at = -at",
	[SQL_FIND_AHEAD] =
	    "SELECT message, id, attempts, due_at FROM recipient "
	    "WHERE due_at > ?1",
	[SQL_RCPT_DUE] =
	    "UPDATE recipient SET due_at = ?3 WHERE message = ?1 AND id = ?2",
	[SQL_BOUND_ARRIVALS] =
	    "UPDATE message SET arrived_at = ?1 WHERE arrived_at > ?1",
	[SQL_BOUND_FACTS] =
	    "UPDATE fact SET value = CAST(?1 AS TEXT) "
	    "WHERE " FACT_INSTANTS " AND CAST(value AS INTEGER) > ?1",
	[SQL_BOUND_BUDGETS] =
	    "INSERT INTO budget (key, at, messages, recipients) "
	    "SELECT key, ?1, sum(messages), sum(recipients) FROM budget "
	    "WHERE at > ?1 GROUP BY key ON CONFLICT (key, at) DO UPDATE SET"
	    " messages = messages + excluded.messages,"
	    " recipients = recipients + excluded.recipients",
	[SQL_BOUND_BUDGETS_REST] = "DELETE FROM budget WHERE at > ?1",
	[SQL_BOUND_DEVICES] =
	    "UPDATE device SET first_at = min(first_at, ?1),"
	    " last_at = min(last_at, ?1), old_at = min(old_at, ?1),"
	    " error_at = min(error_at, ?1) WHERE last_at > ?1",

	[SQL_RELEASED_FORGET] =
	    "DELETE FROM fact WHERE name ="
	    " (SELECT 'released ' || uid || ' ' || id FROM message"
	    "  WHERE id = ?1)",
	[SQL_FACT_GET] = "SELECT value FROM fact WHERE name = ?1",
	[SQL_FACT_PUT] = "REPLACE INTO fact (name, value) VALUES (?1, ?2)",
	[SQL_FACT_DELETE] = "DELETE FROM fact WHERE name = ?1",
	[SQL_FACT_NAMES] =
	    "SELECT name FROM fact WHERE name > ?1 AND name < ?2 "
	    "ORDER BY name LIMIT ?3",
	[SQL_INSTANTS_FORGET] =
	    "DELETE FROM fact WHERE name > ?1 AND name < ?2"
	    " AND CAST(value AS INTEGER) < ?3",
	[SQL_FACT_RENAME] =
	    "UPDATE fact SET name = ?3 || substr(name, length(?1) + 1) "
	    "WHERE name > ?1 AND name < ?2",
	[SQL_EXPIRY_EACH] =
	    "SELECT account, what, at, source, warned, mailed FROM expiry",
	[SQL_EXPIRY_PUT] =
	    "REPLACE INTO expiry (account, what, at, source, warned, mailed) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_EXPIRY_DELETE] =
	    "DELETE FROM expiry WHERE account = ?1 AND what = ?2",

	/* ?1 to ?3 are whose row it is. */
	[SQL_DEVICE_SENT] =
	    "UPDATE device SET last_at = ?4, name = ?5, tls = ?6, cipher = ?7,"
	    " is_old = ?8, old_at = CASE WHEN ?8 THEN ?4 ELSE old_at END,"
	    " messages = messages + 1 " DEVICE_IS,
	/* What a failure does not say, the last session has. */
	[SQL_DEVICE_FAILED] =
	    "UPDATE device SET last_at = max(last_at, ?4),"
	    " name = CASE WHEN ?5 <> '' THEN ?5 ELSE name END,"
	    " error_at = max(error_at, ?4), error = ?6,"
	    " failures = failures + ?7 " DEVICE_IS,
	[SQL_DEVICE_ADD] =
	    "INSERT INTO device (listener, client, login, name, tls, cipher,"
	    " is_old, old_at, first_at, last_at, messages, failures, error_at,"
	    " error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " CASE WHEN ?7 THEN ?8 ELSE 0 END, ?8, ?9, ?10, ?11, ?12, ?13)",
	[SQL_DEVICE_TRIM] =
	    "DELETE FROM device WHERE id IN (SELECT id FROM device"
	    " ORDER BY messages > 0, last_at, id LIMIT"
	    "  max(0, (SELECT count(*) FROM device) - ?1))",
	[SQL_DEVICE_FORGET] = "DELETE FROM device WHERE last_at < ?1",
	[SQL_DEVICE_EACH] =
	    "SELECT id, listener, client, login, name, tls, cipher, is_old,"
	    " old_at, first_at, last_at, messages, failures, error_at, error "
	    "FROM device WHERE id > ?1 ORDER BY id LIMIT ?2",

	/* Invariants: each finds what must not be; see queue/recover.c. */
	[SQL_CHECK_STATES] =
	    "SELECT m.id, m.state, m.due_at, r.state, r.due_at FROM message m"
	    " LEFT JOIN recipient r ON r.message = m.id ORDER BY m.id",
	[SQL_CHECK_SIZES] =
	    "SELECT id, chunks, size FROM message ORDER BY id",
	[SQL_CHECK_CHUNKS] =
	    "SELECT id >> " STR(SQL_CHUNK_BITS) ", length(data) FROM chunk "
	    "ORDER BY id",
	[SQL_FIND_STAGING] = "SELECT id FROM message WHERE state = 'staging'",
	[SQL_FIND_ACTIVE] =
	    "SELECT m.id, r.id FROM message m CROSS JOIN recipient r"
	    " ON r.message = m.id WHERE m.state = 'active'"
	    " AND r.state = 'active'",
	[SQL_LAST_ID] =
	    "SELECT max((SELECT coalesce(max(id), 0) FROM message),"
	    " (SELECT coalesce(max(message), 0) FROM submission),"
	    " (SELECT coalesce(max(message), 0) FROM event))",
};
/* clang-format on */
