/* SPDX-License-Identifier: ISC */
/*
 * The lane of an account: the moment when a message goes, and a connection is
 * made for it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/lane_priv.h"
#include "queue/times.h"

#define LOOK_AGAIN_S  60 /* the wall clock may have been set */
#define PASSED_MAX    16 /* users, in one look */
#define STAMP_EVERY_S 5  /* is the secret of a held account a new one? */

/* ---- handing over ----------------------------------------------------------
 */

static void
arm(struct lane *l, int64_t at, int64_t now)
{
	struct timeval tv = { .tv_sec = LOOK_AGAIN_S };
	int64_t until = legacy_until(&l->account.legacy);

	if (l->has_stamp && l->account.known.state == ACCOUNT_HELD)
		tv.tv_sec = STAMP_EVERY_S;
	if (at == 0 || at == ACCOUNT_CLOSED)
		at = now + LOOK_AGAIN_S;
	if (until != 0 && until < at)
		at = until;
	if (at - now < tv.tv_sec)
		tv.tv_sec = at > now ? (time_t)(at - now) : 0;
	event_add(l->timer, &tv);
}

static bool
has_room(const struct lane *l)
{
	uint64_t ids[LANE_WORKERS_MAX];

	return lane_busy(l, ids) < LANE_WORKERS_MAX;
}

/* There is no connection that is free for this message: one more, if it may. */
static bool
connect_for(
    struct lane *l, uint64_t message, int64_t now, int64_t *at, struct err *e)
{
	l->started_for = message;
	if (!lane_token_may_start(l, now, at))
		return false;
	if (l->calls->has_place(l->arg, l))
		return lane_start_worker(l, e) == 0;
	l->calls->crowded(l->arg, l);
	return false;
}

/* The job becomes the worker's; false when it went into a report instead. */
static bool
hand_over(struct lane *l, struct worker *w, struct job *j, int64_t now)
{
	if (lane_merge(l, j, now)) {
		job_free(j);
		return false;
	}
	/* An alarm is nobody's turn: the round goes on where it was. */
	if (j->msg.kind != KIND_ALARM)
		l->last = submitter_of(j->msg.uid, j->msg.device);
	l->last_probed = j->msg.id;
	l->was_alarm = j->msg.kind == KIND_ALARM;
	if (j->msg.id == l->wanted)
		l->wanted = 0;
	lane_sent(l, j, now);
	l->has_given = true;
	worker_give(w, j);
	return true;
}

/* The next message is loaded: what becomes of it now.  The job is used up. */
static bool
proceed(struct lane *l, struct job *j, int64_t now, int64_t *at, struct err *e)
{
	struct worker *w = lane_idle_worker(l);
	uint64_t id = j->msg.id;

	switch (lane_look_at_from(l, j, now, e)) {
	case FROM_REFUSED:
		lane_refuse_from(l, j);
		return true;
	case FROM_UNKNOWN:
		job_free(j);
		return false;
	case FROM_WAITS:
		/* Its user's turn is over: others do not wait with it. */
		l->last = submitter_of(j->msg.uid, j->msg.device);
		job_free(j);
		return l->npassed++ < PASSED_MAX;
	case FROM_FINE:
		break;
	}
	if (w != NULL)
		return hand_over(l, w, j, now);
	job_free(j);
	return connect_for(l, id, now, at, e);
}

/*
 * One step: hands over a message or starts a connection.  False when there is
 * nothing more to do now; then *at is when there will be (0: unknown).
 */
