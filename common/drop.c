/* SPDX-License-Identifier: ISC */
/*
 * Writes drop files.  The folder has mode 3733 (rwx-ws-wt) and the daemon's
 * owner and group: anyone may put a file there, only the daemon may list them,
 * and each file inherits the group, so that the daemon can read what its
 * owner wrote with mode 0640.
 *
 * A file is whole when its END frame is there.  It is never renamed: its
 * writer cannot open the folder to make a rename durable, while the fsync of
 * a new file carries its name on the file systems of has_named_fsync.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/drop.h"
#include "common/drop_line.h"
#include "common/durable.h"
#include "common/xalloc.h"

#define FOLDER_MODE 03733
#define FILE_MODE   0640
#define NAME_OCTETS 16                    /* of randomness */
#define NAME_SIZE   (2 * NAME_OCTETS + 1) /* as text */
#define OUT_MAX     (64 * 1024 * 1024)    /* an envelope of many recipients */

#define XFS_MAGIC 0x58465342 /* not in every <linux/magic.h> */

/* ---- the folder ---- */

/* "No such file": what stands before it, and what to do after it. */
static int
no_folder(struct err *e, const struct drop *d, int why, const char *cure)
{
	return err_set(e, ERR_TEMP, "4.3.0",
	    "the drop folder %s cannot be used: %s; %s", d->folder,
	    strerror(why), cure);
}

