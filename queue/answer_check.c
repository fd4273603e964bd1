/* SPDX-License-Identifier: ISC */
/*
 * The doctor's sign-ins where no daemon runs: the queue process of a run that
 * answers one client.  It has the lock, so that a daemon that starts meanwhile
 * never makes one connection too many, and what a sign-in shows of an account
 * is kept: a password that was refused is not tried again by the daemon.  No
 * mail leaves, and none is taken.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/proto_ctl.h"
#include "common/sandbox.h"
#include "queue/answer.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/control.h"
#include "queue/dispatch.h"
#include "queue/engine.h"
#include "queue/lock.h"
#include "queue/parts.h"
#include "queue/peer.h"
#include "queue/store.h"

#define QUIT_WAIT_S 3 /* for connections to be closed politely */
#define EVENTS      4

struct check_run {
	struct parts parts;
	struct control *control;
	struct event *events[EVENTS];
	bool is_answered;
};

/* The client has its answer, or is gone; connections say QUIT yet. */
static void
on_answered(void *arg)
{
	struct check_run *r = arg;
	static const struct timeval patience = { .tv_sec = QUIT_WAIT_S };

	r->is_answered = true;
	dispatch_stop(r->parts.dispatch);
	if (dispatch_is_idle(r->parts.dispatch))
		event_base_loopbreak(r->parts.base);
	else
		event_base_loopexit(r->parts.base, &patience);
}

static void
on_rest(void *arg)
{
	struct check_run *r = arg;

	if (r->is_answered)
		event_base_loopbreak(r->parts.base);
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	const struct check_run *r = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(r->parts.base);
}

static const int ends[EVENTS - 1] = { SIGTERM, SIGINT, SIGHUP };

/* The parent's handlers are nothing to a child that has no loop yet. */
static void
reset_signals(void)
{
	sigset_t none;
	size_t i;

	for (i = 0; i < EVENTS - 1; i++)
		signal(ends[i], SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
watch(struct check_run *r, int parent_fd)
{
	size_t i;

	for (i = 0; i < EVENTS; i++) {
		r->events[i] = i < EVENTS - 1
				   ? event_new(r->parts.base, ends[i],
					 EV_SIGNAL | EV_PERSIST, on_end, r)
				   : event_new(r->parts.base, parent_fd,
					 EV_READ, on_end, r);
		if (r->events[i] == NULL)
			fatalx(EX_OSERR, "libevent: no event");
		event_add(r->events[i], NULL);
	}
}

static int
enter_sandbox(const struct conf *conf, struct err *e)
{
	const struct sandbox_path path = { conf->queue.directory,
		SANDBOX_WRITE };
	char told[SANDBOX_TOLD_MAX];

	return sandbox_enter(SANDBOX_QUEUE, conf->sandbox, &path, 1, told, e);
}

static void
serve(struct check_run *r)
{
	struct parts *p = &r->parts;
	struct control_parts cp = { p->base, p->conf, p->identity, &p->times,
		p->store, p->batch, p->dispatch, p->limits, p->alarms,
		p->calendar, false, NULL, p->ask };

	dispatch_set_paused(p->dispatch, times_now(&p->times));
	dispatch_on_rest(p->dispatch, on_rest, r);
	r->control = control_new_single(&cp, CTL_FD, on_answered, r);
	event_base_dispatch(p->base);
	dispatch_stop(p->dispatch);
	batch_flush(p->batch);
	control_free(r->control);
}

/* With the lock: 0, or -1 with *e filled before the client has any answer. */
static int
with_lock(
    const struct conf *conf, const struct engine_options *opt, struct err *e)
{
	struct check_run r = { .is_answered = false };
	size_t i;
	int rc = -1;

	if (parts_open(&r.parts, conf, opt->identity, ask_new(opt->parent_fd),
		e) == -1)
		goto out;
	watch(&r, opt->parent_fd);
	if (enter_sandbox(conf, e) == -1)
		goto out;
	serve(&r);
	rc = 0;
out:
	for (i = 0; i < EVENTS; i++)
		if (r.events[i] != NULL)
			event_free(r.events[i]);
	parts_close(&r.parts);
	return rc;
}

/* To root it is said what is wrong, anyone else is just not meant to ask. */
static int
refuse(const struct conf *conf, const struct err *why)
{
	struct peer client = { .uid = (uid_t)-1 };
	char text[ERR_TEXT_MAX];

	if (peer_get(CTL_FD, &client) == 0 && client.uid == 0)
		return answer_end(EX_CONFIG, why->text);
	snprintf(text, sizeof(text),
	    "mailchuted is not running, and without it only root and %s may "
	    "have an account sign in",
	    conf->queue.user);
	return answer_end(EX_NOPERM, text);
}

int
answer_check(const struct conf *conf, const struct engine_options *opt)
{
	struct err e;
	int lock, rc;

	reset_signals();
	sandbox_hide_memory();
	lock = lock_take(conf->queue.directory, 0, &e);
	if (lock == -1)
		return e.class == ERR_TEMP ? answer_by_daemon(conf)
					   : refuse(conf, &e);
	rc = with_lock(conf, opt, &e);
	lock_release(lock);
	return rc == 0 ? 0 : answer_end(EX_UNAVAILABLE, e.text);
}
