/* SPDX-License-Identifier: ISC */
/*
 * Changes that people ask for: hold, release, retry, remove, pause, resume,
 * and the queue runs of sendmail -q.
 *
 * Messages are changed in slices, a transaction each, so that "remove ALL" of
 * a million holds nobody up (control_change.c changes one).  What follows for
 * the accounts comes once, after the last slice.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/control_priv.h"
#include "queue/denied.h"
#include "queue/dispatch.h"
#include "queue/limits.h"
#include "queue/times.h"

static struct act *
act_new(struct client *c)
{
	struct act *a = xcalloc(1, sizeof(*a));

	a->client = c;
	a->now = times_now(c->parts->times);
	a->first = xcalloc(c->parts->conf->naccounts, sizeof(*a->first));
	return a;
}

static void
act_free(struct act *a)
{
	strlist_clear(&a->said);
	free(a->first);
	free(a);
}

/* ---- slices ---- */

static int
slice_work(void *arg, struct err *e)
{
	struct act *a = arg;
	size_t i;

	/* Begun anew when the transaction had to be. */
	strlist_clear(&a->said);
	a->changed = a->ngone = 0;
	memset(
	    a->first, 0, a->client->parts->conf->naccounts * sizeof(*a->first));
	for (i = 0; i < a->n; i++)
		if (act_on_message(a, a->ids[i], e) == -1)
			return -1;
	return 0;
}

static void
slice_done(void *arg, const struct err *failed)
{
	struct act *a = arg;
	struct client *c = a->client;
	size_t i;

	for (i = 0; failed == NULL && i < a->said.n; i++)
		ctl_put_said(&c->out, a->said.v[i]);
	for (i = 0; failed == NULL && i < a->ngone; i++)
		limits_remove(
		    c->parts->limits, a->gone[i].who, 1, a->gone[i].octets);
	for (i = 0; failed == NULL && i < c->parts->conf->naccounts; i++)
		if (c->first[i] == 0)
			c->first[i] = a->first[i];
	if (failed != NULL)
		client_done(c, EX_TEMPFAIL, "%s", failed->text);
	else {
		c->changed += a->changed;
		act_log(a);
	}
	c->has_unknown = c->has_unknown || a->has_unknown;
	c->has_busy = c->has_busy || a->has_busy;
	act_free(a);
	client_resume(c);
}

static void
on_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	struct act *a = arg;

	(void)r;
	if (a->n == 0 || a->ids[a->n - 1] != m->id)
		a->ids[a->n++] = m->id;
}

/* The next messages in question: false when there are none left. */
static bool
collect(struct client *c, struct act *a, struct err *e)
{
	const struct strlist *ids = &c->request.ids;
	struct store_walk walk = {
		.last = c->cursor,
		.own = !c->may_all,
		.uid = c->uid,
		.max = CLIENT_SLICE,
	};

	if (c->request.all || c->request.verb == CTL_FLUSH) {
		if (store_list(c->parts->store, &walk, on_row, a, e) == -1)
			return false;
		c->cursor = walk.last;
		return a->n > 0;
	}
	for (; c->next_id < ids->n && a->n < CLIENT_SLICE; c->next_id++)
		if (queue_id_parse(ids->v[c->next_id], &a->ids[a->n]) == 0)
			a->n++;
		else {
			client_say(c, "%s is no queue id", ids->v[c->next_id]);
			c->has_unknown = true;
		}
	return a->n > 0;
}

/* ---- accounts and the whole queue ---- */

/* After "pause" and "resume"; 0: it is not paused. */
static int64_t
paused_since(const struct act *a)
{
	const struct client *c = a->client;

	if (c->request.verb != CTL_PAUSE)
		return 0;
	if (dispatch_is_paused(c->parts->dispatch))
		return dispatch_paused_since(c->parts->dispatch);
	return a->now;
}

/* A pause lasts over restarts, from when it was first asked for. */
static int
write_paused(const struct act *a, struct err *e)
{
	const struct client *c = a->client;
	char at[24];

	snprintf(at, sizeof(at), "%lld", (long long)paused_since(a));
	if (store_fact_put(c->parts->store, "paused_at", at, e) == -1)
		return -1;
	return store_fact_put(c->parts->store, "paused",
	    c->request.verb == CTL_PAUSE ? "yes" : "no", e);
}

static int
finish_work(void *arg, struct err *e)
{
	struct act *a = arg;
	struct client *c = a->client;

	switch (c->request.verb) {
	case CTL_PAUSE:
	case CTL_RESUME:
		return write_paused(a, e);
	case CTL_RETRY:
		/* Mail that fails at once leaves none to be named. */
		return c->request.all
			   ? denied_lift(c->parts->store, NULL, NULL, e)
			   : 0;
	case CTL_LIST:
	case CTL_SHOW:
	case CTL_STATUS:
	case CTL_TRACE:
	case CTL_LEGACY:
	case CTL_CHECK:
	case CTL_FOLLOW:
	case CTL_METRICS:
	case CTL_DEVICES:
	case CTL_HOLD:
	case CTL_RELEASE:
	case CTL_REMOVE:
	case CTL_FLUSH:
		break;
	}
	return 0;
}

/* Of "pause" and "resume": a resumed queue need not deliver yet. */
static const char *
what_follows(const struct client *c)
{
	if (c->request.verb == CTL_PAUSE)
		return "delivery is paused; mail is taken and kept";
	if (!c->parts->conf->queue.delivery)
		return "no longer paused; delivery is off all the same "
		       "(queue.delivery)";
	if (!c->parts->is_daemon)
		return "no longer paused; mail goes once mailchuted runs";
	return "delivery goes on";
}

