/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DAMAGE_H
#define QUEUE_DAMAGE_H

#include <stdbool.h>

#include "common/err.h"
#include "queue/salvage.h"

/*
 * A damaged queue.db and its files: recognised where SQLite would not say so,
 * and replaced by a new queue.  path is that of queue.db; its lock is held.
 */

/* What damage_replace did, for the log. */
struct damage_report {
	struct salvage_report salvage;
	bool by_hand; /* no salvage: see damage_replace */
	char *aside;  /* where the damaged file is now; to be freed */
};

/*
 * Looks at the files alone.  True when the database is gone or empty though
 * its journal is there, when the journal's head is no journal's, or when
 * damage_mark was called.
 */
bool damage_is_plain(const char *path);

/* For a running process that met damage: the next start need not ask. */
void damage_mark(const char *path);

/* A start found no damage: what an earlier one left of its tries goes. */
void damage_forget(const char *path);

/* Ends a replacement that was cut off half-way; nothing to do is success. */
int damage_finish(const char *path, struct err *e);

/*
 * What a replacement did of which nobody has been told yet, by this start or
 * one that ended too soon; true with *r filled, whose aside is to be freed.
 */
bool damage_untold(const char *path, struct damage_report *r);
void damage_told(const char *path);

/*
 * Makes a new queue of what can be read, moves the damaged files aside to
 * PATH.damaged-INSTANT (and -wal, -shm), and puts the new one in place.  When
 * two tries at reading have ended the process at the same place, or there is no
 * room, the new queue is empty and by_hand is set.  -1, and nothing is changed,
 * while it is the disk that cannot be read (queue/unread.h).
 */
int damage_replace(const char *path, struct damage_report *r, struct err *e);

#endif
