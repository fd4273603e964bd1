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
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ballast.h"
#include "queue/batch.h"
#include "queue/commit.h"
#include "queue/loop.h"
#include "queue/store.h"

#define BATCH_PIECES 64
#define BATCH_OCTETS (1024 * 1024)
#define LOCKED_MS    50   /* between two looks at another program's lock */
#define TELL_MS      5000 /* one that is held for longer is worth a line */

struct piece {
	batch_work *work;
	batch_done *done;
	void *arg;
	bool is_lasting;
	int64_t until_ms; /* monotonic, of its patience; 0: not put off yet */
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
	bool is_locked;       /* pieces wait for another program */
	bool is_ending;       /* nothing is put off any more */
	bool has_told;        /* that it is locked */
	int64_t locked_at_ms; /* monotonic; 0: it is not */
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

/* See batch.h: what was committed is known only after a new start. */
static void __attribute__((noreturn)) end_in_doubt(const struct err *e)
{
	log_event(LOG_CRIT, "commit-failed", "text", e->text, "fix",
	    "see to the disk; the queue is checked when it is opened again",
	    NULL);
	_exit(EX_IOERR);
}

struct batch *
batch_new(struct event_base *base, struct store *s, struct ballast *ballast)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->store = s;
	b->ballast = ballast;
	b->idle = turn_new(base, LOOP_PRIORITY_TURN, b);
	b->full = turn_new(base, LOOP_PRIORITY_FIRST, b);
	store_on_doubt(s, end_in_doubt);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	store_on_doubt(b->store, NULL);
	event_free(b->idle);
	event_free(b->full);
	free(b->v);
	free(b);
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
	struct err gone;
	size_t i;

	/* In time: at COMMIT it is too late to find that there is no room. */
	(void)ballast_drop_if_low(b->ballast);
	if ((b->is_ending ? store_begin(b->store, e)
			  : store_begin_at_once(b->store, e)) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (v[i].work(v[i].arg, e) == -1) {
			store_rollback(b->store);
			return -1;
		}
	if (store_commit(b->store, e) == -1)
		return -1;
	if (store_in_place(b->store, &gone) == -1)
		end_in_doubt(&gone);
	return 0;
}

enum outcome {
	KEPT,
	REFUSED,
	LOCKED /* by another program: nothing was tried */
};

static enum outcome
try_hard(struct batch *b, struct piece *v, size_t n, struct err *e)
{
	int rc = try_all(b, v, n, e);

	if (rc == -1) {
		batch_look_for_damage(b);
		if (store_trouble(b->store) == STORE_FULL &&
		    ballast_drop(b->ballast))
			rc = try_all(b, v, n, e);
	}
	if (rc == 0)
		return KEPT;
	return store_trouble(b->store) == STORE_LOCKED ? LOCKED : REFUSED;
}

/* ---- another program's lock ---- */

static void
note_locked(struct batch *b, int64_t now, const struct err *e)
{
	b->is_locked = true;
	if (b->locked_at_ms == 0)
		b->locked_at_ms = now;
	if (b->has_told || now - b->locked_at_ms < TELL_MS)
		return;
	b->has_told = true;
	log_event(LOG_WARNING, "queue-locked", "text", e->text, "fix",
	    "until then no mail is taken or sent; what was delivered is noted "
	    "afterwards",
	    NULL);
}

static void
note_free(struct batch *b)
{
	if (b->has_told)
		log_event(LOG_NOTICE, "queue-unlocked", NULL);
	b->is_locked = b->has_told = false;
	b->locked_at_ms = 0;
}

static bool
may_wait(const struct batch *b, struct piece *p, int64_t now)
{
	if (p->until_ms == 0)
		p->until_ms = now + BATCH_PATIENCE_MS;
	return !b->is_ending && (p->is_lasting || now < p->until_ms);
}

/* Back to where they were: ahead of what has joined since. */
static void
put_off(struct batch *b, struct piece *v, size_t n, const struct err *e)
{
	struct piece *kept = xcalloc(n + 1, sizeof(*kept)), *all;
	int64_t now = clock_mono_ms();
	size_t i, nkept = 0;

	note_locked(b, now, e);
	for (i = 0; i < n; i++)
		if (may_wait(b, &v[i], now))
			kept[nkept++] = v[i];
		else
			v[i].done(v[i].arg, e);
	/* Who was told may have joined again. */
	all = xcalloc(nkept + b->n + 1, sizeof(*all));
	memcpy(all, kept, nkept * sizeof(*all));
	if (b->n > 0)
		memcpy(all + nkept, b->v, b->n * sizeof(*all));
	free(b->v);
	free(kept);
	b->v = all;
	b->room = nkept + b->n + 1;
	b->n += nkept;
}

/* ---- a turn ---- */

/* One bad piece must not fail its neighbours. */
static void
try_each(struct batch *b, struct piece *v, size_t n)
{
	struct err e;
	size_t i;

	for (i = 0; i < n; i++)
		switch (try_hard(b, &v[i], 1, &e)) {
		case KEPT:
			v[i].done(v[i].arg, NULL);
			break;
		case REFUSED:
			v[i].done(v[i].arg, &e);
			break;
		case LOCKED:
			/* None overtakes it. */
			put_off(b, v + i, n - i, &e);
			return;
		}
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
	static const struct timeval soon = { .tv_usec = LOCKED_MS * 1000L };

	if (b->n > 0)
		event_add(b->idle, b->is_locked ? &soon : &at_once);
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
	switch (try_hard(b, v, n, &e)) {
	case KEPT:
		note_free(b);
		for (i = 0; i < n; i++)
			v[i].done(v[i].arg, NULL);
		break;
	case REFUSED:
		note_free(b);
		try_each(b, v, n);
		break;
	case LOCKED:
		put_off(b, v, n, &e);
		break;
	}
	b->running = false;
	batch_look_for_damage(b);
	for (i = 0; i < b->nwatchers && !b->is_locked; i++)
		b->watchers[i].f(b->watchers[i].arg);
	free(v);
	go_on(b);
}

static void
join(struct batch *b, size_t octets, struct piece p)
{
	if (b->n == b->room) {
		b->room = b->room == 0 ? BATCH_PIECES : b->room * 2;
		b->v = xreallocarray(b->v, b->room, sizeof(*b->v));
	}
	b->v[b->n++] = p;
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
batch_join(struct batch *b, size_t octets, batch_work *work, batch_done *done,
    void *arg)
{
	join(b, octets,
	    (struct piece){ .work = work, .done = done, .arg = arg });
}

void
batch_join_lasting(
    struct batch *b, batch_work *work, batch_done *done, void *arg)
{
	join(b, 0,
	    (struct piece){
		.work = work, .done = done, .arg = arg, .is_lasting = true });
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
	assert(!b->running);
	b->is_ending = true;
	while (b->n > 0)
		run(b);
	b->is_ending = false;
}

bool
batch_is_empty(const struct batch *b)
{
	return b->n == 0 && !b->running;
}
