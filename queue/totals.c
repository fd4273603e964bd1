/* SPDX-License-Identifier: ISC */
/*
 * The figures of the whole queue.  mailq and every monitoring plugin ask for
 * them, so they are counted over the table once and then carried along: a
 * message leaves the count of its state before a change and enters the other
 * after it.  A rollback restores what store_begin saw.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

/* What has yet to go, by this account, without anybody's doing. */
static uint64_t
waiting_of(const struct store_depth *d)
{
	return d->messages[RCPT_QUEUED] + d->messages[RCPT_ACTIVE] +
	       d->messages[RCPT_UNCERTAIN];
}

/* There are few accounts.  A new one had no mail when a transaction began. */
static struct store_depth *
depth_of(struct store *s, const char *account)
{
	struct account_total *a;
	size_t i;

	for (i = 0; i < s->naccounts; i++)
		if (strcmp(s->accounts[i].account, account) == 0)
			return &s->accounts[i].depth;
	s->accounts =
	    xreallocarray(s->accounts, s->naccounts + 1, sizeof(*s->accounts));
	a = &s->accounts[s->naccounts++];
	memset(a, 0, sizeof(*a));
	a->account = xstrdup(account);
	return &a->depth;
}

static void
add(struct store_depth *d, enum rcpt_state state, uint64_t octets, bool more)
{
	/* Unsigned arithmetic is exact modulo 2^64: one less is plus ~0. */
	d->messages[state] += more ? 1 : UINT64_MAX;
	d->octets[state] += more ? octets : -octets;
}

static void
count(struct store *s, enum rcpt_state state, uint64_t octets,
    const char *account, bool more)
{
	/* Not mail yet, and still growing. */
	if (state == RCPT_STAGING)
		return;
	add(&s->totals.depth, state, octets, more);
	add(depth_of(s, account), state, octets, more);
}

/* The statement's row is a message's state, size and account. */
static int
count_row(struct store *s, sqlite3_stmt *st, bool more, struct err *e)
{
	enum rcpt_state state;

	if (rcpt_column_state(st, 0, &state, s, e) == -1)
		return -1;
	count(s, state, query_u64(st, 1), query_text(st, 2), more);
	return 0;
}

static int
count_message(struct store *s, uint64_t message, bool more, struct err *e)
{
	sqlite3_stmt *st;
	int found;

	if (!s->totals.is_known)
		return 0;
	st = query_start(s, SQL_MESSAGE_STATE);
	query_bind_u64(st, 1, message);
	found = query_row(s, st, e);
	/* One that is not there is refused by the change itself. */
	if (found == 1 && count_row(s, st, more, e) == -1)
		found = -1;
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

void
totals_forget(struct store *s)
{
	s->totals.is_known = s->totals_before.is_known = false;
}

void
totals_begin(struct store *s)
{
	size_t i;

	s->totals_before = s->totals;
	for (i = 0; i < s->naccounts; i++)
		s->accounts[i].before = s->accounts[i].depth;
}

void
totals_rollback(struct store *s)
{
	size_t i;

	s->totals = s->totals_before;
	for (i = 0; i < s->naccounts; i++)
		s->accounts[i].depth = s->accounts[i].before;
}

void
totals_clear(struct store *s)
{
	size_t i;

	for (i = 0; i < s->naccounts; i++)
		free(s->accounts[i].account);
	free(s->accounts);
	s->accounts = NULL;
	s->naccounts = 0;
}

static int
count_all(struct store *s, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_TOTALS);
	int more;

	memset(&s->totals, 0, sizeof(s->totals));
	totals_clear(s);
	while ((more = query_row(s, st, e)) == 1)
		if (count_row(s, st, true, e) == -1) {
			more = -1;
			break;
		}
	query_end(st);
	/* Whoever only reads does not see what the writer changes. */
	s->totals.is_known = more == 0 && s->mode == STORE_WRITE;
	return more;
}

static int
know(struct store *s, struct err *e)
{
	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	return s->totals.is_known ? 0 : count_all(s, e);
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
	if (know(s, e) == -1)
		return -1;
	for (state = 0; state < RCPT_STATES; state++) {
		t->messages += s->totals.depth.messages[state];
		t->octets += s->totals.depth.octets[state];
		sum = figure(t, (enum rcpt_state)state);
		if (sum != NULL)
			*sum += s->totals.depth.messages[state];
	}
	st = query_start(s, SQL_OLDEST);
	if ((found = query_row(s, st, e)) == 1)
		t->oldest_at = query_i64(st, 0);
	query_end(st);
	return found == -1 ? -1 : 0;
}

/* Asked only when the disk has little left: no prepared statement. */
int
store_room(const struct store *s, uint64_t *octets, struct err *e)
{
	int64_t pages;

	if (query_ask_number(s->db, sql_ask_free_pages, &pages, e) == -1)
		return -1;
	*octets = (uint64_t)pages * s->page_size;
	return 0;
}

bool
totals_has_none(struct store *s, const char *account)
{
	return s->totals.is_known && waiting_of(depth_of(s, account)) == 0;
}

int
store_account_waiting(
    struct store *s, const char *account, uint64_t *messages, struct err *e)
{
	if (know(s, e) == -1)
		return -1;
	*messages = waiting_of(depth_of(s, account));
	return 0;
}

int
store_depth(
    struct store *s, const char *account, struct store_depth *d, struct err *e)
{
	if (know(s, e) == -1)
		return -1;
	*d = account == NULL ? s->totals.depth : *depth_of(s, account);
	return 0;
}
