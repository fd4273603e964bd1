/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SALVAGE_H
#define QUEUE_SALVAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* What became of the mail of a damaged queue. */
struct salvage_report {
	uint64_t saved, lost; /* messages, as far as they were found */
};

/*
 * Called before each message and each table is read, and once when all is, with
 * is_read: what ends the process from then on is not the file.  May be NULL.
 */
typedef void salvage_step(void *arg, bool is_read);

/*
 * Carries every message that can be read whole from the damaged file at from
 * into a new queue at to, which is on the disk when this returns 0.  The file
 * at from is read and not changed; what cannot be carried over is logged by
 * queue id.  A file without a usable first page is read by way of a copy,
 * from + ".copy", which is removed again.
 */
int salvage_run(const char *from, const char *to, salvage_step *step, void *arg,
    struct salvage_report *r, struct err *e);

/* An empty queue at to. */
int salvage_nothing(const char *to, struct err *e);

#endif
