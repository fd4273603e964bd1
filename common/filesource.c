/* SPDX-License-Identifier: ISC */
/* Opening of alias files, with the judgement of who could change them; and
 * reading. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/filesource.h"

#define READ_MAX (16 * 1024)

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

int
filesource_read(int fd, char **text, size_t *n, struct err *e)
{
	struct buf b;
	ssize_t got = 0;
	char *to;

	/* Whole reads fit as long as no more than that was read. */
	buf_init(&b, FILESOURCE_MAX + READ_MAX);
	while ((to = buf_reserve(&b, READ_MAX)) != NULL &&
	       (got = read(fd, to, READ_MAX)) > 0)
		buf_grew(&b, (size_t)got);
	close(fd);
	if (got == -1) {
		buf_clear(&b);
		return err_errno(e, ERR_LOCAL, "5.3.5", "cannot be read");
	}
	if (to == NULL) {
		buf_clear(&b);
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "is larger than %d octets", FILESOURCE_MAX);
	}
	*n = b.len;
	*text = buf_steal(&b);
	return 0;
}
