/* SPDX-License-Identifier: ISC */
/*
 * Order and meaning of a submission's frames.  What a client does wrong is
 * refused here, before it costs more than its own buffer.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/proto_authors.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/incoming.h"

struct incoming {
	struct admit *admit;
	struct admission_caller caller;
	struct origin origin; /* the caller's, when it has said one */
	struct submit_head head;
	struct envelope env;
	uint64_t size; /* octets of DATA so far */
	bool has_envelope;
	bool is_complete;
	bool is_broken; /* by its frames */
	struct admission *admission;
};

struct incoming *
incoming_new(struct admit *a, const struct admission_caller *caller)
{
	struct incoming *s = xcalloc(1, sizeof(*s));

	s->admit = a;
	s->caller = *caller;
	envelope_init(&s->env);
	return s;
}

void
incoming_free(struct incoming *s)
{
	if (s == NULL)
		return;
	if (s->admission != NULL)
		admission_drop(s->admission);
	envelope_clear(&s->env);
	origin_release(&s->origin);
	free(s);
}

void
incoming_next(struct incoming *s)
{
	if (s->admission != NULL)
		admission_drop(s->admission);
	s->admission = NULL;
	memset(&s->head, 0, sizeof(s->head));
	s->size = 0;
	s->has_envelope = s->is_complete = false;
}

bool
incoming_has_begun(const struct incoming *s)
{
	return s->has_envelope;
}

bool
incoming_is_busy(const struct incoming *s)
{
	return s->admission != NULL && admission_is_busy(s->admission);
}

bool
incoming_is_complete(const struct incoming *s)
{
	return s->is_complete;
}

bool
incoming_is_ours(const struct incoming *s)
{
	return s->is_complete && s->caller.origin != NULL;
}

bool
incoming_is_broken(const struct incoming *s)
{
	return s->is_broken;
}

const char *
incoming_sender(const struct incoming *s)
{
	return s->admission != NULL ? admission_sender(s->admission)
				    : s->env.sender;
}

const struct origin *
incoming_origin(const struct incoming *s)
{
	return s->caller.origin;
}

static int
out_of_order(struct incoming *s, struct err *e)
{
	s->is_broken = true;
	return err_set(
	    e, ERR_PERM, "5.5.0", "the submission's frames are out of order");
}

/* Ahead of all else, and once. */
static int
take_origin(struct incoming *s, const struct frame *f, struct err *e)
{
	if (s->has_envelope || s->caller.origin != NULL)
		return out_of_order(s, e);
	s->is_broken = admit_origin(s->admit, f, &s->origin, e) == -1;
	if (s->is_broken)
		return -1;
	s->caller.origin = &s->origin;
	return 0;
}

static int
take_envelope(struct incoming *s, const struct frame *f, struct err *e)
{
	if (s->has_envelope)
		return out_of_order(s, e);
	s->has_envelope = true;
	s->is_broken = submit_get_envelope(f, &s->head, &s->env, e) == -1;
	return s->is_broken ? -1 : 0;
}

/* Of a listener's message alone: nobody else is judged by it. */
static int
take_authors(struct incoming *s, const struct frame *f, struct err *e)
{
	const struct authors *a = &s->env.authors;

	if (!s->has_envelope || s->admission != NULL ||
	    s->caller.origin == NULL || a->others.n > 0 || a->has_unread)
		return out_of_order(s, e);
	s->is_broken = authors_get(f, &s->env.authors, e) == -1;
	return s->is_broken ? -1 : 0;
}

static int
take_rcpts(struct incoming *s, const struct frame *f, struct err *e)
{
	if (!s->has_envelope || s->admission != NULL)
		return out_of_order(s, e);
	s->is_broken = submit_get_rcpts(f, &s->env, e) == -1;
	return s->is_broken ? -1 : 0;
}

/* The first octets of the body, or its end, complete the envelope. */
static int
begin(struct incoming *s, struct err *e)
{
	if (s->admission != NULL)
		return 0;
	if (!s->has_envelope)
		return out_of_order(s, e);
	s->admission =
	    admission_new(s->admit, &s->caller, &s->head, &s->env, e);
	return s->admission == NULL ? -1 : 0;
}

static int
take_data(struct incoming *s, const struct frame *f, struct err *e)
{
	if (f->len > FRAME_RAW_MAX)
		return out_of_order(s, e);
	if (begin(s, e) == -1)
		return -1;
	s->size += f->len;
	return admission_data(s->admission, f->payload, f->len, e);
}

static int
take_end(struct incoming *s, const struct frame *f, struct err *e)
{
	uint64_t size;

	s->is_broken = submit_get_end(f, &size, e) == -1;
	if (s->is_broken || begin(s, e) == -1)
		return -1;
	s->is_broken = size != s->size;
	if (admission_finish(s->admission, size, e) == -1)
		return -1;
	s->is_complete = true;
	return 0;
}

static int
take_frame(struct incoming *s, const struct frame *f, struct err *e)
{
	switch (f->type) {
	case SUBMIT_ORIGIN:
		return take_origin(s, f, e);
	case SUBMIT_ENVELOPE:
		return take_envelope(s, f, e);
	case SUBMIT_AUTHORS:
		return take_authors(s, f, e);
	case SUBMIT_RCPTS:
		return take_rcpts(s, f, e);
	case SUBMIT_DATA:
		return take_data(s, f, e);
	case SUBMIT_END:
		return take_end(s, f, e);
	default:
		s->is_broken = true;
		return err_set(e, ERR_PERM, "5.5.0",
		    "the submission holds a frame of unknown type");
	}
}

int
incoming_feed(struct incoming *s, struct buf *in, struct err *e)
{
	struct frame f;
	size_t done = 0;
	ssize_t n = 0;

	while (!s->is_complete && !incoming_is_busy(s)) {
		n = frame_parse(buf_data(in) + done, in->len - done, &f);
		if (n <= 0)
			break;
		done += (size_t)n;
		/* Seen before END is taken: what is refused is not queued. */
		if (f.type == SUBMIT_END && done < in->len)
			return out_of_order(s, e);
		if (take_frame(s, &f, e) == -1)
			return -1;
		if (f.type == SUBMIT_ORIGIN)
			break;
	}
	buf_consume(in, done);
	if (n != -1)
		return 0;
	s->is_broken = true;
	return err_set(e, ERR_PERM, "5.5.0",
	    "the submission holds a frame that is too long");
}
