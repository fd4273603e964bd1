/* SPDX-License-Identifier: ISC */
/*
 * What a request does to one message: hold, release, remove, or make it due.
 *
 * A message that is with a deliver process right now is left alone and said
 * so: its state belongs to the try.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/control_priv.h"
#include "queue/denied.h"
#include "queue/dispatch.h"
#include "queue/since.h"
#include "queue/submitter.h"
#include "queue/waiting.h"

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
move(struct act *a, uint64_t id, const struct store_rcpt *r,
    const struct rcpt_change *c, struct err *e)
{
	return state_set(a->client->parts->store, id, r->id, r->state, c, e);
}

/*
 * "root", "uid 1000".  Names are asked for nowhere: a directory service that
 * hangs must not keep the queue from its work.
 */
static void
name_who(uid_t uid, char *out, size_t size)
{
	if (uid == 0)
		strlcpy(out, "root", size);
	else
		snprintf(out, size, "uid %lu", (unsigned long)uid);
}

/* "held by root at 2026-11-24T09:42:07Z" */
static void
tell_held(const struct act *a, char *out, size_t size)
{
	char who[32], when[32] = "?";
	time_t now = (time_t)a->now;
	struct tm tm;

	name_who(a->client->uid, who, sizeof(who));
	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(out, size, "held by %s at %s", who, when);
}

/* What the server said before stays in the attempts. */
static int
hold_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	bool uncertain = r->state == RCPT_UNCERTAIN;
	char text[96];
	const struct rcpt_change c = { .to = RCPT_HELD,
		.status = "",
		.text = text,
		.meaning = uncertain ? RCPT_UNCERTAIN_HELD : RCPT_HELD_MEANING,
		.fix = uncertain ? RCPT_UNCERTAIN_FIX : RCPT_HELD_FIX };

	if (r->state != RCPT_QUEUED && r->state != RCPT_UNCERTAIN)
		return 0;
	(*changed)++;
	if (since_note(a->client->parts->store, RCPT_HELD, a->now, e) == -1)
		return -1;
	tell_held(a, text, sizeof(text));
	return move(a, m->id, r, &c, e);
}

/*
 * One that waits for its user's share of the day, or soon will, goes without
 * one from now on: 1, 0 when it need not, -1.
 */
static int
lift_share(const struct act *a, const struct store_message *m, struct err *e)
{
	const struct control_parts *p = a->client->parts;
	struct share share;
	int found;

	if (m->kind == KIND_ALARM ||
	    !dispatch_share(p->dispatch, m->account,
		submitter_of(m->uid, m->device), &share) ||
	    share.used <= share.left)
		return 0;
	if ((found = store_is_released(p->store, m->uid, m->id, e)) != 0)
		return found == -1 ? -1 : 0;
	return store_release(p->store, m->uid, m->id, e) == -1 ? -1 : 1;
}

static int
release_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	const struct rcpt_change c = { .to = RCPT_QUEUED,
		.due_at = a->now,
		.status = "",
		.text = "",
		.meaning = "",
		.fix = "" };
	int lifted = 0;

	if (!state_is_final(r->state) && (lifted = lift_share(a, m, e)) == -1)
		return -1;
	*changed += (size_t)lifted;
	if (r->state != RCPT_HELD)
		return 0;
	(*changed)++;
	return move(a, m->id, r, &c, e);
}

