/* SPDX-License-Identifier: ISC */
/* Opening of alias files, with the judgement of who could change them. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/filesource.h"

int
filesource_open(
    const char *path, enum filesource kind, uid_t user, struct err *e)
{
	struct stat st;
	int fd;

	if (path[0] != '/')
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s: the name must be absolute", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1)
		return err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
	if (fstat(fd, &st) == -1) {
		err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
		goto refuse;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(
		    e, ERR_LOCAL, "5.3.5", "%s is not a regular file", path);
		goto refuse;
	}
	if (kind == FILESOURCE_INCLUDE &&
	    ((st.st_uid != 0 && st.st_uid != user) ||
		(st.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "%s is not read: an :include: file must belong to root "
		    "or queue.user, and be writable by nobody else",
		    path);
		goto refuse;
	}
	return fd;
refuse:
	close(fd);
	return -1;
}
