/* SPDX-License-Identifier: ISC */
/*
 * The schedule's questions to the store: which message next, when the next
 * one after it, and for which accounts and users mail lies here.
 *
 * Fairness is a walk over the index message_due (account, lane, uid, device,
 * due_at): from one submitter that has mail to the next in a circle, and within
 * one to its first due message.  Each step is one probe of the index, so an
 * answer costs a few probes for each that has mail, whatever the depth of the
 * queue.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"
#include "queue/submitter.h"

enum lane {
	LANE_ALARM,
	LANE_MAIL,
	LANE_COUNT
};

static bool
is_skipped(const struct store_due *q, uint64_t id)
{
	size_t i;

	for (i = 0; i < q->nskip; i++)
		if (q->skip[i] == id)
			return true;
	return false;
}

/* A place in the circle; a uid of -1 is ahead of everybody. */
struct turn {
	int64_t uid, device;
};

static uint64_t
whose(const struct turn *t)
{
	return submitter_of((uid_t)t->uid, (uint32_t)t->device);
}

static bool
is_behind(const struct turn *a, const struct turn *b)
{
	return a->uid != b->uid ? a->uid > b->uid : a->device > b->device;
}

/* Who after this one has mail in the lane: 1, 0 when nobody, -1. */
static int
next_who(struct store *s, const struct store_due *q, enum lane lane,
    const struct turn *after, struct turn *who, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DUE_WHO);
	int found;

	query_bind_text(st, 1, q->account);
	query_bind_i64(st, 2, lane);
	query_bind_i64(st, 3, after->uid);
	query_bind_i64(st, 4, after->device);
	found = query_row(s, st, e);
	if (found == 1) {
		who->uid = query_i64(st, 0);
		who->device = query_i64(st, 1);
	}
	query_end(st);
	return found;
}

/* The next row that is not being delivered: 1 when it is due; *is_last? */
static int
next_due(struct store *s, struct store_due *q, sqlite3_stmt *st, bool *is_last,
    struct err *e)
{
	int64_t due_at;
	int found;

	do
		found = query_row(s, st, e);
	while (found == 1 && is_skipped(q, query_u64(st, 0)));
	*is_last = found != 1;
	if (found != 1)
		return found;
	due_at = query_i64(st, 1);
	if (due_at <= q->now) {
		q->id = query_u64(st, 0);
		return 1;
	}
	if (q->wake_at == 0 || due_at < q->wake_at)
		q->wake_at = due_at;
	return 0;
}

static sqlite3_stmt *
start_of(struct store *s, enum sql which, const char *account, enum lane lane,
    uint64_t who)
{
	sqlite3_stmt *st = query_start(s, which);

	query_bind_text(st, 1, account);
	query_bind_i64(st, 2, lane);
	query_bind_i64(st, 3, (int64_t)submitter_uid(who));
	query_bind_i64(st, 4, submitter_device(who));
	return st;
}

/* His first message that is not being delivered: 1 when it is due. */
static int
first_due(struct store *s, struct store_due *q, enum lane lane, uint64_t who,
    struct err *e)
{
	sqlite3_stmt *st = start_of(s, SQL_DUE_FIRST, q->account, lane, who);
	bool is_last;
	int found = next_due(s, q, st, &is_last, e);

	query_end(st);
	return found;
}

#define RELEASED     "released %lld "
#define RELEASED_END "released %lld!"

/* The same of those that were released, which are in no order of time. */
static int
first_released(
    struct store *s, struct store_due *q, uint64_t who, struct err *e)
{
	sqlite3_stmt *st =
	    start_of(s, SQL_DUE_RELEASED, q->account, LANE_MAIL, who);
	char *from = xasprintf(RELEASED, (long long)submitter_uid(who));
	char *to = xasprintf(RELEASED_END, (long long)submitter_uid(who));
	bool is_last;
	int found;

	query_bind_text(st, 5, from);
	query_bind_text(st, 6, to);
	do
		found = next_due(s, q, st, &is_last, e);
	while (found == 0 && !is_last);
	query_end(st);
	free(from);
	free(to);
	return found;
}

/* Alarms never wait for anybody's share. */
static int
first_allowed(struct store *s, struct store_due *q, enum lane lane,
    uint64_t who, struct err *e)
{
	q->is_free = lane == LANE_ALARM;
	if (q->is_free || q->may == NULL || q->may(q->arg, who))
		return first_due(s, q, lane, who, e);
	q->is_free = true;
	return first_released(s, q, who, e);
}

