/* SPDX-License-Identifier: ISC */
/*
 * The users' file on the disk.  The lock is on the file itself, which only
 * those can open who may read it: nobody else can hold it against us.
 */
#include "config.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/passwd.h"
#include "common/durable.h"
#include "common/users.h"
#include "common/xalloc.h"

#define MODE  0640 /* for queue.user's group */
#define TRIES 100  /* each ends because somebody else has written it */

/* Empty: nobody may sign in. */
static int
make(const char *path, gid_t gid, struct err *e)
{
	int fd = open(
	    path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
	if ((geteuid() == 0 && fchown(fd, 0, gid) == -1) ||
	    fchmod(fd, MODE) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_it(const char *path, bool makes, gid_t gid, struct err *e)
{
	static const int how =
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, how);

	if (fd == -1 && errno == ENOENT && makes) {
		fd = make(path, gid, e);
		if (fd != -1 || errno != EEXIST)
			return fd;
		/* Somebody else was quicker. */
		fd = open(path, how);
	}
	if (fd == -1 && errno == ELOOP)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s is a symbolic link; name the file that it leads to",
		    path);
	if (fd == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
	return fd;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Locked, and still what the name leads to: 0, 1 when not, -1. */
static int
lock(struct passwd_file *f, struct err *e)
{
	struct stat now;

	if (fstat(f->fd, &f->st) == -1 || flock(f->fd, LOCK_EX) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "%s", f->path);
	if (!S_ISREG(f->st.st_mode))
		return err_set(
		    e, ERR_LOCAL, "5.3.5", "%s is not a regular file", f->path);
	if (lstat(f->path, &now) == -1 || !is_same(&f->st, &now))
		return 1;
	return 0;
}

static int
read_all(struct passwd_file *f, struct err *e)
{
	char *to;
	ssize_t n;

	while ((to = buf_reserve(&f->text, 1)) != NULL) {
		n = read(f->fd, to, f->text.cap - 1 - f->text.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_errno(e, ERR_LOCAL, "4.3.0", "%s", f->path);
		if (n == 0)
			return 0;
		buf_grew(&f->text, (size_t)n);
	}
	return err_set(e, ERR_LOCAL, "5.3.5", "%s is larger than %d octets",
	    f->path, USERS_FILE_MAX);
}

int
passwd_open(struct passwd_file *f, const char *path, bool makes, gid_t gid,
    struct err *e)
{
	int i, rc = 1;

	f->path = path;
	buf_init(&f->text, USERS_FILE_MAX + 1);
	for (i = 0; rc == 1 && i < TRIES; i++) {
		if ((f->fd = open_it(path, makes, gid, e)) == -1)
			return -1;
		if ((rc = lock(f, e)) != 0)
			close(f->fd);
	}
	if (rc == 1)
		rc = err_set(e, ERR_TEMP, "4.3.0", "%s is being changed", path);
	if (rc == 0 && (rc = read_all(f, e)) == -1)
		passwd_close(f);
	return rc;
}

void
passwd_close(struct passwd_file *f)
{
	close(f->fd);
	f->fd = -1;
	buf_wipe(&f->text);
}

/* ---- writing ---- */

int
passwd_write(const struct passwd_file *f, const struct buf *b, struct err *e)
{
	char *new = xasprintf("%s.new-%ld", f->path, (long)getpid());
	int fd, rc = -1;

	/* What a crash has left of an earlier process of this number. */
	(void)unlink(new);
	fd = open(
	    new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1 && durable_write(fd, b->data, b->len) == 0 &&
	    durable_like(fd, &f->st) == 0 && fsync(fd) == 0 &&
	    rename(new, f->path) == 0 && durable_folder_of(f->path) == 0)
		rc = 0;
	if (rc == -1) {
		err_errno(e, err_class_of(errno), "4.3.0", "%s", new);
		(void)unlink(new);
	}
	if (fd != -1)
		close(fd);
	free(new);
	return rc;
}
