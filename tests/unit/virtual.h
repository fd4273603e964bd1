/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_VIRTUAL_H
#define TESTS_UNIT_VIRTUAL_H

#include <stdint.h>

#include <event2/event.h>

/*
 * Time that passes when nothing else is left to do.  A program linked with this
 * has its own clock_gettime and epoll_wait, which its libraries find before
 * those of the C library: libevent, common/clock.c and whoever else asks sees
 * this clock, and a wait of an hour moves it by an hour and returns at once.
 * Nothing else is other than in the daemon.  It has its own fsync and
 * fdatasync, too, which do nothing: the disk never loses power here.
 *
 * Before virtual_begin the clock is the system's.
 */
void virtual_begin(int64_t wall_s);

/* Milliseconds since virtual_begin. */
int64_t virtual_ms(void);

/* Wall seconds. */
int64_t virtual_now(void);

/* Runs the loop until that moment (of virtual_ms), which has come then. */
void virtual_run(struct event_base *base, int64_t until_ms);

#endif
