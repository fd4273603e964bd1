/* SPDX-License-Identifier: ISC */
/*
 * Which submissions were taken, so that one that comes twice (by the socket
 * and then by the drop folder) is stored once.  The memory outlives the
 * message; the caller says when it may fade.
 */
#include "config.h"

#include "queue/store_priv.h"

#define ID_LEN 16

int
store_submission_find(struct store *s, uid_t uid, const uint8_t id[ID_LEN],
    uint64_t *message, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_SUBMISSION_FIND);
	int found;

	query_bind_i64(st, 1, (int64_t)uid);
	query_bind_blob(st, 2, id, ID_LEN);
	found = query_row(s, st, e);
	if (found == 1)
		*message = query_u64(st, 0);
	query_end(st);
	return found;
}

int
store_submission_add(struct store *s, uid_t uid, const uint8_t id[ID_LEN],
    uint64_t message, int64_t now, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_SUBMISSION_ADD);

	query_bind_i64(st, 1, (int64_t)uid);
	query_bind_blob(st, 2, id, ID_LEN);
	query_bind_u64(st, 3, message);
	query_bind_i64(st, 4, now);
	return query_change(s, st, NULL, e);
}

int
store_submission_forget(struct store *s, int64_t before, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_SUBMISSION_FORGET);

	query_bind_i64(st, 1, before);
	return query_change(s, st, NULL, e);
}
