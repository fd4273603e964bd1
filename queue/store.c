/* SPDX-License-Identifier: ISC */
/*
 * Opening and closing of the queue.  The sequence of store_open is the store's
 * promise: nobody is answered from a file that has not been recognised, brought
 * to the disk, checked and reconciled.
 *
 *	1  the directory and the file are ours                 file_check
 *	2  it is a queue of a version we know                  migrate_run
 *	3  the settings are what we asked for, read back       settings_apply
 *	4  what the journal holds is moved into the file and
 *	   synced: a COMMIT that failed in the life before may
 *	   lie in the page cache alone                  commit_empty_journal
 *	5  quick_check and invariants, unless the last stop
 *	   was a clean one                                     recover_check
 *	6  unfinished messages go, active ones become
 *	   uncertain, in one transaction                       recover_reconcile
 *
 * One connection writes; queue/lock.h keeps a second process out.  Opening or
 * closing queue.db by any other code in this process would drop SQLite's
 * locks (POSIX), so nothing here does once the connection stands.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/damage.h"
#include "queue/store_priv.h"

#define DB_NAME "queue.db"

/*
 * Who may read the file follows from its directory, which mailchuted makes:
 * with an admin_group that is 2750, and SQLite gives -wal and -shm the same
 * mode and group.
 */
static mode_t
file_mode(const struct stat *dir)
{
	const mode_t shared = S_ISGID | S_IRGRP | S_IXGRP;

	return (dir->st_mode & shared) == shared ? 0640 : 0600;
}

static int
file_make(const char *directory, const char *path, mode_t mode, struct err *e)
{
	int fd, dir, rc = -1;

	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* The umask may have taken bits; SQLite syncs what it writes. */
	if (fd == -1 || dir == -1 || fchmod(fd, mode) == -1 || fsync(dir) == -1)
		err_errno(
		    e, ERR_LOCAL, "4.3.0", "cannot make the queue %s", path);
	else
		rc = 0;
	if (fd != -1)
		close(fd);
	if (dir != -1)
		close(dir);
	return rc;
}

/* Step 1.  A file that is not there is made, when we are to write. */
static int
file_check(const char *directory, const char *path, enum store_mode mode,
    bool *created, struct err *e)
{
	struct stat dir, st;

	*created = false;
	if (stat(directory, &dir) == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.0", "queue.directory %s", directory);
	if (!S_ISDIR(dir.st_mode))
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "queue.directory %s is not a directory", directory);
	if (mode == STORE_WRITE &&
	    faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0",
		    "queue.directory %s is not writable by user id %u: "
		    "chown it to queue.user",
		    directory, (unsigned)geteuid());
	if (lstat(path, &st) == -1) {
		if (errno != ENOENT || mode == STORE_READ)
			return err_errno(e,
			    errno == ENOENT ? ERR_TEMP : ERR_LOCAL, "4.3.0",
			    "queue %s", path);
		*created = true;
		return file_make(directory, path, file_mode(&dir), e);
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "%s is not a plain file of one name; move it away", path);
	if (mode == STORE_READ)
		return 0;
	if (st.st_uid != geteuid())
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "the queue %s belongs to user id %u, and this is user id "
		    "%u: run as queue.user, or chown it",
		    path, (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & 07777) != file_mode(&dir) &&
	    chmod(path, file_mode(&dir)) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "chmod %s", path);
	return 0;
}

/* Step 3, and read back: a setting that does not hold is no promise. */
static int
settings_apply(sqlite3 *db, enum store_mode mode, bool is_new, struct err *e)
{
	const struct sql_pragma *p;
	char *got;
	size_t i;
	bool is_right;

	for (i = 0; i < sql_npragmas; i++) {
		p = &sql_pragmas[i];
		if ((p->when == PRAGMA_NEW && !is_new) ||
		    (p->when == PRAGMA_READ && mode != STORE_READ) ||
		    ((p->when == PRAGMA_WRITE || p->when == PRAGMA_NEW) &&
			mode != STORE_WRITE))
			continue;
		if (query_ask(db, p->set, &got, e) == -1)
			return -1;
		free(got);
		if (query_ask(db, p->ask, &got, e) == -1)
			return -1;
		/* A library built without a feature answers nothing. */
		is_right = got == NULL || strcmp(got, p->want) == 0;
		if (!is_right)
			err_set(e, ERR_LOCAL, "4.3.0",
			    "%s: SQLite %s does not take \"%s\": it says %s",
			    sqlite3_db_filename(db, "main"),
			    sqlite3_libversion(), p->set, got);
		free(got);
		if (!is_right)
			return -1;
	}
	return 0;
}

/* What can go wrong only for a bug of ours, or a library not fit for us. */
static int
connection_harden(sqlite3 *db)
{
	int one = 1;

	(void)sqlite3_extended_result_codes(db, 1);
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	if (sqlite3_busy_timeout(db, STORE_BUSY_MS) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) !=
		SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) !=
		SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0,
		NULL) != SQLITE_OK ||
	    /* After a failed COMMIT the next life decides, not the close. */
	    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) !=
		SQLITE_OK ||
	    /* Readers without write access need -wal and -shm to be there. */
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &one) !=
		SQLITE_OK)
		return -1;
	return 0;
}

