/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/virtual.h"

#define SINCE_BOOT_S 1000 /* of the monotonic clock */

static bool is_virtual;
static int64_t wall_ms;   /* when it began */
static int64_t passed_ms; /* since */

void
virtual_begin(int64_t wall_s)
{
	is_virtual = true;
	wall_ms = wall_s * 1000;
	passed_ms = 0;
}

int64_t
virtual_ms(void)
{
	return passed_ms;
}

int64_t
virtual_now(void)
{
	return (wall_ms + passed_ms) / 1000;
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

void
virtual_run(struct event_base *base, int64_t until_ms)
{
	int64_t left = until_ms - passed_ms;
	struct timeval tv = { .tv_sec = (time_t)(left / 1000),
		.tv_usec = (suseconds_t)(left % 1000 * 1000) };
	struct event *end = event_new(base, -1, 0, on_end, base);

	assert_non_null(end);
	if (left < 0)
		tv = (struct timeval){ 0, 0 };
	assert_int_equal(event_add(end, &tv), 0);
	event_base_dispatch(base);
	event_free(end);
}

/* ---- in the place of the C library's ---- */

int
clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	int64_t ms = passed_ms;

	if (!is_virtual ||
	    (clock_id != CLOCK_REALTIME && clock_id != CLOCK_MONOTONIC &&
		clock_id != CLOCK_MONOTONIC_COARSE))
		return (int)syscall(SYS_clock_gettime, clock_id, tp);
	ms +=
	    clock_id == CLOCK_REALTIME ? wall_ms : (int64_t)SINCE_BOOT_S * 1000;
	tp->tv_sec = (time_t)(ms / 1000);
	tp->tv_nsec = (long)(ms % 1000 * 1000000);
	return 0;
}

/* What is ready is first; when nothing is, the wait is over already. */
int
epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
	int n, real_ms = is_virtual ? 0 : timeout;

	n = (int)syscall(SYS_epoll_pwait, epfd, events, maxevents, real_ms,
	    NULL, sizeof(long));
	if (!is_virtual || n != 0)
		return n;
	/* Nothing will ever come: the test has forgotten something. */
	assert_true(timeout >= 0);
	passed_ms += timeout;
	return 0;
}

/* What a newer libevent calls. */
int epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
    const struct timespec *timeout, const sigset_t *ss);

int
epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
    const struct timespec *timeout, const sigset_t *ss)
{
	int64_t ms = -1;

	assert_null(ss);
	if (timeout != NULL)
		ms = (int64_t)timeout->tv_sec * 1000 +
		     (timeout->tv_nsec + 999999) / 1000000;
	assert_true(ms <= INT_MAX);
	return epoll_wait(epfd, events, maxevents, (int)ms);
}

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fildes)
{
	(void)fildes;
	return 0;
}
