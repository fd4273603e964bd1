/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_REFUSE_H
#define QUEUE_REFUSE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/err.h"

struct admit;
struct ask;
struct batch;
struct bounce;
struct expand;
struct limits;
struct store;
struct times;

/*
 * Mail that is refused for ever when its caller has long been told that it is
 * safe: that of a drop file.  It becomes a message whose recipients have
 * failed, and a bounce to its owner, in one transaction.
 */
struct refuse;
struct refuse_parts {
	const struct conf *conf;
	struct times *times;
	struct store *store;
	struct batch *batch;
	struct limits *limits;
	struct expand *expand;
	struct bounce *bounce;
	struct ask *ask;
	struct admit *admit; /* hears of the bounce */
};
struct refuse *refuse_new(const struct refuse_parts *parts);
void refuse_free(struct refuse *r);

/*
 * How it ended, exactly once, from the loop.  queue_id is that of the failed
 * message, or the one that the same submission was given before.  failed:
 * ERR_PERM when it cannot be told to anybody, else when it can for now.
 */
typedef void refusal_end(
    void *arg, uint64_t queue_id, const struct err *failed);

/* One such submission, whose frames are read anew, from the first. */
struct refusal;
struct refusal *refusal_new(struct refuse *r, uid_t owner,
    const struct err *why, refusal_end *end, void *arg);

/*
 * Takes whole frames from the front of in until it knows enough: the envelope
 * and the message's header.  -1 with *e filled when they make no sense.
 */
int refusal_feed(struct refusal *l, struct buf *in, struct err *e);

/* It knows enough, and end will be called: read no more. */
bool refusal_is_busy(const struct refusal *l);

/* Gives it up, at any time. */
void refusal_drop(struct refusal *l);

#endif
