/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ONCE_H
#define QUEUE_ONCE_H

#include "common/conf.h"
#include "common/err.h"

/*
 * Begins a single queue run (mailchuted --once): takes the queue's lock, or
 * has the daemon that came before it make the run.
 */
#define ONCE_WAIT_S 5 /* for the one or the other */

enum once {
	ONCE_LOCKED, /* ours to make; lock is to be released */
	ONCE_ASKED,  /* a daemon makes it; status is its answer */
	ONCE_FAILED  /* *e names who has the lock, or what is wrong */
};

struct once_begun {
	int lock;
	int status;
};
enum once once_begin(
    const struct conf *conf, struct once_begun *out, struct err *e);

#endif
