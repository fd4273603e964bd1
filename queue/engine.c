/* SPDX-License-Identifier: ISC */
/*
 * The queue process.
 *
 * Its first lines are its rights (docs/architecture.md): the lock and the
 * database are opened, the sockets made, and the sandbox is entered before it
 * reads what anybody sent.
 * It ends on SIGTERM, or when its parent hangs up: it takes no more mail, lets
 * running deliveries finish within the grace it has, commits, and closes the
 * store.  On SIGHUP it makes room for one with a new configuration, which is
 * the same but for patience: mail is taken until the last delivery is over,
 * and the sockets stay with the parent.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sandbox.h"
#include "queue/alarm.h"
#include "queue/admit.h"
#include "queue/ask.h"
#include "queue/background.h"
#include "queue/batch.h"
#include "queue/control.h"
#include "queue/devices.h"
#include "queue/dispatch.h"
#include "queue/dropdir.h"
#include "queue/engine.h"
#include "queue/folders.h"
#include "queue/footprint.h"
#include "queue/intake.h"
#include "queue/lock.h"
#include "queue/loop.h"
#include "queue/once.h"
#include "queue/parts.h"
#include "queue/sockets.h"
#include "queue/store.h"
#include "queue/upkeep.h"

#define LOCK_WAIT_S  30  /* a starting daemon waits so long for another */
#define STOP_WAIT_S  3   /* for deliveries under way */
#define LEAVE_WAIT_S 120 /* the same, when a new one takes over */
#define LOOK_S       60  /* at the folders, so often */

struct engine {
	struct parts parts;
	const struct engine_options *opt;
	int lock;
	struct intake *intake;
	struct control *control;
	struct dropdir *dropdir;
	struct sockets sockets;
	struct event *probe;            /* SIGUSR1 */
	struct event *leave;            /* SIGHUP */
	struct event *term, *interrupt; /* the parent's word, or the user's */
	struct event *hangup;           /* the parent is gone */
	struct event *stop_timer, *leave_step;
	struct event *look;
	struct folders folders;
	struct upkeep *upkeep;
	bool is_stopping, is_leaving;
	bool has_replayed; /* the drop folder, as far as one run has to */
	unsigned rounds;   /* over it */
};

static void
stop(struct engine *g)
{
	static const struct timeval grace = { .tv_sec = STOP_WAIT_S };

	if (g->is_stopping)
		return;
	g->is_stopping = true;
	log_event(LOG_NOTICE, "stopping", NULL);
	/* What has come whole is kept and answered: a device that is told 451
	   of a message that is kept sends it a second time. */
	batch_flush(g->parts.batch);
	intake_free(g->intake);
	dropdir_free(g->dropdir);
	control_free(g->control);
	g->intake = NULL;
	g->dropdir = NULL;
	g->control = NULL;
	sockets_close(&g->sockets);
	dispatch_stop(g->parts.dispatch);
	if (dispatch_is_idle(g->parts.dispatch))
		event_base_loopbreak(g->parts.base);
	else
		event_add(g->stop_timer, &grace);
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	const struct engine *g = arg;

	(void)fd;
	/* A parent that has hung up knows nothing any more. */
	if ((what & EV_SIGNAL) != 0 && !g->is_stopping &&
	    g->parts.conf->nlisteners > 0)
		devices_collect(g->parts.devices, NULL, NULL);
	stop(arg);
}

/* ---- making room for a new configuration ---- */

static void
leave(struct engine *g, const char *text)
{
	static const struct timeval patience = { .tv_sec = LEAVE_WAIT_S };

	if (g->is_stopping || g->is_leaving)
		return;
	g->is_leaving = true;
	log_event(LOG_NOTICE, "leaving", "text", text, NULL);
	dispatch_stop(g->parts.dispatch);
	event_add(g->stop_timer, &patience);
	event_active(g->leave_step, EV_TIMEOUT, 0);
}

static void
on_leave(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	leave(arg,
	    "deliveries under way are finished, then the new configuration "
	    "takes over");
}

/* The parent starts the next one, which opens what is there then. */
static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct engine *g = arg;
	bool are_lost = sockets_are_lost(
	    &g->sockets, g->parts.conf->queue.socket_directory);

	(void)fd;
	(void)what;
	if (!folders_look(&g->folders) || are_lost)
		leave(g,
		    "a folder or socket was replaced: deliveries under way are "
		    "finished, then all are opened anew");
}

/* Deliveries first; then who is half-way in; the next in line has the rest. */
static void
on_leave_step(evutil_socket_t fd, short what, void *arg)
{
	struct engine *g = arg;

	(void)fd;
	(void)what;
	if (g->is_stopping || !dispatch_is_idle(g->parts.dispatch))
		return;
	intake_close_door(g->intake);
	if (intake_is_idle(g->intake))
		stop(g);
}

