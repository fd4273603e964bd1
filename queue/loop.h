/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LOOP_H
#define QUEUE_LOOP_H

/*
 * Priorities of the queue process's event loop: what is ready to be read is
 * read before a transaction is committed, and idle work waits for both.
 */
enum loop_priority {
	LOOP_PRIORITY_IO,
	LOOP_PRIORITY_COMMIT,
	LOOP_PRIORITY_IDLE,
	LOOP_PRIORITIES
};

#endif
