/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_CHILD_H
#define ADMIN_CHILD_H

#include <sys/types.h>

#include <stdint.h>

#include "admin/dialogue.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/frame.h"

/*
 * A token or deliver that works for us instead of for mailchuted: the frames of
 * its contract on one channel, the octets by which it asks for secrets on
 * another.
 */
struct child {
	const char *program;
	uid_t uid; /* whom it becomes before anything else */
	gid_t gid;
	struct buf *first; /* what it is told; emptied */
	int64_t deadline_ms;

	/* It asks for a secret: -1 ends it. */
	int (*octet)(void *arg, char octet, int sock);
	/* 1: that was all, 0: there is more to come, -1 with *e. */
	int (*frame)(
	    void *arg, const struct frame *f, int channel, struct err *e);
	void *arg;
};

/*
 * From its start to its end, by whatever comes first: its last frame, the
 * deadline, the end of the dialogue.  0, or -1 with *e filled.
 */
int child_run(const struct child *c, struct dialogue *d, struct err *e);

#endif
