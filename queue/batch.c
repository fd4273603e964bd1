/* SPDX-License-Identifier: ISC */
/*
 * Group commit: the one place where transactions begin and end while the
 * daemon runs.
 *
 * The commit event joins the end of its turn's line, so that libevent runs it
 * after all that was ready when the turn began: under load a batch fills, at
 * rest it holds one piece.  A full batch is committed at once, since beyond
 * some 64 messages a larger one only adds delay.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ballast.h"
#include "queue/batch.h"
#include "queue/loop.h"
#include "queue/store.h"

#define BATCH_PIECES 64
#define BATCH_OCTETS (1024 * 1024)

struct piece {
	batch_work *work;
	batch_done *done;
	void *arg;
};

struct batch {
	struct store *store;
	struct ballast *ballast;
	struct event *idle; /* commits after what is ready now */
	struct event *full; /* commits ahead of further input */
	struct piece *v;
	size_t n, room;
	size_t octets;
	bool running;
	struct watcher {
		batch_committed *f;
		void *arg;
	} watchers[BATCH_WATCHERS];
	size_t nwatchers;
};

static void run(struct batch *b);

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run(arg);
}

static struct event *
turn_new(struct event_base *base, int priority, struct batch *b)
{
	struct event *ev = event_new(base, -1, 0, on_turn, b);

	if (ev == NULL || event_priority_set(ev, priority) == -1)
		fatalx(EX_OSERR, "libevent: no event for commits");
	return ev;
}

struct batch *
batch_new(struct event_base *base, struct store *s, struct ballast *ballast)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->store = s;
	b->ballast = ballast;
	b->idle = turn_new(base, LOOP_PRIORITY_TURN, b);
	b->full = turn_new(base, LOOP_PRIORITY_FIRST, b);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	event_free(b->idle);
	event_free(b->full);
	free(b->v);
	free(b);
}

/* See batch.h: what was committed is known only after a new start. */
static void __attribute__((noreturn)) end_in_doubt(const struct err *e)
{
	log_event(LOG_CRIT, "commit-failed", "text", e->text, "fix",
	    "see to the disk; the queue is checked when it is opened again",
	    NULL);
	_exit(EX_IOERR);
}

static void
commit(struct batch *b)
{
	struct err e;

	if (store_commit(b->store, &e) == -1 ||
	    store_in_place(b->store, &e) == -1)
		end_in_doubt(&e);
}

void
batch_look_for_damage(const struct batch *b)
{
	if (!store_is_damaged(b->store))
		return;
	store_suspect(b->store);
	log_event(LOG_CRIT, "queue-damaged", "text",
	    "what was read from the queue is not what was written", "fix",
	    "nothing yet: at the new start, now, what can be read is saved",
	    NULL);
	_exit(EX_IOERR);
}

/* All pieces in one transaction: 0, or -1 with nothing changed. */
static int
try_all(struct batch *b, struct piece *v, size_t n, struct err *e)
{
	size_t i;

	/* In time: at COMMIT it is too late to find that there is no room. */
	(void)ballast_drop_if_low(b->ballast);
	if (store_begin(b->store, e) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (v[i].work(v[i].arg, e) == -1) {
			store_rollback(b->store);
			return -1;
		}
	commit(b);
	return 0;
}

/*
 * What joined meanwhile is committed in the loop's next turn, which begins with
 * a look at what can be read: work in slices, each of which brings on the next,
 * lets others in between them.
 */
static void
go_on(struct batch *b)
{
	static const struct timeval at_once = { 0, 0 };

	if (b->n > 0)
		event_add(b->idle, &at_once);
}

static void
run(struct batch *b)
{
	struct piece *v = b->v;
	size_t i, n = b->n;
	struct err e;

	if (n == 0 || b->running)
		return;
	/* done may join again: that piece belongs to the next batch. */
	b->v = NULL;
	b->n = b->room = b->octets = 0;
	b->running = true;
	if (try_all(b, v, n, &e) == 0) {
		for (i = 0; i < n; i++)
			v[i].done(v[i].arg, NULL);
	} else {
		batch_look_for_damage(b);
		/* One bad piece must not fail its neighbours. */
		(void)ballast_drop(b->ballast);
		for (i = 0; i < n; i++)
			v[i].done(v[i].arg,
			    try_all(b, &v[i], 1, &e) == 0 ? NULL : &e);
	}
	b->running = false;
	batch_look_for_damage(b);
	for (i = 0; i < b->nwatchers; i++)
		b->watchers[i].f(b->watchers[i].arg);
	free(v);
	go_on(b);
}

void
batch_join(struct batch *b, size_t octets, batch_work *work, batch_done *done,
    void *arg)
{
	if (b->n == b->room) {
		b->room = b->room == 0 ? BATCH_PIECES : b->room * 2;
		b->v = xreallocarray(b->v, b->room, sizeof(*b->v));
	}
	b->v[b->n++] = (struct piece){ work, done, arg };
	b->octets += octets;
	/* What done brings on is seen to by run. */
	if (b->running)
		return;
	if (b->n >= BATCH_PIECES || b->octets >= BATCH_OCTETS)
		event_active(b->full, EV_TIMEOUT, 0);
	else
		event_active(b->idle, EV_TIMEOUT, 0);
}

void
batch_on_commit(struct batch *b, batch_committed *f, void *arg)
{
	assert(b->nwatchers < BATCH_WATCHERS);
	b->watchers[b->nwatchers++] = (struct watcher){ f, arg };
}

void
batch_off_commit(struct batch *b, const void *arg)
{
	size_t i;

	for (i = 0; i < b->nwatchers; i++)
		if (b->watchers[i].arg == arg) {
			b->watchers[i] = b->watchers[--b->nwatchers];
			return;
		}
}

void
batch_flush(struct batch *b)
{
	while (b->n > 0)
		run(b);
}

bool
batch_is_empty(const struct batch *b)
{
	return b->n == 0 && !b->running;
}
