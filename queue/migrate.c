/* SPDX-License-Identifier: ISC */
/*
 * Schema versions, kept in the file's user_version.  They go forward only, one
 * step a transaction, each step's own text setting the version it reaches: a
 * crash leaves the file at one version or the other.  Before the first step
 * of a file that holds mail, the file is copied to queue.db.vN beside it, N
 * being the version it is of; going back means putting that copy in place.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

int
migrate_version(
    sqlite3 *db, const char *path, int newest, int *version, struct err *e)
{
	int64_t application, user, objects;

	if (query_ask_number(db, sql_ask_application_id, &application, e) ==
		-1 ||
	    query_ask_number(db, sql_ask_version, &user, e) == -1 ||
	    query_ask_number(db, sql_ask_objects, &objects, e) == -1)
		return -1;
	/* A start that was cut off may have left a file without a table. */
	if (application == 0 && user == 0 && objects == 0) {
		*version = 0;
		return 0;
	}
	if (application != SQL_APPLICATION_ID || user < 1)
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "%s is a database of another program; move it away, or "
		    "set queue.directory to another place",
		    path);
	if (user > newest)
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "the queue %s is of version %lld and this mailchute knows "
		    "versions up to %d: run the newer mailchute",
		    path, (long long)user, newest);
	*version = (int)user;
	return 0;
}

static int
sync_directory_of(const char *path, struct err *e)
{
	char *directory = xstrdup(path);
	int fd, rc = -1;

	*strrchr(directory, '/') = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "syncing %s", directory);
	else
		rc = 0;
	if (fd != -1)
		close(fd);
	free(directory);
	return rc;
}

/* SQLite's own copying, since it sees what still lies in the journal. */
static int
copy_into(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (b == NULL)
		return sqlite3_extended_errcode(to);
	(void)sqlite3_backup_step(b, -1);
	return sqlite3_backup_finish(b);
}

/* The copy has its name only once it is whole and on the disk. */
static int
back_up(sqlite3 *db, const char *path, int version, struct err *e)
{
	char *name = xasprintf("%s.v%d", path, version);
	char *partial = xasprintf("%s.v%d.part", path, version);
	sqlite3 *copy = NULL;
	int fd, rc = -1, sq;

	if (unlink(partial) == -1 && errno != ENOENT) {
		err_errno(e, ERR_TEMP, "4.3.0", "removing %s", partial);
		goto out;
	}
	fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1 || close(fd) == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "making %s", partial);
		goto out;
	}
	sq = sqlite3_open_v2(partial, &copy, SQLITE_OPEN_READWRITE, NULL);
	if (sq == SQLITE_OK)
		sq = copy_into(db, copy);
	if (sq != SQLITE_OK) {
		query_error(sq, partial, sqlite3_errstr(sq), e);
		goto out;
	}
	(void)sqlite3_close(copy);
	copy = NULL;
	if (rename(partial, name) == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "renaming %s", partial);
		goto out;
	}
	rc = sync_directory_of(path, e);
out:
	if (rc == -1)
		err_prefix(e, "backing up the queue before its migration");
	(void)sqlite3_close(copy);
	free(name);
	free(partial);
	return rc;
}

static int
run_step(sqlite3 *db, const char *path, const char *sql, struct err *e)
{
	int rc;

	rc = sqlite3_exec(db, sql_text[SQL_BEGIN], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql_text[SQL_COMMIT], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return 0;
	query_error(sqlite3_extended_errcode(db), path, sqlite3_errmsg(db), e);
	if (sqlite3_get_autocommit(db) == 0)
		(void)sqlite3_exec(
		    db, sql_text[SQL_ROLLBACK], NULL, NULL, NULL);
	return err_prefix(e, "migration");
}

int
migrate_run(sqlite3 *db, const char *path, const char *const *steps, int newest,
    struct err *e)
{
	int version;

	if (migrate_version(db, path, newest, &version, e) == -1)
		return -1;
	if (version > 0 && version < newest &&
	    back_up(db, path, version, e) == -1)
		return -1;
	for (; version < newest; version++)
		if (run_step(db, path, steps[version], e) == -1)
			return -1;
	return 0;
}
