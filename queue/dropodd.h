/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPODD_H
#define QUEUE_DROPODD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Which odd things of the drop folder have been told in the log: each once,
 * for as long as it is there, and no more of them than somebody will read.
 */
struct dropodd;
struct dropodd *dropodd_new(void);
void dropodd_free(struct dropodd *o); /* NULL is fine */

/* A round over the folder begins. */
void dropodd_begin(struct dropodd *o);

/* Met again or for the first time: is it to be told? */
bool dropodd_note(struct dropodd *o, const char *name);

/*
 * The round is over: what it has not met is gone.  How many things there are
 * that were not told one by one; 0 when that is no news.
 */
size_t dropodd_end(struct dropodd *o);

#endif
