/* SPDX-License-Identifier: ISC */
/* Questions to the parent, one at a time, and the end of that. */
#include "config.h"

#include <sys/socket.h>

#include <unistd.h>

#include "smtpd/channel.h"

void
channel_end(struct channel *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

static int
send_record(const struct channel *c, const struct buf *b, int flags)
{
	return send(c->fd, b->data, b->len, MSG_NOSIGNAL | flags) ==
		       (ssize_t)b->len
		   ? 0
		   : -1;
}

int
channel_tell(struct channel *c, const struct buf *b)
{
	return c->fd == -1 ? -1 : send_record(c, b, MSG_DONTWAIT);
}

int
channel_hear(struct channel *c, int *fd, char text[FDPASS_TEXT_MAX],
    int64_t deadline_ms, struct err *e)
{
	if (c->fd != -1 && fdpass_recv(c->fd, fd, text, deadline_ms, e) == 0)
		return 0;
	channel_end(c);
	return err_set(e, ERR_TEMP, "4.4.2", "mailchuted did not answer");
}

int
channel_ask(struct channel *c, const struct buf *b, int *fd,
    char text[FDPASS_TEXT_MAX], int64_t deadline_ms, struct err *e)
{
	if (c->fd != -1 && send_record(c, b, MSG_DONTWAIT) == 0)
		return channel_hear(c, fd, text, deadline_ms, e);
	channel_end(c);
	return err_set(e, ERR_TEMP, "4.3.2", "mailchuted is gone");
}
