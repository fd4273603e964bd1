/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_CHANNEL_H
#define DELIVERY_CHANNEL_H

#include <stdbool.h>

#include "common/frame.h"
#include "common/proto_job.h"

/*
 * The job channel as deliver sees it: frames of the queue one by one, and
 * answers that are gathered and sent together.
 */
struct channel {
	struct frame_reader reader;
	struct buf out;
	struct frame last;
	bool is_unread; /* last is to be handed out again */
};

void channel_init(struct channel *ch, int fd);
void channel_clear(struct channel *ch);

/* The next frame, valid until the next call.  -1 also when the queue closed. */
int channel_next(struct channel *ch, struct frame *f, struct err *e);

/* The frame that came last comes again. */
void channel_unread(struct channel *ch);

/* Is something there to be read, without a wait? */
bool channel_has_input(const struct channel *ch);

/* Sends what was put into ch->out. */
int channel_flush(struct channel *ch, struct err *e);

/* Adds one result, and flushes when many have gathered. */
int channel_result(
    struct channel *ch, const struct job_result *r, struct err *e);

#endif
