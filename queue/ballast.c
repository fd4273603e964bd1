/* SPDX-License-Identifier: ISC */
/* Disk space held in reserve, and the look at how much there is. */
#include "config.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ballast.h"

struct ballast {
	char *directory, *path;
	uint64_t octets;
};

struct ballast *
ballast_new(const char *directory, uint64_t octets)
{
	struct ballast *b = xcalloc(1, sizeof(*b));

	b->directory = xstrdup(directory);
	b->path = xasprintf("%s/ballast", directory);
	b->octets = octets;
	return b;
}

void
ballast_free(struct ballast *b)
{
	if (b == NULL)
		return;
	free(b->directory);
	free(b->path);
	free(b);
}

/* What a process without root's reserve may still write. */
static int
space_free(const char *directory, uint64_t *octets, struct err *e)
{
	struct statvfs v;

	if (statvfs(directory, &v) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0",
		    "asking for the free space of %s", directory);
	*octets = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}

/* Blocks, not a hole: only they are room that comes back. */
static bool
is_there(const struct ballast *b)
{
	struct stat st;

	return lstat(b->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size >= b->octets &&
	       (uint64_t)st.st_blocks * 512 >= b->octets;
}

int
ballast_make(struct ballast *b, struct err *e)
{
	uint64_t octets;
	int fd, error;

	if (is_there(b))
		return 1;
	if (space_free(b->directory, &octets, e) == -1)
		return -1;
	if (octets / 2 < b->octets)
		return 0;
	(void)unlink(b->path);
	fd = open(b->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "making %s", b->path);
	error = posix_fallocate(fd, 0, (off_t)b->octets);
	close(fd);
	if (error == 0)
		return 1;
	(void)unlink(b->path);
	if (error == ENOSPC || error == EDQUOT)
		return 0;
	errno = error;
	return err_errno(e, ERR_TEMP, "4.3.0", "filling %s", b->path);
}

bool
ballast_drop(struct ballast *b)
{
	if (unlink(b->path) == -1)
		return false;
	log_event(LOG_WARNING, "ballast", "text",
	    "the queue's disk is full: the room held in reserve is given up, "
	    "so that deliveries can be noted",
	    "folder", b->directory, "fix", "make room there", NULL);
	return true;
}

bool
ballast_drop_if_low(struct ballast *b)
{
	uint64_t octets;

	return space_free(b->directory, &octets, NULL) == 0 &&
	       octets < BALLAST_LOW && ballast_drop(b);
}

int
space_check(
    const char *directory, uint64_t floor, uint64_t wanted, struct err *e)
{
	uint64_t octets;

	if (space_free(directory, &octets, e) == -1)
		return -1;
	if (octets >= floor && octets - floor >= wanted)
		return 0;
	return err_set(e, ERR_TEMP, "4.3.1",
	    "the disk of %s has %llu MiB left, and queue.free_space_min is "
	    "%llu MiB; make room there",
	    directory, (unsigned long long)(octets >> 20),
	    (unsigned long long)(floor >> 20));
}
