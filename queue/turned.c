/* SPDX-License-Identifier: ISC */
/* A few lines a minute, and how many there would have been. */
#include "config.h"

#include "queue/turned.h"

#define MINUTE_MS 60000

bool
turned_tell(struct turned *t, int64_t now_ms, uint64_t *untold)
{
	int64_t minute = now_ms / MINUTE_MS;

	if (minute != t->minute) {
		t->minute = minute;
		t->lines = 0;
	}
	if (t->lines == TURNED_LINES) {
		t->untold++;
		return false;
	}
	t->lines++;
	*untold = t->untold;
	t->untold = 0;
	return true;
}
