/* SPDX-License-Identifier: ISC */
/*
 * The life of a recipient.  state_set is the only way from one state to
 * another, so that a reader can believe this picture:
 *
 *	                  STAGING
 *	                     |
 *	                     v
 *	      HELD <------> QUEUED -----------------> EXPIRED
 *	       ^             ^  |
 *	       |             |  v
 *	       |             ACTIVE ----------------> DELIVERED
 *	       |                |  |
 *	       |                |  +----------------> FAILED
 *	       |                v
 *	       +---------- UNCERTAIN ---------------> QUEUED
 *
 *	QUEUED, HELD, UNCERTAIN --------------------> REMOVED
 *
 *   STAGING   -> QUEUED     store_message_queue: the last of a submission is
 *                           in, and after the commit its sender is told so;
 *                           readdress: a notice nobody takes, to local.admin
 *   QUEUED    -> ACTIVE     job_claim: committed before the last octet of the
 *                           body may leave for the server
 *   QUEUED    -> EXPIRED    settle: put off, or without an answer, and
 *                           queue.lifetime is over
 *   QUEUED    -> HELD       hold_one: an administrator; settle: damaged mail,
 *                           a notice that not even local.admin gets, or
 *                           mail whose failure nobody can be told
 *   HELD      -> QUEUED     release_one
 *   ACTIVE    -> DELIVERED  settle: the server has taken it
 *   ACTIVE    -> QUEUED     settle: the server has put it off
 *   ACTIVE    -> FAILED     settle: the server has refused it; or we have, for
 *                           ever, a drop file
 *   ACTIVE    -> UNCERTAIN  settle: the connection was lost between the last
 *                           octet and the answer; recover_reconcile: we were
 *   UNCERTAIN -> QUEUED     job_claim: its time has come; settle: on the way
 *                           to EXPIRED
 *   UNCERTAIN -> HELD       hold_one; settle, recover_reconcile: by
 *                           queue.uncertain = hold; settle: it would be
 *                           given up, and nobody can be told
 *   ...       -> REMOVED    remove_one: by an administrator or its owner;
 *                           merge_work: a notice that is in a report now
 *
 * A verdict may come before job_claim, when the server refuses the envelope
 * while the body is still on its way; it passes through ACTIVE all the same.
 * So does a drop file that is refused for ever: it goes from STAGING to FAILED
 * in one transaction (refuse.c).
 *
 * Nothing leads out of DELIVERED, FAILED, EXPIRED and REMOVED.  When all of a
 * message's recipients are there, the message goes and the journal remembers.
 *
 * Invariant: a crash at any point leaves a recipient in the state before the
 * arrow.  ACTIVE found at start therefore becomes UNCERTAIN: it may have been
 * delivered.  It is never taken for delivered, and never delivered zero times.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "queue/state.h"
#include "queue/store.h"

static const char *const rcpt_names[RCPT_STATES] = {
	[RCPT_STAGING] = "staging",
	[RCPT_QUEUED] = "queued",
	[RCPT_ACTIVE] = "active",
	[RCPT_DELIVERED] = "delivered",
	[RCPT_FAILED] = "failed",
	[RCPT_EXPIRED] = "expired",
	[RCPT_UNCERTAIN] = "uncertain",
	[RCPT_HELD] = "held",
	[RCPT_REMOVED] = "removed",
};

static const char *const account_names[] = {
	[ACCOUNT_READY] = "ready",
	[ACCOUNT_BACKOFF] = "backoff",
	[ACCOUNT_HELD] = "held",
};
#define ACCOUNT_STATES (sizeof(account_names) / sizeof(account_names[0]))

static const struct {
	enum rcpt_state from, to;
} legal[] = {
	{ RCPT_STAGING, RCPT_QUEUED },
	{ RCPT_QUEUED, RCPT_ACTIVE },
	{ RCPT_QUEUED, RCPT_EXPIRED },
	{ RCPT_QUEUED, RCPT_HELD },
	{ RCPT_QUEUED, RCPT_REMOVED },
	{ RCPT_HELD, RCPT_QUEUED },
	{ RCPT_HELD, RCPT_REMOVED },
	{ RCPT_ACTIVE, RCPT_DELIVERED },
	{ RCPT_ACTIVE, RCPT_QUEUED },
	{ RCPT_ACTIVE, RCPT_FAILED },
	{ RCPT_ACTIVE, RCPT_UNCERTAIN },
	{ RCPT_UNCERTAIN, RCPT_QUEUED },
	{ RCPT_UNCERTAIN, RCPT_HELD },
	{ RCPT_UNCERTAIN, RCPT_REMOVED },
};

const char *
rcpt_state_name(enum rcpt_state s)
{
	assert((unsigned)s < RCPT_STATES);
	return rcpt_names[s];
}

static int
find_name(const char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

int
rcpt_state_parse(const char *name, enum rcpt_state *s)
{
	int i = find_name(rcpt_names, RCPT_STATES, name);

	if (i == -1)
		return -1;
	*s = (enum rcpt_state)i;
	return 0;
}

const char *
account_state_name(enum account_state s)
{
	assert((unsigned)s < ACCOUNT_STATES);
	return account_names[s];
}

int
account_state_parse(const char *name, enum account_state *s)
{
	int i = find_name(account_names, ACCOUNT_STATES, name);

	if (i == -1)
		return -1;
	*s = (enum account_state)i;
	return 0;
}

bool
state_is_legal(enum rcpt_state from, enum rcpt_state to)
{
	size_t i;

	for (i = 0; i < sizeof(legal) / sizeof(legal[0]); i++)
		if (legal[i].from == from && legal[i].to == to)
			return true;
	return false;
}

bool
state_is_final(enum rcpt_state s)
{
	size_t i;

	for (i = 0; i < sizeof(legal) / sizeof(legal[0]); i++)
		if (legal[i].from == s)
			return false;
	return true;
}

int
state_set(struct store *s, uint64_t message, uint64_t rcpt,
    enum rcpt_state from, const struct rcpt_change *c, struct err *e)
{
	struct rcpt_change change = *c;

	if (!state_is_legal(from, c->to))
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "a recipient cannot go from %s to %s",
		    rcpt_state_name(from), rcpt_state_name(c->to));
	change.from = from;
	return store_rcpt_write(s, message, rcpt, &change, e);
}
