/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/*
 * The two clocks.  Wall time (seconds and milliseconds since 1970, UTC) is for
 * what is stored and shown; it may step.  Monotonic milliseconds are for every
 * deadline.  Logic that depends on time takes it as an argument; these are
 * called at the edges only.
 */
int64_t clock_wall(void);
int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);

/* Minutes that local time is ahead of UTC at that wall time, in seconds. */
int clock_offset(int64_t wall);

/*
 * Milliseconds from now until the monotonic deadline, as poll(2) takes them:
 * 0 when it has passed, -1 (wait for ever) for CLOCK_NEVER.
 */
#define CLOCK_NEVER INT64_MAX
int clock_poll_timeout(int64_t deadline_ms);

#endif
