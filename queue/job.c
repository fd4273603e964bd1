/* SPDX-License-Identifier: ISC */
/* One try of one message, from the store and back. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/job.h"

static bool
is_due(const struct store_rcpt *r, int64_t now)
{
	return (r->state == RCPT_QUEUED || r->state == RCPT_UNCERTAIN) &&
	       r->due_at <= now;
}

struct job *
job_load(struct store *s, uint64_t id, int64_t now, size_t max, struct err *e)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct store_rcpt *all = NULL;
	size_t i, n = 0;
	int found;

	err_clear(e);
	found = store_message_get(s, id, &j->msg, e);
	if (found != 1 || store_rcpts_get(s, id, &all, &n, e) == -1) {
		job_free(j);
		return NULL;
	}
	j->rcpts = xcalloc(n, sizeof(*j->rcpts));
	for (i = 0; i < n; i++) {
		if (is_due(&all[i], now) && j->nrcpts < max)
			j->rcpts[j->nrcpts++] = all[i];
		else
			store_rcpt_clear(&all[i]);
	}
	free(all);
	if (j->nrcpts == 0) {
		job_free(j);
		return NULL;
	}
	j->results = xcalloc(j->nrcpts, sizeof(*j->results));
	j->began_at = now;
	return j;
}

void
job_free(struct job *j)
{
	size_t i;

	if (j == NULL)
		return;
	for (i = 0; i < j->nrcpts; i++)
		store_rcpt_clear(&j->rcpts[i]);
	free(j->rcpts);
	free(j->results);
	store_message_clear(&j->msg);
	free(j->from);
	free(j->instead_of);
	free(j);
}

int
job_note(struct job *j, const struct job_result *r)
{
	size_t i;

	for (i = 0; i < j->nrcpts; i++)
		if (j->rcpts[i].id == r->rcpt) {
			j->results[i] = *r;
			return 0;
		}
	return -1;
}

/* An uncertain recipient becomes queued first: it is tried like any other. */
static int
claim_one(struct store *s, const struct job *j, const struct store_rcpt *r,
    struct err *e)
{
	struct rcpt_change queued = { .to = RCPT_QUEUED, .due_at = r->due_at };
	struct rcpt_change active = { .to = RCPT_ACTIVE };

	if (r->state == RCPT_UNCERTAIN &&
	    state_set(s, j->msg.id, r->id, RCPT_UNCERTAIN, &queued, e) == -1)
		return -1;
	return state_set(s, j->msg.id, r->id, RCPT_QUEUED, &active, e);
}

int
job_claim(struct store *s, struct job *j, struct err *e)
{
	struct store_rcpt *now = NULL;
	size_t i, k, n = 0;
	int rc = -1;

	if (store_rcpts_get(s, j->msg.id, &now, &n, e) == -1)
		return -1;
	for (i = 0; i < j->nrcpts; i++) {
		for (k = 0; k < n && now[k].id != j->rcpts[i].id; k++)
			;
		if (k == n || (now[k].state != RCPT_QUEUED &&
				  now[k].state != RCPT_UNCERTAIN)) {
			err_set(e, ERR_PERM, "4.3.0",
			    "the message is no longer waiting");
			goto out;
		}
		if (claim_one(s, j, &now[k], e) == -1)
			goto out;
	}
	rc = 0;
out:
	for (k = 0; k < n; k++)
		store_rcpt_clear(&now[k]);
	free(now);
	return rc;
}

void
job_move_times(struct job *j, int64_t by_s)
{
	size_t i;

	j->began_at += by_s;
	if (j->saved_at != 0)
		j->saved_at += by_s;
	j->msg.arrived_at += by_s;
	for (i = 0; i < j->nrcpts; i++)
		if (j->rcpts[i].due_at > 0)
			j->rcpts[i].due_at += by_s;
}
