/* SPDX-License-Identifier: ISC */
/* The work of every minute, of idle moments, and after a jump of the clock. */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/alarm.h"
#include "queue/ask.h"
#include "queue/ballast.h"
#include "queue/batch.h"
#include "queue/calendar.h"
#include "queue/commit.h"
#include "queue/denied.h"
#include "queue/device_store.h"
#include "queue/devices.h"
#include "queue/dispatch.h"
#include "queue/loop.h"
#include "queue/parts.h"
#include "queue/store.h"
#include "queue/upkeep.h"

#define MINUTE_S      60
#define JOURNAL_IDLE  (4 * 1024 * 1024)  /* moved into the file when idle */
#define JOURNAL_MAX   (64 * 1024 * 1024) /* cut off beyond */
#define SUBMISSIONS_S (7 * 24 * 3600)    /* ids are remembered so long */
#define BUDGET_S      (25 * 3600)

struct upkeep {
	struct parts *parts;
	struct event *minute, *checkpoint;
	struct event *forget; /* the next slice of what is old */
	struct event *jump;   /* of the wall clock */
	struct event *alive;  /* for the service manager's watchdog */
	int64_t moved_s;   /* by which the instants of the queue were moved */
	bool has_more;     /* old events that this slice left */
	bool has_replayed; /* one whole round over the drop folder */
	bool is_asking;    /* the watchdog's question is under way */
};

/* ---- the journal ---- */

static void
on_checkpoint(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *u = arg;
	struct err e;

	(void)fd;
	(void)what;
	if (store_checkpoint(u->parts->store,
		store_journal_size(u->parts->store) > JOURNAL_MAX
		    ? CHECKPOINT_TRUNCATE
		    : CHECKPOINT_PASSIVE,
		&e) == -1)
		log_event(LOG_WARNING, "checkpoint", "text", e.text, NULL);
}

/* Under load there is no idle moment, and the journal must end somewhere. */
static void
on_commit(void *arg)
{
	struct upkeep *u = arg;
	uint64_t size = store_journal_size(u->parts->store);

	if (size > JOURNAL_MAX)
		on_checkpoint(-1, 0, u);
	else if (size > JOURNAL_IDLE)
		event_active(u->checkpoint, EV_TIMEOUT, 0);
}

/* ---- what is old ---- */

static int
forget_work(void *arg, struct err *e)
{
	struct upkeep *u = arg;
	struct store *s = u->parts->store;
	int64_t now = times_now(&u->parts->times);
	int more;

	if (u->has_replayed &&
	    store_submission_forget(s, now - SUBMISSIONS_S, e) == -1)
		return -1;
	more = store_event_forget(s, now - u->parts->conf->queue.history_s, e);
	if (more == -1)
		return -1;
	u->has_more = more == 1;
	if (denied_forget(s, now, e) == -1 ||
	    device_forget(s, now - DEVICE_HISTORY_S, e) == -1)
		return -1;
	return store_budget_forget(s, now - BUDGET_S, e);
}

static void
forget_done(void *arg, const struct err *failed)
{
	struct upkeep *u = arg;
	struct err e;

	/* A transaction a slice: a month of mail that goes delays nobody. */
	if (failed == NULL && u->has_more) {
		event_active(u->forget, EV_TIMEOUT, 0);
		return;
	}
	if (failed != NULL)
		log_event(
		    LOG_WARNING, "housekeeping", "text", failed->text, NULL);
	else if (ballast_make(u->parts->ballast, &e) == -1)
		log_event(LOG_WARNING, "ballast", "text", e.text, NULL);
	store_rest(u->parts->store);
}

static void
on_forget(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *u = arg;

	(void)fd;
	(void)what;
	batch_join(u->parts->batch, 0, forget_work, forget_done, u);
}

/* ---- the clock was set: the queue follows (queue/times.h) ---- */

static int
move_work(void *arg, struct err *e)
{
	struct upkeep *u = arg;

	u->moved_s = times_pending(&u->parts->times);
	return store_move_times(u->parts->store, u->moved_s, e);
}

static void
move_done(void *arg, const struct err *failed)
{
	struct upkeep *u = arg;

	/* The minute's housekeeping tries again. */
	if (failed != NULL) {
		log_event(LOG_ERR, "clock", "text", failed->text, NULL);
		return;
	}
	if (u->moved_s == 0)
		return;
	times_followed(&u->parts->times, u->moved_s);
	log_text(LOG_NOTICE, "clock",
	    "the clock was set by %+lld s; mail ages, and is retried, as if it "
	    "had not been",
	    (long long)u->moved_s);
	dispatch_move_times(u->parts->dispatch, u->moved_s);
	alarm_move_times(u->parts->alarms, u->moved_s);
}

