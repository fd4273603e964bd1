/* SPDX-License-Identifier: ISC */
/*
 * Several notices become one report.
 *
 * First those that may be part of it are found, and each is read once: one that
 * is damaged must go its own way, and be held.  Then the report is written
 * (merge_write.c), and they end, REMOVED, with "merged into ID" in the journal.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/merge_priv.h"
#include "queue/waiting.h"

/* Notices looked at in a slice: some may be held by an administrator. */
#define LOOK_MAX 256

static void
member_clear(struct member *m)
{
	size_t i;

	for (i = 0; i < m->nrcpts; i++)
		store_rcpt_clear(&m->rcpts[i]);
	free(m->rcpts);
	store_message_clear(&m->msg);
	free(m->note);
	memset(m, 0, sizeof(*m));
}

static void
group_free(struct group *g)
{
	while (g->n > 0)
		member_clear(&g->v[--g->n]);
	strlist_clear(&g->readers);
	free(g->key);
	free(g);
}

/* 1 with the message and its recipients, 0 when it is gone, -1. */
static int
member_load(struct store *s, uint64_t id, struct member *m, struct err *e)
{
	int found;

	memset(m, 0, sizeof(*m));
	if ((found = store_message_get(s, id, &m->msg, e)) != 1)
		return found;
	return store_rcpts_get(s, id, &m->rcpts, &m->nrcpts, e) == -1 ? -1 : 1;
}

int
merge_is_wanted(struct store *s, const struct store_message *m, bool has_stood,
    struct err *e)
{
	struct strlist readers = { NULL, 0 };
	struct member one;
	bool is_late = false;
	char *key;
	int found;

	if (m->kind != KIND_BOUNCE || m->attempts > 0)
		return 0;
	if ((found = member_load(s, m->id, &one, e)) == 1) {
		waiting_readers(one.rcpts, one.nrcpts, &readers);
		key = waiting_key(m, &readers);
		found = waiting_get(s, key, m->id, &is_late, NULL, e);
		free(key);
		strlist_clear(&readers);
	}
	member_clear(&one);
	return found == 1 ? is_late || has_stood : found;
}

/* ---- finding them ---- */

enum fitness {
	FIT_NOW,
	FIT_LATER, /* held by somebody, or with a worker */
	FIT_NEVER
};

static enum fitness
judge(const struct member *m)
{
	enum fitness f = FIT_NOW;
	size_t i;

	if (m->msg.kind != KIND_BOUNCE || m->msg.attempts > 0)
		return FIT_NEVER;
	for (i = 0; i < m->nrcpts; i++) {
		if (m->rcpts[i].attempts > 0)
			return FIT_NEVER;
		if (m->rcpts[i].state != RCPT_QUEUED)
			f = FIT_LATER;
	}
	return f;
}

static bool
is_of_group(const struct group *g, const struct member *m)
{
	const struct store_message *first = g->n > 0 ? &g->v[0].msg : &m->msg;
	struct strlist readers = { NULL, 0 };
	bool same;
	size_t i;

	waiting_readers(m->rcpts, m->nrcpts, &readers);
	same = readers.n == g->readers.n && m->msg.uid == first->uid &&
	       strcmp(m->msg.account, first->account) == 0;
	for (i = 0; same && i < readers.n; i++)
		same = strcmp(readers.v[i], g->readers.v[i]) == 0;
	strlist_clear(&readers);
	return same;
}

/* 1 when every chunk of it can be read, 0 when it is damaged, -1. */
static int
is_sound(struct store *s, uint64_t id, struct err *e)
{
	struct buf chunk;
	uint32_t seq = 0;
	int got;

	buf_init(&chunk, CHUNK_SIZE);
	while ((got = store_chunk_get(s, id, seq, &chunk, e)) == 1)
		seq++;
	buf_clear(&chunk);
	if (got == 0)
		return 1;
	return strcmp(e->status, "5.6.0") == 0 ? 0 : -1;
}

static bool
has_room(const struct merge *m, const struct group *g, uint64_t octets)
{
	uint64_t most = m->conf->queue.message_size_max;

	if (most > MERGE_OCTETS)
		most = MERGE_OCTETS;
	return g->n == 0 ||
	       (g->n < MERGE_NOTICES && g->octets + octets <= most);
}

/* Takes it into the group if it fits: 1, 0, -1; a hint that is stale goes. */
static int
take(const struct merge *m, struct group *g, struct member *one, struct err *e)
{
	enum fitness f = judge(one);
	int rc = 1;

	if (f == FIT_NOW && !is_of_group(g, one))
		f = FIT_LATER;
	if (f == FIT_NOW && !has_room(m, g, one->msg.size)) {
		g->is_full = true;
		f = FIT_LATER;
	}
	if (f == FIT_NOW && (rc = is_sound(m->store, one->msg.id, e)) == 0)
		f = FIT_NEVER;
	if (rc == -1)
		return -1;
	if (f == FIT_NEVER)
		return waiting_forget(m->store, g->key, one->msg.id, e);
	if (f == FIT_LATER)
		return 0;
	rc = waiting_get(
	    m->store, g->key, one->msg.id, &one->is_late, &one->note, e);
	if (rc != 1)
		return rc;
	g->octets += one->msg.size;
	g->is_late = g->is_late || one->is_late;
	g->v[g->n++] = *one;
	return 1;
}

