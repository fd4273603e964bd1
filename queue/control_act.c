/* SPDX-License-Identifier: ISC */
/*
 * Changes that people ask for: hold, release, retry, remove, pause, resume,
 * and the queue runs of sendmail -q.
 *
 * Messages are changed in slices, a transaction each, so that "remove ALL" of
 * a million holds nobody up.  A message that is with a deliver process right
 * now is left alone and said so: its state belongs to the try.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"
#include "queue/limits.h"

/* One slice: what to change, and what to say of it after the commit. */
struct act {
	struct client *client;
	int64_t now;
	uint64_t ids[CLIENT_SLICE];
	size_t n;
	size_t changed;
	bool has_unknown;
	bool has_held; /* the message at hand has a recipient that is held */
	struct strlist said;
	struct {
		uid_t uid;
		uint64_t octets;
	} gone[CLIENT_SLICE]; /* messages that left the queue */
	size_t ngone;
};

static void __attribute__((format(printf, 3, 4)))
say(struct act *a, uint64_t id, const char *fmt, ...)
{
	char name[QUEUE_ID_TEXT], *line;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	queue_id_format(id, name);
	line = xasprintf("%s: %s", name, text);
	strlist_add(&a->said, line);
	free(line);
}

/* ---- one recipient ---- */

static int
move(struct act *a, uint64_t id, const struct store_rcpt *r, enum rcpt_state to,
    int64_t due_at, struct err *e)
{
	struct rcpt_change c = { .to = to, .due_at = due_at };

	return state_set(a->client->parts->store, id, r->id, r->state, &c, e);
}

static int
hold_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	if (r->state != RCPT_QUEUED && r->state != RCPT_UNCERTAIN)
		return 0;
	(*changed)++;
	return move(a, m->id, r, RCPT_HELD, 0, e);
}

static int
release_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	if (r->state != RCPT_HELD)
		return 0;
	(*changed)++;
	return move(a, m->id, r, RCPT_QUEUED, a->now, e);
}

static int
remove_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	struct store_event ev = {
		.at = a->now,
		.what = "removed",
		.message = m->id,
		.uid = a->client->uid,
		.account = m->account,
		.sender = m->sender,
		.recipient = r->address,
		.message_id = m->message_id,
		.status = "",
		.text = "removed by an administrator",
		.relay = "",
		.size = m->size,
		.arrived_at = m->arrived_at,
	};

	if (state_is_final(r->state))
		return 0;
	(*changed)++;
	if (move(a, m->id, r, RCPT_REMOVED, 0, e) == -1)
		return -1;
	return store_event_add(a->client->parts->store, &ev, e);
}

/* Due now; what an administrator holds stays held. */
static int
retry_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	(void)m;
	(void)e;
	if (r->state == RCPT_HELD)
		a->has_held = true;
	else if (r->state == RCPT_QUEUED || r->state == RCPT_UNCERTAIN)
		(*changed)++;
	return 0;
}

typedef int act_one(struct act *, const struct store_message *,
    const struct store_rcpt *, size_t *, struct err *);

static act_one *
find_act(enum ctl_verb verb, const char **done, const char **idle)
{
	switch (verb) {
	case CTL_HOLD:
		*done = "held";
		*idle = "is held already";
		return hold_one;
	case CTL_RELEASE:
		*done = "released";
		*idle = "is not held";
		return release_one;
	case CTL_REMOVE:
		*done = "removed";
		*idle = "is delivered or refused already";
		return remove_one;
	case CTL_LIST:
	case CTL_SHOW:
	case CTL_RETRY:
	case CTL_PAUSE:
	case CTL_RESUME:
	case CTL_STATUS:
	case CTL_FLUSH:
		break;
	}
	*done = "due now";
	*idle = NULL;
	return retry_one;
}

/* ---- one message ---- */

static bool
contains(const char *text, const char *part)
{
	return part == NULL || (text != NULL && strcasestr(text, part) != NULL);
}

/* sendmail -qI, -qR, -qS: does the message have these parts? */
static bool
matches(const struct act *a, const struct store_message *m,
    const struct store_rcpt *v, size_t n)
{
	const struct ctl_request *q = &a->client->request;
	char id[QUEUE_ID_TEXT];
	bool found = q->match_rcpt == NULL;
	size_t i;

	queue_id_format(m->id, id);
	for (i = 0; i < n && !found; i++)
		found = contains(v[i].address, q->match_rcpt);
	return found && contains(id, q->match_id) &&
	       contains(m->sender, q->match_sender);
}

/* After its last recipient is gone the message goes, and its octets count. */
static int
take_away(struct act *a, const struct store_message *m, struct err *e)
{
	struct store *s = a->client->parts->store;
	int over = store_message_finished(s, m->id, e);

	if (over != 1)
		return over;
	if (store_message_delete(s, m->id, e) == -1)
		return -1;
	a->gone[a->ngone].uid = m->uid;
	a->gone[a->ngone++].octets = m->size;
	return 0;
}

