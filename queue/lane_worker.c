/* SPDX-License-Identifier: ISC */
/*
 * The connections of an account, from the start of a deliver process to the end
 * of its channel.  One whose session is over still counts: it says QUIT, and
 * until it has, the server sees it as one of those that are allowed.
 */
#include "config.h"

#include <syslog.h>

#include "common/job_session.h"
#include "common/log.h"
#include "queue/lane_priv.h"
#include "queue/times.h"

struct worker *
lane_idle_worker(const struct lane *l)
{
	bool is_away = lane_is_away(l, times_now(l->parts.times));
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (worker_state(l->workers[i]) == WORKER_IDLE &&
		    worker_session(l->workers[i])->is_legacy == is_away)
			return l->workers[i];
	return NULL;
}

static bool
is_starting(const struct lane *l)
{
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (worker_state(l->workers[i]) == WORKER_STARTING)
			return true;
	return false;
}

bool
lane_may_start(struct lane *l)
{
	return !is_starting(l) && l->nworkers < LANE_WORKERS_MAX &&
	       account_may_connect(
		   &l->account, l->nworkers, times_now(l->parts.times));
}

const char *
lane_mailbox(const struct lane *l)
{
	return l->account.budget_key;
}

size_t
lane_connections(const struct lane *l)
{
	return l->nworkers;
}

unsigned
lane_connections_max(const struct lane *l)
{
	return account_connections(&l->account, times_now(l->parts.times));
}

void
lane_note_fewer(struct lane *l, const struct fewer *f)
{
	l->account.fewer = *f;
}

/* Not for one more or less: that would go back and forth with each message. */
void
lane_yield(struct lane *l, size_t others)
{
	struct worker *w = lane_idle_worker(l);

	if (l->nworkers == 0 || (others > 0 && l->nworkers < others + 2))
		return;
	if (w != NULL)
		worker_quit(w);
	else
		l->yields = true;
}

void
lane_quit_idle(struct lane *l)
{
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (worker_state(l->workers[i]) == WORKER_IDLE)
			worker_quit(l->workers[i]);
}

void
lane_quit_elsewhere(struct lane *l)
{
	bool is_away = lane_is_away(l, times_now(l->parts.times));
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (worker_state(l->workers[i]) == WORKER_IDLE &&
		    worker_session(l->workers[i])->is_legacy != is_away)
			worker_quit(l->workers[i]);
}

/*
 * What is on its way to be claimed, or is claimed, is under way; claim_done
 * sees to the first of these.
 */
void
lane_recall(struct lane *l)
{
	const struct job *j;
	size_t i;

	for (i = 0; i < l->nworkers; i++) {
		j = worker_job(l->workers[i]);
		if (j != NULL && !j->is_claiming && !j->is_claimed &&
		    !j->is_aborted)
			worker_abort(l->workers[i], NULL);
	}
}

/* ---- workers' calls --------------------------------------------------------
 */

static void
on_ready(void *arg, struct worker *w)
{
	struct lane *l = arg;
	const struct job_ready *r = worker_session(w);
	bool is_for_check = l->is_for_check;

	l->is_for_check = false;
	lane_token_taken(l);
	log_event(LOG_INFO, "session", "account", l->account.conf->name,
	    "relay", r->relay, "address", r->address, "tls", r->tls, "cipher",
	    r->cipher, NULL);
	lane_hosts_passed(l, r);
	lane_legacy_met(l, r);
	if (is_for_check &&
	    account_signed_in(&l->account, times_now(l->parts.times))) {
		lane_save(l);
		l->calls->trouble(l->arg, l->account.index, 0);
	}
	lane_check_tell(l, r, NULL);
	lane_kick(l);
	/* With mail for it, it is like any other. */
	if (is_for_check && worker_state(w) == WORKER_IDLE)
		worker_quit(w);
}

static void
on_body_sent(void *arg, struct worker *w, struct job *j)
{
	(void)w;
	lane_claim(arg, j);
}

static void
on_done(void *arg, struct worker *w, struct job *j)
{
	struct lane *l = arg;

	(void)w;
	if (!j->is_claiming)
		lane_settle(l, j);
}

static void
on_closed(
    void *arg, struct worker *w, struct job *j, const struct job_result *why)
{
	struct lane *l = arg;
	struct job_result told = *why;

	if (!worker_was_ready(w)) {
		lane_hosts_passed(l, worker_session(w));
		lane_legacy_met(l, worker_session(w));
		lane_failed_try(l, worker_session(w), why);
		if (lane_token_refused(l, &told)) {
			lane_kick(l);
			return;
		}
		l->is_for_check = false;
		lane_check_tell(l, worker_session(w), &told);
	}
	why = &told;
	l->wanted = 0; /* it was for one attempt */
	/*
	 * A session that we broke off says nothing about the account.  But our
	 * own trouble may last: the server is not to be called for nothing,
	 * again and again.
	 */
	if (j == NULL || !j->is_aborted)
		lane_session_ended(l, worker_session(w), why);
	else if (j->ours.class != ERR_NONE)
		lane_ours_failed(l, &j->ours);
	if (j != NULL && !j->is_claiming)
		lane_settle(l, j);
	lane_kick(l);
}

static void
on_gone(void *arg, struct worker *w)
{
	struct lane *l = arg;
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (l->workers[i] == w) {
			l->workers[i] = l->workers[--l->nworkers];
			break;
		}
	l->yields = false;
	l->calls->freed(l->arg, l);
	/* How many the server takes may have changed since. */
	if (l->nworkers == 0)
		pace_reset(&l->account.pace, account_connections(&l->account,
						 times_now(l->parts.times)));
	lane_kick(l);
}

static const struct worker_calls worker_calls = {
	.ready = on_ready,
	.body_sent = on_body_sent,
	.done = on_done,
	.closed = on_closed,
	.gone = on_gone,
};

/* ---- the start -------------------------------------------------------------
 */

int
lane_start_worker(struct lane *l, struct err *e)
{
	struct job_session s;
	struct worker_start start = {
		.session = &s,
		.ticket = &l->ticket,
		.calls = &worker_calls,
		.arg = l,
	};
	int64_t now = times_now(l->parts.times);

	start.fd = ask_deliver(l->parts.ask, l->account.index, &start.pid, e);
	if (start.fd == -1)
		return -1;
	l->has_given = false;
	session_describe(l->parts.conf, l->account.conf, &s);
	s.is_probe = l->is_for_check;
	if (s.is_probe)
		s.patience_ms = JOB_PATIENCE_MS;
	start.is_legacy = lane_is_away(l, now);
	if (start.is_legacy)
		session_turn_legacy(l->account.conf, &s);
	else
		s.first_host = (unsigned)hosts_first(&l->account.hosts, now);
	l->workers[l->nworkers++] =
	    worker_new(l->parts.base, l->parts.store, l->parts.ask, &start);
	job_session_clear(&s);
	return 0;
}
