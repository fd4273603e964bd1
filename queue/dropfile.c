/* SPDX-License-Identifier: ISC */
/*
 * Opening a file of the drop folder: without following links, without
 * waiting, and only what is a regular file with one link, of the folder's
 * group and of a sane size.  Whether its frames make sense shows as they are
 * read.
 */
#include "config.h"

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
find_fault(const struct stat *st, gid_t gid)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file, and stays where it is";
	if (st->st_nlink != 1)
		return "it has more than one link, and stays where it is";
	if (st->st_gid != gid)
		return "it is not of the folder's group, and stays where it is";
	return NULL;
}

/* Does the file end as ours do, with the frame END, after its first line? */
static bool
has_end(int fd, off_t line, off_t size)
{
	uint8_t tail[END_FRAME];
	struct frame f;

	return size >= line + END_FRAME &&
	       pread(fd, tail, END_FRAME, size - END_FRAME) == END_FRAME &&
	       frame_parse(tail, END_FRAME, &f) == END_FRAME &&
	       f.type == SUBMIT_END;
}

/* As drop_line_get; the file then stands behind the line. */
static ssize_t
read_line(int fd, uint64_t *version)
{
	char head[DROP_LINE_MAX];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n != -1)
		n = drop_line_get(head, (size_t)n, version);
	if (n > 0 && lseek(fd, n, SEEK_SET) == -1)
		return -1;
	return n;
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

static enum dropfile_kind
judge(struct dropfile *f, const struct stat *st, gid_t gid,
    uint64_t message_size_max, int64_t now)
{
	const char *fault = find_fault(st, gid);
	uint64_t version = SUBMIT_VERSION;
	ssize_t line;

	if (fault != NULL)
		return because(f, DROPFILE_ODD, fault);
	if ((uint64_t)st->st_size > message_size_max + OVERHEAD)
		return because(f, DROPFILE_NO_MESSAGE,
		    "it is larger than any message may be");
	if ((line = read_line(f->fd, &version)) == -1)
		return because(f, DROPFILE_NO_MESSAGE, "it is no submission");
	if (version > SUBMIT_VERSION)
		return is_newer(f, version);
	if (version < SUBMIT_VERSION_MIN)
		return because(f, DROPFILE_NO_MESSAGE,
		    "it is of a version that is not taken any more");
	if (line > 0 && has_end(f->fd, line, st->st_size))
		return DROPFILE_COMPLETE;
	if (now - st->st_ctime > ABANDONED_S)
		return because(
		    f, DROPFILE_NO_MESSAGE, "its writer gave up half-way");
	return DROPFILE_LATER;
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
		return because(f, DROPFILE_ODD, "it is a symbolic link");
	if (f->fd == -1 && (errno == EACCES || errno == ENXIO))
		return because(f, DROPFILE_ODD, strerror(errno));
	if (f->fd == -1)
		return DROPFILE_LATER; /* gone, leased, or no descriptor */
	if (fstat(f->fd, &st) == 0) {
		f->owner = st.st_uid;
		kind = judge(f, &st, gid, message_size_max, now);
	}
	if (kind != DROPFILE_COMPLETE) {
		close(f->fd);
		f->fd = -1;
	}
	return kind;
}
