/* SPDX-License-Identifier: ISC */
/*
 * A client that reads a little and then no more.  It reads while it is waited
 * for, and the deadline comes when it has read what it wants to: no write may
 * begin in between that would have to wait.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "smtpd/pipe.h"

#define MUCH      (4 * 1024 * 1024) /* more than any buffer holds */
#define ENOUGH    (64 * 1024)       /* that a writer may go on */
#define WATCH_SEC 20                /* a write that waits, waits for ever */

static struct {
	int fd;          /* its end */
	size_t appetite; /* octets that it still reads */
	size_t heard;
	unsigned waits;
} client;

static char
octet_at(size_t i)
{
	return (char)(i % 251);
}

/* Reads so many octets at most, of what lies there: how many. */
static size_t
hear(size_t most)
{
	char p[4096];
	size_t before = client.heard, left = most;
	ssize_t n = 1, i;

	while (left > 0 && n > 0) {
		n = read(client.fd, p, left < sizeof(p) ? left : sizeof(p));
		for (i = 0; i < n; i++)
			assert_int_equal(p[i], octet_at(client.heard++));
		left = most - (client.heard - before);
	}
	return client.heard - before;
}

/* We are waited for, when we have much to read. */
int
poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	static const struct timespec now = { 0, 0 };

	assert_int_equal(nfds, 2); /* the client's, and no channel */
	assert_true(timeout > 0);
	client.waits++;
	while (ppoll(fds, nfds, &now, NULL) == 0) {
		if (client.appetite == 0)
			return 0;
		client.appetite -=
		    hear(client.appetite < ENOUGH ? client.appetite : ENOUGH);
	}
	return 1;
}

struct ends {
	struct pipe_ends ours;
	struct io io;
	char *text;
};

static void
set_up(struct ends *e, int theirs, int ours, size_t appetite)
{
	size_t i;

	memset(&client, 0, sizeof(client));
	client.fd = theirs;
	client.appetite = appetite;
	assert_int_equal(fcntl(theirs, F_SETFL, O_NONBLOCK), 0);
	e->ours = (struct pipe_ends){ -1, ours, NULL };
	e->io = pipe_io(&e->ours);
	e->text = xmalloc(MUCH);
	for (i = 0; i < MUCH; i++)
		e->text[i] = octet_at(i);
}

static void
set_up_socket(struct ends *e, size_t appetite)
{
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	set_up(e, fd[0], fd[1], appetite);
}

static void
set_up_pipe(struct ends *e, size_t appetite)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	set_up(e, fd[0], fd[1], appetite);
}

static void
tear_down(struct ends *e)
{
	close(client.fd);
	close(e->ours.out);
	free(e->text);
}

static int
tell(struct ends *e)
{
	int rc;

	errno = 0;
	alarm(WATCH_SEC);
	rc = e->io.write(
	    e->io.arg, e->text, MUCH, clock_mono_ms() + 3600 * 1000);
	alarm(0);
	return rc;
}

/* It has its end, and what was said up to there is in order. */
static void
assert_is_given_up(struct ends *e, size_t appetite)
{
	assert_int_equal(tell(e), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(client.appetite, 0);
	assert_int_equal(client.heard, appetite);
	hear(MUCH);
	assert_true(client.heard > appetite && client.heard < MUCH);
}

static void
a_socket(void **state)
{
	static const size_t appetites[] = { 0, ENOUGH, 5 * ENOUGH };
	struct ends e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(appetites) / sizeof(appetites[0]); i++) {
		set_up_socket(&e, appetites[i]);
		assert_is_given_up(&e, appetites[i]);
		tear_down(&e);
	}
}

/* The client may have said that nobody waits for it, or not. */
static void
a_pipe(void **state)
{
	static const size_t appetites[] = { ENOUGH, 5 * ENOUGH };
	struct ends e;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		set_up_pipe(&e, appetites[i / 2]);
		if (i % 2 == 1)
			assert_int_equal(
			    fcntl(e.ours.out, F_SETFL, O_NONBLOCK), 0);
		assert_is_given_up(&e, appetites[i / 2]);
		tear_down(&e);
	}
}

/* A slow one hears all of it. */
static void
who_reads_in_the_end(void **state)
{
	struct ends e;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (i == 0)
			set_up_socket(&e, MUCH);
		else
			set_up_pipe(&e, MUCH);
		assert_int_equal(tell(&e), 0);
		assert_true(client.waits > 1);
		hear(MUCH);
		assert_int_equal(client.heard, MUCH);
		tear_down(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket),
		cmocka_unit_test(a_pipe),
		cmocka_unit_test(who_reads_in_the_end),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("smtpd_deaf", tests, NULL, NULL);
}
