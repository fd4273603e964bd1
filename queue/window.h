/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_WINDOW_H
#define QUEUE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

/*
 * How often something was, within the window of a rate that slides.  It is cut
 * into slices, so that however often that was, it needs no more memory: what
 * counts is at most a slice too old.  The clock is an argument; all zero is the
 * beginning.
 */
#define WINDOW_SLICES 16

struct window {
	int64_t slice; /* the latest of count[], since the clock's zero */
	unsigned count[WINDOW_SLICES + 1]; /* by slice, modulo their number */
};

/* May it be once more?  Then it counts. */
bool window_take(struct window *w, const struct rate *rate, int64_t now_ms);

#endif
