/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_TURNED_H
#define QUEUE_TURNED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How much is logged of those whom a listener turns away: whoever floods it
 * must not flood the log.  Arithmetic over a clock that is passed in; all zero
 * is the beginning.
 */
#define TURNED_LINES 10 /* a minute */

struct turned {
	int64_t minute; /* of the clock */
	unsigned lines; /* in it */
	uint64_t untold;
};

/*
 * One more.  true: log it, and that *untold others were not, since the line
 * before.
 */
bool turned_tell(struct turned *t, int64_t now_ms, uint64_t *untold);

#endif
