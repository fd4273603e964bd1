/* SPDX-License-Identifier: ISC */
/* Which message of an account is next, and for how many of its recipients. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/lane_priv.h"
#include "queue/submitter.h"

size_t
lane_busy(const struct lane *l, uint64_t ids[LANE_WORKERS_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < l->nworkers; i++)
		if (worker_job(l->workers[i]) != NULL)
			ids[n++] = worker_job(l->workers[i])->msg.id;
	for (i = 0; i < l->nsettling; i++)
		ids[n++] = l->settling[i]->msg.id;
	return n;
}

/* Of nobody's share: 1, 0, -1. */
static int
is_free(struct lane *l, const struct store_message *m, struct err *e)
{
	return m->kind == KIND_ALARM
		   ? 1
		   : store_is_released(l->parts.store, m->uid, m->id, e);
}

/*
 * The message that somebody named, if it still waits, is due, and is ours: as
 * lane_find_due.
 */
static int
find_wanted(struct lane *l, int64_t now, struct store_due *due, struct err *e)
{
	struct job *j;
	int found;

	if (l->wanted == 0 || lane_has(l, l->wanted))
		return 0;
	if ((j = job_load(l->parts.store, l->wanted, now, 1, e)) == NULL &&
	    e->class != ERR_NONE)
		return -1;
	if (j == NULL || strcmp(j->msg.account, l->account.conf->name) != 0) {
		l->wanted = 0;
		job_free(j);
		return 0;
	}
	due->id = j->msg.id;
	due->uid = j->msg.uid;
	due->device = j->msg.device;
	found = is_free(l, &j->msg, e);
	due->is_free = found == 1;
	job_free(j);
	if (found == 0)
		found = lane_may(l, submitter_of(due->uid, due->device));
	return found;
}

#define FACT_PROBED "probed %s"

int
lane_save_probed(struct lane *l, struct err *e)
{
	char *name, *value;
	int rc;

	if (l->account.known.state == ACCOUNT_READY ||
	    l->last_probed == l->kept_probed)
		return 0;
	name = xasprintf(FACT_PROBED, l->account.conf->name);
	value = xasprintf("%llu%s", (unsigned long long)l->last_probed,
	    l->was_alarm ? " alarm" : "");
	rc = store_fact_put(l->parts.store, name, value, e);
	free(value);
	free(name);
	if (rc == 0)
		l->kept_probed = l->last_probed;
	return rc;
}

int
lane_load_probed(struct lane *l, struct err *e)
{
	char *name, *value, *end;
	int found;

	if (l->account.known.state == ACCOUNT_READY)
		return 0;
	name = xasprintf(FACT_PROBED, l->account.conf->name);
	found = store_fact_get(l->parts.store, name, &value, e);
	free(name);
	if (found != 1)
		return found;
	l->last_probed = l->kept_probed = strtoull(value, &end, 10);
	l->was_alarm = strcmp(end, " alarm") == 0;
	free(value);
	return 0;
}

/*
 * A probe passes over the message of the probe before it, unless there is no
 * other: one that breaks connections must not hold up the rest.  So do two
 * alarms, which are alike, and would take turns before all other mail.
 */
int
lane_find_due(struct lane *l, int64_t now, struct store_due *due, struct err *e)
{
	uint64_t skip[LANE_WORKERS_MAX + 1];
	size_t n = lane_busy(l, skip);
	int found;

	memset(due, 0, sizeof(*due));
	if ((found = find_wanted(l, now, due, e)) != 0)
		return found;
	due->account = l->account.conf->name;
	due->now = now;
	due->after = l->last;
	due->may = lane_may;
	due->arg = l;
	due->skip = skip;
	due->nskip = n;
	if (l->account.known.state != ACCOUNT_READY && l->last_probed != 0) {
		skip[n] = l->last_probed;
		due->nskip = n + 1;
		due->passes_alarms = l->was_alarm;
		found = store_due_next(l->parts.store, due, e);
		due->passes_alarms = false;
		if (found == 0 && l->was_alarm)
			found = store_due_next(l->parts.store, due, e);
		due->nskip = n;
	}
	if (found == 0)
		found = store_due_next(l->parts.store, due, e);
	due->skip = NULL;
	due->nskip = 0;
	return found;
}

/*
 * An envelope that is larger than what is left of the day, or of its user's
 * share of it, goes in parts, like one that is larger than the server takes. To
 * wait until all of it fits would either stop everybody else's mail as long, or
 * let theirs pass it for ever.
 */
size_t
lane_max_rcpts(struct lane *l, const struct store_due *due, int64_t now)
{
	uint64_t left = budget_rcpts_left(l->account.budget, now);
	size_t most = account_max_rcpts(&l->account);
	struct share share;

	lane_share(l, submitter_of(due->uid, due->device), &share);
	if (!due->is_free && share.left < left)
		left = share.left;
	return left < most ? (size_t)left : most;
}
