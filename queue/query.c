/* SPDX-License-Identifier: ISC */
/*
 * Running prepared statements: the only file that steps one.  It turns SQLite's
 * results into ours, and keeps the rule that a change happens inside a
 * transaction that has not failed: SQLite may roll a transaction back by
 * itself (disk full, I/O error), and a change made after that would be
 * committed alone.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

#undef query_error /* the function itself is meant: common/err.h */

/*
 * What a failure means for whoever called: a full disk or a failing one may
 * heal, a damaged file does not, and a broken constraint is our own bug.
 */
int
query_error(int rc, const char *path, const char *text, struct err *e)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return err_set(e, ERR_TEMP, "4.3.1",
		    "no space left for the queue %s; make room on its disk",
		    path);
	case SQLITE_BUSY:
		return err_set(e, ERR_TEMP, "4.3.0",
		    "another program holds the queue %s; end it", path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "the queue %s is damaged (%s); stop mailchuted, keep the "
		    "file, and put a backup or an empty queue in its place",
		    path, text);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "cannot use the queue %s: %s; check its owner and mode, "
		    "and those of its directory",
		    path, text);
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "the queue %s refused a change: %s; please report this "
		    "as a bug",
		    path, text);
	case SQLITE_NOMEM:
		/* As everywhere: out of memory ends the process. */
		free(xmalloc(SIZE_MAX / 2));
		break;
	default:
		break;
	}
	return err_set(e, ERR_TEMP, "4.3.0",
	    "the queue %s failed: %s (SQLite %d); check the disk", path, text,
	    rc);
}

/* What SQLite knows as a full disk is ENOSPC in a write, and no more. */
static enum store_trouble
trouble_of(sqlite3 *db, int rc)
{
	int error = sqlite3_system_errno(db);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
		return STORE_LOCKED;
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_IOERR:
		return error == EDQUOT || error == ENOSPC ? STORE_FULL
							  : STORE_FAILED;
	default:
		return STORE_FAILED;
	}
}

int
query_fail(struct store *s, struct err *e, const char *doing)
{
	int rc = sqlite3_extended_errcode(s->db);

	s->trouble = trouble_of(s->db, rc);
	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
		s->is_damaged = true;
	query_error(rc, s->path, sqlite3_errmsg(s->db), e);
	return doing == NULL ? -1 : err_prefix(e, "%s", doing);
}

sqlite3_stmt *
query_start(struct store *s, enum sql which)
{
	return s->stmt[which];
}

/*
 * Binding fails only for a parameter that is not there or for text beyond
 * 1e9 octets, both our bugs: nothing is copied, so no memory is asked for.
 */
static void
bound(int rc)
{
	assert(rc == SQLITE_OK);
	(void)rc;
}

void
query_bind_i64(sqlite3_stmt *st, int i, int64_t v)
{
	bound(sqlite3_bind_int64(st, i, v));
}

void
query_bind_u64(sqlite3_stmt *st, int i, uint64_t v)
{
	assert(v <= INT64_MAX);
	bound(sqlite3_bind_int64(st, i, (int64_t)v));
}

void
query_bind_text(sqlite3_stmt *st, int i, const char *text)
{
	bound(sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC));
}

void
query_bind_blob(sqlite3_stmt *st, int i, const void *p, size_t n)
{
	assert(n <= INT_MAX);
	bound(sqlite3_bind_blob(st, i, p, (int)n, SQLITE_STATIC));
}

int
query_row(struct store *s, sqlite3_stmt *st, struct err *e)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		/* Some errors end the transaction, even at a read. */
		if (s->tx == TX_OPEN && sqlite3_get_autocommit(s->db) != 0)
			s->tx = TX_FAILED;
		return query_fail(s, e, NULL);
	}
}

void
query_end(sqlite3_stmt *st)
{
	/* The result is that of the last step, which query_row has told. */
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
}

int
query_change(struct store *s, sqlite3_stmt *st, int *changed, struct err *e)
{
	int rc = -1;

	if (s->tx != TX_OPEN)
		err_set(e, ERR_LOCAL, "4.3.0", "a change of the queue %s %s",
		    s->path,
		    s->tx == TX_NONE ? "outside a transaction"
				     : "after another one failed");
	else if (query_row(s, st, e) == 0) {
		if (changed != NULL)
			*changed = sqlite3_changes(s->db);
		rc = 0;
	} else
		s->tx = TX_FAILED;
	query_end(st);
	return rc;
}

int64_t
query_i64(sqlite3_stmt *st, int i)
{
	return sqlite3_column_int64(st, i);
}

uint64_t
query_u64(sqlite3_stmt *st, int i)
{
	return (uint64_t)sqlite3_column_int64(st, i);
}

char *
query_text(sqlite3_stmt *st, int i)
{
	/*
	 * Our structs hold char * since most owners free it; here it is
	 * borrowed, and nobody writes to it.
	 */
	return (char *)(uintptr_t)sqlite3_column_text(st, i);
}

char *
query_dup(sqlite3_stmt *st, int i)
{
	const char *text = query_text(st, i);

	return text == NULL ? NULL : xstrdup(text);
}

int
query_ask(sqlite3 *db, const char *sql, char **out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	const char *path = sqlite3_db_filename(db, "main");
	int rc;

	*out = NULL;
	rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*out = query_dup(st, 0);
		/* A setting may give more rows; only the first counts. */
		do
			rc = sqlite3_step(st);
		while (rc == SQLITE_ROW);
	}
	if (rc != SQLITE_DONE) {
		query_error(
		    sqlite3_extended_errcode(db), path, sqlite3_errmsg(db), e);
		free(*out);
		*out = NULL;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
query_ask_number(sqlite3 *db, const char *sql, int64_t *n, struct err *e)
{
	const char *why = NULL;
	char *text;

	if (query_ask(db, sql, &text, e) == -1)
		return -1;
	*n = text == NULL ? 0 : strtonum(text, INT64_MIN, INT64_MAX, &why);
	free(text);
	return why == NULL ? 0
			   : err_set(e, ERR_LOCAL, "4.3.0", "%s: %s", sql, why);
}
