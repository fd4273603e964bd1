/* SPDX-License-Identifier: ISC */
/* Opening of secret files: in the parent, which has become queue.user. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/secret.h"

int
secret_open(const struct conf *conf, const char *name, struct err *e)
{
	char *path = secret_path(conf, name);
	struct stat st;
	int fd, rc = -1;

	/* O_NONBLOCK: a FIFO in its place must not stop us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && errno == EACCES) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "%s may not be read by uid %lu: chown %lu %s && "
		    "chmod 0600 %s",
		    path, (unsigned long)geteuid(), (unsigned long)geteuid(),
		    path, path);
		goto out;
	}
	if (fd == -1 && errno == ENOENT) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "%s: %s; write the secret to it, and chown %lu %s && "
		    "chmod 0600 %s",
		    path, strerror(errno), (unsigned long)geteuid(), path,
		    path);
		goto out;
	}
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_errno(e, err_class_of(errno), "5.3.5", "%s", path);
		goto out;
	}
	if (secret_judge(&st, path, geteuid(), getegid(), e) == -1)
		goto out;
	rc = fd;
	fd = -1;
out:
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

int
secret_stamp(const struct conf *conf, const char *name, struct ask_stamp *st,
    struct err *e)
{
	char *path = secret_path(conf, name);
	struct stat file;
	int rc = -1;

	if (stat(path, &file) == -1) {
		err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
		goto out;
	}
	st->device = file.st_dev;
	st->inode = file.st_ino;
	st->size = (uint64_t)file.st_size;
	st->changed_ns =
	    (int64_t)file.st_ctim.tv_sec * 1000000000 + file.st_ctim.tv_nsec;
	rc = 0;
out:
	free(path);
	return rc;
}
