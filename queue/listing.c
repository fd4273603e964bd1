/* SPDX-License-Identifier: ISC */
/*
 * Listings: one statement a slice, a walk along the messages by id with their
 * recipients beside them, and no allocation a row.
 */
#include "config.h"

#include <string.h>

#include "queue/store_priv.h"

int
store_list(struct store *s, struct store_walk *walk, store_list_row *row,
    void *arg, struct err *e)
{
	sqlite3_stmt *st =
	    query_start(s, walk->own ? SQL_LIST_OWN : SQL_LIST_ALL);
	struct store_message m = { .id = 0 };
	struct store_rcpt r;
	size_t messages = 0;
	int more;

	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	query_bind_u64(st, 1, walk->last);
	if (walk->own)
		query_bind_i64(st, 2, (int64_t)walk->uid);
	while ((more = query_row(s, st, e)) == 1) {
		if (query_u64(st, MC_ID) != m.id && messages++ == walk->max) {
			more = 0;
			break;
		}
		if (message_from_row(s, st, &m, e) == -1 ||
		    rcpt_from_row(s, st, MC_COUNT, &r, e) == -1) {
			more = -1;
			break;
		}
		row(arg, &m, &r);
		walk->last = m.id;
	}
	query_end(st);
	return more;
}
