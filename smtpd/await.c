/* SPDX-License-Identifier: ISC */
/* The one place where a session waits for its client. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "common/clock.h"
#include "smtpd/await.h"

int
await(int fd, short events, const int *channel, int64_t deadline_ms)
{
	/* Of the channel its hang-up alone, which poll tells unasked. */
	struct pollfd p[2] = { { .fd = fd, .events = events },
		{ .fd = channel == NULL ? -1 : *channel } };
	int rc;

	do
		rc = poll(p, 2, clock_poll_timeout(deadline_ms));
	while (rc == -1 && errno == EINTR);
	if (rc == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	/* What has been said is heard first; and what poll cannot judge,
	   reading or writing will. */
	if (rc == -1 || p[0].revents != 0)
		return 0;
	errno = ECANCELED;
	return -1;
}
