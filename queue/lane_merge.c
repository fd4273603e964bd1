/* SPDX-License-Identifier: ISC */
/*
 * Notices that leave as one report (queue/merge.h).
 *
 * The turn of a notice is the moment to merge it: its account is open and its
 * time has come, so that all that waits for its reader is there.  While the
 * transaction is under way the lane hands out nothing, and so no notice leaves
 * that is being merged.
 */
#include "config.h"

#include <stdlib.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/lane_priv.h"
#include "queue/limits.h"
#include "queue/merge.h"

struct task {
	struct lane *lane;
	struct merge merge;
};

static bool
is_busy(const void *arg, uint64_t message)
{
	return lane_has(arg, message);
}

static int
work(void *arg, struct err *e)
{
	struct task *t = arg;

	return merge_work(&t->merge, e);
}

static void
count(struct lane *l, const struct merge *m)
{
	struct limits *limits = l->parts.limits;
	size_t i;

	for (i = 0; i < m->ngone; i++)
		limits_remove(limits, m->uid, 1, m->gone[i].octets);
	limits_add(limits, m->uid, 1, m->octets);
}

static void
done(void *arg, const struct err *failed)
{
	struct task *t = arg;
	struct lane *l = t->lane;
	const struct merge *m = &t->merge;

	l->is_merging = false;
	if (failed != NULL)
		log_event(LOG_ERR, "merge-failed", "text", failed->text, NULL);
	if (failed != NULL || m->ngone == 0)
		/* Better singly than not at all. */
		l->alone = m->first;
	else {
		merge_log(m);
		count(l, m);
		if (l->wanted == m->first)
			l->wanted = m->report;
	}
	free(t);
	lane_kick(l);
}

bool
lane_merge(struct lane *l, const struct job *j, int64_t now)
{
	struct task *t;
	struct err e;

	if (l->alone == j->msg.id) {
		l->alone = 0;
		return false;
	}
	if (merge_is_wanted(l->parts.store, &j->msg,
		account_has_stood(&l->account, j->msg.id), &e) != 1)
		return false;
	t = xcalloc(1, sizeof(*t));
	t->lane = l;
	t->merge = (struct merge){ .conf = l->parts.conf,
		.store = l->parts.store,
		.first = j->msg.id,
		.now = now,
		.is_busy = is_busy,
		.arg = l };
	l->is_merging = true;
	batch_join(l->parts.batch, 0, work, done, t);
	return true;
}
