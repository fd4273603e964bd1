/* SPDX-License-Identifier: ISC */
/*
 * Connections that somebody asked for, to see whether the account can sign in.
 * They are made, and judged, like any other: what they show of the account
 * holds for its mail, too, and a password that was refused is not tried again.
 */
#include "config.h"

#include <string.h>

#include "queue/lane_priv.h"
#include "queue/times.h"

void
lane_check_tell(struct lane *l, const struct job_ready *session,
    const struct job_result *why)
{
	struct lane_watch told[LANE_WATCHES_MAX];
	size_t i, n = l->nwatches;

	memcpy(told, l->watches, sizeof(told));
	l->nwatches = 0;
	for (i = 0; i < n; i++)
		told[i].f(told[i].arg, session, why);
}

/* Ours to mend: it is told in the words of the account's record. */
static void
could_not_start(struct lane *l, const struct err *e)
{
	const struct job_ready none = { .host = 0 };
	struct job_result why = { .outcome = JOB_DEFERRED,
		.scope = JOB_SCOPE_CONNECTION };

	strlcpy(why.phase, "start", sizeof(why.phase));
	strlcpy(why.status, e->status, sizeof(why.status));
	strlcpy(why.text, e->text, sizeof(why.text));
	lane_ours_failed(l, e);
	lane_check_tell(l, &none, &why);
}

void
lane_check_start(struct lane *l)
{
	int64_t at;
	struct err e;

	if (l->nwatches == 0 || !lane_may_start(l))
		return;
	l->started_for = 0;
	if (!lane_token_may_start(l, times_now(l->parts.times), &at))
		return;
	/* Told when it is there: lane_kick. */
	if (!l->calls->has_place(l->arg, l)) {
		l->calls->crowded(l->arg, l);
		return;
	}
	l->is_for_check = true;
	if (lane_start_worker(l, &e) == -1)
		could_not_start(l, &e);
}

void
lane_check_end(struct lane *l)
{
	lane_check_tell(l, NULL, NULL);
}

/* One that is signed in now. */
static const struct job_ready *
session_of(const struct lane *l)
{
	enum worker_state state;
	size_t i;

	for (i = 0; i < l->nworkers; i++) {
		state = worker_state(l->workers[i]);
		if (state == WORKER_IDLE || state == WORKER_BUSY)
			return worker_session(l->workers[i]);
	}
	return NULL;
}

void
lane_check(struct lane *l, dispatch_checked *f, void *arg)
{
	const struct job_ready *session = session_of(l);
	int64_t now = times_now(l->parts.times);

	lane_look_at_secret(l, now);
	if (session != NULL || l->nwatches == LANE_WATCHES_MAX ||
	    (l->account.known.state == ACCOUNT_HELD &&
		account_waits(&l->account, now))) {
		f(arg, session, NULL);
		return;
	}
	l->watches[l->nwatches++] = (struct lane_watch){ f, arg };
	lane_check_start(l);
}