static void
on_intake_idle(void *arg)
{
	struct engine *g = arg;

	if (g->is_leaving)
		event_active(g->leave_step, EV_TIMEOUT, 0);
}

/*
 * Somebody mended something: every account may try once, now.  The log may have
 * been moved away, and the sandbox lets nobody here open the file.
 */
static void
on_probe(evutil_socket_t fd, short what, void *arg)
{
	struct engine *g = arg;
	struct err e;
	int log;

	(void)fd;
	(void)what;
	if (g->is_stopping)
		return;
	if ((log = ask_log(g->parts.ask, &e)) != -1)
		log_take_file(log);
	dispatch_probe_all(g->parts.dispatch, true);
}

static void
on_stop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct engine *g = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(g->parts.base);
}

/* No deliver process is left, or no mail is due. */
static void
on_rest(void *arg)
{
	struct engine *g = arg;

	if (g->is_stopping || (g->opt->once && g->has_replayed))
		event_base_loopbreak(g->parts.base);
	else if (g->is_leaving)
		event_active(g->leave_step, EV_TIMEOUT, 0);
}

/* ---- the drop folder and the single run ---- */

static int
due_work(void *arg, struct err *e)
{
	struct engine *g = arg;

	return store_all_due(g->parts.store, times_now(&g->parts.times), e);
}

static void
due_done(void *arg, const struct err *failed)
{
	struct engine *g = arg;

	if (failed != NULL)
		log_event(LOG_ERR, "queue-run", "text", failed->text, NULL);
	dispatch_probe_all(g->parts.dispatch, false);
	if (dispatch_is_idle(g->parts.dispatch))
		event_base_loopbreak(g->parts.base);
}

static void
on_round(void *arg, bool is_whole)
{
	struct engine *g = arg;
	bool was_replayed = g->has_replayed;

	if (is_whole)
		upkeep_replayed(g->upkeep);
	g->rounds++;
	g->has_replayed =
	    was_replayed || is_whole || g->rounds == DROPDIR_ROUNDS;
	if (g->opt->once && g->has_replayed && !was_replayed)
		batch_join(g->parts.batch, 0, due_work, due_done, g);
}

/* ---- life ---- */

static struct event *
make_event(struct engine *g, int fd, short what, event_callback_fn f)
{
	struct event *ev = event_new(g->parts.base, fd, what, f, g);

	if (ev == NULL)
		fatalx(EX_OSERR, "libevent: no event");
	return ev;
}

static void
make_events(struct engine *g)
{
	g->probe = make_event(g, SIGUSR1, EV_SIGNAL | EV_PERSIST, on_probe);
	g->leave = make_event(g, SIGHUP, EV_SIGNAL | EV_PERSIST, on_leave);
	g->term = make_event(g, SIGTERM, EV_SIGNAL | EV_PERSIST, on_stop);
	g->interrupt = make_event(g, SIGINT, EV_SIGNAL | EV_PERSIST, on_stop);
	g->hangup = make_event(g, g->opt->parent_fd, EV_READ, on_stop);
	g->stop_timer = make_event(g, -1, 0, on_stop_timer);
	g->leave_step = make_event(g, -1, 0, on_leave_step);
	g->look = make_event(g, -1, EV_PERSIST, on_look);
	event_add(g->probe, NULL);
	event_add(g->leave, NULL);
	event_add(g->term, NULL);
	event_add(g->interrupt, NULL);
	event_add(g->hangup, NULL);
	g->upkeep = upkeep_new(&g->parts, g->opt->alive_ms);
	if (!g->opt->once)
		parts_try_at_once(&g->parts);
	dispatch_on_rest(g->parts.dispatch, on_rest, g);
}

static int
listen_all(struct engine *g, struct err *e)
{
	struct control_parts cp = { g->parts.base, g->parts.conf,
		g->opt->identity, &g->parts.times, g->parts.store,
		g->parts.batch, g->parts.dispatch, g->parts.limits,
		g->parts.alarms, g->parts.calendar, true, g->parts.devices,
		g->parts.ask };

	if (g->opt->once)
		return 0;
	if (sockets_bind(
		&g->sockets, g->parts.conf->queue.socket_directory, e) == -1)
		return -1;
	g->control = control_new(&cp, g->sockets.fd[SOCKET_CONTROL]);
	g->intake = intake_new(g->parts.base, g->parts.conf, g->parts.admit,
	    &intake_patience, g->sockets.fd[SOCKET_SUBMIT]);
	intake_on_idle(g->intake, on_intake_idle, g);
	return 0;
}

