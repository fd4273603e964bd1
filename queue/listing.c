/* SPDX-License-Identifier: ISC */
/*
 * Listings: one statement a slice, a walk along the messages by id with their
 * recipients beside them, and no allocation a row.
 */
#include "config.h"

#include <string.h>

#include "queue/store_priv.h"

int
store_list(struct store *s, uint64_t after, bool own, uid_t uid, size_t max,
    store_list_row *row, void *arg, uint64_t *last, struct err *e)
{
	sqlite3_stmt *st = query_start(s, own ? SQL_LIST_OWN : SQL_LIST_ALL);
	struct store_message m = { .id = 0 };
	struct store_rcpt r;
	size_t messages = 0;
	int more;

	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	query_bind_u64(st, 1, after);
	if (own)
		query_bind_i64(st, 2, (int64_t)uid);
	while ((more = query_row(s, st, e)) == 1) {
		if (query_u64(st, MC_ID) != m.id && messages++ == max) {
			more = 0;
			break;
		}
		if (message_from_row(s, st, &m, e) == -1 ||
		    rcpt_from_row(s, st, MC_COUNT, &r, e) == -1) {
			more = -1;
			break;
		}
		row(arg, &m, &r);
		*last = m.id;
	}
	query_end(st);
	return more;
}

/* Where a message of that state is counted; NULL for those in none. */
static uint64_t *
counter(struct store_totals *t, enum rcpt_state state)
{
	switch (state) {
	case RCPT_ACTIVE:
	case RCPT_QUEUED:
		return &t->waiting;
	case RCPT_UNCERTAIN:
		return &t->uncertain;
	case RCPT_HELD:
		return &t->held;
	case RCPT_FAILED:
	case RCPT_EXPIRED:
		return &t->failed;
	case RCPT_STAGING:
	case RCPT_DELIVERED:
	case RCPT_REMOVED:
		break;
	}
	return NULL;
}

int
store_totals(struct store *s, struct store_totals *t, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_TOTALS);
	enum rcpt_state state;
	uint64_t *count;
	int more;

	memset(t, 0, sizeof(*t));
	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	while ((more = query_row(s, st, e)) == 1) {
		if (rcpt_column_state(st, 0, &state, s, e) == -1) {
			more = -1;
			break;
		}
		if (state == RCPT_STAGING)
			continue;
		t->messages += query_u64(st, 1);
		t->octets += query_u64(st, 2);
		if ((count = counter(t, state)) != NULL)
			*count += query_u64(st, 1);
	}
	query_end(st);
	if (more == -1)
		return -1;
	st = query_start(s, SQL_OLDEST);
	if ((more = query_row(s, st, e)) == 1)
		t->oldest_at = query_i64(st, 0);
	query_end(st);
	return more == -1 ? -1 : 0;
}
