/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FLOOD_H
#define QUEUE_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

/*
 * Who hands in mail faster than queue.uid_rate, which is a warning and no
 * limit: a program in a loop is seen before it has used up its user's share of
 * the day (queue/share.h).  In memory alone.  Pure: the clock is an argument.
 */
struct flood;
struct flood *flood_new(struct rate rate);
void flood_free(struct flood *f);

/* One more of that submitter (queue/submitter.h); true once in a window, when
 * it is too many. */
bool flood_note(struct flood *f, uint64_t who, int64_t now);

#endif
