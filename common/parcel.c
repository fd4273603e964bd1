/* SPDX-License-Identifier: ISC */
/*
 * A submission as a stream of frames that can be started over.  It owns the
 * rule of what may be sent twice: what lies in memory always, what lies beyond
 * it only when the source can be read again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/parcel.h"
#include "common/xalloc.h"

enum stage {
	STAGE_ENVELOPE,
	STAGE_MEMORY,
	STAGE_SOURCE, /* beyond memory */
	STAGE_DONE
};

struct parcel {
	struct submit_head head;
	const struct envelope *env;
	struct source source;
	struct size_limit limit;
	struct buf memory;
	bool is_whole;
	bool has_streamed; /* the source was read beyond memory */
	enum stage stage;
	uint64_t sent; /* octets of the message put into frames */
};

struct parcel *
parcel_new(const struct submit_head *head, const struct envelope *env,
    const struct source *source, struct size_limit limit)
{
	struct parcel *p = xcalloc(1, sizeof(*p));

	p->head = *head;
	p->env = env;
	p->source = *source;
	p->limit = limit;
	buf_init(&p->memory, PARCEL_MEMORY);
	return p;
}

void
parcel_free(struct parcel *p)
{
	if (p == NULL)
		return;
	buf_clear(&p->memory);
	free(p);
}

int
parcel_check_size(uint64_t size, struct size_limit limit, struct err *e)
{
	if (limit.octets == 0 || size <= limit.octets)
		return 0;
	return err_set(e, ERR_PERM, PARCEL_TOO_LARGE,
	    "the message is larger than the %llu octets that %s allows; "
	    "nothing was sent",
	    (unsigned long long)limit.octets, limit.option);
}

int
parcel_fill(struct parcel *p, struct err *e)
{
	struct buf *m = &p->memory;
	ssize_t n;
	size_t room;
	char *to;

	/*
	 * All the room at once: pages that stay empty cost nothing, and growth
	 * by steps would hold two copies.
	 */
	to = buf_reserve(m, m->max - m->len);
	while (!p->is_whole && m->len < m->max) {
		room = m->max - m->len;
		if (room > FRAME_RAW_MAX)
			room = FRAME_RAW_MAX;
		n = p->source.read(p->source.arg, to, room, e);
		if (n == -1)
			return -1;
		buf_grew(m, (size_t)n);
		to += n;
		p->is_whole = n == 0;
	}
	return parcel_check_size(m->len, p->limit, e);
}

uint64_t
parcel_version(const struct parcel *p)
{
	return p->head.version;
}

bool
parcel_is_whole(const struct parcel *p)
{
	return p->is_whole;
}

enum body_type
parcel_body(const struct parcel *p, enum body_type said)
{
	size_t i;

	for (i = 0; i < p->memory.len; i++)
		if ((p->memory.data[i] & 0x80) != 0)
			return BODY_8BITMIME;
	if (p->is_whole)
		return BODY_7BIT;
	/* The rest was not seen. */
	return said == BODY_7BIT ? BODY_UNKNOWN : said;
}

bool
parcel_is_ready(const struct parcel *p)
{
	return p->stage == STAGE_ENVELOPE || p->stage == STAGE_MEMORY;
}

static int
no_room(struct err *e)
{
	return err_set(e, ERR_TEMP, "4.3.0",
	    "a submission does not fit its buffer: please report this");
}

static int
put_envelope(struct parcel *p, struct buf *out, struct err *e)
{
	if (submit_put_envelope(out, &p->head, p->env) == -1)
		return no_room(e);
	p->stage = STAGE_MEMORY;
	return 0;
}

static int
put_memory(struct parcel *p, struct buf *out, struct err *e)
{
	size_t n = p->memory.len - p->sent;

	if (n > FRAME_RAW_MAX)
		n = FRAME_RAW_MAX;
	if (n > 0 &&
	    frame_put_raw(out, SUBMIT_DATA, p->memory.data + p->sent, n) == -1)
		return no_room(e);
	p->sent += n;
	if (p->sent == p->memory.len)
		p->stage = STAGE_SOURCE;
	return 0;
}

/* One frame read directly from the source into out. */
static int
put_source(struct parcel *p, struct buf *out, struct err *e)
{
	ssize_t start, n = 0;
	char *to;

	if (!p->is_whole) {
		start = frame_begin(out, SUBMIT_DATA);
		to = buf_reserve(out, FRAME_RAW_MAX);
		if (start == -1 || to == NULL)
			return no_room(e);
		n = p->source.read(p->source.arg, to, FRAME_RAW_MAX, e);
		if (n == -1)
			return -1;
		buf_grew(out, (size_t)n);
		frame_end(out, start);
		if (n == 0) {
			buf_truncate(out, (size_t)start);
			p->is_whole = !p->has_streamed;
		} else {
			p->has_streamed = true;
		}
	}
	p->sent += (uint64_t)n;
	if (n > 0)
		return parcel_check_size(p->sent, p->limit, e);
	p->stage = STAGE_DONE;
	return submit_put_end(out, p->sent) == -1 ? no_room(e) : 0;
}

int
parcel_next(struct parcel *p, struct buf *out, struct err *e)
{
	size_t until = out->len + FRAME_RAW_MAX;
	int rc = 0;

	/*
	 * Frames from memory are put together with each other and with END, so
	 * that a usual message leaves in one write; a source may block, so each
	 * of its frames leaves alone.
	 */
	do {
		switch (p->stage) {
		case STAGE_ENVELOPE:
			rc = put_envelope(p, out, e);
			break;
		case STAGE_MEMORY:
			rc = put_memory(p, out, e);
			break;
		case STAGE_SOURCE:
			rc = put_source(p, out, e);
			break;
		case STAGE_DONE:
			break;
		}
	} while (
	    rc == 0 && out->len < until &&
	    (parcel_is_ready(p) || (p->stage == STAGE_SOURCE && p->is_whole)));
	if (rc == -1)
		return -1;
	return p->stage == STAGE_DONE ? 0 : 1;
}

int
parcel_rewind(struct parcel *p, struct err *e)
{
	char scratch[4096];
	size_t skip = p->memory.len, n;
	ssize_t got;

	if (p->has_streamed) {
		if (p->source.rewind(p->source.arg, e) == -1)
			return -1;
		/* The source starts anew; memory holds its beginning. */
		for (; skip > 0; skip -= (size_t)got) {
			n = skip < sizeof(scratch) ? skip : sizeof(scratch);
			got = p->source.read(p->source.arg, scratch, n, e);
			if (got == -1)
				return -1;
			if (got == 0)
				return err_set(e, ERR_TEMP, "4.3.0",
				    "standard input became shorter while it "
				    "was read");
		}
	}
	p->has_streamed = false;
	p->stage = STAGE_ENVELOPE;
	p->sent = 0;
	return 0;
}
