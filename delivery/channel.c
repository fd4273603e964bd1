/* SPDX-License-Identifier: ISC */
/* The job channel; see common/proto_job.h for what is said on it. */
#include "config.h"

#include "common/clock.h"
#include "delivery/channel.h"

#define OUT_MAX   (256 * 1024)
#define OUT_LARGE (64 * 1024)

/*
 * How long the queue may take to send what it began, or to take an answer.  It
 * never does unless it is stopped or the disk hangs; the server would not wait
 * much longer either.
 */
#define PATIENCE_MS (3 * 60 * 1000)

void
channel_init(struct channel *ch, int fd)
{
	frame_reader_init(&ch->reader, fd);
	buf_init(&ch->out, OUT_MAX);
	ch->is_unread = false;
}

void
channel_clear(struct channel *ch)
{
	frame_reader_clear(&ch->reader);
	buf_clear(&ch->out);
}

int
channel_next(struct channel *ch, struct frame *f, struct err *e)
{
	int got;

	if (!ch->is_unread) {
		got = frame_recv(
		    &ch->reader, &ch->last, clock_mono_ms() + PATIENCE_MS, e);
		if (got == 0)
			return err_set(e, ERR_LOCAL, "4.3.2",
			    "mailchuted ended this session");
		if (got == -1)
			return err_prefix(e, "job channel");
	}
	ch->is_unread = false;
	*f = ch->last;
	return 0;
}

void
channel_unread(struct channel *ch)
{
	ch->is_unread = true;
}

bool
channel_has_input(const struct channel *ch)
{
	return ch->is_unread || ch->reader.in.len > ch->reader.used;
}

int
channel_flush(struct channel *ch, struct err *e)
{
	if (frame_send(ch->reader.fd, &ch->out, clock_mono_ms() + PATIENCE_MS,
		e) == -1)
		return err_prefix(e, "job channel");
	return 0;
}

int
channel_result(struct channel *ch, const struct job_result *r, struct err *e)
{
	if (job_put_result(&ch->out, r) == -1)
		return err_set(e, ERR_LOCAL, "4.3.0", "job channel: overrun");
	return ch->out.len > OUT_LARGE ? channel_flush(ch, e) : 0;
}
