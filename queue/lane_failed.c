/* SPDX-License-Identifier: ISC */
/*
 * A connection that never came to be: the message that it was made for shows
 * that in its history.
 */
#include "config.h"

#include <stdlib.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/lane_priv.h"
#include "queue/times.h"
#include "queue/tries.h"

struct failed {
	struct store *store;
	uint64_t message;
	size_t max;
	int64_t now;
	struct job_ready session;
	struct job_result why;
};

static int
work(void *arg, struct err *e)
{
	const struct failed *t = arg;
	const struct tries_failure f = { .message = t->message,
		.max = t->max,
		.now = t->now,
		.session = &t->session,
		.why = &t->why };

	return tries_write_failure(t->store, &f, e);
}

/* The account's own record tells the same: nothing is lost with this one. */
static void
done(void *arg, const struct err *failed)
{
	if (failed != NULL)
		log_event(
		    LOG_WARNING, "try-not-saved", "text", failed->text, NULL);
	free(arg);
}

void
lane_failed_try(struct lane *l, const struct job_ready *session,
    const struct job_result *why)
{
	struct failed *t;

	if (why->outcome != JOB_DEFERRED && why->outcome != JOB_REJECTED)
		return;
	t = xcalloc(1, sizeof(*t));
	t->store = l->parts.store;
	t->message = l->started_for;
	t->max = l->account.conf->recipients_per_message;
	t->now = times_now(l->parts.times);
	t->session = *session;
	t->why = *why;
	batch_join(l->parts.batch, 0, work, done, t);
}