static int
remove_one(struct act *a, const struct store_message *m,
    const struct store_rcpt *r, size_t *changed, struct err *e)
{
	char by[sizeof("removed by uid 4294967295")];
	struct store_event ev = {
		.at = a->now,
		.what = "removed",
		.message = m->id,
		.uid = m->uid,
		.account = m->account,
		.sender = m->sender,
		.recipient = r->address,
		.original = r->original,
		.message_id = m->message_id,
		.status = "",
		.text = by,
		.relay = "",
		.size = m->size,
		.arrived_at = m->arrived_at,
	};
	const struct rcpt_change c = { .to = RCPT_REMOVED };

	if (state_is_final(r->state))
		return 0;
	(*changed)++;
	snprintf(by, sizeof(by), "removed by uid %u", (unsigned)a->client->uid);
	if (move(a, m->id, r, &c, e) == -1)
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
	case CTL_TRACE:
	case CTL_LEGACY:
	case CTL_CHECK:
	case CTL_FOLLOW:
	case CTL_METRICS:
	case CTL_DEVICES:
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
	if (m->kind == KIND_BOUNCE && waiting_forget_message(s, m, e) == -1)
		return -1;
	if (store_message_delete(s, m->id, e) == -1)
		return -1;
	a->gone[a->ngone].who = submitter_of(m->uid, m->device);
	a->gone[a->ngone++].octets = m->size;
	return 0;
}

/* The server may be asked again about a From that it refused. */
static int
lift_denied(const struct act *a, const struct conf_account *account,
    const struct store_message *m, struct err *e)
{
	const struct control_parts *p = a->client->parts;
	char *from = denied_from(p->conf, account, m);
	int rc =
	    from == NULL ? 0 : denied_lift(p->store, account->user, from, e);

	free(from);
	return rc;
}

static int
make_due(struct act *a, const struct store_message *m, struct err *e)
{
	const struct conf *conf = a->client->parts->conf;
	const struct conf_account *account =
	    conf_account_find(conf, m->account);

	if (account != NULL && a->client->request.verb == CTL_RETRY &&
	    lift_denied(a, account, m, e) == -1)
		return -1;
	return store_message_due(a->client->parts->store, m->id, a->now, e);
}

/* The first of an account's messages goes first, in its one attempt. */
static void
note_first(struct act *a, const struct store_message *m)
{
	const struct conf *conf = a->client->parts->conf;
	size_t i;

	for (i = 0; i < conf->naccounts; i++)
		if (a->first[i] == 0 &&
		    strcmp(conf->accounts[i].name, m->account) == 0)
			a->first[i] = m->id;
}

static int
change(struct act *a, const struct store_message *m, struct store_rcpt *v,
    size_t n, struct err *e)
{
	enum ctl_verb verb = a->client->request.verb;
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
	if (one == retry_one && make_due(a, m, e) == -1)
		return -1;
	if (verb == CTL_REMOVE && take_away(a, m, e) == -1)
		return -1;
	note_first(a, m);
	a->done[a->changed++] = m->id;
	if (verb == CTL_RETRY)
		say(a, m->id, "due %s", act_when(a->client, m->account));
	else if (verb != CTL_FLUSH)
		say(a, m->id, "%s", done);
	return 0;
}

/* To be tried now is what "retry" asks for; the others find it in the way. */
static void
say_busy(struct act *a, uint64_t id)
{
	enum ctl_verb verb = a->client->request.verb;

	if (verb == CTL_FLUSH)
		return;
	if (verb == CTL_RETRY) {
		say(a, id, "is being delivered now");
		return;
	}
	say(a, id, "is being delivered now and was left alone");
	a->has_busy = true;
}

int
act_on_message(struct act *a, uint64_t id, struct err *e)
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
		say_busy(a, id);
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

void
act_log(const struct act *a)
{
	const struct client *c = a->client;
	const char *done, *idle;
	char id[QUEUE_ID_TEXT], uid[16];
	size_t i;

	/* A queue run is nobody's decision. */
	if (c->request.verb == CTL_FLUSH)
		return;
	(void)find_act(c->request.verb, &done, &idle);
	snprintf(uid, sizeof(uid), "%lu", (unsigned long)c->uid);
	for (i = 0; i < a->changed; i++) {
		queue_id_format(a->done[i], id);
		log_event(LOG_NOTICE, "changed", "id", id, "to", done, "uid",
		    uid, NULL);
	}
}
