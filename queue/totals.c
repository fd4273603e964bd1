/* SPDX-License-Identifier: ISC */
/*
 * The figures of the whole queue.  mailq and every monitoring plugin ask for
 * them, so they are counted over the table once and then carried along: a
 * message leaves the count of its state before a change and enters the other
 * after it.  A rollback restores what store_begin saw.
 */
#include "config.h"

#include <string.h>

#include "queue/store_priv.h"

static void
count(struct totals *t, enum rcpt_state state, uint64_t octets, bool more)
{
	/* Not mail yet, and still growing. */
	if (state == RCPT_STAGING)
		return;
	if (more) {
		t->messages[state]++;
		t->octets[state] += octets;
	} else {
		t->messages[state]--;
		t->octets[state] -= octets;
	}
}

static int
count_message(struct store *s, uint64_t message, bool more, struct err *e)
{
	sqlite3_stmt *st;
	enum rcpt_state state;
	int found;

	if (!s->totals.is_known)
		return 0;
	st = query_start(s, SQL_MESSAGE_STATE);
	query_bind_u64(st, 1, message);
	found = query_row(s, st, e);
	if (found == 1 && rcpt_column_state(st, 0, &state, s, e) == -1)
		found = -1;
	/* One that is not there is refused by the change itself. */
	if (found == 1)
		count(&s->totals, state, query_u64(st, 1), more);
	query_end(st);
	return found == -1 ? -1 : 0;
}

int
totals_without(struct store *s, uint64_t message, struct err *e)
{
	return count_message(s, message, false, e);
}

int
totals_with(struct store *s, uint64_t message, struct err *e)
{
	return count_message(s, message, true, e);
}

static int
count_all(struct store *s, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_TOTALS);
	struct totals t;
	enum rcpt_state state;
	int more;

	memset(&t, 0, sizeof(t));
	while ((more = query_row(s, st, e)) == 1) {
		if (rcpt_column_state(st, 0, &state, s, e) == -1) {
			more = -1;
			break;
		}
		count(&t, state, query_u64(st, 1), true);
	}
	query_end(st);
	if (more == -1)
		return -1;
	s->totals = t;
	/* Whoever only reads does not see what the writer changes. */
	s->totals.is_known = s->mode == STORE_WRITE;
	return 0;
}

/* Where messages of that state are told; NULL: in no figure of their own. */
static uint64_t *
figure(struct store_totals *t, enum rcpt_state state)
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
	sqlite3_stmt *st;
	uint64_t *sum;
	int state, found;

	memset(t, 0, sizeof(*t));
	if (rcpt_sync_stale(s, e) == -1 ||
	    (!s->totals.is_known && count_all(s, e) == -1))
		return -1;
	for (state = 0; state < RCPT_STATES; state++) {
		t->messages += s->totals.messages[state];
		t->octets += s->totals.octets[state];
		sum = figure(t, (enum rcpt_state)state);
		if (sum != NULL)
			*sum += s->totals.messages[state];
	}
	st = query_start(s, SQL_OLDEST);
	if ((found = query_row(s, st, e)) == 1)
		t->oldest_at = query_i64(st, 0);
	query_end(st);
	return found == -1 ? -1 : 0;
}