static int
change(struct act *a, const struct store_message *m, struct store_rcpt *v,
    size_t n, struct err *e)
{
	enum ctl_verb verb = a->client->request.verb;
	struct store *s = a->client->parts->store;
	const char *done, *idle;
	act_one *one = find_act(verb, &done, &idle);
	size_t i, changed = 0;

	if (!matches(a, m, v, n))
		return 0;
	a->has_held = false;
	for (i = 0; i < n; i++)
		if (one(a, m, &v[i], &changed, e) == -1)
			return -1;
	if (a->has_held && verb == CTL_RETRY)
		say(a, m->id,
		    "is held and was left alone; see mailchute release");
	if (changed == 0) {
		/* Whoever named it is told; of ALL there may be a million. */
		if (idle != NULL && !a->client->request.all)
			say(a, m->id, "%s", idle);
		return 0;
	}
	if (one == retry_one && store_message_due(s, m->id, a->now, e) == -1)
		return -1;
	if (verb == CTL_REMOVE && take_away(a, m, e) == -1)
		return -1;
	a->changed++;
	if (verb != CTL_FLUSH)
		say(a, m->id, "%s", done);
	return 0;
}

static int
act_on(struct act *a, uint64_t id, struct err *e)
{
	struct client *c = a->client;
	struct store_rcpt *v = NULL;
	struct store_message m;
	size_t i, n = 0;
	int found, rc = -1;

	memset(&m, 0, sizeof(m));
	if ((found = store_message_get(c->parts->store, id, &m, e)) == -1)
		goto out;
	if (found == 0) {
		say(a, id, "is not in the queue");
		a->has_unknown = true;
		rc = 0;
		goto out;
	}
	if (dispatch_has(c->parts->dispatch, id)) {
		if (c->request.verb != CTL_FLUSH)
			say(a, id, "is being delivered now and was left alone");
		rc = 0;
		goto out;
	}
	if (store_rcpts_get(c->parts->store, id, &v, &n, e) == 0)
		rc = change(a, &m, v, n, e);
out:
	for (i = 0; i < n; i++)
		store_rcpt_clear(&v[i]);
	free(v);
	store_message_clear(&m);
	return rc;
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
	for (i = 0; i < a->n; i++)
		if (act_on(a, a->ids[i], e) == -1)
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
		    c->parts->limits, a->gone[i].uid, 1, a->gone[i].octets);
	if (failed != NULL)
		client_done(c, EX_TEMPFAIL, "%s", failed->text);
	else
		c->changed += a->changed;
	c->has_unknown = c->has_unknown || a->has_unknown;
	strlist_clear(&a->said);
	free(a);
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

static int
finish_work(void *arg, struct err *e)
{
	struct act *a = arg;
	struct client *c = a->client;

	switch (c->request.verb) {
	case CTL_PAUSE:
	case CTL_RESUME:
		return store_fact_put(c->parts->store, "paused",
		    c->request.verb == CTL_PAUSE ? "yes" : "no", e);
	case CTL_LIST:
	case CTL_SHOW:
	case CTL_STATUS:
	case CTL_HOLD:
	case CTL_RELEASE:
	case CTL_RETRY:
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

/* What follows at once from a change that is on disk. */
static void
apply(struct client *c)
{
	struct dispatch *d = c->parts->dispatch;
	enum ctl_verb verb = c->request.verb;
	size_t n;

	if (verb == CTL_PAUSE || verb == CTL_RESUME) {
		client_say(c, "%s", what_follows(c));
		log_event(
		    LOG_NOTICE, verb == CTL_PAUSE ? "paused" : "resumed", NULL);
	}
	if (verb == CTL_PAUSE || verb == CTL_RESUME)
		dispatch_set_paused(d, verb == CTL_PAUSE);
	else if (c->may_all && (verb == CTL_FLUSH ||
				   (verb == CTL_RETRY &&
				       (c->request.all || c->changed > 0)))) {
		n = dispatch_probe(d, verb == CTL_RETRY);
		if (n > 0 && verb == CTL_RETRY)
			client_say(c, "%zu account%s may sign in once, now", n,
			    n == 1 ? "" : "s");
	} else
		dispatch_kick(d, NULL);
}

static void
finish_done(void *arg, const struct err *failed)
{
	struct act *a = arg;
	struct client *c = a->client;
	enum ctl_verb verb = c->request.verb;

	free(a);
	if (failed != NULL)
		client_done(c, EX_TEMPFAIL, "%s", failed->text);
	else {
		apply(c);
		if (c->request.all && verb != CTL_FLUSH)
			client_say(c, "%zu message%s", c->changed,
			    c->changed == 1 ? "" : "s");
		client_done(c, c->has_unknown ? EX_NOINPUT : 0, "%s",
		    c->has_unknown ? "not every id is one of the queue" : "");
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
	a = xcalloc(1, sizeof(*a));
	a->client = c;
	a->now = clock_wall();
	err_clear(&e);
	more = verb != CTL_PAUSE && verb != CTL_RESUME && collect(c, a, &e);
	if (e.class != ERR_NONE) {
		client_done(c, EX_TEMPFAIL, "%s", e.text);
		free(a);
		return;
	}
	c->is_waiting = true;
	batch_join(c->parts->batch, 0, more ? slice_work : finish_work,
	    more ? slice_done : finish_done, a);
}
