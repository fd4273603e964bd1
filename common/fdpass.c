/* SPDX-License-Identifier: ISC */
/*
 * Passing a descriptor.  The receiver may face a process that was taken over:
 * it takes one descriptor at most and leaks none.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"

/* Room for more than we take, so that a surplus is seen and closed. */
#define FDS_MAX 8

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static int
wait_for(int sock, short events, int64_t deadline_ms, struct err *e)
{
	struct pollfd p = { .fd = sock, .events = events };
	int n;

	for (;;) {
		n = poll(&p, 1, clock_poll_timeout(deadline_ms));
		if (n > 0)
			return 0;
		if (n == 0)
			return err_set(e, ERR_TEMP, "4.4.2",
			    "timed out while passing a descriptor");
		if (errno != EINTR)
			return err_errno(e, ERR_TEMP, "4.3.0", "poll");
	}
}

int
fdpass_send(
    int sock, int fd, const char *text, int64_t deadline_ms, struct err *e)
{
	char copy[FDPASS_TEXT_MAX];
	struct iovec iov = { .iov_base = copy };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	struct cmsghdr *c;
	ssize_t n;

	strlcpy(copy, text, sizeof(copy));
	iov.iov_len = strlen(copy) + 1;
	if (fd != -1) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(fd));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	for (;;) {
		if (wait_for(sock, POLLOUT, deadline_ms, e) == -1)
			return -1;
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == (ssize_t)iov.iov_len)
			return 0;
		if (n >= 0)
			return err_set(e, ERR_TEMP, "4.3.0",
			    "the socket took only part of a descriptor's text");
		if (errno != EINTR && errno != EAGAIN)
			return err_errno(
			    e, ERR_TEMP, "4.3.0", "passing a descriptor");
	}
}

/* The first descriptor of msg in *fd; any others are closed, and counted. */
static size_t
collect(struct msghdr *msg, int *fd)
{
	struct cmsghdr *c;
	size_t i, n, count = 0;
	int one;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(one);
		for (i = 0; i < n; i++) {
			memcpy(
			    &one, CMSG_DATA(c) + i * sizeof(one), sizeof(one));
			if (count++ == 0)
				*fd = one;
			else
				close(one);
		}
	}
	return count;
}

static bool
is_whole(const struct msghdr *msg, const char *text, ssize_t n, size_t count)
{
	return count <= 1 && (msg->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0 &&
	       memchr(text, '\0', (size_t)n) == text + n - 1;
}

int
fdpass_recv(int sock, int *fd, char text[FDPASS_TEXT_MAX], int64_t deadline_ms,
    struct err *e)
{
	struct iovec iov = { .iov_base = text, .iov_len = FDPASS_TEXT_MAX };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	size_t count;
	ssize_t n;

	*fd = -1;
	do {
		if (wait_for(sock, POLLIN, deadline_ms, e) == -1)
			return -1;
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n == -1)
		return err_errno(
		    e, ERR_TEMP, "4.3.0", "receiving a descriptor");
	if (n == 0)
		return err_set(e, ERR_TEMP, "4.3.0",
		    "the peer closed instead of passing a descriptor");
	count = collect(&msg, fd);
	if (is_whole(&msg, text, n, count))
		return 0;
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "the peer sent something else than one descriptor and its text");
}
