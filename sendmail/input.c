/* SPDX-License-Identifier: ISC */
/*
 * Standard input, with a deadline.  It promises that an input that cannot be
 * read is an error and never an empty message.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parcel.h"
#include "common/sysexit.h"
#include "sendmail/input.h"

#define DRAIN_MS       60000
#define DRAIN_FIRST_MS 3000

void
input_init(struct input *in, int fd, int64_t deadline_ms)
{
	in->fd = fd;
	in->deadline_ms = deadline_ms;
	in->taken = 0;
	in->octets_max = 0;
}

/*
 * NUL octets are left out of a message, so that its size alone would never end
 * the reading of /dev/zero.
 */
static int
check_octets(const struct input *in, struct err *e)
{
	if (in->octets_max == 0 || in->taken <= in->octets_max)
		return 0;
	return err_set(e, ERR_PERM, PARCEL_TOO_LARGE,
	    "standard input holds more than %llu octets, which is twice "
	    "queue.message_size_max; nothing was sent",
	    (unsigned long long)in->octets_max);
}

static ssize_t
input_read(void *arg, void *p, size_t n, struct err *e)
{
	struct input *in = arg;
	struct pollfd pfd = { .fd = in->fd, .events = POLLIN };
	ssize_t got;
	int ready;

	for (;;) {
		ready = poll(&pfd, 1, clock_poll_timeout(in->deadline_ms));
		/* A writer who is never late for long is late all the same. */
		if (ready == 0 || clock_mono_ms() >= in->deadline_ms)
			return err_set(e, ERR_TEMP, "4.4.7",
			    "the message on standard input did not end in "
			    "time; nothing was sent");
		if (ready == -1 && errno == EINTR)
			continue;
		/* What poll cannot judge, read will. */
		got = read(in->fd, p, n);
		if (got >= 0) {
			in->taken += (uint64_t)got;
			return check_octets(in, e) == -1 ? -1 : got;
		}
		if (errno != EINTR && errno != EAGAIN)
			return err_errno(e, ERR_LOCAL, INPUT_STATUS,
			    "cannot read the message from standard input, so "
			    "nothing was sent");
	}
}

static int
input_rewind(void *arg, struct err *e)
{
	struct input *in = arg;
	struct stat st;

	/* A terminal or a device may seek without an error, and in vain. */
	if (fstat(in->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_TEMP, "4.3.0",
		    "standard input is no file and cannot be read again");
	if (lseek(in->fd, -(off_t)in->taken, SEEK_CUR) == -1)
		return err_errno(
		    e, ERR_TEMP, "4.3.0", "cannot read standard input again");
	in->taken = 0;
	return 0;
}

struct source
input_source(struct input *in)
{
	const struct source s = { input_read, input_rewind, in };

	return s;
}

uint64_t
input_drain(struct input *in, bool goes_on)
{
	struct pollfd pfd = { .fd = in->fd, .events = POLLIN };
	int64_t now = clock_mono_ms();
	int64_t until = now + (goes_on ? DRAIN_MS : DRAIN_FIRST_MS);
	uint64_t forgotten = 0;
	struct stat st;
	char scratch[4096];
	ssize_t n;

	if (fstat(in->fd, &st) == -1 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return 0;
	while (poll(&pfd, 1, clock_poll_timeout(until)) == 1) {
		if ((n = read(in->fd, scratch, sizeof(scratch))) <= 0)
			break;
		forgotten += (uint64_t)n;
		until = now + DRAIN_MS;
	}
	return forgotten;
}
