/* SPDX-License-Identifier: ISC */
/*
 * When to try again, and over how many connections: arithmetic alone.  The
 * clock and the dice are arguments.
 */
#include "config.h"

#include <assert.h>

#include "queue/schedule.h"

/* lo plus a share of the width that rnd is of 2^32: uniform, both included. */
static int64_t
pick(int64_t lo, int64_t hi, uint32_t rnd)
{
	uint64_t width;

	assert(lo <= hi);
	width = (uint64_t)(hi - lo) + 1;
	/* Delays are below 2^31 s, so that the product fits. */
	return lo + (int64_t)((width * rnd) >> 32);
}

static int64_t
clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

int64_t
schedule_retry(
    const int64_t *retry_s, size_t n, unsigned attempts, uint32_t rnd)
{
	int64_t delay, fifth;
	size_t i;

	assert(n > 0);
	i = attempts == 0 ? 0 : attempts - 1;
	delay = clamp(retry_s[i < n ? i : n - 1], 1, INT32_MAX);
	fifth = delay / 5;
	return pick(delay - fifth, delay + fifth, rnd);
}

int64_t
schedule_backoff(int64_t min_s, int64_t max_s, unsigned n, uint32_t rnd)
{
	int64_t delay = clamp(min_s, 1, INT32_MAX);
	int64_t most = clamp(max_s, 1, INT32_MAX);
	unsigned i;

	/* Doubled no further than it takes to pass the most: no overflow. */
	for (i = 1; i < n && delay < most; i++)
		delay *= 2;
	if (delay > most)
		delay = most;
	return pick((delay + 1) / 2, delay, rnd);
}

int64_t
schedule_past(int64_t at, int64_t now)
{
	return at > now ? now : at;
}

int64_t
schedule_due(int64_t due_at, int64_t now, int64_t delay_s)
{
	return due_at > now + delay_s ? now + delay_s : due_at;
}

void
pace_reset(struct pace *p, unsigned limit)
{
	p->limit = limit;
	p->open = limit < 1 ? limit : 1;
}

void
pace_limit(struct pace *p, unsigned limit)
{
	p->limit = limit;
	if (p->open > limit)
		p->open = limit;
}

void
pace_success(struct pace *p)
{
	/* 1, 2, then all: the second shows that one more does no harm. */
	if (p->open < 2 && p->limit >= 2)
		p->open = 2;
	else
		p->open = p->limit;
}

bool
pace_allows(const struct pace *p, unsigned connections)
{
	return connections < p->open;
}