/* Alone: what shared its commit would have times of before the move. */
static void
follow_clock(struct upkeep *u)
{
	if (times_pending(&u->parts->times) == 0)
		return;
	batch_flush(u->parts->batch);
	batch_join(u->parts->batch, 0, move_work, move_done, u);
	batch_flush(u->parts->batch);
}

static void
on_jump(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	follow_clock(arg);
}

static void
note_jump(void *arg)
{
	struct upkeep *u = arg;

	event_active(u->jump, EV_TIMEOUT, 0);
}

/* ---- the minute, and the watchdog ---- */

static void
on_minute(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *u = arg;

	(void)fd;
	(void)what;
	batch_look_for_damage(u->parts->batch);
	on_forget(-1, 0, u);
	on_jump(-1, 0, u);
	alarm_look(u->parts->alarms);
	calendar_look(u->parts->calendar);
	if (u->parts->conf->nlisteners > 0 && u->parts->devices != NULL)
		devices_collect(u->parts->devices, NULL, NULL);
}

/*
 * The watchdog's question is whether mail could be taken: the loop turns, the
 * database answers, and a transaction comes to its end.  One with nothing in it
 * writes nothing.
 */
static int
alive_work(void *arg, struct err *e)
{
	struct upkeep *u = arg;
	char *value = NULL;
	int found = store_fact_get(u->parts->store, "paused", &value, e);

	free(value);
	return found == -1 ? -1 : 0;
}

static void
alive_done(void *arg, const struct err *failed)
{
	struct upkeep *u = arg;

	u->is_asking = false;
	/* A new start would not end another program's lock. */
	if (failed == NULL || store_trouble(u->parts->store) == STORE_LOCKED)
		ask_alive(u->parts->ask);
	else
		log_event(LOG_ERR, "watchdog", "text", failed->text, NULL);
}

static void
on_alive(evutil_socket_t fd, short what, void *arg)
{
	struct upkeep *u = arg;

	(void)fd;
	(void)what;
	if (u->is_asking)
		return;
	u->is_asking = true;
	batch_join(u->parts->batch, 0, alive_work, alive_done, u);
}

/* ---- life ---- */

static struct event *
make_event(struct upkeep *u, short what, event_callback_fn f)
{
	struct event *ev = event_new(u->parts->base, -1, what, f, u);

	if (ev == NULL)
		fatalx(EX_OSERR, "libevent: no event");
	return ev;
}

struct upkeep *
upkeep_new(struct parts *parts, int64_t alive_ms)
{
	static const struct timeval minute = { .tv_sec = MINUTE_S };
	struct timeval alive = { .tv_sec = (time_t)(alive_ms / 1000),
		.tv_usec = (suseconds_t)(alive_ms % 1000 * 1000) };
	struct upkeep *u = xcalloc(1, sizeof(*u));

	u->parts = parts;
	u->minute = make_event(u, EV_PERSIST, on_minute);
	u->checkpoint = make_event(u, 0, on_checkpoint);
	u->forget = make_event(u, 0, on_forget);
	u->jump = make_event(u, 0, on_jump);
	u->alive = make_event(u, EV_PERSIST, on_alive);
	event_priority_set(u->checkpoint, LOOP_PRIORITY_IDLE);
	event_priority_set(u->forget, LOOP_PRIORITY_IDLE);
	event_add(u->minute, &minute);
	/* At once as well: after a reload history may be shorter. */
	event_active(u->forget, EV_TIMEOUT, 0);
	if (alive_ms > 0)
		event_add(u->alive, &alive);
	batch_on_commit(parts->batch, on_commit, u);
	parts->times.jumped = note_jump;
	parts->times.arg = u;
	alarm_watch(parts->alarms);
	calendar_look(parts->calendar);
	return u;
}

void
upkeep_free(struct upkeep *u)
{
	if (u == NULL)
		return;
	u->parts->times.jumped = NULL;
	batch_off_commit(u->parts->batch, u);
	event_free(u->minute);
	event_free(u->checkpoint);
	event_free(u->forget);
	event_free(u->jump);
	event_free(u->alive);
	free(u);
}

void
upkeep_replayed(struct upkeep *u)
{
	u->has_replayed = true;
}
