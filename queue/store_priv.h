/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_STORE_PRIV_H
#define QUEUE_STORE_PRIV_H

#include <sqlite3.h>

#include "queue/commit.h"
#include "queue/figures.h"
#include "queue/sql.h"
#include "queue/store.h"

/*
 * What the store's own files share: the connection, its statements, and the
 * few ways to run one.  Nobody else includes this, or sqlite3.h.
 */

enum tx_state {
	TX_NONE,
	TX_OPEN,
	TX_FAILED /* a change failed: all that is left is a rollback */
};

/*
 * Only a reader from outside that recovers the journal, a checkpoint that has
 * to wait for one, or somebody else's transaction ever makes us wait.
 */
#define STORE_BUSY_MS 5000

/*
 * Messages whose recipients changed in this transaction.  message.state and
 * message.due_at follow from the recipients; they are brought up to date once
 * a message and transaction, not once a change, since that takes a walk over
 * all of its recipients.
 */
#define STORE_STALE_MAX 64

/*
 * What the messages of each state amount to, so that the whole queue's figures
 * are at hand however deep it is.  Counted when first asked for, and kept in
 * step from then on.
 */
struct totals {
	bool is_known;
	struct store_depth depth;
};

/* Which file a name led to. */
struct store_file {
	dev_t dev;
	ino_t ino;
};

/* The same of one account; before: as of store_begin. */
struct account_total {
	char *account;
	struct store_depth depth, before;
};

/* How recipients of one account fared; before: as of store_begin. */
struct account_tally {
	char *account;
	struct store_tally tally, before;
};

/* Messages that came by a listener. */
struct listener_tally {
	char *listener;
	uint64_t messages, before;
};

struct store {
	sqlite3 *db;
	char *path;
	enum store_mode mode;
	sqlite3_stmt *stmt[SQL_COUNT];
	enum tx_state tx;
	bool is_open;
	bool is_unknown; /* what is in the file: commit.c */
	store_doubt *on_doubt;
	enum store_trouble trouble;
	bool is_damaged; /* something read was not as it was written */
	struct store_file file, journal; /* as they were when opened */
	uint64_t last_id;
	uint64_t stale[STORE_STALE_MAX];
	size_t nstale;
	struct totals totals, totals_before; /* before: as of store_begin */
	struct account_total *accounts;      /* part of the totals */
	size_t naccounts;
	struct account_tally *tallies; /* tally.c */
	size_t ntallies;
	struct listener_tally *listened;
	size_t nlistened;
	int64_t opened_at;
	uint64_t page_size; /* of this file, which may be an older choice */
	uint64_t journal_size;
};

/* ---- query.c: statements ---- */

/* Fills *e from the connection's last error; "doing" as in "reading". */
int query_fail(struct store *s, struct err *e, const char *doing);
int query_error(int rc, const char *path, const char *text, struct err *e);
#ifdef ANALYSER /* common/err.h */
#define query_error(...) (query_error(__VA_ARGS__), -1)
#endif

/* The statement, ready for its parameters. */
sqlite3_stmt *query_start(struct store *s, enum sql which);

/*
 * Parameters.  Text and blobs are not copied: they must live until the
 * statement has ended.  NULL text binds NULL.
 */
void query_bind_i64(sqlite3_stmt *st, int i, int64_t v);
void query_bind_u64(sqlite3_stmt *st, int i, uint64_t v);
void query_bind_text(sqlite3_stmt *st, int i, const char *text);
void query_bind_blob(sqlite3_stmt *st, int i, const void *p, size_t n);

/* The next row: 1, 0 after the last, -1.  query_end follows in any case. */
int query_row(struct store *s, sqlite3_stmt *st, struct err *e);
void query_end(sqlite3_stmt *st);

/*
 * Runs a change to its end.  It must be inside a transaction; a failure spoils
 * that.  *changed (may be NULL) is the number of rows.
 */
int query_change(
    struct store *s, sqlite3_stmt *st, int *changed, struct err *e);

