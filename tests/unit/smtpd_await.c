/* SPDX-License-Identifier: ISC */
/* What ends a wait for a client. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "smtpd/await.h"

static int client[2], channel[2];

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, client), 0);
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel);
}

static int
tear_down(void **state)
{
	(void)state;
	close(client[0]);
	close(client[1]);
	close(channel[0]);
	close(channel[1]);
	return 0;
}

static void
octets_end_it(void **state)
{
	(void)state;
	assert_int_equal(write(client[1], "x", 1), 1);
	assert_int_equal(await(client[0], POLLIN, NULL, CLOCK_NEVER), 0);
	assert_int_equal(await(client[0], POLLIN, &channel[0], CLOCK_NEVER), 0);
	/* and go ahead of the end of the channel */
	close(channel[1]);
	assert_int_equal(await(client[0], POLLIN, &channel[0], CLOCK_NEVER), 0);
}

static void
the_client_s_end_ends_it(void **state)
{
	(void)state;
	close(client[1]);
	assert_int_equal(await(client[0], POLLIN, &channel[0], CLOCK_NEVER), 0);
}

static void
the_channel_s_end_ends_it(void **state)
{
	int none = -1;

	(void)state;
	/* An answer on it is nothing to wait for here. */
	assert_int_equal(write(channel[1], "x", 1), 1);
	assert_int_equal(
	    await(client[0], POLLIN, &channel[0], clock_mono_ms()), -1);
	assert_int_equal(errno, ETIMEDOUT);
	close(channel[1]);
	assert_int_equal(
	    await(client[0], POLLIN, &channel[0], CLOCK_NEVER), -1);
	assert_int_equal(errno, ECANCELED);
	/* One of our own side's making. */
	assert_int_equal(await(client[0], POLLIN, &none, clock_mono_ms()), -1);
	assert_int_equal(errno, ETIMEDOUT);
}

static void
the_deadline_ends_it(void **state)
{
	(void)state;
	assert_int_equal(await(client[0], POLLIN, NULL, clock_mono_ms()), -1);
	assert_int_equal(errno, ETIMEDOUT);
}

static void
what_poll_cannot_judge_is_tried(void **state)
{
	(void)state;
	close(client[0]);
	assert_int_equal(await(client[0], POLLIN, &channel[0], CLOCK_NEVER), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(octets_end_it),
		T(the_client_s_end_ends_it),
		T(the_channel_s_end_ends_it),
		T(the_deadline_ends_it),
		T(what_poll_cannot_judge_is_tried),
	};

	return cmocka_run_group_tests_name("smtpd_await", tests, NULL, NULL);
}
