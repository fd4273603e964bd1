/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPDIR_H
#define QUEUE_DROPDIR_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/err.h"

struct event_base;
struct admit;

/*
 * The drop folder: submissions that found no daemon.  Its files are read
 * through the same admission as everyone's, as their owner; a file goes away
 * only after its message is committed.
 */
struct dropdir;

/* Called when a whole round over the folder is through. */
typedef void dropdir_round(void *arg);

/*
 * Opens the folder and watches it.  NULL with *e filled when it cannot be
 * opened; mail by the socket flows all the same.
 */
struct dropdir *dropdir_new(struct event_base *base, const struct conf *conf,
    struct admit *admit, dropdir_round *done, void *arg, struct err *e);
void dropdir_free(struct dropdir *d);

/* Begins a round unless one is going on. */
void dropdir_begin(struct dropdir *d);

#endif
