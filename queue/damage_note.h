/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DAMAGE_NOTE_H
#define QUEUE_DAMAGE_NOTE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "queue/damage.h"

/*
 * What a replacement of a damaged queue remembers beside it, from one start to
 * the next.  path is that of queue.db.
 */

/*
 * The tries at reading it, and how far each came.  A process that was killed
 * ends anywhere, and may try again; what ends the process by being read ends
 * it at the same place.
 */
struct damage_try {
	int fd;
	off_t at;
	uint64_t steps;
};

/* The last two ended at the same place; or there were ten. */
bool damage_tries_spent(const char *path);

/* -1: it cannot be noted, so that nothing may be tried. */
int damage_try_begin(struct damage_try *t, const char *path);
void damage_try_step(void *arg, bool is_read); /* a salvage_step; a try */

/* The process has lived through it: none of the tries counts. */
void damage_try_end(struct damage_try *t, const char *path);

/* What is to be told of a replacement, from before it is made. */
int damage_untold_put(
    const char *path, const struct damage_report *r, struct err *e);

/* True with *r filled when there is something; r->aside is to be freed. */
bool damage_untold_get(const char *path, struct damage_report *r);
void damage_untold_forget(const char *path);

#endif
