/* SPDX-License-Identifier: ISC */
/* A window that slides by its slices. */
#include "config.h"

#include "queue/window.h"

static int64_t
slice_of(const struct rate *rate, int64_t now_ms)
{
	/* Rounded up: all of them together are never less than it. */
	return now_ms /
	       ((rate->per_s * 1000 + WINDOW_SLICES - 1) / WINDOW_SLICES);
}

/* Empties the slices that have passed since the latest. */
static void
turn(struct window *w, int64_t slice)
{
	int64_t i, first = w->slice + 1;

	if (first < slice - WINDOW_SLICES)
		first = slice - WINDOW_SLICES;
	for (i = first; i <= slice; i++)
		w->count[i % (WINDOW_SLICES + 1)] = 0;
	if (slice > w->slice)
		w->slice = slice;
}

static uint64_t
sum(const struct window *w)
{
	uint64_t all = 0;
	unsigned i;

	for (i = 0; i <= WINDOW_SLICES; i++)
		all += w->count[i];
	return all;
}

bool
window_take(struct window *w, const struct rate *rate, int64_t now_ms)
{
	if (rate->count == 0)
		return true;
	turn(w, slice_of(rate, now_ms));
	if (sum(w) >= rate->count)
		return false;
	w->count[w->slice % (WINDOW_SLICES + 1)]++;
	return true;
}
