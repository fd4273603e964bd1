/* SPDX-License-Identifier: ISC */
/*
 * A file that somebody else reads whenever he likes.  It is on the disk before
 * it takes the place of the old one, or a crash could leave an empty one there.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/outfile.h"
#include "common/durable.h"
#include "common/xalloc.h"

#define MODE 0644

static int
fill(int fd, const char *p, size_t n)
{
	int rc;

	rc = durable_write(fd, p, n) == 0 && fchmod(fd, MODE) == 0 &&
		     fsync(fd) == 0
		 ? 0
		 : -1;
	/* A disk that is full may tell so only now. */
	if (close(fd) == -1)
		rc = -1;
	return rc;
}

int
outfile_write(const char *path, const char *p, size_t n, struct err *e)
{
	char *new = xasprintf("%s.XXXXXX", path);
	int fd = mkstemp(new), rc = -1;

	if (fd == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "making %s", path);
	} else if (fill(fd, p, n) == -1 || rename(new, path) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "writing %s", path);
		(void)unlink(new);
	} else {
		rc = 0;
	}
	free(new);
	return rc;
}
