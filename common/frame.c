/* SPDX-License-Identifier: ISC */
/*
 * Frames and fields: encoding, decoding, and a blocking exchange with
 * deadlines.  Decoding is fuzzed (tests/fuzz/frame.c).
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/frame.h"
#include "common/xalloc.h"

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void
set_u32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24 & 0xff;
	p[1] = v >> 16 & 0xff;
	p[2] = v >> 8 & 0xff;
	p[3] = v & 0xff;
}

ssize_t
frame_parse(const void *p, size_t n, struct frame *f)
{
	const uint8_t *b = p;
	uint32_t len;

	if (n < FRAME_HEAD)
		return 0;
	len = get_u32(b + 1);
	if (len > FRAME_MAX)
		return -1;
	if (n - FRAME_HEAD < len)
		return 0;
	f->type = b[0];
	f->len = len;
	f->payload = b + FRAME_HEAD;
	return (ssize_t)(FRAME_HEAD + len);
}

ssize_t
frame_begin(struct buf *b, uint8_t type)
{
	ssize_t start = (ssize_t)b->len;
	uint8_t head[FRAME_HEAD] = { type, 0, 0, 0, 0 };

	return buf_append(b, head, sizeof(head)) == -1 ? -1 : start;
}

int
frame_end(struct buf *b, ssize_t start)
{
	size_t len;

	if (start == -1)
		return -1;
	len = b->len - (size_t)start - FRAME_HEAD;
	if (len > FRAME_MAX)
		return -1;
	set_u32((uint8_t *)b->data + start + 1, (uint32_t)len);
	return 0;
}

int
frame_put_raw(struct buf *b, uint8_t type, const void *p, size_t n)
{
	ssize_t start = frame_begin(b, type);

	if (start == -1 || buf_append(b, p, n) == -1)
		return -1;
	return frame_end(b, start);
}

int
field_put(struct buf *b, uint8_t tag, const void *p, size_t n)
{
	uint8_t head[FRAME_HEAD] = { tag, 0, 0, 0, 0 };

	if (n > FRAME_MAX)
		return -1;
	set_u32(head + 1, (uint32_t)n);
	if (buf_append(b, head, sizeof(head)) == -1)
		return -1;
	return buf_append(b, p, n);
}

int
field_put_str(struct buf *b, uint8_t tag, const char *s)
{
	return field_put(b, tag, s, strlen(s));
}

int
field_put_u64(struct buf *b, uint8_t tag, uint64_t v)
{
	uint8_t p[8];

	set_u32(p, (uint32_t)(v >> 32));
	set_u32(p + 4, (uint32_t)(v & 0xffffffff));
	return field_put(b, tag, p, sizeof(p));
}

void
field_walk_init(struct field_walk *w, const struct frame *f)
{
	w->p = f->payload;
	w->left = f->len;
}

int
field_next(struct field_walk *w, struct field *f)
{
	uint32_t len;

	if (w->left == 0)
		return 0;
	if (w->left < FRAME_HEAD)
		return -1;
	len = get_u32(w->p + 1);
	if (len > w->left - FRAME_HEAD)
		return -1;
	f->tag = w->p[0];
	f->len = len;
	f->value = w->p + FRAME_HEAD;
	w->p += FRAME_HEAD + len;
	w->left -= FRAME_HEAD + len;
	return 1;
}

int
field_u64(const struct field *f, uint64_t *v)
{
	if (f->len != 8)
		return -1;
	*v = (uint64_t)get_u32(f->value) << 32 | get_u32(f->value + 4);
	return 0;
}

char *
field_str(const struct field *f)
{
	if (f->len > 0 && memchr(f->value, '\0', f->len) != NULL)
		return NULL;
	return xstrndup((const char *)f->value, f->len);
}

void
frame_reader_init(struct frame_reader *r, int fd)
{
	r->fd = fd;
	r->used = 0;
	buf_init(&r->in, FRAME_RECV_MAX);
}

void
frame_reader_clear(struct frame_reader *r)
{
	buf_wipe(&r->in);
}

/* Waits until fd is ready for events: 0, or -1 with *e filled. */
static int
wait_ready(int fd, short events, int64_t deadline_ms, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	for (;;) {
		n = poll(&p, 1, clock_poll_timeout(deadline_ms));
		if (n > 0)
			return 0;
		if (n == 0)
			return err_set(e, ERR_TEMP, "4.4.2", "timed out");
		if (errno != EINTR)
			return err_errno(e, ERR_TEMP, "4.3.0", "poll");
	}
}

/* One read into r->in: 1, 0 at end of file, -1. */
static int
fill(struct frame_reader *r, int64_t deadline_ms, struct err *e)
{
	size_t room = FRAME_RAW_MAX + FRAME_HEAD;
	ssize_t n;
	char *to;

	/* A frame is at most half of the buffer, so there is room. */
	to = buf_reserve(&r->in, room);
	assert(to != NULL);
	for (;;) {
		if (wait_ready(r->fd, POLLIN, deadline_ms, e) == -1)
			return -1;
		n = read(r->fd, to, room);
		if (n > 0) {
			buf_grew(&r->in, (size_t)n);
			return 1;
		}
		if (n == 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return err_errno(e, ERR_TEMP, "4.4.2", "read");
	}
}

int
frame_recv(
    struct frame_reader *r, struct frame *f, int64_t deadline_ms, struct err *e)
{
	ssize_t n;
	int got;

	for (;;) {
		n = frame_parse(
		    buf_data(&r->in) + r->used, r->in.len - r->used, f);
		if (n == -1)
			return err_set(e, ERR_TEMP, "4.5.0",
			    "the peer sent a frame that is too long");
		if (n > 0) {
			r->used += (size_t)n;
			return 1;
		}
		/* Not after each frame: the rest would move every time. */
		buf_consume(&r->in, r->used);
		r->used = 0;
		if ((got = fill(r, deadline_ms, e)) == -1)
			return -1;
		if (got == 0 && r->in.len == 0)
			return 0;
		if (got == 0)
			return err_set(e, ERR_TEMP, "4.4.2",
			    "the peer closed in the middle of a frame");
	}
}

int
frame_send(int fd, struct buf *b, int64_t deadline_ms, struct err *e)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		if (wait_ready(fd, POLLOUT, deadline_ms, e) == -1)
			return -1;
		n = send(fd, b->data + done, b->len - done,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return err_errno(e, ERR_TEMP, "4.4.2", "write");
	}
	buf_truncate(b, 0);
	return 0;
}
