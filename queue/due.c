/* SPDX-License-Identifier: ISC */
/*
 * The schedule's questions to the store: which message next, when the next
 * one after it, and for which accounts and users mail lies here.
 *
 * Fairness is a walk over the index message_due (account, lane, uid, due_at):
 * from one uid that has mail to the next in a circle, and within a uid to its
 * first due message.  Each step is one probe of the index, so an answer costs
 * a few probes for each uid that has mail, whatever the depth of the queue.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

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

/* The uid after this one that has mail in the lane: 1, 0 when none, -1. */
static int
next_uid(struct store *s, const struct store_due *q, enum lane lane,
    int64_t after, int64_t *uid, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DUE_UID);
	int found;

	query_bind_text(st, 1, q->account);
	query_bind_i64(st, 2, lane);
	query_bind_i64(st, 3, after);
	found = query_row(s, st, e);
	if (found == 1)
		*uid = query_i64(st, 0);
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
start_of_uid(struct store *s, enum sql which, const char *account,
    enum lane lane, int64_t uid)
{
	sqlite3_stmt *st = query_start(s, which);

	query_bind_text(st, 1, account);
	query_bind_i64(st, 2, lane);
	query_bind_i64(st, 3, uid);
	return st;
}

/* The uid's first message that is not being delivered: 1 when it is due. */
static int
first_due(struct store *s, struct store_due *q, enum lane lane, int64_t uid,
    struct err *e)
{
	sqlite3_stmt *st =
	    start_of_uid(s, SQL_DUE_FIRST, q->account, lane, uid);
	bool is_last;
	int found = next_due(s, q, st, &is_last, e);

	query_end(st);
	return found;
}

#define RELEASED     "released %lld "
#define RELEASED_END "released %lld!"

/* The same of those that were released, which are in no order of time. */
static int
first_released(struct store *s, struct store_due *q, int64_t uid, struct err *e)
{
	sqlite3_stmt *st =
	    start_of_uid(s, SQL_DUE_RELEASED, q->account, LANE_MAIL, uid);
	char *from = xasprintf(RELEASED, (long long)uid);
	char *to = xasprintf(RELEASED_END, (long long)uid);
	bool is_last;
	int found;

	query_bind_text(st, 4, from);
	query_bind_text(st, 5, to);
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
first_allowed(struct store *s, struct store_due *q, enum lane lane, int64_t uid,
    struct err *e)
{
	q->is_free = lane == LANE_ALARM;
	if (q->is_free || q->may == NULL || q->may(q->arg, (uid_t)uid))
		return first_due(s, q, lane, uid, e);
	q->is_free = true;
	return first_released(s, q, uid, e);
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
    struct store *s, const char *account, uid_t uid, struct err *e)
{
	sqlite3_stmt *st =
	    start_of_uid(s, SQL_DUE_WAITS, account, LANE_MAIL, uid);
	int found = query_row(s, st, e);

	query_end(st);
	return found;
}

/* Once around the lane's uids, beginning after the given one. */
static int
ask_lane(struct store *s, struct store_due *q, enum lane lane,
    int64_t after_uid, int64_t *uid, struct err *e)
{
	bool wrapped = false;
	int64_t at = after_uid;
	int found;

	for (;;) {
		found = next_uid(s, q, lane, at, uid, e);
		if (found == -1)
			return -1;
		if (found == 0 && wrapped)
			return 0;
		if (found == 0) {
			wrapped = true;
			at = -1;
			continue;
		}
		if (wrapped && *uid > after_uid)
			return 0;
		at = *uid;
		if ((found = first_allowed(s, q, lane, at, e)) != 0)
			return found;
	}
}

int
store_due_next(struct store *s, struct store_due *due, struct err *e)
{
	int64_t whose = 0;
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
		found = ask_lane(s, due, (enum lane)lane,
		    (int64_t)due->after_uid, &whose, e);
		if (found != 0) {
			due->uid = (uid_t)whose;
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
		f(arg, (uid_t)query_i64(st, 0), query_u64(st, 1),
		    query_u64(st, 2));
	query_end(st);
	return more;
}
