/* SPDX-License-Identifier: ISC */
/*
 * Transactions, and the journal that they end in.
 *
 * A sync that fails may have dropped the pages that it was to bring to the
 * disk, and a second one would call them clean.  So what a failed commit,
 * rollback or checkpoint has left shows only to one who opens the file anew,
 * and empties its journal first; until then nobody knows.  That comes about
 * deep in the work of many: whoever can end the process is told by the store
 * itself, at once, so that no caller has to think of it.
 */
#include "config.h"

#include "queue/store_priv.h"

/* ---- doubt ---- */

/* The outcome of a change is unknown, for the reason in *e. */
static void
doubt(struct store *s, const struct err *e)
{
	bool was_known = !s->is_unknown;

	s->is_unknown = true;
	if (was_known && s->on_doubt != NULL)
		s->on_doubt(e);
}

void
store_on_doubt(struct store *s, store_doubt *f)
{
	s->on_doubt = f;
}

enum store_trouble
store_trouble(const struct store *s)
{
	return s->trouble;
}

/* ---- transactions ---- */

int
store_begin(struct store *s, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_BEGIN);
	int rc;

	s->trouble = STORE_FAILED;
	if (s->is_unknown)
		return err_set(e, ERR_TEMP, "4.3.0",
		    "the outcome of a change to the queue %s is unknown until "
		    "it is opened anew",
		    s->path);
	if (s->tx != TX_NONE)
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "a transaction on %s inside another", s->path);
	s->trouble = STORE_WELL;
	rc = query_row(s, st, e);
	query_end(st);
	if (rc == -1)
		return -1;
	s->tx = TX_OPEN;
	totals_begin(s);
	tally_begin(s);
	return 0;
}

int
store_begin_at_once(struct store *s, struct err *e)
{
	int rc;

	(void)sqlite3_busy_timeout(s->db, 0);
	rc = store_begin(s, e);
	(void)sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	return rc;
}

int
store_commit(struct store *s, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_COMMIT);
	int rc;

	if (s->tx == TX_OPEN && rcpt_sync_stale(s, e) == -1)
		s->tx = TX_FAILED;
	else if (s->tx != TX_OPEN)
		err_set(e, ERR_LOCAL, "4.3.0", "a commit to %s %s", s->path,
		    s->tx == TX_NONE ? "without a transaction"
				     : "after a change failed");
	if (s->tx != TX_OPEN) {
		store_rollback(s);
		return -1;
	}
	rc = query_row(s, st, e);
	query_end(st);
	if (rc == 0) {
		s->tx = TX_NONE;
		return 0;
	}
	/*
	 * The frames may or may not have reached the disk, and asking again
	 * would not tell: after a failed fsync the kernel may have dropped
	 * the dirty pages and call them clean.
	 */
	err_prefix(e, "commit, outcome unknown");
	doubt(s, e);
	store_rollback(s);
	return -1;
}

void
store_rollback(struct store *s)
{
	sqlite3_stmt *st;
	struct err e;

	s->nstale = 0;
	if (s->tx == TX_NONE)
		return;
	s->tx = TX_NONE;
	totals_rollback(s);
	tally_rollback(s);
	/* SQLite may have rolled back by itself; then there is nothing. */
	if (sqlite3_get_autocommit(s->db) != 0)
		return;
	st = query_start(s, SQL_ROLLBACK);
	if (query_row(s, st, &e) != 0) {
		err_prefix(&e, "rollback");
		doubt(s, &e);
	}
	query_end(st);
}

/* ---- the journal ---- */

/* How much there is to move, told at each commit. */
static int
journal_note(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->journal_size = (uint64_t)pages * s->page_size;
	return SQLITE_OK;
}

void
commit_watch(struct store *s)
{
	sqlite3_wal_hook(s->db, journal_note, s);
}

/* Both are -1 while somebody else is at it: then nothing is known. */
static bool
all_moved(int in_journal, int moved)
{
	return in_journal >= 0 && in_journal == moved;
}

int
commit_empty_journal(struct store *s, struct err *e)
{
	int in_journal, moved, rc;

	rc = sqlite3_wal_checkpoint_v2(
	    s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, &in_journal, &moved);
	/*
	 * A reader from outside may keep the journal from being emptied, but
	 * when all of it was moved, all of it is on the disk.
	 */
	if (rc == SQLITE_OK ||
	    (rc == SQLITE_BUSY && all_moved(in_journal, moved)))
		return 0;
	return query_fail(s, e, "moving the journal into the queue");
}

int
store_checkpoint(struct store *s, enum store_checkpoint how, struct err *e)
{
	int in_journal, moved, rc;
	struct err why;

	if (s->is_unknown || s->tx != TX_NONE)
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "a checkpoint of %s at the wrong time", s->path);
	/* Never wait for a reader: what cannot be moved now is moved later. */
	(void)sqlite3_busy_timeout(s->db, 0);
	rc = sqlite3_wal_checkpoint_v2(s->db, "main",
	    how == CHECKPOINT_TRUNCATE ? SQLITE_CHECKPOINT_TRUNCATE
				       : SQLITE_CHECKPOINT_PASSIVE,
	    &in_journal, &moved);
	(void)sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY) {
		query_fail(s, &why, "checkpoint");
		/* A sync that failed is not asked again: as in store_commit. */
		if ((rc & 0xff) == SQLITE_IOERR && s->trouble != STORE_FULL)
			doubt(s, &why);
		if (e != NULL)
			*e = why;
		return -1;
	}
	if (all_moved(in_journal, moved))
		s->journal_size = 0;
	return 0;
}

uint64_t
store_journal_size(const struct store *s)
{
	return s->journal_size;
}
