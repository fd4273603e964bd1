/* SPDX-License-Identifier: ISC */
/*
 * The message on its way out.  What was stored is in canonical form, and that
 * is checked here once more: a bare CR or LF that reached a server could end
 * the message early and smuggle another one in behind it.
 */
#include "config.h"

#include <string.h>

#include "mail/header.h"
#include "mail/rewrite.h"
#include "delivery/body.h"
#include "delivery/channel.h"

/* RFC 5321 6.3: "a large rejection threshold, normally at least 100". */
#define HOPS_MAX 100

/* The header twice, while it is rewritten, and what came behind it. */
#define DATA_MAX (2 * HEADER_MAX + 2 * BODY_WHOLE + FRAME_RAW_MAX)

void
body_init(struct body *b, struct channel *ch, uint64_t expected)
{
	memset(b, 0, sizeof(*b));
	b->channel = ch;
	b->expected = expected;
	buf_init(&b->data, DATA_MAX);
}

void
body_clear(struct body *b)
{
	buf_clear(&b->data);
}

static int
damaged(struct err *e, const char *what)
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
		return damaged(e, "it holds a NUL");
	/* A CR that ended the frame before. */
	if (n > 0 && b->previous == '\r' && *p != '\n')
		return damaged(e, "it holds a bare CR");
	for (at = p; (at = memchr(at, '\n', (size_t)(end - at))) != NULL;
	     at++) {
		before = at == p ? b->previous : at[-1];
		if (before != '\r')
			return damaged(e, "it holds a bare LF");
	}
	for (at = p; (at = memchr(at, '\r', (size_t)(end - at))) != NULL; at++)
		if (at + 1 < end && at[1] != '\n')
			return damaged(e, "it holds a bare CR");
	if (n > 0)
		b->previous = end[-1];
	return 0;
}

static int
take_end(struct body *b, struct err *e)
{
	if (b->got != b->expected)
		return damaged(e, "its size is not what was stored");
	if (b->got > 0 && b->previous != '\n')
		return damaged(e, "its last line has no end");
	b->is_complete = true;
	return 0;
}

static bool
holds_8bit(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] >= 0x80)
			return true;
	return false;
}

/* One frame. */
static int
fill(struct body *b, struct err *e)
{
	struct frame f;

	if (channel_next(b->channel, &f, e) == -1)
		return -1;
	switch (f.type) {
	case JOB_BODY:
		if (f.len > b->expected - b->got)
			return damaged(e, "it is longer than what was stored");
		b->got += f.len;
		if (check_canonical(b, (const char *)f.payload, f.len, e) == -1)
			return -1;
		if (buf_append(&b->data, f.payload, f.len) == -1)
			return damaged(e, "too long a frame");
		if (holds_8bit((const char *)f.payload, f.len))
			b->has_8bit = true;
		return 0;
	case JOB_BODY_END:
		return take_end(b, e);
	case JOB_ABORT:
		return err_set(
		    e, ERR_LOCAL, "4.3.0", "mailchuted took the message back");
	default:
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "job channel: frame %u in a body", f.type);
	}
}

/* Reads until the header is there; its length, or -1. */
static ssize_t
read_header(struct body *b, bool *has_blank, struct err *e)
{
	ssize_t n;

	for (;;) {
		n = header_span(
		    buf_data(&b->data), b->data.len, b->is_complete, has_blank);
		if (n > HEADER_MAX || (n == -1 && b->data.len > HEADER_MAX))
			return err_set(e, ERR_PERM, "5.3.4",
			    "the header is larger than 1 MiB");
		if (n >= 0)
			return n;
		if (fill(b, e) == -1)
			return -1;
	}
}

/* Puts the rewritten header in the place of the first n octets. */
static int
replace_header(struct body *b, const struct header *h, size_t n, struct err *e)
{
	struct buf whole;
	int rc = -1;

	buf_init(&whole, DATA_MAX);
	if (header_put(&whole, h) == -1 || buf_puts(&whole, "\r\n") == -1 ||
	    buf_append(&whole, b->data.data + n, b->data.len - n) == -1) {
		err_set(e, ERR_PERM, "5.3.4", "the header is too large");
		goto out;
	}
	b->size = b->size + whole.len - b->data.len;
	buf_clear(&b->data);
	b->data = whole;
	buf_init(&whole, DATA_MAX);
	rc = 0;
out:
	buf_clear(&whole);
	return rc;
}

/* RFC 5321 6.3: so many hops are no way, they are a circle. */
static int
check_hops(const struct header *h, struct err *e)
{
	const struct header_field *f = NULL;
	unsigned hops = 0;

	while ((f = header_find(h, "Received", f)) != NULL)
		hops++;
	if (hops <= HOPS_MAX)
		return 0;
	return err_set(e, ERR_PERM, "5.4.6",
	    "it has %u Received fields, more than %d: the mail runs in a loop",
	    hops, HOPS_MAX);
}

int
body_open(struct body *b, const struct rewrite_rules *rules, struct err *e)
{
	struct header h = { NULL, 0 };
	bool has_blank;
	ssize_t n;
	int rc = -1;

	b->size = b->expected;
	if ((n = read_header(b, &has_blank, e)) == -1)
		return -1;
	while (!b->is_complete && b->data.len < BODY_WHOLE)
		if (fill(b, e) == -1)
			return -1;
	header_parse(buf_data(&b->data), (size_t)n, &h);
	if (check_hops(&h, e) == -1)
		goto out;
	if (rewrite_header(rules, &h) &&
	    replace_header(b, &h, (size_t)n, e) == -1)
		goto out;
	if (holds_8bit(buf_data(&b->data), b->data.len))
		b->has_8bit = true;
	rc = 0;
out:
	header_clear(&h);
	return rc;
}

int
body_next(struct body *b, const char **p, size_t *n, struct err *e)
{
	buf_consume(&b->data, b->used);
	b->used = 0;
	while (!b->is_complete && b->data.len < BODY_WHOLE)
		if (fill(b, e) == -1)
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
		if (fill(b, e) == -1)
			return -1;
	}
	return 0;
}
