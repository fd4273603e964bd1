/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"

static int sock[2];

static int
open_pair(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock);
}

static int
close_pair(void **state)
{
	(void)state;
	close(sock[0]);
	close(sock[1]);
	return 0;
}

static int64_t
soon(void)
{
	return clock_mono_ms() + 60000;
}

/* How many descriptors this process holds. */
static int
count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			n++;
	return n;
}

static void
a_descriptor_arrives(void **state)
{
	char text[FDPASS_TEXT_MAX], c;
	int fd, fds[2];
	struct err e;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fdpass_send(sock[0], fds[0], "", soon(), &e), 0);
	assert_int_equal(fdpass_recv(sock[1], &fd, text, soon(), &e), 0);
	assert_string_equal(text, "");
	assert_int_not_equal(fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, 'x');
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

static void
a_reason_arrives_without_one(void **state)
{
	char text[FDPASS_TEXT_MAX], longer[2 * FDPASS_TEXT_MAX];
	struct err e;
	int fd;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(
	    fdpass_send(sock[0], -1, "no such file", soon(), &e), 0);
	assert_int_equal(fdpass_recv(sock[1], &fd, text, soon(), &e), 0);
	assert_string_equal(text, "no such file");
	assert_int_equal(fd, -1);
	assert_int_equal(fdpass_send(sock[0], -1, longer, soon(), &e), 0);
	assert_int_equal(fdpass_recv(sock[1], &fd, text, soon(), &e), 0);
	assert_int_equal(strlen(text), FDPASS_TEXT_MAX - 1);
}

/* A message with n descriptors, and text that may lack its NUL. */
static void
send_odd(size_t n, const char *text, size_t len)
{
	char space[CMSG_SPACE(32 * sizeof(int))];
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c;
	int fds[32] = { 0 };
	char copy[16];
	size_t i;

	memset(space, 0, sizeof(space));
	memcpy(copy, text, len);
	iov.iov_base = copy;
	for (i = 0; i < n; i++)
		fds[i] = STDERR_FILENO;
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	assert_int_equal(sendmsg(sock[0], &msg, 0), len);
}

static void
odd_messages_are_refused_and_leak_nothing(void **state)
{
	static const struct {
		size_t fds;
		const char *text;
		size_t len;
	} odd[] = {
		{ 2, "", 1 },     /* one descriptor too many */
		{ 30, "", 1 },    /* more than there is room for */
		{ 1, "abc", 3 },  /* no NUL */
		{ 1, "a\0b", 4 }, /* a second text behind the first */
	};
	char text[FDPASS_TEXT_MAX];
	int before = count_fds(), fd;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		send_odd(odd[i].fds, odd[i].text, odd[i].len);
		assert_int_equal(
		    fdpass_recv(sock[1], &fd, text, soon(), &e), -1);
		assert_int_equal(fd, -1);
		assert_int_equal(count_fds(), before);
	}
}

static void
silence_and_a_lost_peer_end_it(void **state)
{
	char text[FDPASS_TEXT_MAX];
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(
	    fdpass_recv(sock[1], &fd, text, clock_mono_ms() + 1, &e), -1);
	assert_non_null(strstr(e.text, "timed out"));
	shutdown(sock[0], SHUT_RDWR);
	assert_int_equal(fdpass_recv(sock[1], &fd, text, soon(), &e), -1);
	assert_non_null(strstr(e.text, "closed"));
	assert_int_equal(fdpass_send(sock[1], -1, "", soon(), &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_descriptor_arrives, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(
		    a_reason_arrives_without_one, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(
		    odd_messages_are_refused_and_leak_nothing, open_pair,
		    close_pair),
		cmocka_unit_test_setup_teardown(
		    silence_and_a_lost_peer_end_it, open_pair, close_pair),
	};

	return cmocka_run_group_tests_name("fdpass", tests, NULL, NULL);
}