/* Columns: text is NULL for NULL, and lives until the next row or the end. */
int64_t query_i64(sqlite3_stmt *st, int i);
uint64_t query_u64(sqlite3_stmt *st, int i);
char *query_text(sqlite3_stmt *st, int i);
char *query_dup(sqlite3_stmt *st, int i); /* to be freed */

/* Text outside the table, without parameters: the first column of its row. */
int query_ask(sqlite3 *db, const char *sql, char **out, struct err *e);
int query_ask_number(sqlite3 *db, const char *sql, int64_t *n, struct err *e);

/* ---- what the files ask of one another ---- */

/* recover.c: what must hold before anybody is answered. */
int recover_was_clean(struct store *s, struct err *e); /* 1, 0, -1 */
int recover_check(struct store *s, struct store_opened *what, struct err *e);
int recover_reconcile(struct store *s, int64_t now, int64_t uncertain_due,
    struct store_opened *what, struct err *e);
int recover_note_clean(struct store *s, struct err *e);

/*
 * migrate.c.  The version of a file, 0 for a new one; -1 when it is not ours
 * or newer than newest.
 */
int migrate_version(
    sqlite3 *db, const char *path, int newest, int *version, struct err *e);

/* Brings the file to newest, by steps[version]. */
struct migration {
	sqlite3 *db;
	const char *path;
	const char *const *steps;
	int newest;
	bool is_damaged; /* out: it failed for that */
};
int migrate_run(struct migration *m, struct err *e);

/*
 * message.c: a staging message grows by n octets; *seq is the number of the
 * chunk that holds them, from 0.
 */
int message_grow(
    struct store *s, uint64_t message, size_t n, uint32_t *seq, struct err *e);

/* chunk.c: of one part, covering its row's id. */
uint32_t chunk_checksum(uint64_t id, const void *p, size_t n);

/* commit.c: what the journal holds goes into the file, and to the disk. */
int commit_empty_journal(struct store *s, struct err *e);
void commit_watch(struct store *s); /* knows how much it is from now on */

/* place.c: which files they are, once both are open. */
int place_note(struct store *s, struct err *e);

/* rcpt.c: keeping message.state and message.due_at in step. */
int rcpt_mark_stale(struct store *s, uint64_t message, struct err *e);
void rcpt_forget_stale(struct store *s, uint64_t message);
int rcpt_sync_stale(struct store *s, struct err *e);
int rcpt_sync(struct store *s, uint64_t message, struct err *e);

/* What follows from the recipients, one by one. */
void rcpt_fold_start(enum rcpt_state *state, int64_t *due_at);
void rcpt_fold(enum rcpt_state one, int64_t one_due_at, enum rcpt_state *state,
    int64_t *due_at);

/*
 * totals.c: takes the message out of the totals before a change of its state,
 * and puts it back after it.
 */
int totals_without(struct store *s, uint64_t message, struct err *e);
int totals_with(struct store *s, uint64_t message, struct err *e);
/* After a change of many messages at once: all are counted anew. */
void totals_forget(struct store *s);
void totals_begin(struct store *s);
void totals_rollback(struct store *s);
void totals_clear(struct store *s);

/* tally.c */
void tally_begin(struct store *s);
void tally_rollback(struct store *s);
void tally_clear(struct store *s);

/* Known to have no mail that waits; asks the store nothing. */
bool totals_has_none(struct store *s, const char *account);

/* Rows as structs that borrow their text from the statement. */
int rcpt_column_state(sqlite3_stmt *st, int i, enum rcpt_state *out,
    const struct store *s, struct err *e);
int message_from_row(
    struct store *s, sqlite3_stmt *st, struct store_message *m, struct err *e);
int rcpt_from_row(struct store *s, sqlite3_stmt *st, int first,
    struct store_rcpt *r, struct err *e);

/* replace.c */

int replace_run(const char *path, struct store_opened *what, struct err *e);

/* Tells of one by this start, or by one before that ended too soon. */
void replace_note(const char *path, struct store_opened *what);

#endif
