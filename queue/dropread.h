/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPREAD_H
#define QUEUE_DROPREAD_H

#include <sys/types.h>

#include <stdint.h>

#include "common/err.h"

struct admit;
struct event_base;
struct refuse;

/*
 * Reading one drop file into the queue, as its owner's submission; what is
 * refused for ever is read once more, and bounced.  A little at a time, so
 * that a large file, or one made to be slow, delays nobody else.
 */
struct dropread;
struct dropread_parts {
	struct event_base *base;
	struct admit *admit;
	struct refuse *refuse;
};

/* What became of it; all but the last two may go from the folder. */
enum dropread_outcome {
	DROPREAD_TAKEN,      /* in the queue, on disk */
	DROPREAD_BOUNCED,    /* refused for ever, and its owner is told */
	DROPREAD_NO_MESSAGE, /* *why: nothing to deliver, and nobody to tell */
	DROPREAD_LATER       /* *why: refused for now */
};

/* Exactly once, never from dropread_start; queue_id of the first two. */
typedef void dropread_end(void *arg, enum dropread_outcome outcome,
    uint64_t queue_id, const struct err *why);

/* fd stands at the first frame, and is closed by dropread_free. */
struct dropread *dropread_start(const struct dropread_parts *parts, int fd,
    uid_t owner, dropread_end *end, void *arg);

/* At any time, and after the end. */
void dropread_free(struct dropread *r);

#endif
