/* SPDX-License-Identifier: ISC */
/*
 * The lane of an account: the choice of the next message, the connections,
 * and the moment when each may be used.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/lane_priv.h"
#include "queue/session.h"
#include "queue/times.h"

#define LOOK_AGAIN_S  60 /* the wall clock may have been set */
#define STAMP_EVERY_S 5  /* is the secret of a held account a new one? */

/* ---- choosing --------------------------------------------------------------
 */

/*
 * What is under way: with a worker, or on its way to the disk.  Never more
 * than LANE_WORKERS_MAX, so that each job finds its place in settling.
 */
static size_t
collect_busy(const struct lane *l, uint64_t ids[LANE_WORKERS_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < l->nworkers; i++)
		if (worker_job(l->workers[i]) != NULL)
			ids[n++] = worker_job(l->workers[i])->msg.id;
	for (i = 0; i < l->nsettling; i++)
		ids[n++] = l->settling[i]->msg.id;
	return n;
}

/*
 * The message that somebody named, if it still waits, is due, and is ours: as
 * find_due.
 */
static int
find_wanted(struct lane *l, int64_t now, struct store_due *due, struct err *e)
{
	struct job *j;

	if (l->wanted == 0 || lane_has(l, l->wanted))
		return 0;
	if ((j = job_load(l->parts.store, l->wanted, now, 1, e)) == NULL &&
	    e->class != ERR_NONE)
		return -1;
	if (j != NULL && strcmp(j->msg.account, l->account.conf->name) == 0) {
		due->id = j->msg.id;
		due->uid = j->msg.uid;
	} else {
		l->wanted = 0;
	}
	job_free(j);
	return l->wanted == 0 ? 0 : 1;
}

/*
 * The next message to try: 1 with its id and uid, 0 with wake_at, -1.  A probe
 * passes over the message of the probe before it, unless there is no other:
 * one that breaks connections must not hold up the rest.
 */
static int
find_due(struct lane *l, int64_t now, struct store_due *due, struct err *e)
{
	uint64_t skip[LANE_WORKERS_MAX + 1];
	size_t n = collect_busy(l, skip);
	int found;

	memset(due, 0, sizeof(*due));
	if ((found = find_wanted(l, now, due, e)) != 0)
		return found;
	due->account = l->account.conf->name;
	due->now = now;
	due->after_uid = l->last_uid;
	due->skip = skip;
	due->nskip = n;
	if (l->account.known.state != ACCOUNT_READY && l->last_probed != 0) {
		skip[n] = l->last_probed;
		due->nskip = n + 1;
		found = store_due_next(l->parts.store, due, e);
		due->nskip = n;
	}
	if (found == 0)
		found = store_due_next(l->parts.store, due, e);
	due->skip = NULL;
	due->nskip = 0;
	return found;
}

