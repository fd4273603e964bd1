/* SPDX-License-Identifier: ISC */
/* Work in slices leaves the loop to others in between. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/loop.h"

#define SLICES 1000

static struct {
	struct event_base *base;
	struct event *slice;
	int pipe[2];
	unsigned slices;
	unsigned heard_at; /* after so many of them */
	unsigned worked;   /* how often idle work was done */
	int64_t until;
} rig;

static void
on_slice(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	/* Something comes for others while we are at it. */
	if (++rig.slices == 10)
		assert_int_equal(write(rig.pipe[1], "x", 1), 1);
	if (rig.slices < SLICES)
		loop_again(rig.slice);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	char octet;

	(void)what;
	(void)arg;
	assert_int_equal(read(fd, &octet, 1), 1);
	rig.heard_at = rig.slices;
}

static void
descriptors_are_looked_at_between_slices(void **state)
{
	struct event *readable;

	(void)state;
	assert_int_equal(pipe(rig.pipe), 0);
	rig.base = event_base_new();
	assert_int_equal(
	    event_base_priority_init(rig.base, LOOP_PRIORITIES), 0);
	rig.slice = event_new(rig.base, -1, 0, on_slice, NULL);
	assert_int_equal(event_priority_set(rig.slice, LOOP_PRIORITY_IDLE), 0);
	readable = event_new(rig.base, rig.pipe[0], EV_READ, on_readable, NULL);
	event_add(readable, NULL);
	loop_again(rig.slice);
	event_base_loop(rig.base, EVLOOP_NONBLOCK);
	assert_int_equal(rig.slices, SLICES);
	assert_in_range(rig.heard_at, 10, 11);
	event_free(readable);
	event_free(rig.slice);
	event_base_free(rig.base);
	close(rig.pipe[0]);
	close(rig.pipe[1]);
}

static void
on_busy(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	/* A test that waits for ever tells nobody what is wrong. */
	if (rig.worked == 0 && clock_mono_ms() < rig.until)
		loop_again(rig.slice);
}

static void
work(void *arg)
{
	assert_ptr_equal(arg, &rig);
	rig.worked++;
}

static void
idle_work_comes_though_the_loop_is_never_idle(void **state)
{
	struct loop_idle *idle;

	(void)state;
	rig.base = event_base_new();
	assert_int_equal(
	    event_base_priority_init(rig.base, LOOP_PRIORITIES), 0);
	rig.slice = event_new(rig.base, -1, 0, on_busy, NULL);
	rig.until = clock_mono_ms() + 60000;
	idle = loop_idle_new(rig.base, work, &rig);
	loop_again(rig.slice);
	loop_idle_again(idle);
	event_base_loop(rig.base, 0);
	assert_int_equal(rig.worked, 1);
	assert_true(clock_mono_ms() < rig.until);
	loop_idle_free(idle);
	event_free(rig.slice);
	event_base_free(rig.base);
}

static void
idle_work_is_done_once_for_each_word(void **state)
{
	struct loop_idle *idle;

	(void)state;
	rig.worked = 0;
	rig.base = event_base_new();
	assert_int_equal(
	    event_base_priority_init(rig.base, LOOP_PRIORITIES), 0);
	idle = loop_idle_new(rig.base, work, &rig);
	loop_idle_again(idle);
	loop_idle_again(idle);
	/* Until nothing is left to come, its being late neither. */
	event_base_loop(rig.base, 0);
	assert_int_equal(rig.worked, 1);
	loop_idle_again(idle);
	event_base_loop(rig.base, 0);
	assert_int_equal(rig.worked, 2);
	loop_idle_free(idle);
	loop_idle_free(NULL);
	event_base_free(rig.base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_looked_at_between_slices),
		cmocka_unit_test(idle_work_comes_though_the_loop_is_never_idle),
		cmocka_unit_test(idle_work_is_done_once_for_each_word),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
