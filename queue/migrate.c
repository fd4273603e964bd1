/* SPDX-License-Identifier: ISC */
/*
 * Schema versions, kept in the file's user_version.  They go forward only, one
 * step a transaction, each step's own text setting the version it reaches: a
 * crash leaves the file at one version or the other.  Before the first step
 * of a file that holds mail, the file is copied to queue.db.vN beside it, N
 * being the version it is of; going back means putting that copy in place.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/ballast.h"
#include "queue/store_priv.h"

/* For the steps themselves, and for others on the disk. */
#define ROOM_SPARE (16 * 1024 * 1024)

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

/* Once a transaction is rolled back, the connection does not know it any more.
 */
static void
note_damage(struct migration *m, int rc)
{
	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
		m->is_damaged = true;
}

static uint64_t
octets_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 ? 0 : (uint64_t)st.st_size;
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

/* What a copy that was not finished has left. */
static void
forget_copy(const char *partial)
{
	char *journal = xasprintf("%s-journal", partial);

	(void)unlink(partial);
	(void)unlink(journal);
	free(journal);
}

static int
make_copy(const char *partial, sqlite3 **copy, struct err *e)
{
	int fd, sq;

	fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1 || close(fd) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "making %s", partial);
	sq = sqlite3_open_v2(partial, copy, SQLITE_OPEN_READWRITE, NULL);
	if (sq == SQLITE_OK)
		sq = sqlite3_exec(*copy, sql_copy_settings, NULL, NULL, NULL);
	return sq == SQLITE_OK
		   ? 0
		   : query_error(sq, partial, sqlite3_errstr(sq), e);
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

/* Before the disk is filled for it. */
static int
check_room(const char *path, struct err *e)
{
	char *directory = xstrdup(path), *journal = xasprintf("%s-wal", path);
	uint64_t octets = octets_of(path) + octets_of(journal);
	int rc;

	*strrchr(directory, '/') = '\0';
	rc = space_check(directory, ROOM_SPARE, octets, e);
	if (rc == -1 && strcmp(e->status, "4.3.1") == 0)
		err_set(e, ERR_TEMP, "4.3.1",
		    "the disk of %s has no room for a copy of %llu MiB; make "
		    "room there",
		    directory, (unsigned long long)(octets >> 20) + 1);
	free(directory);
	free(journal);
	return rc;
}

/* The copy has its name only once it is whole and on the disk. */
static int
back_up(struct migration *m, int version, struct err *e)
{
	char *name = xasprintf("%s.v%d", m->path, version);
	char *partial = xasprintf("%s.v%d.part", m->path, version);
	sqlite3 *copy = NULL;
	int rc = -1, sq;

	forget_copy(partial);
	if (check_room(m->path, e) == -1 || make_copy(partial, &copy, e) == -1)
		goto out;
	sq = copy_into(m->db, copy);
	(void)sqlite3_close(copy);
	copy = NULL;
	if (sq != SQLITE_OK) {
		note_damage(m, sq);
		query_error(sq, partial, sqlite3_errstr(sq), e);
		goto out;
	}
	if (rename(partial, name) == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "renaming %s", partial);
		goto out;
	}
	rc = sync_directory_of(m->path, e);
out:
	(void)sqlite3_close(copy);
	/* Of a name that is not the copy's yet, nothing may stay. */
	if (rc == -1) {
		forget_copy(partial);
		err_prefix(e, "backing up the queue before its migration");
	}
	free(name);
	free(partial);
	return rc;
}

static int
run_step(struct migration *m, const char *sql, struct err *e)
{
	int rc;

	rc = sqlite3_exec(m->db, sql_text[SQL_BEGIN], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(m->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc =
		    sqlite3_exec(m->db, sql_text[SQL_COMMIT], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return 0;
	note_damage(m, rc);
	query_error(
	    sqlite3_extended_errcode(m->db), m->path, sqlite3_errmsg(m->db), e);
	if (sqlite3_get_autocommit(m->db) == 0)
		(void)sqlite3_exec(
		    m->db, sql_text[SQL_ROLLBACK], NULL, NULL, NULL);
	return err_prefix(e, "migration");
}

int
migrate_run(struct migration *m, struct err *e)
{
	int version;

	m->is_damaged = false;
	if (migrate_version(m->db, m->path, m->newest, &version, e) == -1)
		return -1;
	if (version > 0 && version < m->newest && back_up(m, version, e) == -1)
		return -1;
	for (; version < m->newest; version++)
		if (run_step(m, m->steps[version], e) == -1)
			return -1;
	return 0;
}
