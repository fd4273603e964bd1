/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_UNREAD_H
#define QUEUE_UNREAD_H

#include "common/err.h"

/*
 * Is it the data that is wrong, or the disk?  SQLite calls both damage.  Reads
 * the queue and its journal to their ends, for some seconds again when that
 * fails: a fault of a cable or a network passes.  0 when all can be read, or
 * all but a smaller part, which is damage indeed; -1 with ERR_TEMP when the
 * disk gives too little of it to judge.
 */
int unread_wait(const char *path, struct err *e);

#endif
