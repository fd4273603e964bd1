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
#include <string.h>
#include <unistd.h>

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

/* Does the file end as ours do, with the frame END? */
static bool
has_end(int fd, off_t size)
{
	uint8_t tail[END_FRAME];
	struct frame f;

	return size >= (off_t)(sizeof(SUBMIT_FILE_MAGIC) - 1 + END_FRAME) &&
	       pread(fd, tail, END_FRAME, size - END_FRAME) == END_FRAME &&
	       frame_parse(tail, END_FRAME, &f) == END_FRAME &&
	       f.type == SUBMIT_END;
}

/* Does it begin as ours do, as far as it goes? */
static bool
has_magic(int fd)
{
	char head[sizeof(SUBMIT_FILE_MAGIC)];
	ssize_t n = read(fd, head, sizeof(SUBMIT_FILE_MAGIC) - 1);

	return n >= 0 && memcmp(head, SUBMIT_FILE_MAGIC, (size_t)n) == 0;
}

static enum dropfile_kind
judge(struct dropfile *f, const struct stat *st, gid_t gid,
    uint64_t message_size_max, int64_t now)
{
	const char *fault = find_fault(st, gid);

	if (fault != NULL)
		return because(f, DROPFILE_ODD, fault);
	if ((uint64_t)st->st_size > message_size_max + OVERHEAD)
		return because(f, DROPFILE_NO_MESSAGE,
		    "it is larger than any message may be");
	if (!has_magic(f->fd))
		return because(f, DROPFILE_NO_MESSAGE, "it is no submission");
	if (has_end(f->fd, st->st_size))
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