static bool
advance(struct lane *l, int64_t now, int64_t *at, struct err *e)
{
	struct worker *w = lane_idle_worker(l);
	struct store_due due;
	struct job *j;
	int found;

	*at = 0;
	if (w != NULL && l->yields && l->has_given) {
		l->yields = false;
		worker_quit(w);
		return true;
	}
	if (l->is_merging || (w == NULL && !lane_may_start(l)) || !has_room(l))
		return false;
	if ((*at = account_opens_at(&l->account, now)) > now)
		return false;
	found = lane_find_due(l, now, &due, e);
	if (found == 0)
		*at = due.wake_at;
	if (found != 1)
		return false;
	j = job_load(
	    l->parts.store, due.id, now, lane_max_rcpts(l, &due, now), e);
	return j != NULL && proceed(l, j, now, at, e);
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
		lane_quit_idle(l);
		lane_token_look(l, now);
		lane_token_tell(l, now);
		lane_check_start(l);
		rest(l);
		return;
	}
	lane_legacy_look(l, now);
	lane_look_at_secret(l, now);
	lane_token_look(l, now);
	err_clear(&e);
	l->npassed = 0;
	while (advance(l, now, &at, &e))
		;
	if (e.class != ERR_NONE) {
		/* Ours to mend, not the server's; mailq shows it all the same.
		 */
		lane_ours_failed(l, &e);
		at = l->account.known.next_at;
	}
	lane_token_tell(l, now);
	if (account_waits(&l->account, now))
		lane_quit_idle(l);
	lane_check_start(l);
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

const struct conf_account *
lane_conf(const struct lane *l)
{
	return l->account.conf;
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
	return l->nworkers == 0 && l->nsettling == 0 && !l->is_merging &&
	       !lane_token_is_asking(l);
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
	lane_token_allow(l, times_now(l->parts.times));
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
	lane_token_move_times(l, by_s);
	lane_save(l);
	lane_kick(l);
}

bool
lane_has(const struct lane *l, uint64_t message)
{
	uint64_t ids[LANE_WORKERS_MAX];
	size_t i, n = lane_busy(l, ids);

	for (i = 0; i < n; i++)
		if (ids[i] == message)
			return true;
	return false;
}

const struct job_ready *
lane_session(const struct lane *l, uint64_t message)
{
	const struct job *j;
	size_t i;

	for (i = 0; i < l->nworkers; i++) {
		j = worker_job(l->workers[i]);
		if (j != NULL && j->msg.id == message &&
		    worker_was_ready(l->workers[i]))
			return worker_session(l->workers[i]);
	}
	return NULL;
}

void
lane_note_sent(
    struct lane *l, const char *budget_key, const struct account_sent *t)
{
	if (strcmp(lane_mailbox(l), budget_key) == 0)
		account_note_sent(&l->account, t);
}

void
lane_note_ended(
    struct lane *l, const char *budget_key, const struct account_sent *t)
{
	if (strcmp(lane_mailbox(l), budget_key) == 0)
		account_note_ended(&l->account, t);
}

static bool
is_below(const struct job_ready *r)
{
	return r->tls_level != 0 && r->tls_level < 12;
}

/* Of several sessions one of an old version is shown before all others. */
static void
view_sessions(const struct lane *l, struct dispatch_view *v)
{
	const struct job_ready *r, *shown = NULL;
	size_t i;

	for (i = 0; i < l->nworkers; i++) {
		r = worker_session(l->workers[i]);
		if (is_below(r))
			v->old_tls++;
		if (shown == NULL || (is_below(r) && !is_below(shown)))
			shown = r;
	}
	if (shown != NULL) {
		strlcpy(v->relay, shown->relay, sizeof(v->relay));
		strlcpy(v->tls, shown->tls, sizeof(v->tls));
	}
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
		v->is_day_spent =
		    budget_rcpts_left(l->account.budget, now) == 0;
	}
	v->connections = (unsigned)l->nworkers;
	v->connections_max = account_connections(&l->account, now);
	budget_used(l->account.budget, now, &v->sent_minute, &v->sent_day,
	    &v->rcpts_day);
	v->sent_window = budget_in_window(l->account.budget, now);
	v->legacy = &l->account.legacy;
	v->signin = lane_token_signin(l);
	v->is_away = lane_is_away(l, now);
	view_sessions(l, v);
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
		times_now(parts->times), e) == -1 ||
	    lane_token_new(l, e) == -1) {
		lane_token_free(l);
		account_clear(&l->account);
		free(l);
		return NULL;
	}
	if (lane_load_secret(l, e) == -1 || lane_load_probed(l, e) == -1) {
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
	lane_check_end(l);
	for (i = 0; i < l->nworkers; i++)
		worker_free(l->workers[i]);
	event_free(l->timer);
	lane_token_free(l);
	account_clear(&l->account);
	strlist_clear(&l->proved);
	buf_wipe(&l->ticket);
	free(l);
}
