/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPFILE_H
#define QUEUE_DROPFILE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/*
 * Judging one name of the drop folder, where anyone may have made anything.
 */
enum dropfile_kind {
	DROPFILE_COMPLETE,   /* open, read on from the first frame */
	DROPFILE_LATER,      /* being written, leased, gone, not readable now */
	DROPFILE_ODD,        /* no file we may read: reported, and left */
	DROPFILE_NO_MESSAGE, /* a file, but never a message: put aside */
	DROPFILE_NEWER       /* for a newer daemon: reported, and left */
};

/* Which file it is, whatever its name leads to by now. */
struct dropfile_id {
	dev_t dev;
	ino_t ino;
};

struct dropfile {
	int fd; /* the caller's, when complete */
	struct dropfile_id id;
	uid_t owner;
	char why[128]; /* for all that are neither complete nor later */
};

/*
 * By its name alone, without opening it: DROPFILE_COMPLETE with *f's owner
 * when it may be one, DROPFILE_ODD, or DROPFILE_LATER when it is gone.
 */
enum dropfile_kind dropfile_look(
    int dir, gid_t gid, const char *name, struct dropfile *f);

/* dir is the open folder, gid its group, now the wall clock. */
enum dropfile_kind dropfile_open(int dir, gid_t gid, const char *name,
    uint64_t message_size_max, int64_t now, struct dropfile *f);

#endif
