/* SPDX-License-Identifier: ISC */
#ifndef COMMON_DROP_H
#define COMMON_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/parcel.h"

/*
 * The drop folder: where a submission goes when no daemon takes it
 * (docs/protocol.md).
 */
struct drop {
	const char *folder; /* queue.drop_directory */
	const char *user;   /* queue.user, who shall own it */
	bool is_foreign;    /* named by -C: it must be a drop folder already, */
	bool may_make;      /* or root may make it */
	uint64_t free_min;  /* queue.free_space_min, of its disk */
};

/*
 * Writes the parcel, from its start, into a new file of the folder and has it
 * on disk before it returns.  -1 with *e filled; then no file is left.
 */
int drop_write(const struct drop *d, struct parcel *p, struct err *e);

#endif
