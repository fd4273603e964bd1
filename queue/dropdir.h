/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPDIR_H
#define QUEUE_DROPDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

struct event_base;
struct admit;
struct refuse;

/*
 * The drop folder: submissions that found no daemon.  Its files are read
 * through the same admission as everyone's, as their owner; a file goes away
 * only after its message is committed, or the bounce of it.
 */
struct dropdir;

/*
 * Called when a round over the folder is through.  is_whole: it left nothing
 * that can be read now; otherwise another one follows, at once.
 */
typedef void dropdir_round(void *arg, bool is_whole);

/*
 * Who runs only until the folder is read waits for so many rounds: more than
 * the heap of one user needs, as queue.uid_messages bounds it, and no more,
 * since somebody may go on making files.
 */
#define DROPDIR_ROUNDS 50

struct dropdir_parts {
	struct event_base *base;
	const struct conf *conf;
	struct admit *admit;
	struct refuse *refuse;
	int64_t (*now)(void);     /* clock_wall: how old a file is */
	int64_t (*mono_ms)(void); /* clock_mono_ms: when to try again */
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
