/* SPDX-License-Identifier: ISC */
/*
 * "mailchute test": one message, told whenever something of it has changed,
 * until nothing of it waits, or the time is over that was asked for.
 *
 * Whatever becomes of mail is committed, so it is looked at after each commit;
 * rows that say what was said before are not sent again.  When nothing can
 * happen by itself within the time, the answer ends at once.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"
#include "queue/times.h"

#define EVENTS_MAX 32 /* in a turn */

struct follow {
	uint64_t id;
	struct store_trace journal; /* from where on it may tell of the end */
	int64_t deadline_ms;
	struct event *over;
	struct buf last;    /* rows as they were sent last */
	struct buf session; /* the same */
	bool was_seen;      /* in the queue, as mail of whoever asks */
	bool has_found;     /* in the journal */
};

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	event_free(f->over);
	buf_clear(&f->last);
	buf_clear(&f->session);
	free(f);
}

static void
on_over(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd;
	(void)what;
	if (c->is_asleep)
		client_wake(c);
}

static struct follow *
follow_new(struct client *c, uint64_t id)
{
	struct follow *f = xcalloc(1, sizeof(*f));
	struct timeval tv = { .tv_sec = (time_t)c->request.for_s };

	f->id = id;
	f->journal.id = id;
	f->journal.own = !c->may_all;
	f->journal.uid = c->uid;
	f->journal.max = EVENTS_MAX;
	f->deadline_ms = clock_mono_ms() + (int64_t)c->request.for_s * 1000;
	buf_init(&f->last, CLIENT_OUT_MAX);
	buf_init(&f->session, FRAME_MAX + FRAME_HEAD);
	f->over = evtimer_new(c->parts->base, on_over, c);
	if (f->over == NULL)
		fatalx(EX_OSERR, "libevent: no timer for a control client");
	event_add(f->over, &tv);
	return f;
}

/* Takes back what was appended from start on, when it was sent before. */
static void
keep_news(struct client *c, size_t start, struct buf *last)
{
	const char *rows = buf_data(&c->out) + start;
	size_t n = c->out.len - start;

	if (n == last->len && memcmp(rows, buf_data(last), n) == 0) {
		buf_truncate(&c->out, start);
		return;
	}
	buf_truncate(last, 0);
	buf_append(last, rows, n);
}

static char *
lend(const char *text)
{
	return text[0] == '\0' ? NULL : (char *)(uintptr_t)text;
}

/* The connection that has it, once somebody is signed in there. */
static void
put_session(struct client *c, struct follow *f)
{
	const struct conf_account *a;
	const struct job_ready *r =
	    dispatch_session(c->parts->dispatch, f->id, &a);
	struct ctl_session out = { .account = NULL };
	size_t start = c->out.len;

	if (r == NULL)
		return;
	out.account = (char *)(uintptr_t)status_account_name(c, a->name);
	out.relay = lend(r->relay);
	out.address = lend(r->address);
	out.tls = lend(r->tls);
	out.cipher = lend(r->cipher);
	if (a->auth != AUTH_NONE)
		out.user = a->user;
	ctl_put_session(&c->out, &out);
	keep_news(c, start, &f->session);
}

/* ---- the end ---- */

struct telling {
	struct client *client;
	struct follow *follow;
};

/* A search by id finds notices about the message, too. */
static void
on_event(void *arg, const struct store_event *ev)
{
	const struct telling *t = arg;

	if (ev->message != t->follow->id)
		return;
	client_put_event(t->client, ev);
	t->follow->has_found = true;
}

/* A turn in the journal, of a message that is not in the queue any more. */
static void
tell_end(struct client *c, struct follow *f)
{
	struct telling t = { c, f };
	struct err e;
	int more =
	    store_trace_events(c->parts->store, &f->journal, on_event, &t, &e);

	if (more == -1)
		client_done(c, EX_TEMPFAIL, "%s", e.text);
	else if (more == 0 && (f->has_found || f->was_seen))
		client_done(c, 0, "%s", "");
	else if (more == 0)
		client_done(c, EX_NOINPUT, "no message %s is known",
		    c->request.ids.v[0]);
}

/* Why there is nothing to wait for: NULL when there is. */
static const char *
why_not_wait(const struct client *c, const struct follow *f)
{
	int64_t left_ms = f->deadline_ms - clock_mono_ms();

	if (!c->parts->is_daemon)
		return "no mailchuted runs that could deliver it";
	if (left_ms <= 0)
		return "the time to wait is over";
	if (c->soonest == INT64_MAX)
		return "it waits for somebody to act";
	if (c->soonest > times_now(c->parts->times) + left_ms / 1000)
		return "its next try comes after the time to wait";
	return NULL;
}

/* What is new of a message in the queue; then it waits for more. */
static void
tell_state(struct client *c, struct follow *f)
{
	size_t start;
	const char *why;
	struct err e;
	int found;

	put_session(c, f);
	start = c->out.len;
	found = client_put_state(c, f->id, &e);
	if (found == -1) {
		client_done(c, EX_TEMPFAIL, "%s", e.text);
		return;
	}
	if (found == 0) {
		c->cursor = 1; /* from now on the journal is read */
		tell_end(c, f);
		return;
	}
	keep_news(c, start, &f->last);
	if (!f->was_seen &&
	    store_event_last(c->parts->store, &f->journal.last, &e) == -1)
		f->journal.last = 0;
	f->was_seen = true;
	why = why_not_wait(c, f);
	if (why != NULL)
		client_done(c, EX_TEMPFAIL, "%s", why);
	else
		c->is_asleep = true;
}

void
source_follow(struct client *c)
{
	uint64_t id;

	if (c->follow == NULL) {
		if (c->request.ids.n != 1 ||
		    queue_id_parse(c->request.ids.v[0], &id) == -1) {
			client_done(
			    c, EX_USAGE, "one queue id can be followed");
			return;
		}
		c->follow = follow_new(c, id);
	}
	if (c->cursor == 0)
		tell_state(c, c->follow);
	else
		tell_end(c, c->follow);
}
