/* SPDX-License-Identifier: ISC */
/*
 * Opening a file of the drop folder: without following links, without
 * waiting, and only what is a regular file with one link, of the folder's
 * group and of a sane size.  Whether its frames make sense shows as they are
 * read.
 *
 * A name is looked at before it is opened, since to open a pipe or a device is
 * to do something to it; what was opened is judged again, since the name may
 * lead elsewhere by then.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "queue/dropfile.h"

#define ABANDONED_S (24 * 3600)          /* writers give up after 12 h */
#define END_FRAME   (2 * FRAME_HEAD + 8) /* END with its one number */
#define OVERHEAD    (64 * 1024 * 1024)   /* envelope beyond the message */

static enum dropfile_kind
because(struct dropfile *f, enum dropfile_kind kind, const char *why)
{
	strlcpy(f->why, why, sizeof(f->why));
	return kind;
}

static const char *
type_fault(mode_t mode)
{
	if (S_ISREG(mode))
		return NULL;
	if (S_ISDIR(mode))
		return "it is a folder, and stays where it is";
	if (S_ISLNK(mode))
		return "it is a symbolic link, and stays where it is";
	if (S_ISFIFO(mode))
		return "it is a pipe, and stays where it is";
	if (S_ISSOCK(mode))
		return "it is a socket, and stays where it is";
	return "it is a device, and stays where it is";
}

static const char *
find_fault(const struct stat *st, gid_t gid)
{
	const char *fault = type_fault(st->st_mode);

	if (fault != NULL)
		return fault;
	if (st->st_nlink > 1)
		return "it has more than one link, and stays where it is";
	if (st->st_gid != gid)
		return "it is not of the folder's group, and stays where it is";
	return NULL;
}

/*
 * Does the file end as ours do, with the frame END, after its first line?  1,
 * 0, -1.
 */
static int
has_end(int fd, off_t line, off_t size)
{
	uint8_t tail[END_FRAME];
	struct frame f;
	ssize_t n;

	if (line == 0 || size < line + END_FRAME)
		return 0;
	if ((n = pread(fd, tail, END_FRAME, size - END_FRAME)) == -1)
		return -1;
	return n == END_FRAME &&
	       frame_parse(tail, END_FRAME, &f) == END_FRAME &&
	       f.type == SUBMIT_END;
}

/*
 * Given up by its writer?  A clock that leaps, or a host that slept, makes old
 * what was begun just now: its writer holds a lock on it (common/drop.c).
 */
static bool
is_abandoned(int fd, const struct stat *st, int64_t now)
{
	return now - st->st_ctime > ABANDONED_S &&
	       (flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK);
}

/* What has the first line, or may come to have it. */
static enum dropfile_kind
judge_end(struct dropfile *f, const struct stat *st, off_t line, int64_t now)
{
	struct stat later = *st;
	bool is_old;
	int end;

	if ((end = has_end(f->fd, line, st->st_size)) == 1)
		return DROPFILE_COMPLETE;
	is_old = is_abandoned(f->fd, st, now);
	/* The writer is gone; it may have been done in the meantime. */
	if (is_old && fstat(f->fd, &later) == 0)
		end = has_end(f->fd, line, later.st_size);
	if (end == 1)
		return DROPFILE_COMPLETE;
	if (end == -1 || !is_old)
		return DROPFILE_LATER;
	return because(f, DROPFILE_NO_MESSAGE, "its writer gave up half-way");
}

/*
 * A version that we do not know yet: the package was upgraded and we were not
 * started anew, or we are the older one again.
 */
static enum dropfile_kind
is_newer(struct dropfile *f, uint64_t version)
{
	snprintf(f->why, sizeof(f->why),
	    "it is of version %llu and this mailchuted knows %d; it waits "
	    "for a newer one",
	    (unsigned long long)version, SUBMIT_VERSION);
	return DROPFILE_NEWER;
}

/* The first line; the file then stands behind it. */
static enum dropfile_kind
judge_text(struct dropfile *f, const struct stat *st, int64_t now)
{
	uint64_t version = SUBMIT_VERSION;
	char head[DROP_LINE_MAX];
	ssize_t n = pread(f->fd, head, sizeof(head), 0);

	if (n == -1)
		return DROPFILE_LATER;
	n = drop_line_get(head, (size_t)n, &version);
	if (n == -1)
		return because(f, DROPFILE_NO_MESSAGE, "it is no submission");
	if (version > SUBMIT_VERSION)
		return is_newer(f, version);
	if (version < SUBMIT_VERSION_MIN)
		return because(f, DROPFILE_NO_MESSAGE,
		    "it is of a version that is not taken any more");
	if (lseek(f->fd, n, SEEK_SET) == -1)
		return DROPFILE_LATER;
	return judge_end(f, st, n, now);
}

static enum dropfile_kind
judge(struct dropfile *f, const struct stat *st, gid_t gid,
    uint64_t message_size_max, int64_t now)
{
	const char *fault = find_fault(st, gid);

	if (fault != NULL)
		return because(f, DROPFILE_ODD, fault);
	if (st->st_nlink == 0)
		return DROPFILE_LATER;
	if ((uint64_t)st->st_size > message_size_max + OVERHEAD)
		return because(f, DROPFILE_NO_MESSAGE,
		    "it is larger than any message may be");
	return judge_text(f, st, now);
}

enum dropfile_kind
dropfile_look(int dir, gid_t gid, const char *name, struct dropfile *f)
{
	const char *fault;
	struct stat st;

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return DROPFILE_LATER;
	f->owner = st.st_uid;
	if ((fault = find_fault(&st, gid)) != NULL)
		return because(f, DROPFILE_ODD, fault);
	return DROPFILE_COMPLETE;
}

enum dropfile_kind
dropfile_open(int dir, gid_t gid, const char *name, uint64_t message_size_max,
    int64_t now, struct dropfile *f)
{
	enum dropfile_kind kind = DROPFILE_LATER;
	struct stat st;

	memset(f, 0, sizeof(*f));
	f->fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (f->fd == -1 && errno == ELOOP)
		return because(f, DROPFILE_ODD, type_fault(S_IFLNK));
	if (f->fd == -1 && errno == ENXIO)
		return because(f, DROPFILE_ODD, type_fault(S_IFSOCK));
	if (f->fd == -1 && errno == EACCES)
		return because(f, DROPFILE_ODD,
		    "its mode forbids its group to read it; it stays where it "
		    "is");
	if (f->fd == -1)
		return DROPFILE_LATER; /* gone, leased, or no descriptor */
	if (fstat(f->fd, &st) == 0) {
		f->id = (struct dropfile_id){ st.st_dev, st.st_ino };
		f->owner = st.st_uid;
		kind = judge(f, &st, gid, message_size_max, now);
	}
	if (kind != DROPFILE_COMPLETE) {
		close(f->fd);
		f->fd = -1;
	}
	return kind;
}
