/* SPDX-License-Identifier: ISC */
/*
 * The connection's buffers.  It owns when replies leave: before waiting for
 * the client, and when there are many of them.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "smtpd/conn.h"

/*
 * A client that reads nothing while it writes is not waited for before it has
 * this much to read; the answer to 5,000 recipients.
 */
#define OUT_KEPT (128 * 1024)
#define OUT_MAX  (OUT_KEPT + 16 * 1024) /* and room for one answer more */

void
conn_init(struct conn *c, const struct io *io, int64_t idle_ms)
{
	memset(c, 0, sizeof(*c));
	c->io = *io;
	c->idle_ms = idle_ms;
	c->until_ms = INT64_MAX;
	c->in = xmalloc(CONN_ROOM);
	buf_init(&c->out, OUT_MAX);
}

void
conn_clear(struct conn *c)
{
	free(c->in);
	buf_clear(&c->out);
}

void
conn_change(struct conn *c, const struct io *io)
{
	assert(c->at == c->end && c->out.len == 0);
	c->io = *io;
}

static int
fail(struct conn *c, enum conn_fault fault)
{
	c->fault = fault;
	c->error = errno;
	return -1;
}

/* Who did not read once is not waited for again: each time takes as long. */
static enum conn_fault
fault_of(int error)
{
	switch (error) {
	case ETIMEDOUT:
		return CONN_LATE;
	case ECANCELED:
		return CONN_DISMISSED;
	default:
		return CONN_UNREADABLE;
	}
}

int
conn_flush(struct conn *c)
{
	bool is_deaf = c->fault == CONN_UNWRITABLE;
	int rc = 0;

	if (c->dialogue != NULL)
		dialogue_flush(c->dialogue, &c->out);
	if (c->out.len > 0 && !is_deaf)
		rc = c->io.write(c->io.arg, c->out.data, c->out.len,
		    clock_mono_ms() + c->idle_ms);
	buf_truncate(&c->out, 0);
	if (is_deaf)
		return -1;
	return rc == 0 ? 0 : fail(c, CONN_UNWRITABLE);
}

struct buf *
conn_out(struct conn *c)
{
	/* A failure shows when the client is next listened to. */
	if (c->out.len > OUT_KEPT)
		(void)conn_flush(c);
	return &c->out;
}

/* Reads more behind what is there; there is room. */
static int
fill(struct conn *c, int64_t deadline_ms)
{
	ssize_t n;

	if (c->at == c->end)
		c->at = c->end = 0;
	if (c->end == CONN_ROOM) {
		memmove(c->in, c->in + c->at, c->end - c->at);
		c->end -= c->at;
		c->at = 0;
	}
	if (c->fault != CONN_FINE)
		return -1;
	if (c->io.waits(c->io.arg) && conn_flush(c) == -1)
		return -1;
	n = c->io.read(
	    c->io.arg, c->in + c->end, CONN_ROOM - c->end, deadline_ms);
	if (n == -1)
		return fail(c, fault_of(errno));
	if (n == 0)
		return fail(c, CONN_GONE);
	c->end += (size_t)n;
	return 0;
}

int
conn_read_line(struct conn *c, struct conn_line *out)
{
	int64_t deadline = clock_mono_ms() + c->idle_ms;
	const char *stop;
	size_t n;

	if (c->until_ms < deadline)
		deadline = c->until_ms;
	out->is_long = false;
	while ((stop = memchr(c->in + c->at, '\n', c->end - c->at)) == NULL) {
		if (c->end - c->at > CONN_LINE_MAX) {
			out->is_long = true;
			c->end = c->at + CONN_LINE_MAX;
		}
		if (fill(c, deadline) == -1)
			return -1;
	}
	out->p = c->in + c->at;
	n = (size_t)(stop - out->p);
	c->at += n + 1;
	out->has_cr = n > 0 && out->p[n - 1] == '\r';
	out->n = out->has_cr ? n - 1 : n;
	out->is_long = out->is_long || n > CONN_LINE_MAX;
	if (out->n > CONN_LINE_MAX)
		out->n = CONN_LINE_MAX;
	if (c->dialogue != NULL && out->is_long)
		dialogue_long_line(c->dialogue, &c->out);
	else if (c->dialogue != NULL)
		dialogue_command(c->dialogue, &c->out, out->p, out->n);
	return 0;
}

ssize_t
conn_read(struct conn *c, const char **p, int64_t deadline_ms)
{
	int64_t idle = clock_mono_ms() + c->idle_ms;

	if (c->at == c->end &&
	    fill(c, deadline_ms < idle ? deadline_ms : idle) == -1)
		return -1;
	*p = c->in + c->at;
	return (ssize_t)(c->end - c->at);
}

void
conn_used(struct conn *c, size_t n)
{
	c->at += n;
}

void
conn_forget(struct conn *c)
{
	explicit_bzero(c->in, c->at);
	explicit_bzero(c->in + c->end, CONN_ROOM - c->end);
}

bool
conn_has_input(const struct conn *c)
{
	return c->at < c->end || !c->io.waits(c->io.arg);
}
