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
	DROPFILE_LATER,      /* still being written, leased, or gone */
	DROPFILE_ODD,        /* no file we may read: reported, and left */
	DROPFILE_NO_MESSAGE, /* a file, but never a message: put aside */
	DROPFILE_NEWER       /* for a newer daemon: reported, and left */
};

struct dropfile {
	int fd; /* the caller's, when complete */
	uid_t owner;
	char why[128]; /* for all that are neither complete nor later */
};

/* dir is the open folder, gid its group, now the wall clock. */
enum dropfile_kind dropfile_open(int dir, gid_t gid, const char *name,
    uint64_t message_size_max, int64_t now, struct dropfile *f);

#endif
