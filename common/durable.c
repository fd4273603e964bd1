/* SPDX-License-Identifier: ISC */
/* Files that are whole, or not there. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/durable.h"
#include "common/xalloc.h"

int
durable_write(int fd, const void *p, size_t n)
{
	const char *from = p;
	ssize_t done;

	while (n > 0) {
		done = write(fd, from, n);
		if (done == -1 && errno != EINTR)
			return -1;
		if (done > 0) {
			from += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int
durable_like(int fd, const struct stat *was)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	/* Who is not root may give its own file away to nobody else. */
	if ((st.st_uid != was->st_uid || st.st_gid != was->st_gid) &&
	    fchown(fd, was->st_uid, was->st_gid) == -1)
		return -1;
	/* After the owner, whose change takes bits away. */
	return fchmod(fd, was->st_mode & 07777);
}

int
durable_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL
			   ? xstrdup(".")
			   : xstrndup(path, (size_t)(slash - path) + 1);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 ? -1 : fsync(fd);

	if (fd != -1)
		close(fd);
	free(folder);
	return rc;
}
