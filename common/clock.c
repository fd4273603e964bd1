/* SPDX-License-Identifier: ISC */
/* Wall and monotonic time.  The only callers of clock_gettime(2). */
#include "config.h"

#include <assert.h>
#include <limits.h>
#include <time.h>

#include "common/clock.h"

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts;

	/* It fails only for a bad clock id or pointer: our bug. */
	if (clock_gettime(id, &ts) == -1)
		assert(0 && "clock_gettime");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall(void)
{
	return read_ms(CLOCK_REALTIME) / 1000;
}

int64_t
clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int
clock_offset(int64_t wall)
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return 0;
	return (int)(tm.tm_gmtoff / 60);
}

int
clock_poll_timeout(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == CLOCK_NEVER)
		return -1;
	left = deadline_ms - clock_mono_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
