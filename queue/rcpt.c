/* SPDX-License-Identifier: ISC */
/*
 * Recipients: added, read, and changed.  Which change is legal is state.c's to
 * say; here it is written, and message.state and message.due_at are kept in
 * step: the state is the first of the order below that any recipient has, the
 * due time the earliest of those that wait.
 *
 * A change only marks its message stale.  What follows from the recipients is
 * worked out once a transaction, before its commit or before somebody reads
 * it: each time means a walk over all recipients of the message, of which
 * there may be 100,000.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

/* Lower goes first. */
static const int precedence[RCPT_STATES] = {
	[RCPT_ACTIVE] = 0,
	[RCPT_UNCERTAIN] = 1,
	[RCPT_QUEUED] = 2,
	[RCPT_HELD] = 3,
	[RCPT_STAGING] = 4,
	[RCPT_FAILED] = 5,
	[RCPT_EXPIRED] = 6,
	[RCPT_DELIVERED] = 7,
	[RCPT_REMOVED] = 8,
};

void
rcpt_fold_start(enum rcpt_state *state, int64_t *due_at)
{
	*state = RCPT_REMOVED;
	*due_at = 0;
}

void
rcpt_fold(enum rcpt_state one, int64_t one_due_at, enum rcpt_state *state,
    int64_t *due_at)
{
	if (precedence[one] < precedence[*state])
		*state = one;
	if (one_due_at > 0 && (*due_at == 0 || one_due_at < *due_at))
		*due_at = one_due_at;
}

int
rcpt_column_state(sqlite3_stmt *st, int i, enum rcpt_state *out,
    const struct store *s, struct err *e)
{
	const char *name = query_text(st, i);

	if (name != NULL && rcpt_state_parse(name, out) == 0)
		return 0;
	return query_error(SQLITE_CORRUPT, s->path, "an unknown state", e);
}

void
store_rcpt_clear(struct store_rcpt *r)
{
	free(r->address);
	free(r->original);
	free(r->orcpt);
	free(r->text);
	free(r->meaning);
	free(r->fix);
	memset(r, 0, sizeof(*r));
}

int
store_rcpt_add(struct store *s, uint64_t message, const struct store_rcpt *r,
    struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_RCPT_ADD);

	query_bind_u64(st, 1, message);
	query_bind_text(st, 2, r->address);
	query_bind_text(st, 3, r->original);
	query_bind_text(st, 4, r->orcpt);
	query_bind_i64(st, 5, r->notify);
	return query_change(s, st, NULL, e);
}

int
rcpt_from_row(struct store *s, sqlite3_stmt *st, int first,
    struct store_rcpt *r, struct err *e)
{
	const char *status = query_text(st, first + RC_STATUS);

	r->id = query_u64(st, first + RC_ID);
	r->address = query_text(st, first + RC_ADDRESS);
	r->original = query_text(st, first + RC_ORIGINAL);
	r->orcpt = query_text(st, first + RC_ORCPT);
	r->notify = (unsigned)query_i64(st, first + RC_NOTIFY);
	r->due_at = query_i64(st, first + RC_DUE_AT);
	r->attempts = (unsigned)query_i64(st, first + RC_ATTEMPTS);
	r->code = (unsigned)query_i64(st, first + RC_CODE);
	strlcpy(r->status, status == NULL ? "" : status, sizeof(r->status));
	r->text = query_text(st, first + RC_TEXT);
	r->meaning = query_text(st, first + RC_MEANING);
	r->fix = query_text(st, first + RC_FIX);
	return rcpt_column_state(st, first + RC_STATE, &r->state, s, e);
}

static void
own_text(struct store_rcpt *r)
{
	char **const texts[] = { &r->address, &r->original, &r->orcpt, &r->text,
		&r->meaning, &r->fix };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (*texts[i] != NULL)
			*texts[i] = xstrdup(*texts[i]);
}