static int
statements_prepare(struct store *s, struct err *e)
{
	int i;

	for (i = 0; i < SQL_COUNT; i++)
		if (sqlite3_prepare_v3(s->db, sql_text[i], -1,
			SQLITE_PREPARE_PERSISTENT, &s->stmt[i],
			NULL) != SQLITE_OK)
			return query_fail(s, e, "schema");
	return 0;
}

static int
open_write(struct store *s, int64_t now, int64_t uncertain_due,
    struct store_opened *what, struct err *e)
{
	int64_t page_size;
	int clean;

	if (query_ask_number(s->db, sql_ask_page_size, &page_size, e) == -1)
		return -1;
	s->page_size = (uint64_t)page_size;
	if (commit_empty_journal(s, e) == -1 ||
	    statements_prepare(s, e) == -1 ||
	    (clean = recover_was_clean(s, e)) == -1)
		return -1;
	what->checked = !clean;
	if (what->checked && recover_check(s, what, e) == -1)
		return -1;
	return recover_reconcile(s, now, uncertain_due, what, e);
}

/* Steps 2 and 3: after them the connection may be used. */
static int
connect(struct store *s, struct store_opened *what, struct err *e)
{
	struct migration m = {
		.path = s->path, .steps = sql_migrations, .newest = sql_version
	};
	int flags, from, rc;

	flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
		(s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE
					: SQLITE_OPEN_READONLY);
	if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
		return query_fail(s, e, NULL);
	if (connection_harden(s->db) == -1)
		return query_fail(s, e, "setting up the connection");
	if (migrate_version(s->db, s->path, sql_version, &from, e) == -1)
		return -1;
	if (s->mode == STORE_READ && from != sql_version)
		return err_set(e, ERR_TEMP, "4.3.0",
		    "the queue %s is of an earlier version; start mailchuted "
		    "once, which brings it up to date",
		    s->path);
	if (settings_apply(s->db, s->mode, from == 0, e) == -1)
		return -1;
	if (from == sql_version)
		return 0;
	what->migrated_from = from;
	m.db = s->db;
	rc = migrate_run(&m, e);
	s->is_damaged = m.is_damaged;
	return rc;
}

/* -1 with *damaged telling whether the file is to be replaced. */
static int
open_once(const struct store_place *place, struct store **out,
    struct store_opened *what, bool *damaged, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));
	int rc;

	s->mode = place->mode;
	s->path = xasprintf("%s/" DB_NAME, place->directory);
	if (file_check(place->directory, s->path, place->mode, &what->created,
		e) == -1)
		goto fail;
	if (connect(s, what, e) == -1) {
		rc = sqlite3_errcode(s->db) & 0xff;
		if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
			s->is_damaged = true;
		goto fail;
	}
	if (place->mode == STORE_WRITE) {
		commit_watch(s);
		if (open_write(s, place->now, place->uncertain_due, what, e) ==
			-1 ||
		    place_note(s, e) == -1)
			goto fail;
	} else if (statements_prepare(s, e) == -1)
		goto fail;
	s->is_open = true;
	s->opened_at = place->now;
	*out = s;
	return 0;
fail:
	*damaged = s->is_damaged;
	store_close(s);
	return -1;
}

int
store_open(const struct store_place *place, struct store **out,
    struct store_opened *what, struct err *e)
{
	bool replaces = place->mode == STORE_REPLACE;
	struct store_place here = *place;
	char *path = xasprintf("%s/" DB_NAME, place->directory);
	bool damaged = true;
	int rc = -1, tries = 2; /* a disk that fails once looks like damage */

	memset(what, 0, sizeof(*what));
	if (replaces)
		here.mode = STORE_WRITE;
	if (replaces && damage_finish(path, e) == -1)
		goto out;
	if (replaces && damage_is_plain(path))
		tries = 0;
	while (rc == -1 && damaged && tries-- > 0)
		rc = open_once(&here, out, what, &damaged, e);
	if (rc == 0 && replaces)
		damage_forget(path);
	if (rc == -1 && damaged && replaces && replace_run(path, what, e) == 0)
		rc = open_once(&here, out, what, &damaged, e);
	if (rc == 0 && replaces)
		replace_note(path, what);
out:
	free(path);
	return rc;
}

void
store_close(struct store *s)
{
	struct err ignored;
	int i;

	if (s == NULL)
		return;
	store_rollback(s);
	/* A stop that cannot be noted is checked as a crash at the next start.
	 */
	if (s->is_open && s->mode == STORE_WRITE && !s->is_unknown &&
	    recover_note_clean(s, &ignored) == 0)
		(void)store_checkpoint(s, CHECKPOINT_TRUNCATE, &ignored);
	for (i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->stmt[i]);
	(void)sqlite3_close(s->db);
	totals_clear(s);
	tally_clear(s);
	free(s->path);
	free(s);
}

void
store_rest(struct store *s)
{
	(void)sqlite3_db_release_memory(s->db);
	xalloc_trim();
}
