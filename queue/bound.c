/* SPDX-License-Identifier: ISC */
/*
 * A clock that was ahead when the queue was left, and is right at the start:
 * what it says happened later than now did so now, and nothing is due later
 * than its own delay from now.  While the daemon runs, queue/times.h sees to
 * the clock.
 */
#include "config.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

/* Recipients gathered while the statement walks, to be changed when it ends. */
struct late {
	uint64_t message, rcpt;
	int64_t due_at;
};

struct late_list {
	struct late *v;
	size_t n, room;
};

static void
add(struct late_list *l, const struct late *one)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->v = xreallocarray(l->v, l->room, sizeof(*l->v));
	}
	l->v[l->n++] = *one;
}

static int
find_late(struct store *s, int64_t now, store_latest *latest, void *arg,
    struct late_list *l, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_FIND_AHEAD);
	struct late one;
	int more;

	query_bind_i64(st, 1, now);
	while ((more = query_row(s, st, e)) == 1) {
		one.due_at = latest(arg, (unsigned)query_i64(st, 2));
		if (query_i64(st, 3) <= one.due_at)
			continue;
		one.message = query_u64(st, 0);
		one.rcpt = query_u64(st, 1);
		add(l, &one);
	}
	query_end(st);
	return more;
}

static int
bring_back(struct store *s, const struct late *one, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_RCPT_DUE);

	query_bind_u64(st, 1, one->message);
	query_bind_u64(st, 2, one->rcpt);
	query_bind_i64(st, 3, one->due_at);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	return rcpt_mark_stale(s, one->message, e);
}

static int
bound_rows(struct store *s, enum sql which, int64_t now, struct err *e)
{
	sqlite3_stmt *st = query_start(s, which);

	query_bind_i64(st, 1, now);
	return query_change(s, st, NULL, e);
}

int
store_bound_times(struct store *s, int64_t now, store_latest *latest, void *arg,
    struct err *e)
{
	struct late_list l = { NULL, 0, 0 };
	size_t i;
	int rc;

	rc = find_late(s, now, latest, arg, &l, e);
	for (i = 0; rc == 0 && i < l.n; i++)
		rc = bring_back(s, &l.v[i], e);
	free(l.v);
	if (rc == -1 || bound_rows(s, SQL_BOUND_ARRIVALS, now, e) == -1 ||
	    bound_rows(s, SQL_BOUND_FACTS, now, e) == -1 ||
	    bound_rows(s, SQL_BOUND_DEVICES, now, e) == -1 ||
	    bound_rows(s, SQL_BOUND_BUDGETS, now, e) == -1)
		return -1;
	return bound_rows(s, SQL_BOUND_BUDGETS_REST, now, e);
}