static char *
released_name(uid_t uid, uint64_t message)
{
	return xasprintf(
	    RELEASED "%llu", (long long)uid, (unsigned long long)message);
}

int
store_release(struct store *s, uid_t uid, uint64_t message, struct err *e)
{
	char *name = released_name(uid, message);
	int rc = store_fact_put(s, name, "", e);

	free(name);
	return rc;
}

int
store_is_released(struct store *s, uid_t uid, uint64_t message, struct err *e)
{
	char *name = released_name(uid, message), *value = NULL;
	int found = store_fact_get(s, name, &value, e);

	free(value);
	free(name);
	return found;
}

int
store_waits_unreleased(
    struct store *s, const char *account, uint64_t who, struct err *e)
{
	sqlite3_stmt *st = start_of(s, SQL_DUE_WAITS, account, LANE_MAIL, who);
	int found = query_row(s, st, e);

	query_end(st);
	return found;
}

/* Once around the lane's submitters, beginning after the given one. */
static int
ask_lane(struct store *s, struct store_due *q, enum lane lane,
    const struct turn *after, struct turn *who, struct err *e)
{
	bool wrapped = false;
	struct turn at = *after;
	int found;

	for (;;) {
		found = next_who(s, q, lane, &at, who, e);
		if (found == -1)
			return -1;
		if (found == 0 && wrapped)
			return 0;
		if (found == 0) {
			wrapped = true;
			at = (struct turn){ -1, 0 };
			continue;
		}
		if (wrapped && is_behind(who, after))
			return 0;
		at = *who;
		if ((found = first_allowed(s, q, lane, whose(who), e)) != 0)
			return found;
	}
}

int
store_due_next(struct store *s, struct store_due *due, struct err *e)
{
	const struct turn after = { submitter_uid(due->after),
		submitter_device(due->after) };
	struct turn who = { 0, 0 };
	int lane, found;

	due->id = 0;
	due->wake_at = 0;
	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	/* Most of many accounts have none at any moment. */
	if (totals_has_none(s, due->account))
		return 0;
	for (lane = due->passes_alarms ? LANE_MAIL : LANE_ALARM;
	     lane < LANE_COUNT; lane++) {
		found = ask_lane(s, due, (enum lane)lane, &after, &who, e);
		if (found != 0) {
			due->uid = (uid_t)who.uid;
			due->device = (uint32_t)who.device;
			return found;
		}
	}
	return 0;
}

int
store_due_before(struct store *s, const struct store_message *m, int64_t now,
    uint64_t *n, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DUE_BEFORE);
	int found;

	query_bind_text(st, 1, m->account);
	query_bind_i64(st, 2, now);
	query_bind_u64(st, 3, m->id);
	found = query_row(s, st, e);
	if (found == 1)
		*n = query_u64(st, 0);
	query_end(st);
	return found == 1 ? 0 : -1;
}

int
store_account_names(struct store *s, struct strlist *names, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ACCOUNT_NAMES);
	int more;

	while ((more = query_row(s, st, e)) == 1)
		strlist_add(names, query_text(st, 0));
	query_end(st);
	return more;
}

int
store_account_move(
    struct store *s, const char *from, const char *to, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ACCOUNT_MOVE);

	totals_forget(s);
	query_bind_text(st, 1, from);
	query_bind_text(st, 2, to);
	return query_change(s, st, NULL, e);
}

int
store_message_due(struct store *s, uint64_t message, int64_t at, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_DUE);

	query_bind_u64(st, 1, message);
	query_bind_i64(st, 2, at);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	return rcpt_mark_stale(s, message, e);
}

int
store_all_due(struct store *s, int64_t at, struct err *e)
{
	sqlite3_stmt *st;

	/* What waits for its own sync would be moved back by it. */
	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	st = query_start(s, SQL_ALL_DUE_RCPTS);
	query_bind_i64(st, 1, at);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	st = query_start(s, SQL_ALL_DUE_MESSAGES);
	query_bind_i64(st, 1, at);
	return query_change(s, st, NULL, e);
}

int
store_usage_each(struct store *s, store_usage *f, void *arg, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_USAGE);
	int more;

	while ((more = query_row(s, st, e)) == 1)
		f(arg,
		    submitter_of(
			(uid_t)query_i64(st, 0), (uint32_t)query_i64(st, 1)),
		    1, query_u64(st, 2));
	query_end(st);
	return more;
}