static struct worker *
find_idle(const struct lane *l)
{
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (worker_state(l->workers[i]) == WORKER_IDLE)
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

static size_t
max_rcpts(const struct lane *l)
{
	const struct conf_account *c = l->account.conf;
	size_t n = c->recipients_per_message;

	/* A whole envelope must fit into the day's budget. */
	if (c->recipients_per_day != 0 && n > c->recipients_per_day)
		n = (size_t)c->recipients_per_day;
	return n;
}

/* ---- workers' calls --------------------------------------------------------
 */

static void
on_ready(void *arg, struct worker *w)
{
	struct lane *l = arg;
	const struct job_ready *r = worker_session(w);

	log_event(LOG_INFO, "session", "account", l->account.conf->name,
	    "relay", r->relay, "address", r->address, "tls", r->tls, "cipher",
	    r->cipher, NULL);
	lane_hosts_passed(l, r);
	lane_kick(l);
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
forget_worker(struct lane *l, const struct worker *w)
{
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		if (l->workers[i] == w) {
			l->workers[i] = l->workers[--l->nworkers];
			return;
		}
}

static void
on_gone(
    void *arg, struct worker *w, struct job *j, const struct job_result *why)
{
	struct lane *l = arg;

	forget_worker(l, w);
	l->wanted = 0; /* it was for one attempt */
	if (worker_state(w) == WORKER_STARTING)
		lane_hosts_passed(l, worker_session(w));
	/* A session that we broke off says nothing about the account. */
	if (j == NULL || !j->is_aborted)
		lane_session_ended(l, worker_session(w), why);
	if (j != NULL && !j->is_claiming)
		lane_settle(l, j);
	lane_kick(l);
}

static const struct worker_calls worker_calls = {
	.ready = on_ready,
	.body_sent = on_body_sent,
	.done = on_done,
	.gone = on_gone,
};

/* ---- handing over ----------------------------------------------------------
 */

static int
start_worker(struct lane *l, struct err *e)
{
	struct job_session s;
	struct worker_start start = {
		.session = &s,
		.ticket = &l->ticket,
		.calls = &worker_calls,
		.arg = l,
	};

	start.fd = ask_deliver(l->parts.ask, l->account.index, &start.pid, e);
	if (start.fd == -1)
		return -1;
	session_describe(l->parts.conf, l->account.conf, &s);
	s.first_host =
	    (unsigned)hosts_first(&l->account.hosts, times_now(l->parts.times));
	l->workers[l->nworkers++] =
	    worker_new(l->parts.base, l->parts.store, l->parts.ask, &start);
	job_session_clear(&s);
	return 0;
}

static void
arm(struct lane *l, int64_t at, int64_t now)
{
	struct timeval tv = { .tv_sec = LOOK_AGAIN_S };

	if (l->has_stamp && l->account.known.state == ACCOUNT_HELD)
		tv.tv_sec = STAMP_EVERY_S;
	if (at == 0 || at == ACCOUNT_CLOSED)
		at = now + LOOK_AGAIN_S;
	if (at - now < tv.tv_sec)
		tv.tv_sec = at > now ? (time_t)(at - now) : 0;
	event_add(l->timer, &tv);
}

static bool
has_room(const struct lane *l)
{
	uint64_t ids[LANE_WORKERS_MAX];

	return collect_busy(l, ids) < LANE_WORKERS_MAX;
}

static bool
may_start(const struct lane *l)
{
	return !is_starting(l) && l->nworkers < LANE_WORKERS_MAX &&
	       pace_allows(&l->account.pace, (unsigned)l->nworkers);
}

/*
 * One step: hands over a message or starts a connection.  False when there is
 * nothing more to do now; then *at is when there will be (0: unknown).
 */
static bool
advance(struct lane *l, int64_t now, int64_t *at, struct err *e)
{
	struct worker *w = find_idle(l);
	struct store_due due;
	struct job *j;
	int found;

	*at = 0;
	if (l->is_merging || (w == NULL && !may_start(l)) || !has_room(l))
		return false;
	if ((*at = account_opens_at(&l->account, now, 1)) > now)
		return false;
	found = find_due(l, now, &due, e);
	if (found == 0)
		*at = due.wake_at;
	if (found != 1)
		return false;
	if (w == NULL)
		return start_worker(l, e) == 0;
	if ((j = job_load(l->parts.store, due.id, now, max_rcpts(l), e)) ==
	    NULL)
		return false;
	*at = account_opens_at(&l->account, now, (unsigned)j->nrcpts);
	if (*at > now || lane_merge(l, j, now)) {
		job_free(j);
		return false;
	}
	l->last_uid = due.uid;
	l->last_probed = due.id;
	if (due.id == l->wanted)
		l->wanted = 0;
	l->calls->sent(l->arg, l->account.budget_key, now, (unsigned)j->nrcpts);
	worker_give(w, j);
	return true;
}

/* Sessions without mail to come are of no use while nothing may go. */
static void
quit_idle(struct lane *l)
{
	struct worker *w;

	while ((w = find_idle(l)) != NULL)
		worker_quit(w);
}

static void
rest(struct lane *l)
{
	if (lane_is_idle(l))
		l->calls->rest(l->arg);
}

void
lane_kick(struct lane *l)
{
	int64_t at, now = times_now(l->parts.times);
	struct err e;

	if (l->is_closed || !l->parts.conf->queue.delivery) {
		quit_idle(l);
		rest(l);
		return;
	}
	lane_look_at_secret(l, now);
	err_clear(&e);
	while (advance(l, now, &at, &e))
		;
	if (e.class != ERR_NONE) {
		/* Ours to mend, not the server's; mailq shows it all the same.
		 */
		lane_ours_failed(l, &e);
		at = l->account.known.next_at;
	}
	if (l->account.known.state != ACCOUNT_READY &&
	    l->account.known.next_at > now)
		quit_idle(l);
	arm(l, at, now);
	rest(l);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct lane *l = arg;

	(void)fd;
	(void)what;
	lane_kick(l);
}

/* ---- the outside -----------------------------------------------------------
 */

const char *
lane_account(const struct lane *l)
{
	return l->account.conf->name;
}

void
lane_set_closed(struct lane *l, bool closed)
{
	l->is_closed = closed;
	lane_kick(l);
}

bool
lane_is_idle(const struct lane *l)
{
	return l->nworkers == 0 && l->nsettling == 0 && !l->is_merging;
}

bool
lane_probe(struct lane *l, bool also_held, uint64_t first)
{
	bool waited;

	if (l->account.known.state == ACCOUNT_HELD && !also_held)
		return false;
	l->wanted = first;
	hosts_forget(&l->account.hosts);
	waited = account_allow_probe(&l->account, times_now(l->parts.times));
	if (waited)
		lane_save(l);
	lane_kick(l);
	return waited;
}

void
lane_move_times(struct lane *l, int64_t by_s)
{
	size_t i;

	for (i = 0; i < l->nworkers; i++)
		worker_move_times(l->workers[i], by_s);
	for (i = 0; i < l->nsettling; i++)
		job_move_times(l->settling[i], by_s);
	account_move_times(&l->account, by_s);
	lane_kick(l);
}

bool
lane_has(const struct lane *l, uint64_t message)
{
	uint64_t ids[LANE_WORKERS_MAX];
	size_t i, n = collect_busy(l, ids);

	for (i = 0; i < n; i++)
		if (ids[i] == message)
			return true;
	return false;
}

void
lane_note_sent(
    struct lane *l, const char *budget_key, int64_t at, unsigned recipients)
{
	if (strcmp(l->account.budget_key, budget_key) == 0)
		budget_note(l->account.budget, at, 1, recipients);
}

void
lane_view(struct lane *l, struct dispatch_view *v)
{
	int64_t now = times_now(l->parts.times);

	memset(v, 0, sizeof(*v));
	v->conf = l->account.conf;
	v->known = &l->account.known;
	v->state = account_state(&l->account, now);
	v->since = l->account.known.since;
	v->next_at = l->account.known.next_at;
	v->tried_at = l->account.tried_at;
	if (strcmp(v->state, "budget") == 0) {
		/* Since the message that spent it. */
		v->since = budget_last(l->account.budget);
		v->next_at = budget_next(l->account.budget, now, 1);
	}
	v->connections = (unsigned)l->nworkers;
	budget_used(l->account.budget, now, &v->sent_minute, &v->sent_day,
	    &v->rcpts_day);
	if (l->nworkers > 0) {
		const struct job_ready *r = worker_session(l->workers[0]);

		strlcpy(v->relay, r->relay, sizeof(v->relay));
		strlcpy(v->tls, r->tls, sizeof(v->tls));
	}
}

struct lane *
lane_new(const struct dispatch_parts *parts, uint32_t index,
    const struct lane_calls *calls, void *arg, struct err *e)
{
	struct lane *l = xcalloc(1, sizeof(*l));

	l->parts = *parts;
	l->calls = calls;
	l->arg = arg;
	buf_init(&l->ticket, JOB_TICKET_MAX);
	l->settle = (struct settle){ parts->conf, parts->store, parts->bounce };
	if (account_load(&l->account, parts->store, parts->conf, index,
		times_now(parts->times), e) == -1) {
		account_clear(&l->account);
		free(l);
		return NULL;
	}
	l->timer = event_new(parts->base, -1, 0, on_timer, l);
	if (l->timer == NULL)
		fatalx(EX_OSERR, "libevent: no event for an account");
	return l;
}

void
lane_free(struct lane *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < l->nworkers; i++)
		worker_free(l->workers[i]);
	event_free(l->timer);
	account_clear(&l->account);
	buf_wipe(&l->ticket);
	free(l);
}
