/* SPDX-License-Identifier: ISC */
/*
 * What happened: the attempts of a message, which go with it, and the events,
 * which stay when it has gone.
 */
#include "config.h"

#include <string.h>

#include "queue/store_priv.h"

int
store_attempt_add(struct store *s, const struct store_attempt *a, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ATTEMPT_ADD);

	query_bind_u64(st, 1, a->message);
	query_bind_u64(st, 2, a->rcpt);
	query_bind_i64(st, 3, a->at);
	query_bind_text(st, 4, a->outcome);
	query_bind_text(st, 5, a->account);
	query_bind_text(st, 6, a->relay);
	query_bind_text(st, 7, a->address);
	query_bind_text(st, 8, a->tls);
	query_bind_text(st, 9, a->cipher);
	query_bind_i64(st, 10, a->code);
	query_bind_text(st, 11, a->status);
	query_bind_text(st, 12, a->text);
	query_bind_u64(st, 13, a->elapsed_ms);
	return query_change(s, st, NULL, e);
}

int
store_attempts_trim(struct store *s, uint64_t message, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ATTEMPTS_TRIM);

	query_bind_u64(st, 1, message);
	return query_change(s, st, NULL, e);
}

int
store_attempts_each(struct store *s, uint64_t message, store_attempt_row *f,
    void *arg, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ATTEMPTS_GET);
	struct store_attempt a;
	int more;

	query_bind_u64(st, 1, message);
	a.message = message;
	while ((more = query_row(s, st, e)) == 1) {
		a.rcpt = query_u64(st, 0);
		a.at = query_i64(st, 1);
		a.outcome = query_text(st, 2);
		a.account = query_text(st, 3);
		a.relay = query_text(st, 4);
		a.address = query_text(st, 5);
		a.tls = query_text(st, 6);
		a.cipher = query_text(st, 7);
		a.code = (unsigned)query_i64(st, 8);
		a.status = query_text(st, 9);
		a.text = query_text(st, 10);
		a.elapsed_ms = query_u64(st, 11);
		f(arg, &a, query_text(st, 12));
	}
	query_end(st);
	return more;
}

/*
 * A notice that became part of a report has no end of its own; an event of no
 * account (NULL) counts for none.
 */
static void
count_end(struct store *s, const struct store_event *ev)
{
	static const struct {
		const char *what;
		enum store_result result;
	} ends[] = {
		{ "delivered", RESULT_DELIVERED },
		{ "bounced", RESULT_BOUNCED },
		{ "expired", RESULT_EXPIRED },
		{ "removed", RESULT_REMOVED },
	};
	size_t i;

	if (ev->account == NULL)
		return;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(ends[i].what, ev->what) == 0)
			store_count(s, ev->account, ends[i].result);
}

int
store_event_add(struct store *s, const struct store_event *ev, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_EVENT_ADD);

	count_end(s, ev);
	query_bind_i64(st, 1, ev->at);
	query_bind_text(st, 2, ev->what);
	query_bind_u64(st, 3, ev->message);
	query_bind_i64(st, 4, (int64_t)ev->uid);
	query_bind_text(st, 5, ev->account);
	query_bind_text(st, 6, ev->sender);
	query_bind_text(st, 7, ev->recipient);
	query_bind_text(st, 8, ev->message_id);
	query_bind_i64(st, 9, ev->code);
	query_bind_text(st, 10, ev->status);
	query_bind_text(st, 11, ev->text);
	query_bind_text(st, 12, ev->relay);
	query_bind_u64(st, 13, ev->size);
	query_bind_i64(st, 14, ev->arrived_at);
	query_bind_text(st, 15, ev->original);
	return query_change(s, st, NULL, e);
}

int
store_event_last(struct store *s, uint64_t *id, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_EVENT_LAST);
	int found = query_row(s, st, e);

	if (found == 1)
		*id = query_u64(st, 0);
	query_end(st);
	return found == -1 ? -1 : 0;
}

int
store_event_forget(struct store *s, int64_t before, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_EVENT_FORGET);
	int gone;

	query_bind_i64(st, 1, before);
	if (query_change(s, st, &gone, e) == -1)
		return -1;
	return gone == SQL_FORGET_SLICE ? 1 : 0;
}

/* Recipients of a message that fail together lie together. */
int
store_failures_next(struct store *s, struct store_failures *f, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_EVENT_FAILED);
	int more, walked = 0;

	query_bind_i64(st, 1, f->at);
	query_bind_u64(st, 2, f->id);
	while ((more = query_row(s, st, e)) == 1) {
		walked++;
		f->at = query_i64(st, 0);
		f->id = query_u64(st, 1);
		if (query_i64(st, 3) == 0 || query_u64(st, 2) == f->message)
			continue;
		f->message = query_u64(st, 2);
		f->n++;
	}
	query_end(st);
	if (more == -1)
		return -1;
	return walked == SQL_TRACE_SLICE ? 1 : 0;
}
