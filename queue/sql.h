/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SQL_H
#define QUEUE_SQL_H

#include <stddef.h>

/*
 * Every word of SQL in the project, private to the store.  Statements are
 * fixed text with bound parameters, named by an enum and prepared once when
 * the store is opened; nothing is ever pasted into one.
 */

/* "Mchu", in the file's header: how we know a file for ours. */
#define SQL_APPLICATION_ID 0x4d636875

/* Measured, and fixed for the life of a file: docs/schema.md. */
#define SQL_PAGE_SIZE 8192

/* A chunk's rowid is its message's id and its number: id << 15 | number. */
#define SQL_CHUNK_BITS 15
#define SQL_CHUNKS_MAX (1 << SQL_CHUNK_BITS)

/* Rows that a search or a count looks at before others are served. */
#define SQL_TRACE_SLICE  1000
#define SQL_FORGET_SLICE 1000 /* events in a transaction */

/* Attempts that are kept of a message: so many, or so many a recipient. */
#define SQL_ATTEMPTS_MAX  1000
#define SQL_ATTEMPTS_EACH 10

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,

	SQL_MESSAGE_ADD,
	SQL_MESSAGE_CHUNKS,
	SQL_MESSAGE_GROW,
	SQL_MESSAGE_QUEUE,
	SQL_MESSAGE_SYNC,
	SQL_MESSAGE_ATTEMPTED,
	SQL_MESSAGE_NOTICE,
	SQL_MESSAGE_DELETE,
	SQL_MESSAGE_GET,
	SQL_MESSAGE_UNFINISHED,
	SQL_MESSAGE_STATE,

	SQL_RCPT_ADD,
	SQL_RCPT_QUEUE,
	SQL_RCPT_WRITE,
	SQL_RCPT_STATES,
	SQL_RCPTS_GET,

	SQL_CHUNK_ADD,
	SQL_CHUNK_GET,
	SQL_CHUNK_DELETE,

	SQL_SUBMISSION_FIND,
	SQL_SUBMISSION_ADD,
	SQL_SUBMISSION_FORGET,

	SQL_DUE_WHO,
	SQL_DUE_FIRST,
	SQL_DUE_RELEASED,
	SQL_DUE_WAITS,
	SQL_USAGE,
	SQL_DUE_BEFORE,
	SQL_ACCOUNT_NAMES,
	SQL_ACCOUNT_MOVE,
	SQL_MESSAGE_EXPLAIN,
	SQL_MESSAGE_DUE,
	SQL_ALL_DUE_RCPTS,
	SQL_ALL_DUE_MESSAGES,

	SQL_LIST_ALL,
	SQL_LIST_OWN,
	SQL_TOTALS,
	SQL_OLDEST,

	SQL_ATTEMPT_ADD,
	SQL_ATTEMPTS_GET,
	SQL_ATTEMPTS_TRIM,
	SQL_EVENT_ADD,
	SQL_EVENT_FORGET,
	SQL_EVENT_FAILED,
	SQL_EVENT_LAST,
	SQL_TRACE_MESSAGES,
	SQL_TRACE_EVENTS,

	SQL_ACCOUNT_GET,
	SQL_ACCOUNT_PUT,
	SQL_BUDGET_ADD,
	SQL_BUDGET_TAKE,
	SQL_BUDGET_GET,
	SQL_BUDGET_GET_ALL,
	SQL_BUDGET_FORGET,
	SQL_MOVE_MESSAGES,
	SQL_MOVE_RCPTS,
	SQL_MOVE_ATTEMPTS,
	SQL_MOVE_EVENTS,
	SQL_MOVE_SUBMISSIONS,
	SQL_MOVE_ACCOUNTS,
	SQL_MOVE_DEVICES,
	SQL_MOVE_FACTS,
	SQL_MOVE_BUDGETS_AWAY,
	SQL_MOVE_BUDGETS_BACK,
	SQL_FIND_AHEAD,
	SQL_RCPT_DUE,
	SQL_BOUND_ARRIVALS,
	SQL_BOUND_FACTS,
	SQL_BOUND_BUDGETS,
	SQL_BOUND_BUDGETS_REST,
	SQL_BOUND_DEVICES,
	SQL_RELEASED_FORGET,
	SQL_FACT_GET,
	SQL_FACT_PUT,
	SQL_FACT_DELETE,
	SQL_FACT_NAMES,
	SQL_INSTANTS_FORGET,
	SQL_FACT_RENAME,
	SQL_EXPIRY_EACH,
	SQL_EXPIRY_PUT,
	SQL_EXPIRY_DELETE,
	SQL_DEVICE_SENT,
	SQL_DEVICE_FAILED,
	SQL_DEVICE_ADD,
	SQL_DEVICE_TRIM,
	SQL_DEVICE_FORGET,
	SQL_DEVICE_EACH,

	SQL_CHECK_STATES,
	SQL_CHECK_SIZES,
	SQL_CHECK_CHUNKS,
	SQL_FIND_STAGING,
	SQL_FIND_ACTIVE,
	SQL_LAST_ID,

	SQL_COUNT
};
extern const char *const sql_text[SQL_COUNT];

/* Statements that look at a file before it is known to be ours. */
extern const char sql_ask_application_id[];
extern const char sql_ask_version[];
extern const char sql_ask_objects[];
extern const char sql_ask_page_size[];
extern const char sql_ask_free_pages[];
extern const char sql_quick_check[];
extern const char sql_foreign_key_check[];
extern const char sql_copy_settings[];

/*
 * A setting of the connection: how it is made, how it is read back, and what
 * must then be read.  WRITE ones are for the connection that writes; NEW ones
 * only for a file without a table.
 */
struct sql_pragma {
	const char *set, *ask, *want;
	enum {
		PRAGMA_ALL,
		PRAGMA_READ,
		PRAGMA_WRITE,
		PRAGMA_NEW
	} when;
};
extern const struct sql_pragma sql_pragmas[];
extern const size_t sql_npragmas;

/*
 * sql_migrations[i] takes a file from version i to i + 1, and its own text
 * sets user_version.  The first makes everything.
 */
extern const char *const sql_migrations[];
extern const int sql_version; /* what we write; the number of migrations */
extern const char sql_schema_1[];
extern const char sql_schema_2[];
extern const char sql_schema_3[];

/* Columns of the message part of SQL_MESSAGE_GET and SQL_LIST_*. */
enum sql_message_column {
	MC_ID,
	MC_STATE,
	MC_DUE_AT,
	MC_ARRIVED_AT,
	MC_UID,
	MC_ACCOUNT,
	MC_KIND,
	MC_SENDER,
	MC_HEADER_FROM,
	MC_MESSAGE_ID,
	MC_SIZE,
	MC_CHUNKS,
	MC_BODY,
	MC_SMTPUTF8,
	MC_RET,
	MC_ENVID,
	MC_ATTEMPTS,
	MC_DELAY_NOTICE_AT,
	MC_DEVICE,
	MC_COUNT
};

/* Columns of SQL_RCPTS_GET, and after MC_COUNT of SQL_LIST_*. */
enum sql_rcpt_column {
	RC_ID,
	RC_ADDRESS,
	RC_ORIGINAL,
	RC_ORCPT,
	RC_NOTIFY,
	RC_STATE,
	RC_DUE_AT,
	RC_ATTEMPTS,
	RC_CODE,
	RC_STATUS,
	RC_TEXT,
	RC_MEANING,
	RC_FIX
};

#endif