static void
set_paused(struct client *c, int64_t since)
{
	client_say(c, "%s", what_follows(c));
	log_event(LOG_NOTICE, since != 0 ? "paused" : "resumed", NULL);
	dispatch_set_paused(c->parts->dispatch, since);
}

static bool
is_budget_spent(const struct client *c, const char *account)
{
	struct dispatch_view v;
	size_t i;

	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++) {
		dispatch_view(c->parts->dispatch, i, &v);
		if (strcmp(v.conf->name, account) == 0)
			return strcmp(v.state, "budget") == 0;
	}
	return false;
}

const char *
act_when(const struct client *c, const char *account)
{
	if (!c->parts->is_daemon)
		return "when mailchuted runs";
	if (!c->parts->conf->queue.delivery)
		return "when delivery is on (queue.delivery)";
	if (dispatch_is_paused(c->parts->dispatch))
		return "when delivery goes on (mailchute resume)";
	if (is_budget_spent(c, account))
		return "when the account's budget allows it";
	return "now";
}

/*
 * An account that waits may try once: each of them after ALL, else those whose
 * messages were chosen, beginning with the first of these.
 */
static void
probe(struct client *c)
{
	struct dispatch *d = c->parts->dispatch;
	bool is_retry = c->request.verb == CTL_RETRY;
	struct dispatch_view v;
	size_t i;

	for (i = 0; i < dispatch_accounts(d); i++) {
		if (!c->request.all && c->first[i] == 0)
			continue;
		if (!dispatch_probe(
			d, i, is_retry, c->request.all ? 0 : c->first[i]) ||
		    !is_retry)
			continue;
		dispatch_view(d, i, &v);
		client_say(c, "account %s may sign in once, %s",
		    status_account_name(c, v.conf->name),
		    act_when(c, v.conf->name));
	}
}

/* Those whose mail was changed have something to look at. */
static void
kick(struct client *c)
{
	const struct conf *conf = c->parts->conf;
	size_t i;

	for (i = 0; i < conf->naccounts; i++)
		if (c->request.all || c->first[i] != 0)
			dispatch_kick(
			    c->parts->dispatch, conf->accounts[i].name);
}

/* What follows at once from a change that is on disk. */
static void
apply(struct client *c, int64_t since)
{
	switch (c->request.verb) {
	case CTL_PAUSE:
	case CTL_RESUME:
		set_paused(c, since);
		break;
	case CTL_RETRY:
	case CTL_FLUSH:
		if (c->may_all)
			probe(c);
		kick(c);
		break;
	case CTL_LIST:
	case CTL_SHOW:
	case CTL_STATUS:
	case CTL_TRACE:
	case CTL_LEGACY:
	case CTL_CHECK:
	case CTL_FOLLOW:
	case CTL_METRICS:
	case CTL_DEVICES:
	case CTL_HOLD:
	case CTL_RELEASE:
	case CTL_REMOVE:
		kick(c);
		break;
	}
}

/* Of ALL: how many were changed, in place of a name each. */
static void
say_sum(struct client *c)
{
	const char *what = "";

	switch (c->request.verb) {
	case CTL_HOLD:
		what = "hold";
		break;
	case CTL_RELEASE:
		what = "release";
		break;
	case CTL_RETRY:
		what = "retry";
		break;
	case CTL_REMOVE:
		what = "remove";
		break;
	case CTL_LIST:
	case CTL_SHOW:
	case CTL_STATUS:
	case CTL_TRACE:
	case CTL_LEGACY:
	case CTL_CHECK:
	case CTL_FOLLOW:
	case CTL_METRICS:
	case CTL_DEVICES:
	case CTL_PAUSE:
	case CTL_RESUME:
	case CTL_FLUSH:
		return;
	}
	if (c->changed == 0)
		client_say(c, "nothing to %s", what);
	else
		client_say(
		    c, "%zu message%s", c->changed, c->changed == 1 ? "" : "s");
}

/*
 * What was named and is not there is told first: it will not be there later
 * either.
 */
static void
end(struct client *c)
{
	if (c->has_unknown)
		client_done(c, EX_NOINPUT, "not every id is one of the queue");
	else if (c->has_busy)
		client_done(c, EX_TEMPFAIL,
		    "what is being delivered now was left alone; try again "
		    "when that is over");
	else
		client_done(c, 0, "%s", "");
}

static void
finish_done(void *arg, const struct err *failed)
{
	struct act *a = arg;
	struct client *c = a->client;
	int64_t since = paused_since(a);

	act_free(a);
	if (failed != NULL)
		client_done(c, EX_TEMPFAIL, "%s", failed->text);
	else {
		apply(c, since);
		if (c->request.all)
			say_sum(c);
		end(c);
	}
	client_resume(c);
}

static bool
is_allowed(const struct client *c)
{
	/* A queue run of anyone's touches the caller's own mail alone. */
	return c->may_all || c->request.verb == CTL_FLUSH;
}

void
source_act(struct client *c)
{
	enum ctl_verb verb = c->request.verb;
	struct act *a;
	struct err e;
	bool more;

	if (!is_allowed(c)) {
		client_done(c, EX_NOPERM,
		    "only root, queue.user and queue.admin_group may change "
		    "the queue");
		return;
	}
	if (c->first == NULL)
		c->first =
		    xcalloc(c->parts->conf->naccounts, sizeof(*c->first));
	a = act_new(c);
	err_clear(&e);
	more = verb != CTL_PAUSE && verb != CTL_RESUME && collect(c, a, &e);
	if (e.class != ERR_NONE) {
		client_done(c, EX_TEMPFAIL, "%s", e.text);
		act_free(a);
		return;
	}
	c->is_waiting = true;
	batch_join(c->parts->batch, 0, more ? slice_work : finish_work,
	    more ? slice_done : finish_done, a);
}
