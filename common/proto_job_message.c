/* SPDX-License-Identifier: ISC */
/*
 * A message on its way to deliver: its envelope, whose recipients go on in
 * further frames where one does not hold them.
 */
#include "config.h"

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_job.h"
#include "common/proto_job_priv.h"
#include "common/xalloc.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define TXT FIELDMAP_TEXT
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item message_items[] = {
	TXT(1, job_message, queue_id),
	NUM(2, job_message, size, 0, INT64_MAX),
	NUM(3, job_message, is_notice, 0, 1),
	STR(4, job_message, env.sender, true),
	NUM(7, job_message, env.ret, 0, RET_HDRS),
	STR(8, job_message, env.envid, false),
	STR(9, job_message, env.from, false),
	STR(10, job_message, env.message_id, false),
	NUM(11, job_message, eight_at, 0, INT64_MAX),
	NUM(12, job_message, wrong_at, 0, INT64_MAX),
	NUM(13, job_message, long_at, 0, INT64_MAX),
	NUM(14, job_message, is_twice, 0, 1),
	STR(15, job_message, instead_of, false),
};

/* A recipient is its address, and what follows up to the next address. */
#define TAG_RCPT        20
#define TAG_RCPT_ID     21
#define TAG_RCPT_NOTIFY 22
#define TAG_RCPT_ORCPT  23
#define NOTIFY_ALL \
	(NOTIFY_NEVER | NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY)
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool
job_is_twice(const struct job_message *m, const struct job_ready *r)
{
	return m->size > JOB_WHOLE_MAX &&
	       (m->long_at > 0 || (m->eight_at > 0 && !r->is_8bit));
}

void
job_message_clear(struct job_message *m)
{
	envelope_clear(&m->env);
	free(m->instead_of);
	free(m->rcpt_ids);
	memset(m, 0, sizeof(*m));
}

/* ---- writing ---- */

static int
put_rcpt(struct buf *b, const struct envelope_rcpt *r, uint64_t id)
{
	if (field_put_str(b, TAG_RCPT, r->address) == -1 ||
	    field_put_u64(b, TAG_RCPT_ID, id) == -1)
		return -1;
	if (r->notify != 0 &&
	    field_put_u64(b, TAG_RCPT_NOTIFY, r->notify) == -1)
		return -1;
	if (r->orcpt != NULL &&
	    field_put_str(b, TAG_RCPT_ORCPT, r->orcpt) == -1)
		return -1;
	return 0;
}

int
job_put_message(struct buf *b, const struct job_message *m)
{
	ssize_t start = frame_begin(b, JOB_MESSAGE);
	size_t i;

	if (start == -1 ||
	    fieldmap_put(b, message_items, COUNT(message_items), m) == -1)
		return -1;
	for (i = 0; i < m->env.nrcpts; i++) {
		/* Half a frame leaves room for any one recipient. */
		if (b->len - (size_t)start > FRAME_MAX / 2) {
			if (frame_end(b, start) == -1)
				return -1;
			if ((start = frame_begin(b, JOB_RCPTS)) == -1)
				return -1;
		}
		if (put_rcpt(b, &m->env.rcpts[i], m->rcpt_ids[i]) == -1)
			return -1;
	}
	return frame_end(b, start);
}

/* ---- reading ---- */

static int
add_rcpt(struct job_message *m, const struct field *x, struct err *e)
{
	size_t n = m->env.nrcpts;
	char *address;

	if (n == JOB_RCPTS_MAX)
		return fieldmap_malformed(e, "too many recipients", x->tag);
	if ((address = field_str(x)) == NULL || *address == '\0') {
		free(address);
		return fieldmap_malformed(e, "no address", x->tag);
	}
	envelope_add(&m->env, address);
	free(address);
	m->rcpt_ids = xreallocarray(m->rcpt_ids, n + 1, sizeof(*m->rcpt_ids));
	m->rcpt_ids[n] = 0;
	return 0;
}

/* A field of the recipient that came last. */
static int
set_rcpt(struct job_message *m, const struct field *x, struct err *e)
{
	struct envelope_rcpt *r;
	uint64_t v = 0;

	if (m->env.nrcpts == 0)
		return fieldmap_malformed(e, "no recipient before it", x->tag);
	r = &m->env.rcpts[m->env.nrcpts - 1];
	if (x->tag == TAG_RCPT_ORCPT) {
		if (r->orcpt != NULL || (r->orcpt = field_str(x)) == NULL)
			return fieldmap_malformed(e, "no text", x->tag);
		return 0;
	}
	if (field_u64(x, &v) == -1 ||
	    (x->tag == TAG_RCPT_NOTIFY && v > NOTIFY_ALL))
		return fieldmap_malformed(e, "a number out of bounds", x->tag);
	if (x->tag == TAG_RCPT_NOTIFY)
		r->notify = (unsigned)v;
	else
		m->rcpt_ids[m->env.nrcpts - 1] = v;
	return 0;
}

/* 1 when the field has nothing to do with recipients. */
static int
take_rcpt(struct job_message *m, const struct field *x, struct err *e)
{
	switch (x->tag) {
	case TAG_RCPT:
		return add_rcpt(m, x, e);
	case TAG_RCPT_ID:
	case TAG_RCPT_NOTIFY:
	case TAG_RCPT_ORCPT:
		return set_rcpt(m, x, e);
	default:
		return 1;
	}
}

static int
read_message(const struct frame *f, struct job_message *m, struct err *e)
{
	struct fieldmap t = { message_items, COUNT(message_items), m, 0 };
	struct field_walk w;
	struct field x;
	int got;

	if (job_expect(f, JOB_MESSAGE, e) == -1)
		return -1;
	field_walk_init(&w, f);
	while ((got = field_next(&w, &x)) == 1) {
		if ((got = take_rcpt(m, &x, e)) == 1)
			got = fieldmap_take(&t, 1, &x, e);
		if (got == 1)
			return fieldmap_malformed(e, "an unknown tag", x.tag);
		if (got == -1)
			return -1;
	}
	if (got == -1)
		return fieldmap_malformed(e, "a wrong length", 0);
	return fieldmap_finish(&t, 1, e);
}

int
job_get_message(const struct frame *f, struct job_message *m, struct err *e)
{
	memset(m, 0, sizeof(*m));
	envelope_init(&m->env);
	if (read_message(f, m, e) == 0)
		return 0;
	job_message_clear(m);
	return -1;
}

int
job_get_rcpts(const struct frame *f, struct job_message *m, struct err *e)
{
	struct field_walk w;
	struct field x;
	int got;

	if (job_expect(f, JOB_RCPTS, e) == -1)
		return -1;
	field_walk_init(&w, f);
	while ((got = field_next(&w, &x)) == 1) {
		if ((got = take_rcpt(m, &x, e)) == 1)
			return fieldmap_malformed(e, "an unknown tag", x.tag);
		if (got == -1)
			return -1;
	}
	return got == -1 ? fieldmap_malformed(e, "a wrong length", 0) : 0;
}
