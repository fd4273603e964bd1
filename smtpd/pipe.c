/* SPDX-License-Identifier: ISC */
/*
 * Reading and writing descriptors with a deadline.  They may be such that block
 * or not, and stay so: "sendmail -bs" shares its own with whoever has called.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "smtpd/await.h"
#include "smtpd/pipe.h"

static ssize_t
pipe_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	const struct pipe_ends *ends = arg;
	ssize_t got;

	do {
		if (await(ends->in, POLLIN, ends->channel, deadline_ms) == -1)
			return -1;
		got = read(ends->in, p, n);
	} while (got == -1 && (errno == EINTR || errno == EAGAIN));
	return got;
}

/*
 * What there is room for, without a wait; EAGAIN: nothing.  Of anything but a
 * socket poll has to have said that there is room, which is for PIPE_BUF octets
 * in a pipe: more, and write would wait for a client that does not read.
 */
static ssize_t
write_some(int fd, const char *p, size_t n, bool has_room)
{
	ssize_t done = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (done != -1 || errno != ENOTSOCK)
		return done;
	if (has_room)
		return write(fd, p, n < PIPE_BUF ? n : PIPE_BUF);
	errno = EAGAIN;
	return -1;
}

/* A socket has room for a reply as a rule, and need not be asked first. */
static int
pipe_write(void *arg, const void *p, size_t n, int64_t deadline_ms)
{
	const struct pipe_ends *ends = arg;
	const char *from = p;
	bool has_room = false;
	ssize_t done;

	while (n > 0) {
		done = write_some(ends->out, from, n, has_room);
		has_room = false;
		if (done >= 0) {
			from += done;
			n -= (size_t)done;
			continue;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -1;
		if (await(ends->out, POLLOUT, NULL, deadline_ms) == -1)
			return -1;
		has_room = true;
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
