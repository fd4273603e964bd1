/* SPDX-License-Identifier: ISC */
/*
 * Searches for what became of a message: along the queue, and along the
 * journal.  Every row is looked at, a bounded number of them in one call, so
 * that whoever searches 30 days of mail holds nobody up.
 */
#include "config.h"

#include <stdio.h>

#include "queue/store_priv.h"

/* The columns with which both statements begin. */
enum {
	TC_ID,
	TC_UID,
	TC_IS_FOUND,
	TC_COUNT
};

static sqlite3_stmt *
start(struct store *s, enum sql which, struct store_trace *t)
{
	sqlite3_stmt *st = query_start(s, which);
	char id[QUEUE_ID_TEXT];

	/* A notice about it: queue/notice.c makes its Message-ID. */
	queue_id_format(t->id, id);
	snprintf(t->notice, sizeof(t->notice), "%%.%s@%%", id);

	query_bind_u64(st, 1, t->last);
	query_bind_u64(st, 2, t->id);
	query_bind_text(st, 3, t->message_id);
	query_bind_text(st, 4, t->address);
	query_bind_text(st, 5, t->bare);
	query_bind_text(st, 6, t->id == 0 ? NULL : t->notice);
	return st;
}

/* The next row that is found: 1; 0 after the slice, 2 when more may follow. */
static int
next(struct store *s, sqlite3_stmt *st, struct store_trace *t, size_t *walked,
    struct err *e)
{
	int more;

	while ((more = query_row(s, st, e)) == 1) {
		(*walked)++;
		t->last = query_u64(st, TC_ID);
		if (query_i64(st, TC_IS_FOUND) != 0 &&
		    (!t->own || query_i64(st, TC_UID) == (int64_t)t->uid))
			return 1;
	}
	if (more == 0 && *walked == SQL_TRACE_SLICE)
		return 2;
	return more;
}

int
store_trace_messages(struct store *s, struct store_trace *t, uint64_t *ids,
    size_t *n, struct err *e)
{
	sqlite3_stmt *st = start(s, SQL_TRACE_MESSAGES, t);
	size_t walked = 0;
	int more = 1;

	*n = 0;
	while (*n < t->max && (more = next(s, st, t, &walked, e)) == 1)
		ids[(*n)++] = t->last;
	query_end(st);
	return more > 0 ? 1 : more;
}

static void
read_event(sqlite3_stmt *st, struct store_event *ev)
{
	ev->uid = (uid_t)query_i64(st, TC_UID);
	ev->at = query_i64(st, TC_COUNT);
	ev->what = query_text(st, TC_COUNT + 1);
	ev->message = query_u64(st, TC_COUNT + 2);
	ev->account = query_text(st, TC_COUNT + 3);
	ev->sender = query_text(st, TC_COUNT + 4);
	ev->recipient = query_text(st, TC_COUNT + 5);
	ev->message_id = query_text(st, TC_COUNT + 6);
	ev->code = (unsigned)query_i64(st, TC_COUNT + 7);
	ev->status = query_text(st, TC_COUNT + 8);
	ev->text = query_text(st, TC_COUNT + 9);
	ev->relay = query_text(st, TC_COUNT + 10);
	ev->size = query_u64(st, TC_COUNT + 11);
	ev->arrived_at = query_i64(st, TC_COUNT + 12);
	ev->original = query_text(st, TC_COUNT + 13);
}

int
store_trace_events(struct store *s, struct store_trace *t, store_event_row *row,
    void *arg, struct err *e)
{
	sqlite3_stmt *st = start(s, SQL_TRACE_EVENTS, t);
	struct store_event ev;
	size_t walked = 0, n = 0;
	int more = 1;

	while (n++ < t->max && (more = next(s, st, t, &walked, e)) == 1) {
		read_event(st, &ev);
		row(arg, &ev);
	}
	query_end(st);
	return more > 0 ? 1 : more;
}
