/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_STALL_H
#define QUEUE_STALL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Does an account deliver nothing though mail is due?  Arithmetic alone: the
 * clock and the queue's figures are arguments.  Times are the queue's seconds
 * (queue/times.h).
 *
 * What counts is two moments at which mail was due, queue.stall apart, with
 * nothing delivered from the first to the second.  Mail that was put off and
 * waits for its next try is not due meanwhile; so a single message that the
 * server wants later is no stall before it was tried again.
 */
struct stall {
	int64_t since; /* the first of the two moments; 0: there is none */
	int64_t looked_at;
};

struct stall_facts {
	int64_t now;
	int64_t limit_s;  /* queue.stall */
	bool may_deliver; /* neither paused, nor off, nor held */
	bool has_waiting;
	bool is_due;          /* some of it, now */
	int64_t tried_at;     /* when some was last tried; 0: never */
	int64_t delivered_at; /* 0: never */
};

enum stall_state {
	STALL_NONE,    /* delivered, or nothing to deliver */
	STALL_WAITING, /* nobody can say yet */
	STALL_COME     /* from s->since on */
};

/* To be called as often as anything may have changed, once a minute at least.
 */
enum stall_state stall_look(struct stall *s, const struct stall_facts *f);

/* The clock was set, and the queue has followed. */
void stall_move_times(struct stall *s, int64_t by_s);

#endif
