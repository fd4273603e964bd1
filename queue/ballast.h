/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_BALLAST_H
#define QUEUE_BALLAST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/*
 * Room on the queue's disk.  Intake stops at queue.free_space_min, but others
 * write to the disk as well, and when it is full a delivery can be made and
 * not be recorded, which would mean the same mail again and again.  So a file
 * "ballast" in the queue's directory keeps some room: dropped before a change
 * would fail for want of space, made again when there is plenty.
 */
struct ballast;

struct ballast *ballast_new(const char *directory, uint64_t octets);
void ballast_free(struct ballast *b); /* the file stays; NULL is fine */

/* Large enough for the bookkeeping of some hundred deliveries. */
#define BALLAST_OCTETS (8 * 1024 * 1024)

/*
 * Makes the file, unless it is there: 1 when it now is, 0 when the disk has
 * not twice its size to spare, -1 when it cannot be made.
 */
int ballast_make(struct ballast *b, struct err *e);

/* Less than this on the disk, and the next change may find no room. */
#define BALLAST_LOW (4 * 1024 * 1024)

/* Gives the room up, which is logged: true when there was any. */
bool ballast_drop(struct ballast *b);

/* The same, if the disk has less than BALLAST_LOW left. */
bool ballast_drop_if_low(struct ballast *b);

/*
 * 0 while the disk of the directory has floor octets and "wanted" more to
 * spare for us; else -1: ERR_TEMP, status 4.3.1.
 */
int space_check(
    const char *directory, uint64_t floor, uint64_t wanted, struct err *e);

#endif
