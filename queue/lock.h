/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LOCK_H
#define QUEUE_LOCK_H

#include "common/err.h"

/*
 * The lock that keeps a second process from writing a queue: a file "lock" in
 * its directory, locked with flock(2) and holding the process id of whoever
 * has it.  It ends with the last descriptor, so a crash leaves nothing behind
 * but a file that nobody locks; a fork shares it.
 */

/*
 * Takes the lock of the directory, waiting up to wait_s seconds (0: not at
 * all).  Returns the descriptor that holds it, close-on-exec; or -1 with *e
 * naming the holder (ERR_TEMP), or saying what is wrong with the directory
 * (ERR_LOCAL).
 */
int lock_take(const char *directory, unsigned wait_s, struct err *e);

/* -1 is fine. */
void lock_release(int fd);

#endif
