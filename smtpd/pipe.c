/* SPDX-License-Identifier: ISC */
/* Reading and writing descriptors, which may block or not, with a deadline. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"
#include "smtpd/pipe.h"

/* 0 when the descriptor is ready, or nobody can tell; -1 at the deadline. */
static int
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	/* What poll cannot judge, reading or writing will. */
	if (poll(&p, 1, clock_poll_timeout(deadline_ms)) != 0)
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

static ssize_t
pipe_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	const struct pipe_ends *ends = arg;
	ssize_t got;

	do {
		if (wait_for(ends->in, POLLIN, deadline_ms) == -1)
			return -1;
		got = read(ends->in, p, n);
	} while (got == -1 && (errno == EINTR || errno == EAGAIN));
	return got;
}

/* A socket has room for a reply as a rule, and need not be asked first. */
static ssize_t
write_some(int fd, const char *p, size_t n, int64_t deadline_ms)
{
	ssize_t done = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (done != -1 || (errno != ENOTSOCK && errno != EAGAIN))
		return done;
	if (wait_for(fd, POLLOUT, deadline_ms) == -1)
		return -1;
	return write(fd, p, n);
}

static int
pipe_write(void *arg, const void *p, size_t n, int64_t deadline_ms)
{
	const struct pipe_ends *ends = arg;
	const char *from = p;
	ssize_t done;

	while (n > 0) {
		done = write_some(ends->out, from, n, deadline_ms);
		if (done == -1 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (done > 0) {
			from += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

static bool
pipe_waits(void *arg)
{
	const struct pipe_ends *ends = arg;
	struct pollfd p = { .fd = ends->in, .events = POLLIN };

	return poll(&p, 1, 0) != 1;
}

struct io
pipe_io(struct pipe_ends *p)
{
	const struct io io = { pipe_read, pipe_write, pipe_waits, p };

	return io;
}
