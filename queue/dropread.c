/* SPDX-License-Identifier: ISC */
/*
 * One drop file on its way in.
 *
 *	admitting --refused for ever--> refusing --committed--> bounced
 *	    |                               |
 *	    +--committed--> taken           +--nobody to tell--> no message
 *
 * Both ways read frames from one buffer until a commit is waited for.  A turn
 * reads so much and no more: frames that hold nothing cost time all the same,
 * and there may be millions of them in a file.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/xalloc.h"
#include "queue/admit.h"
#include "queue/dropread.h"
#include "queue/incoming.h"
#include "queue/loop.h"
#include "queue/refuse.h"

#define TURN_OCTETS (512 * 1024)

struct dropread {
	struct dropread_parts parts;
	int fd;
	off_t start; /* of its frames */
	uid_t owner;
	dropread_end *end;
	void *arg;
	struct loop_idle *turn;
	struct buf in;
	struct incoming *incoming; /* while admitting */
	struct refusal *refusal;   /* while refusing */
};

/* The caller frees it within. */
static void
end_with(struct dropread *r, enum dropread_outcome outcome, uint64_t queue_id,
    const struct err *why)
{
	r->end(r->arg, outcome, queue_id, why);
}

static void
on_refused(void *arg, uint64_t queue_id, const struct err *failed)
{
	struct dropread *r = arg;

	if (failed == NULL)
		end_with(r, DROPREAD_BOUNCED, queue_id, NULL);
	else if (failed->class == ERR_PERM)
		end_with(r, DROPREAD_NO_MESSAGE, 0, failed);
	else
		end_with(r, DROPREAD_LATER, 0, failed);
}

/* Once more from the front, to fail it. */
static void
begin_refusal(struct dropread *r, const struct err *why)
{
	struct err e;

	r->refusal = refusal_new(r->parts.refuse, r->owner, why, on_refused, r);
	buf_truncate(&r->in, 0);
	if (lseek(r->fd, r->start, SEEK_SET) == -1) {
		err_errno(&e, ERR_TEMP, "4.3.0", "it cannot be read again");
		end_with(r, DROPREAD_LATER, 0, &e);
	} else
		loop_idle_again(r->turn);
}

/* It was refused, on either way. */
static void
judge(struct dropread *r, const struct err *why)
{
	struct err e = *why;
	bool is_message =
	    r->incoming != NULL && !incoming_is_broken(r->incoming);

	if (why->class != ERR_PERM)
		end_with(r, DROPREAD_LATER, 0, why);
	else if (!is_message)
		end_with(r, DROPREAD_NO_MESSAGE, 0, why);
	else {
		incoming_free(r->incoming);
		r->incoming = NULL;
		begin_refusal(r, &e);
	}
}

static void
on_admitted(void *arg, uint64_t queue_id, const struct err *why)
{
	struct dropread *r = arg;

	if (why == NULL)
		end_with(r, DROPREAD_TAKEN, queue_id, NULL);
	else
		judge(r, why);
}

static int
feed(struct dropread *r, struct err *e)
{
	return r->incoming != NULL ? incoming_feed(r->incoming, &r->in, e)
				   : refusal_feed(r->refusal, &r->in, e);
}

static bool
is_waiting(const struct dropread *r)
{
	return r->incoming != NULL ? incoming_is_busy(r->incoming)
				   : refusal_is_busy(r->refusal);
}

/* One read more into the buffer: its octets, 0 at the end, -1. */
static ssize_t
read_more(struct dropread *r, struct err *e)
{
	char *to = buf_reserve(&r->in, FRAME_RAW_MAX);
	ssize_t n;

	if (to == NULL)
		return err_set(e, ERR_PERM, "5.5.0", "a frame is too long");
	n = read(r->fd, to, FRAME_RAW_MAX);
	if (n == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "it cannot be read");
	buf_grew(&r->in, (size_t)n);
	return n;
}

/*
 * Reads on until a commit is waited for, or the end, or the turn is over.  What
 * lies in the buffer goes first: after a commit it may be all that is left of
 * the file.
 */
static void
read_on(void *arg)
{
	struct dropread *r = arg;
	size_t octets = 0;
	struct err e;
	ssize_t n;

	for (;;) {
		if (feed(r, &e) == -1) {
			judge(r, &e);
			return;
		}
		if (is_waiting(r))
			return;
		if (octets >= TURN_OCTETS) {
			loop_idle_again(r->turn);
			return;
		}
		if ((n = read_more(r, &e)) <= 0)
			break;
		octets += (size_t)n;
	}
	/* It was cut since it was found whole: by its owner. */
	if (n == 0)
		err_set(&e, ERR_PERM, "5.5.0", "END came too early");
	end_with(r, n == 0 ? DROPREAD_NO_MESSAGE : DROPREAD_LATER, 0, &e);
}

struct dropread *
dropread_start(const struct dropread_parts *parts, int fd, uid_t owner,
    dropread_end *end, void *arg)
{
	struct dropread *r = xcalloc(1, sizeof(*r));
	struct admission_caller caller = { owner, on_admitted, read_on, r,
		NULL };

	r->parts = *parts;
	r->fd = fd;
	r->start = lseek(fd, 0, SEEK_CUR);
	r->owner = owner;
	r->end = end;
	r->arg = arg;
	r->turn = loop_idle_new(parts->base, read_on, r);
	buf_init(&r->in, FRAME_RECV_MAX);
	r->incoming = incoming_new(parts->admit, &caller);
	loop_idle_again(r->turn);
	return r;
}

void
dropread_free(struct dropread *r)
{
	if (r == NULL)
		return;
	loop_idle_free(r->turn);
	incoming_free(r->incoming);
	if (r->refusal != NULL)
		refusal_drop(r->refusal);
	close(r->fd);
	buf_clear(&r->in);
	free(r);
}
