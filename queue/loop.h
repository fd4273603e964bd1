/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LOOP_H
#define QUEUE_LOOP_H

struct event;

/*
 * Priorities of the queue process's event loop.  A turn takes what was ready
 * when it began, in the order in which it became so; idle work waits for a turn
 * with nothing else in it.
 */
enum loop_priority {
	LOOP_PRIORITY_FIRST, /* ahead of the turn's line */
	LOOP_PRIORITY_TURN,  /* libevent gives it to who asks for none: half */
	LOOP_PRIORITY_IDLE,
	LOOP_PRIORITIES
};

/*
 * Calls the event again after whatever is ready by then: for work in slices.
 * An event that makes itself active is called before libevent looks at a
 * descriptor again, so that its slices would be one.
 */
void loop_again(struct event *ev);

#endif
