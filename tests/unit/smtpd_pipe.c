/* SPDX-License-Identifier: ISC */
/* Descriptors of all kinds as a connection. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "smtpd/pipe.h"

struct ends {
	int client_in, client_out; /* the other ends */
	struct pipe_ends ours;
	struct io io;
};

static void
set_up(struct ends *e)
{
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	e->ours.in = in[0];
	e->client_out = in[1];
	e->ours.out = out[1];
	e->client_in = out[0];
	e->io = pipe_io(&e->ours);
}

static void
tear_down(struct ends *e)
{
	close(e->ours.in);
	close(e->ours.out);
	close(e->client_in);
	close(e->client_out);
}

static void
octets_come_and_go(void **state)
{
	struct ends e;
	char got[16];

	(void)state;
	set_up(&e);
	assert_true(e.io.waits(e.io.arg));
	assert_int_equal(write(e.client_out, "abc", 3), 3);
	assert_false(e.io.waits(e.io.arg));
	assert_int_equal(e.io.read(e.io.arg, got, 16, CLOCK_NEVER), 3);
	assert_memory_equal(got, "abc", 3);
	assert_int_equal(e.io.write(e.io.arg, "xyz", 3, CLOCK_NEVER), 0);
	assert_int_equal(read(e.client_in, got, 16), 3);
	assert_memory_equal(got, "xyz", 3);
	close(e.client_out);
	e.client_out = -1;
	assert_false(e.io.waits(e.io.arg));
	assert_int_equal(e.io.read(e.io.arg, got, 16, CLOCK_NEVER), 0);
	tear_down(&e);
}

static void
silence_has_its_end(void **state)
{
	struct ends e;
	char got[16];

	(void)state;
	set_up(&e);
	errno = 0;
	assert_int_equal(
	    e.io.read(e.io.arg, got, 16, clock_mono_ms() + 10), -1);
	assert_int_equal(errno, ETIMEDOUT);
	tear_down(&e);
}

static void
a_pipe_that_nobody_empties_has_its_end(void **state)
{
	char much[4096] = "";
	struct ends e;
	int rc, flags;

	(void)state;
	set_up(&e);
	flags = fcntl(e.ours.out, F_GETFL);
	fcntl(e.ours.out, F_SETFL, flags | O_NONBLOCK);
	errno = 0;
	do
		rc = e.io.write(
		    e.io.arg, much, sizeof(much), clock_mono_ms() + 10);
	while (rc == 0);
	assert_int_equal(errno, ETIMEDOUT);
	tear_down(&e);
}

static void
who_is_gone_cannot_be_told(void **state)
{
	struct ends e;

	(void)state;
	set_up(&e);
	close(e.client_in);
	e.client_in = -1;
	assert_int_equal(e.io.write(e.io.arg, "x", 1, CLOCK_NEVER), -1);
	assert_int_equal(errno, EPIPE);
	tear_down(&e);
}

/* As sendmail opens a standard input that was closed. */
static void
what_cannot_be_read_is_no_end(void **state)
{
	struct pipe_ends ours = { open("/dev/null", O_WRONLY), -1, NULL };
	struct io io = pipe_io(&ours);
	char got[16];

	(void)state;
	assert_int_equal(io.read(io.arg, got, 16, CLOCK_NEVER), -1);
	assert_int_equal(errno, EBADF);
	close(ours.in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_come_and_go),
		cmocka_unit_test(silence_has_its_end),
		cmocka_unit_test(a_pipe_that_nobody_empties_has_its_end),
		cmocka_unit_test(who_is_gone_cannot_be_told),
		cmocka_unit_test(what_cannot_be_read_is_no_end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
