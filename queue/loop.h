/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LOOP_H
#define QUEUE_LOOP_H

struct event;
struct event_base;

/*
 * Priorities of the queue process's event loop.  A turn takes what was ready
 * when it began, in the order in which it became so; idle work waits for a turn
 * with nothing else in it, for ever if there is none: struct loop_idle.
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

/*
 * Idle work that somebody waits for.  loop_idle_again has it called once, at
 * the next idle turn, and after LOOP_IDLE_MS in the line with all others: who
 * keeps the loop busy all the time delays it and does not keep it away.
 */
#define LOOP_IDLE_MS 200

typedef void loop_work(void *arg);
struct loop_idle;
struct loop_idle *loop_idle_new(
    struct event_base *base, loop_work *work, void *arg);
void loop_idle_free(struct loop_idle *i); /* NULL is fine; within work, too */
void loop_idle_again(struct loop_idle *i);

#endif
