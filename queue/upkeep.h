/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_UPKEEP_H
#define QUEUE_UPKEEP_H

#include <stdint.h>

struct parts;

/*
 * What keeps the queue in order while it runs, and nobody asks for: the
 * journal is moved into the file, what is old is forgotten, memory is given
 * back, a jump of the clock is followed, alarms are looked after, and the
 * watchdog is told that all is well.
 */
struct upkeep;

/*
 * Begins; parts stay the caller's.  A sign of life goes to the parent each
 * alive_ms; 0: none.  Never NULL.
 */
struct upkeep *upkeep_new(struct parts *parts, int64_t alive_ms);
void upkeep_free(struct upkeep *u);

/* The drop folder was replayed whole: old submission ids may be forgotten. */
void upkeep_replayed(struct upkeep *u);

#endif
