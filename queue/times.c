/* SPDX-License-Identifier: ISC */
/* Telling a clock that is set from one that goes. */
#include "config.h"

#include <stddef.h>

#include "common/clock.h"
#include "queue/times.h"

#define JUMP_MS 60000 /* less is slewed, or not worth a word */

void
times_init(struct times *t, int64_t wall_ms, int64_t mono_ms)
{
	t->offset_ms = wall_ms - mono_ms;
	t->pending_s = 0;
	t->jumped = NULL;
}

int64_t
times_at(struct times *t, int64_t wall_ms, int64_t mono_ms)
{
	int64_t offset_ms = wall_ms - mono_ms;
	int64_t by_ms = offset_ms - t->offset_ms;

	/* Small steps are followed, so that they never add up to a jump. */
	t->offset_ms = offset_ms;
	if (by_ms > JUMP_MS || by_ms < -JUMP_MS) {
		t->pending_s += by_ms / 1000;
		if (t->jumped != NULL)
			t->jumped(t->arg);
	}
	return wall_ms / 1000 - t->pending_s;
}

int64_t
times_now(struct times *t)
{
	return times_at(t, clock_wall_ms(), clock_mono_ms());
}

int64_t
times_pending(const struct times *t)
{
	return t->pending_s;
}

void
times_followed(struct times *t, int64_t by_s)
{
	t->pending_s -= by_s;
}
