/* SPDX-License-Identifier: ISC */
/*
 * A report as a message of the queue.  Its text comes piece by piece, and the
 * notices chunk by chunk: nothing is held in memory but one chunk of each.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "mail/digest.h"
#include "mail/msgid.h"
#include "queue/merge_priv.h"
#include "queue/notice.h"
#include "queue/waiting.h"

#define HEAD_MAX (4 * MERGE_NOTICES * DIGEST_NOTE_MAX)

/* What is written comes in pieces, and is stored in chunks. */
struct writer {
	struct store *store;
	uint64_t id, octets;
	struct buf chunk;
};

static int
flush(struct writer *w, struct err *e)
{
	if (w->chunk.len == 0)
		return 0;
	if (store_chunk_add(
		w->store, w->id, buf_data(&w->chunk), w->chunk.len, e) == -1)
		return -1;
	buf_truncate(&w->chunk, 0);
	return 0;
}

static int
put(struct writer *w, const struct buf *b, struct err *e)
{
	const char *p = buf_data(b);
	size_t left = b->len, n;

	w->octets += left;
	for (; left > 0; p += n, left -= n) {
		n = CHUNK_SIZE - w->chunk.len;
		if (n > left)
			n = left;
		buf_append(&w->chunk, p, n);
		if (w->chunk.len == CHUNK_SIZE && flush(w, e) == -1)
			return -1;
	}
	return 0;
}

static int
copy(struct writer *w, uint64_t id, struct err *e)
{
	struct buf chunk;
	uint32_t seq = 0;
	int got;

	buf_init(&chunk, CHUNK_SIZE);
	while ((got = store_chunk_get(w->store, id, seq++, &chunk, e)) == 1)
		if (put(w, &chunk, e) == -1) {
			got = -1;
			break;
		}
	buf_clear(&chunk);
	return got;
}

static int
write_body(struct writer *w, const struct group *g, const struct digest *d,
    struct err *e)
{
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, HEAD_MAX);
	if (digest_put_head(&b, d) == -1)
		rc = err_set(e, ERR_LOCAL, "5.3.4", "the report is too large");
	else
		rc = put(w, &b, e);
	for (i = 0; rc == 0 && i < g->n; i++) {
		buf_truncate(&b, 0);
		digest_put_next(&b, d);
		rc = put(w, &b, e);
		if (rc == 0)
			rc = copy(w, g->v[i].msg.id, e);
	}
	buf_truncate(&b, 0);
	digest_put_end(&b, d);
	if (rc == 0)
		rc = put(w, &b, e);
	if (rc == 0)
		rc = flush(w, e);
	buf_clear(&b);
	return rc;
}

static int
write_text(struct writer *w, const struct merge *m, const struct group *g,
    const char *message_id, struct err *e)
{
	const char *notes[MERGE_NOTICES];
	struct strlist to = { NULL, 0 };
	struct digest d = { .to = &to,
		.hostname = m->conf->local.hostname,
		.message_id = message_id,
		.now = m->now,
		.notes = notes,
		.nnotes = g->n,
		.limit = g->is_late ? WAITING_SINGLY : 0 };
	char *from = notice_from(m->conf), boundary[33];
	uint32_t dice[4];
	size_t i;
	int rc;

	arc4random_buf(dice, sizeof(dice));
	snprintf(boundary, sizeof(boundary), "%08x%08x%08x%08x", dice[0],
	    dice[1], dice[2], dice[3]);
	for (i = 0; i < g->n; i++)
		notes[i] = g->v[i].note;
	for (i = 0; i < g->v[0].nrcpts; i++)
		strlist_add(&to, g->v[0].rcpts[i].address);
	d.from = from;
	d.boundary = boundary;
	rc = write_body(w, g, &d, e);
	strlist_clear(&to);
	free(from);
	return rc;
}

static int
add_rcpts(struct store *s, uint64_t id, const struct member *of, struct err *e)
{
	struct store_rcpt r;
	size_t i;

	for (i = 0; i < of->nrcpts; i++) {
		memset(&r, 0, sizeof(r));
		r.address = of->rcpts[i].address;
		r.original = of->rcpts[i].original;
		if (store_rcpt_add(s, id, &r, e) == -1)
			return -1;
	}
	return 0;
}

int
merge_write(struct merge *m, const struct group *g, struct err *e)
{
	const struct store_message *of = &g->v[0].msg;
	struct store_message r = { .kind = KIND_BOUNCE,
		.body = BODY_7BIT,
		.arrived_at = m->now,
		.uid = of->uid,
		.account = of->account,
		.sender = (char[]){ "" } };
	struct writer w = { .store = m->store };
	uint8_t dice[MSGID_RANDOM];
	int rc = -1;

	arc4random_buf(dice, sizeof(dice));
	buf_init(&w.chunk, CHUNK_SIZE);
	r.id = w.id = store_next_id(m->store, clock_wall_ms());
	r.message_id = msgid_make(dice, m->now, m->conf->local.hostname);
	if (store_message_add(m->store, &r, e) == 0 &&
	    write_text(&w, m, g, r.message_id, e) == 0 &&
	    add_rcpts(m->store, r.id, &g->v[0], e) == 0)
		rc = store_message_queue(m->store, r.id, m->now, e);
	m->report = r.id;
	m->octets = w.octets;
	m->uid = r.uid;
	free(r.message_id);
	buf_clear(&w.chunk);
	return rc;
}