static int
consider(const struct merge *m, struct group *g, uint64_t id, struct err *e)
{
	struct member one;
	int rc;

	if (m->is_busy != NULL && m->is_busy(m->arg, id))
		return 0;
	rc = member_load(m->store, id, &one, e);
	if (rc == 0)
		return waiting_forget(m->store, g->key, id, e);
	if (rc == 1)
		rc = take(m, g, &one, e);
	if (rc != 1)
		member_clear(&one);
	return rc == -1 ? -1 : 0;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = ((const struct member *)a)->msg.id;
	uint64_t y = ((const struct member *)b)->msg.id;

	return (x > y) - (x < y);
}

/* The one whose turn it is is in it in any case; then the oldest. */
static int
collect(const struct merge *m, struct group *g, struct err *e)
{
	uint64_t ids[LOOK_MAX];
	struct member first;
	size_t i, n = 0;
	int rc;

	if ((rc = member_load(m->store, m->first, &first, e)) == 1) {
		waiting_readers(first.rcpts, first.nrcpts, &g->readers);
		g->key = waiting_key(&first.msg, &g->readers);
	}
	member_clear(&first);
	if (rc != 1)
		return rc;
	if (consider(m, g, m->first, e) == -1 ||
	    waiting_list(m->store, g->key, ids, LOOK_MAX, &n, e) == -1)
		return -1;
	for (i = 0; i < n && g->n > 0 && !g->is_full; i++)
		if (ids[i] != m->first && consider(m, g, ids[i], e) == -1)
			return -1;
	qsort(g->v, g->n, sizeof(g->v[0]), compare);
	return 0;
}

/* ---- their end ---- */

static int
write_event(const struct merge *m, const struct member *one,
    const struct store_rcpt *r, struct err *e)
{
	char id[QUEUE_ID_TEXT], text[sizeof("merged into ") + QUEUE_ID_TEXT];
	struct store_event ev = {
		.at = m->now,
		.what = "merged",
		.message = one->msg.id,
		.uid = one->msg.uid,
		.account = one->msg.account,
		.sender = one->msg.sender,
		.recipient = r->address,
		.original = r->original,
		.message_id = one->msg.message_id,
		.status = "",
		.text = text,
		.relay = "",
		.size = one->msg.size,
		.arrived_at = one->msg.arrived_at,
	};

	queue_id_format(m->report, id);
	snprintf(text, sizeof(text), "merged into %s", id);
	return store_event_add(m->store, &ev, e);
}

static int
end_member(struct merge *m, const struct group *g, const struct member *one,
    struct err *e)
{
	const struct rcpt_change removed = { .to = RCPT_REMOVED };
	uint64_t id = one->msg.id;
	size_t i;

	for (i = 0; i < one->nrcpts; i++)
		if (state_set(m->store, id, one->rcpts[i].id, RCPT_QUEUED,
			&removed, e) == -1 ||
		    write_event(m, one, &one->rcpts[i], e) == -1)
			return -1;
	m->gone[m->ngone].id = id;
	m->gone[m->ngone++].octets = one->msg.size;
	if (store_message_delete(m->store, id, e) == -1)
		return -1;
	return waiting_forget(m->store, g->key, id, e);
}

static int
replace(struct merge *m, const struct group *g, struct err *e)
{
	size_t i;

	if (merge_write(m, g, e) == -1)
		return -1;
	for (i = 0; i < g->n; i++)
		if (end_member(m, g, &g->v[i], e) == -1)
			return -1;
	return g->is_late ? waiting_reported(m->store, g->key, m->now, e) : 0;
}

int
merge_work(struct merge *m, struct err *e)
{
	struct group *g = xcalloc(1, sizeof(*g));
	int rc;

	/* Begun anew when the transaction had to be. */
	m->ngone = 0;
	rc = collect(m, g, e);
	if (rc == 0 && g->n > 1)
		rc = replace(m, g, e);
	else if (rc == 0 && g->is_late)
		rc = waiting_let_go(
		    m->store, g->key, m->first, g->v[0].note, m->now, e);
	group_free(g);
	return rc;
}

void
merge_log(const struct merge *m)
{
	char id[QUEUE_ID_TEXT], report[QUEUE_ID_TEXT];
	size_t i;

	queue_id_format(m->report, report);
	for (i = 0; i < m->ngone; i++) {
		queue_id_format(m->gone[i].id, id);
		log_event(
		    LOG_NOTICE, "merged", "id", id, "notice", report, NULL);
	}
}
