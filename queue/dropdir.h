/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPDIR_H
#define QUEUE_DROPDIR_H

#include <stdint.h>

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

struct dropdir_parts {
	struct event_base *base;
	const struct conf *conf;
	struct admit *admit;
	int64_t (*now)(void); /* clock_wall: how old a file is */
	dropdir_round *done;
	void *arg; /* of done */
};

/*
 * Opens the folder and watches it.  NULL with *e filled when it cannot be
 * opened; mail by the socket flows all the same.
 */
struct dropdir *dropdir_new(const struct dropdir_parts *parts, struct err *e);
void dropdir_free(struct dropdir *d);

/* Begins a round unless one is going on. */
void dropdir_begin(struct dropdir *d);

#endif
