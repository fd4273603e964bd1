/* SPDX-License-Identifier: ISC */
/*
 * The files of a salvage: the damaged one, opened to be read and left as it
 * is, and the new one.  A file whose first page is gone, or that was cut
 * short, is read by way of a copy with the first page of a new queue: tables
 * begin on the page where the version that has made them put them.
 *
 * Which version the file was of went with that page.  They are tried from the
 * newest down: one that does not fit leads to no table, and an older one than
 * the file's own fits all the same, since it only knows of fewer columns.
 */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/ballast.h"
#include "queue/salvage_priv.h"

#define COPY_OCTETS 65536
#define ROOM_SPARE  (16 * 1024 * 1024) /* left on the disk after a copy */

int
salvage_exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

/* The damaged file is only read, and its journal stays as it is. */
static int
open_from(const char *path, sqlite3 **db)
{
	int one = 1, rc = -1;
	char *n = NULL;
	struct err e;

	if (sqlite3_open_v2(path, db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) == SQLITE_OK &&
	    sqlite3_db_config(*db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ==
		SQLITE_OK &&
	    sqlite3_file_control(*db, "main", SQLITE_FCNTL_PERSIST_WAL, &one) ==
		SQLITE_OK &&
	    salvage_exec(*db, salvage_from_settings) == 0 &&
	    query_ask(*db, salvage_ask_tables, &n, &e) == 0 && n != NULL &&
	    strcmp(n, "3") == 0)
		rc = 0;
	free(n);
	if (rc == -1) {
		(void)sqlite3_close(*db);
		*db = NULL;
	}
	return rc;
}

static int
make_queue(const char *path, int version, sqlite3 **db, struct err *e)
{
	struct migration m = {
		.path = path, .steps = sql_migrations, .newest = version
	};
	int fd;

	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || close(fd) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "making %s", path);
	if (sqlite3_open_v2(path, db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) == SQLITE_OK &&
	    salvage_exec(*db, salvage_to_settings) == 0) {
		m.db = *db;
		return migrate_run(&m, e);
	}
	return query_error(
	    sqlite3_extended_errcode(*db), path, sqlite3_errmsg(*db), e);
}

int
salvage_open_to(const char *path, sqlite3 **db, struct err *e)
{
	return make_queue(path, sql_version, db, e);
}

static int
copy_file(const struct salvage_files *f, const char *from, const char *to)
{
	char *p = xmalloc(COPY_OCTETS);
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc = -1;
	int out = open(
	    to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n = -1;

	if (in != -1 && out != -1) {
		while ((n = read(in, p, COPY_OCTETS)) > 0) {
			if (write(out, p, (size_t)n) != n)
				break;
			if (f->step != NULL)
				f->step(f->arg, false);
		}
		rc = n == 0 ? 0 : -1;
	}
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	free(p);
	return rc;
}

/*
 * The first page of a new queue, and what in it speaks of that one's size and
 * free pages made void: SQLite then goes by the file's length (its file format,
 * offsets 24 to 39 and 92).
 */
static int
put_first_page(const char *fresh, const char *copy)
{
	unsigned char page[SQL_PAGE_SIZE];
	int in = open(fresh, O_RDONLY | O_CLOEXEC), rc = -1;
	int out = open(copy, O_WRONLY | O_CLOEXEC);

	if (in != -1 && out != -1 &&
	    pread(in, page, sizeof(page), 0) == (ssize_t)sizeof(page)) {
		page[18] = page[19] = 2; /* there may be a journal */
		memset(page + 28, 0, 12);
		memset(page + 92, 0xff, 4);
		if (pwrite(out, page, sizeof(page), 0) == (ssize_t)sizeof(page))
			rc = 0;
	}
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	return rc;
}

uint64_t
salvage_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 ? 0 : (uint64_t)st.st_size;
}

/* Gives the copy the first page of a new queue of that version. */
static int
put_version(const char *copy, int version)
{
	char *fresh = xasprintf("%s.first", copy);
	sqlite3 *db = NULL;
	struct err e;
	int rc;

	(void)unlink(fresh);
	rc = make_queue(fresh, version, &db, &e);
	(void)sqlite3_close(db);
	if (rc == 0)
		rc = put_first_page(fresh, copy);
	salvage_remove_copy(fresh);
	free(fresh);
	return rc;
}

/* Opens a copy that has a first page; 0, or -1 when that is no help. */
static int
open_copy(const struct salvage_files *f, sqlite3 **db)
{
	const char *from = f->from, *copy = f->copy;
	char *wal = xasprintf("%s-wal", from);
	char *copy_wal = xasprintf("%s-wal", copy);
	char *directory = xstrdup(from);
	struct err e;
	int version, rc = -1;

	*strrchr(directory, '/') = '\0';
	if (space_check(directory, ROOM_SPARE,
		2 * (salvage_size(from) + salvage_size(wal)), &e) == -1 ||
	    copy_file(f, from, copy) == -1 ||
	    (salvage_size(wal) > 0 && copy_file(f, wal, copy_wal) == -1))
		goto out;
	for (version = sql_version; rc == -1 && version > 0; version--)
		if ((rc = put_version(copy, version)) == 0)
			rc = open_from(copy, db);
out:
	free(wal);
	free(copy_wal);
	free(directory);
	return rc;
}

void
salvage_remove_copy(const char *copy)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char *name;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		name = xasprintf("%s%s", copy, ends[i]);
		(void)unlink(name);
		free(name);
	}
}

int
salvage_open_from(const struct salvage_files *f, sqlite3 **db)
{
	if (open_from(f->from, db) == 0)
		return 0;
	return open_copy(f, db);
}

int
salvage_nothing(const char *to, struct err *e)
{
	sqlite3 *db = NULL;
	int rc = salvage_open_to(to, &db, e);

	(void)sqlite3_close(db);
	return rc;
}