static int
enter_sandbox(const struct conf *conf, struct err *e)
{
	const struct sandbox_path paths[] = {
		{ conf->queue.directory, SANDBOX_WRITE },
		{ conf->queue.socket_directory, SANDBOX_WRITE },
		{ conf->queue.drop_directory, SANDBOX_WRITE },
	};
	char told[SANDBOX_TOLD_MAX];

	if (sandbox_enter(SANDBOX_QUEUE, conf->sandbox, paths,
		sizeof(paths) / sizeof(paths[0]), told, e) == -1)
		return -1;
	log_event(LOG_INFO, "sandbox", "process", "queue", "text", told, NULL);
	return 0;
}

/* The drop folder missing is no reason to take no mail by the socket. */
static void
watch_drops(struct engine *g)
{
	const struct dropdir_parts dp = { g->parts.base, g->parts.conf,
		g->parts.admit, g->parts.refuse, clock_wall, clock_mono_ms,
		on_round, g };
	struct err e;

	g->dropdir = dropdir_new(&dp, &e);
	if (g->dropdir != NULL) {
		dropdir_begin(g->dropdir);
		return;
	}
	log_event(LOG_ERR, "drop-folder", "text", e.text, NULL);
	on_round(g, true);
}

/* A single run is over before anybody can miss a folder. */
static void
watch_folders(struct engine *g)
{
	static const struct timeval often = { .tv_sec = LOOK_S };

	folders_note(&g->folders, g->parts.conf);
	if (!g->opt->once)
		event_add(g->look, &often);
}

static void
reset_signals(void)
{
	/* Until the loop takes the others, they wait. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

static void
unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
status_of(const struct err *e)
{
	return e->class == ERR_TEMP ? EX_TEMPFAIL : EX_CONFIG;
}

/* The lock, or the end of the process. */
static int
take_lock(const struct conf *conf, bool once)
{
	struct once_begun begun;
	struct err e;

	if (once) {
		switch (once_begin(conf, &begun, &e)) {
		case ONCE_LOCKED:
			return begun.lock;
		case ONCE_ASKED:
			exit(begun.status);
		case ONCE_FAILED:
			fatalx(status_of(&e), "%s", e.text);
		}
	}
	begun.lock = lock_take(conf->queue.directory, LOCK_WAIT_S, &e);
	if (begun.lock == -1)
		fatalx(status_of(&e), "%s", e.text);
	return begun.lock;
}

int
engine_run(const struct conf *conf, const struct engine_options *opt)
{
	struct engine g = { .opt = opt, .sockets = *opt->sockets };
	struct ask *ask = ask_new(opt->parent_fd);
	int null = opt->ready_fd == -1 ? -1 : background_null();
	struct err e;

	reset_signals();
	sandbox_hide_memory();
	g.lock = take_lock(conf, opt->once);
	if (parts_open(&g.parts, conf, opt->identity, ask, &e) == -1)
		fatalx(status_of(&e), "%s", e.text);
	admit_believe(g.parts.admit, opt->token);
	make_events(&g);
	unblock_signals();
	if (listen_all(&g, &e) == -1)
		fatalx(status_of(&e), "%s", e.text);
	if (enter_sandbox(conf, &e) == -1)
		fatalx(EX_CONFIG, "%s", e.text);
	ask_ready(ask, &g.sockets, opt->sockets);
	background_leave(null, conf->log.target == CONF_LOG_STDERR);
	log_event(LOG_NOTICE, "started", "version", PACKAGE_VERSION, "queue",
	    conf->queue.directory, NULL);
	store_rest(g.parts.store);
	footprint_shrink();
	watch_drops(&g);
	watch_folders(&g);
	if (opt->probe)
		dispatch_probe_all(g.parts.dispatch, true);
	else if (!opt->once)
		dispatch_kick(g.parts.dispatch, NULL);
	if (!opt->once) {
		dispatch_keep_tokens(g.parts.dispatch);
		dispatch_try_tls(g.parts.dispatch);
	}
	event_base_dispatch(g.parts.base);
	stop(&g);
	batch_flush(g.parts.batch);
	/* What a single run found is told by its end. */
	alarm_look(g.parts.alarms);
	batch_flush(g.parts.batch);
	event_free(g.probe);
	event_free(g.leave);
	upkeep_free(g.upkeep);
	event_free(g.leave_step);
	event_free(g.look);
	event_free(g.term);
	event_free(g.interrupt);
	event_free(g.hangup);
	event_free(g.stop_timer);
	parts_close(&g.parts);
	lock_release(g.lock);
	log_event(LOG_NOTICE, "stopped", NULL);
	return 0;
}
