/* SPDX-License-Identifier: ISC */
/*
 * The message on its way out.  What was stored is in canonical form, and that
 * is checked here once more: a bare CR or LF that reached a server could end
 * the message early and smuggle another one in behind it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "delivery/body_priv.h"
#include "delivery/channel.h"

void
body_init(struct body *b, struct channel *ch, const struct job_message *m)
{
	memset(b, 0, sizeof(*b));
	b->channel = ch;
	b->message = m;
	buf_init(&b->data, BODY_PIECE_MAX);
}

void
body_clear(struct body *b)
{
	buf_clear(&b->data);
	if (b->recode == NULL)
		return;
	plan_clear(&b->recode->plan);
	reencode_clear(&b->recode->reencode);
	buf_clear(&b->recode->raw);
	free(b->recode);
	b->recode = NULL;
}

int
body_damaged(struct err *e, const char *what)
{
	return err_set(
	    e, ERR_LOCAL, "4.3.0", "the stored message is damaged: %s", what);
}

/* Canonical form over frames: each CR has its LF and each LF its CR. */
static int
check_canonical(struct body *b, const char *p, size_t n, struct err *e)
{
	const char *at, *end = p + n;
	char before;

	if (memchr(p, '\0', n) != NULL)
		return body_damaged(e, "it holds a NUL");
	/* A CR that ended the frame before. */
	if (n > 0 && b->previous == '\r' && *p != '\n')
		return body_damaged(e, "it holds a bare CR");
	for (at = p; (at = memchr(at, '\n', (size_t)(end - at))) != NULL;
	     at++) {
		before = at == p ? b->previous : at[-1];
		if (before != '\r')
			return body_damaged(e, "it holds a bare LF");
	}
	for (at = p; (at = memchr(at, '\r', (size_t)(end - at))) != NULL; at++)
		if (at + 1 < end && at[1] != '\n')
			return body_damaged(e, "it holds a bare CR");
	if (n > 0)
		b->previous = end[-1];
	return 0;
}

static int
take_octets(struct body *b, const struct frame *f, struct err *e)
{
	const char *p = (const char *)f->payload;
	size_t n = f->len, skip = b->skip < n ? b->skip : n;
	struct buf *to = b->recode == NULL ? &b->data : &b->recode->raw;

	if (n > b->message->size - b->got)
		return body_damaged(e, "it is longer than what was stored");
	b->got += n;
	if (check_canonical(b, p, n, e) == -1)
		return -1;
	b->skip -= skip;
	if (buf_append(to, p + skip, n - skip) == -1)
		return body_damaged(e, "too long a frame");
	return 0;
}

static int
take_end(struct body *b, struct err *e)
{
	if (b->got != b->message->size)
		return body_damaged(e, "its size is not what was stored");
	if (b->got > 0 && b->previous != '\n')
		return body_damaged(e, "its last line has no end");
	b->is_read = true;
	return 0;
}

/* The end of the first reading of what is sent twice. */
static int
take_again(struct body *b, struct err *e)
{
	if (!b->message->is_twice || b->is_second)
		return body_damaged(e, "it comes once too often");
	if (take_end(b, e) == -1)
		return -1;
	b->is_second = true;
	b->got = 0;
	b->previous = '\0';
	return 0;
}

int
body_fill(struct body *b, struct err *e)
{
	struct frame f;

	if (channel_next(b->channel, &f, e) == -1)
		return -1;
	switch (f.type) {
	case JOB_BODY:
		return take_octets(b, &f, e);
	case JOB_BODY_AGAIN:
		return take_again(b, e);
	case JOB_BODY_END:
		b->is_complete = true;
		return take_end(b, e);
	case JOB_ABORT:
		return err_set(
		    e, ERR_LOCAL, "4.3.0", "mailchuted took the message back");
	default:
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "job channel: frame %u in a body", f.type);
	}
}

/* One frame more, and what becomes of it. */
static int
read_more(struct body *b, struct err *e)
{
	struct recode *r = b->recode;
	int rc = 0;

	if (body_fill(b, e) == -1)
		return -1;
	if (r == NULL)
		return 0;
	rc =
	    reencode_put(&r->reencode, buf_data(&r->raw), r->raw.len, &b->data);
	buf_truncate(&r->raw, 0);
	if (rc == 0 && b->is_complete)
		rc = reencode_end(&r->reencode, &b->data);
	return rc == 0 ? 0 : body_damaged(e, "it grows without end");
}

int
body_next(struct body *b, const char **p, size_t *n, struct err *e)
{
	buf_consume(&b->data, b->used);
	b->used = 0;
	while (!b->is_complete && b->data.len < BODY_WHOLE)
		if (read_more(b, e) == -1)
			return -1;
	*p = buf_data(&b->data);
	/* Until BODY_END the last octet stays here. */
	*n = b->is_complete ? b->data.len : b->data.len - 1;
	b->used = *n;
	return b->is_complete ? 0 : 1;
}

int
body_drain(struct body *b, struct err *e)
{
	while (!b->is_complete) {
		buf_truncate(&b->data, 0);
		if (b->recode != NULL)
			buf_truncate(&b->recode->raw, 0);
		if (body_fill(b, e) == -1)
			return -1;
	}
	return 0;
}
