/* SPDX-License-Identifier: ISC */
/*
 * Removing files, and putting them aside, by names in a folder where their
 * owners may rename and replace them at any moment.  What a name leads to is
 * looked at once more; who still slips something else in between loses what is
 * his own, since nobody can touch another's name in a sticky folder.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/fs.h>

#include "queue/dropaway.h"

#define TRIES 8

/* 1, 0 when the name leads elsewhere or nowhere, -1. */
static int
is_same(int dir, const char *name, const struct dropfile_id *id, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return st.st_dev == id->dev && st.st_ino == id->ino;
	if (errno == ENOENT)
		return 0;
	return err_errno(e, ERR_TEMP, "4.3.0", "it cannot be looked at");
}

int
dropaway_remove(
    int dir, const char *name, const struct dropfile_id *id, struct err *e)
{
	int same = is_same(dir, name, id, e);

	if (same != 1)
		return same;
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	return err_errno(e, ERR_TEMP, "4.3.0",
	    "its message is in the queue, but it cannot be removed");
}

/* A rename that replaces nothing; not every file system knows how to. */
static int
rename_new(int dir, const char *from, const char *to)
{
	struct stat st;

	if (syscall(SYS_renameat2, dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	else if (errno == ENOENT)
		return renameat(dir, from, dir, to);
	return -1;
}

/*
 * Its own name behind the prefix; where that is taken or too long, the
 * beginning of it and a number nobody can guess.
 */
static void
make_name(char to[NAME_MAX + 1], const char *name, int try)
{
	int n = snprintf(to, NAME_MAX + 1, DROPAWAY_ASIDE "%s", name);

	if (try > 0 || n > NAME_MAX)
		snprintf(to, NAME_MAX + 1, DROPAWAY_ASIDE "%.200s.%08x%08x",
		    name, (unsigned)arc4random(), (unsigned)arc4random());
}

int
dropaway_aside(int dir, const char *name, const struct dropfile_id *id,
    char to[NAME_MAX + 1], struct err *e)
{
	int same = is_same(dir, name, id, e), try;

	to[0] = '\0';
	if (same != 1)
		return same;
	for (try = 0; try < TRIES; try++) {
		make_name(to, name, try);
		if (rename_new(dir, name, to) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	to[0] = '\0';
	return errno == ENOENT ? 0
			       : err_errno(e, ERR_TEMP, "4.3.0",
				     "it is no message, but it cannot be put "
				     "aside");
}