/* Makes the folders above path; those that are there stay as they are. */
static int
make_parents(const char *path)
{
	char *copy = xstrdup(path), *p;
	int rc = 0;

	for (p = copy + 1; rc == 0 && (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		/* Our umask is strict, and everybody has to pass here. */
		if (mkdir(copy, 0755) == 0)
			rc = chmod(copy, 0755);
		else if (errno != EEXIST)
			rc = -1;
		*p = '/';
	}
	free(copy);
	return rc;
}

/* Root makes the folder as mailchuted would. */
static int
make_folder(const struct drop *d, struct err *e)
{
	struct passwd *pw;
	int fd, rc;

	errno = 0;
	if ((pw = getpwnam(d->user)) == NULL || pw->pw_uid == 0)
		return err_set(e, ERR_TEMP, "4.3.5",
		    "the drop folder %s is missing and cannot be made: "
		    "queue.user is %s, which is %s%s",
		    d->folder, d->user,
		    pw == NULL ? "no user; make it by useradd --system "
				 "--user-group --shell /usr/sbin/nologin "
			       : "root; name an unprivileged user",
		    pw == NULL ? d->user : "");
	if (make_parents(d->folder) == -1 ||
	    (mkdir(d->folder, 0700) == -1 && errno != EEXIST))
		return no_folder(e, d, errno, "make it, or start mailchuted");
	fd = open(d->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return no_folder(e, d, errno, "make it, or start mailchuted");
	/* The owner first: a change of owner takes the setgid bit away. */
	rc = fchown(fd, pw->pw_uid, pw->pw_gid);
	if (rc == 0)
		rc = fchmod(fd, FOLDER_MODE);
	if (rc == -1)
		no_folder(e, d, errno, "start mailchuted");
	close(fd);
	return rc;
}

/*
 * A folder that somebody named with -C gets files only if it is one for
 * dropping: no web program's option shall put files elsewhere.
 */
static int
check_foreign(const struct drop *d, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return no_folder(e, d, errno, "start mailchuted");
	if ((st.st_mode & (S_ISGID | S_ISVTX)) == (S_ISGID | S_ISVTX) &&
	    (st.st_mode & S_IROTH) == 0)
		return 0;
	return err_set(e, ERR_TEMP, "4.3.5",
	    "the drop folder %s, named by the file of -C, is not setgid, "
	    "sticky and unreadable to others, so nothing is written there; "
	    "start mailchuted, which makes it so",
	    d->folder);
}

/* The folder, for openat alone, or -1. */
static int
open_folder(const struct drop *d, struct err *e)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int fd;

	fd = open(d->folder, flags);
	if (fd == -1 && errno == ENOENT && d->may_make) {
		if (make_folder(d, e) == -1)
			return -1;
		fd = open(d->folder, flags);
	}
	if (fd == -1)
		return no_folder(e, d, errno,
		    "start mailchuted as root, which makes it (sendmail -bd, "
		    "or the service)");
	if (d->is_foreign && check_foreign(d, fd, e) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- the file ---- */

static int
no_file(struct err *e, const struct drop *d, const char *what)
{
	return err_errno(
	    e, ERR_TEMP, "4.3.1", "%s a file in %s", what, d->folder);
}

/*
 * The daemon takes nothing when the disk is short, and it would find that disk
 * full that we had filled: with mail, its own journal and other programs' files
 * on it.  Asked before each piece; it costs a microsecond.
 */
static int
check_room(const struct drop *d, int fd, size_t more, struct err *e)
{
	struct statvfs st;
	uint64_t room;

	if (fstatvfs(fd, &st) == -1)
		return no_file(e, d, "cannot look at the disk of");
	room = (uint64_t)st.f_bavail * st.f_frsize;
	if (room >= more && room - more >= d->free_min)
		return 0;
	return err_set(e, ERR_TEMP, "4.3.1",
	    "the disk of the drop folder %s has %llu MiB left, and "
	    "queue.free_space_min is %llu MiB; make room there",
	    d->folder, (unsigned long long)(room >> 20),
	    (unsigned long long)(d->free_min >> 20));
}

/* The first line, then the frames. */
static int
write_parcel(const struct drop *d, int fd, struct parcel *p, struct err *e)
{
	struct buf out;
	int more;

	buf_init(&out, OUT_MAX);
	drop_line_put(&out, parcel_version(p));
	do {
		if ((more = parcel_next(p, &out, e)) == -1)
			break;
		if (check_room(d, fd, out.len, e) == -1) {
			more = -1;
			break;
		}
		if (durable_write(fd, out.data, out.len) == -1) {
			more = no_file(e, d, "cannot write");
			break;
		}
		buf_truncate(&out, 0);
	} while (more == 1);
	buf_clear(&out);
	return more;
}

/*
 * File systems on which the fsync of a new file brings its name to disk as
 * well.  On any other the whole file system is synced.
 */
static bool
has_named_fsync(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return false;
	return fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_MAGIC ||
	       fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == F2FS_SUPER_MAGIC;
}

static int
write_file(const struct drop *d, int fd, struct parcel *p, struct err *e)
{
	/* A sign of life, for whoever thinks it old: queue/dropfile.c. */
	(void)flock(fd, LOCK_EX | LOCK_NB);
	/* The umask took the group's bit, by which the daemon reads. */
	if (fchmod(fd, FILE_MODE) == -1)
		return no_file(e, d, "cannot set the mode of");
	if (write_parcel(d, fd, p, e) == -1)
		return -1;
	if (fsync(fd) == -1 || (!has_named_fsync(fd) && syncfs(fd) == -1))
		return no_file(e, d, "cannot sync");
	return 0;
}

static int
random_name(char name[NAME_SIZE], struct err *e)
{
	unsigned char r[NAME_OCTETS];
	size_t i;

	if (getentropy(r, sizeof(r)) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "no random numbers");
	for (i = 0; i < sizeof(r); i++)
		snprintf(name + 2 * i, 3, "%02x", r[i]);
	return 0;
}

int
drop_write(const struct drop *d, struct parcel *p, struct err *e)
{
	char name[NAME_SIZE];
	int folder = -1, fd = -1, rc = -1;

	if (random_name(name, e) == -1 || (folder = open_folder(d, e)) == -1)
		goto out;
	fd = openat(folder, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd == -1) {
		no_file(e, d, "cannot make");
		goto out;
	}
	rc = write_file(d, fd, p, e);
	if (close(fd) == -1 && rc == 0)
		rc = no_file(e, d, "cannot close");
	/* What is not whole must not stay: it would be set aside, not sent. */
	if (rc == -1)
		unlinkat(folder, name, 0);
out:
	if (folder != -1)
		close(folder);
	return rc;
}
