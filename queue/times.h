/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_TIMES_H
#define QUEUE_TIMES_H

#include <stdint.h>

/*
 * The queue's clock: wall seconds, but for a jump of the wall clock that the
 * queue has not followed yet.
 *
 * The instants in the queue are wall time, so that they mean something to
 * people and after a restart.  When somebody sets the clock (by over a minute,
 * against the monotonic one), what counts from them must not change: mail must
 * not expire because a clock without a battery went from 1970 to today.  So
 * this clock goes on as before the jump, until every instant in the queue has
 * been moved by as much (store_move_times) and that is committed.
 */
struct times {
	int64_t offset_ms; /* of the wall clock to the monotonic one */
	int64_t pending_s; /* what the queue has not followed yet */
	void (*jumped)(
	    void *arg); /* told of each jump as it is seen, or NULL */
	void *arg;
};

void times_init(struct times *t, int64_t wall_ms, int64_t mono_ms);

/* The queue's time at this moment of both clocks. */
int64_t times_at(struct times *t, int64_t wall_ms, int64_t mono_ms);

/* The queue's time now. */
int64_t times_now(struct times *t);

/* Seconds by which all instants are to be moved; 0: none. */
int64_t times_pending(const struct times *t);

/* They have been. */
void times_followed(struct times *t, int64_t by_s);

#endif