int
store_rcpts_get(struct store *s, uint64_t message, struct store_rcpt **v,
    size_t *n, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_RCPTS_GET);
	struct store_rcpt *rows = NULL;
	size_t used = 0, room = 0;
	int more;

	query_bind_u64(st, 1, message);
	while ((more = query_row(s, st, e)) == 1) {
		if (used == room) {
			room = room == 0 ? 4 : room * 2;
			rows = xreallocarray(rows, room, sizeof(*rows));
		}
		if (rcpt_from_row(s, st, 0, &rows[used], e) == -1) {
			more = -1;
			break;
		}
		own_text(&rows[used++]);
	}
	query_end(st);
	if (more == -1) {
		while (used > 0)
			store_rcpt_clear(&rows[--used]);
		free(rows);
		return -1;
	}
	*v = rows;
	*n = used;
	return 0;
}

int
store_rcpt_write(struct store *s, uint64_t message, uint64_t rcpt,
    const struct rcpt_change *c, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_RCPT_WRITE);
	char id[QUEUE_ID_TEXT];
	int changed;

	query_bind_u64(st, 1, message);
	query_bind_u64(st, 2, rcpt);
	query_bind_text(st, 3, rcpt_state_name(c->from));
	query_bind_text(st, 4, rcpt_state_name(c->to));
	query_bind_i64(st, 5, c->due_at);
	query_bind_i64(st, 6, c->attempted);
	/* A code belongs to its text; left unbound it is NULL: no change. */
	if (c->text != NULL)
		query_bind_i64(st, 7, c->code);
	query_bind_text(st, 8, c->status);
	query_bind_text(st, 9, c->text);
	query_bind_text(st, 10, c->meaning);
	query_bind_text(st, 11, c->fix);
	if (query_change(s, st, &changed, e) == -1)
		return -1;
	if (changed != 1) {
		s->tx = TX_FAILED;
		queue_id_format(message, id);
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "recipient %llu of message %s is not %s",
		    (unsigned long long)rcpt, id, rcpt_state_name(c->from));
	}
	return rcpt_mark_stale(s, message, e);
}

int
rcpt_mark_stale(struct store *s, uint64_t message, struct err *e)
{
	size_t i;

	for (i = s->nstale; i > 0; i--)
		if (s->stale[i - 1] == message)
			return 0;
	if (s->nstale == STORE_STALE_MAX && rcpt_sync_stale(s, e) == -1)
		return -1;
	s->stale[s->nstale++] = message;
	return 0;
}

void
rcpt_forget_stale(struct store *s, uint64_t message)
{
	size_t i;

	for (i = 0; i < s->nstale; i++)
		if (s->stale[i] == message) {
			s->stale[i] = s->stale[--s->nstale];
			return;
		}
}

int
rcpt_sync_stale(struct store *s, struct err *e)
{
	while (s->nstale > 0) {
		if (rcpt_sync(s, s->stale[s->nstale - 1], e) == -1)
			return -1;
		s->nstale--;
	}
	return 0;
}

int
rcpt_sync(struct store *s, uint64_t message, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_RCPT_STATES);
	enum rcpt_state one, state;
	int64_t due_at;
	int more;

	rcpt_fold_start(&state, &due_at);
	query_bind_u64(st, 1, message);
	while ((more = query_row(s, st, e)) == 1) {
		if (rcpt_column_state(st, 0, &one, s, e) == -1) {
			more = -1;
			break;
		}
		rcpt_fold(one, query_i64(st, 1), &state, &due_at);
	}
	query_end(st);
	if (more == -1 || totals_without(s, message, e) == -1)
		return -1;
	st = query_start(s, SQL_MESSAGE_SYNC);
	query_bind_u64(st, 1, message);
	query_bind_text(st, 2, rcpt_state_name(state));
	query_bind_i64(st, 3, due_at);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	return totals_with(s, message, e);
}

int
store_message_finished(struct store *s, uint64_t message, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_UNFINISHED);
	int found;

	query_bind_u64(st, 1, message);
	found = query_row(s, st, e);
	query_end(st);
	return found == -1 ? -1 : found == 0;
}
