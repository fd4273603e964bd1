/* SPDX-License-Identifier: ISC */
/*
 * The parent: a loop over its children's channels.
 *
 * It opens files, starts programs and passes descriptors; it reads nothing
 * but fixed structs from the queue process and single octets from deliver and
 * token, so there is nothing in it to attack by mail.  When the queue process
 * ends without having been told to, it is started anew after a pause: what it
 * had acknowledged is in the database, and it recovers the rest at its start.
 *
 * A reload is such a new start, with another configuration: the queue process
 * is told to make room, and the sockets wait here for the next one.  Should
 * that one never come to take mail, the configuration from before comes back.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "common/proto_ctl.h"
#include "common/xalloc.h"
#include "queue/answer.h"
#include "queue/ask.h"
#include "queue/background.h"
#include "queue/children.h"
#include "queue/engine.h"
#include "queue/footprint.h"
#include "queue/logs.h"
#include "queue/parent.h"
#include "queue/reload.h"

#define STOP_GRACE_MS  4000 /* SIGTERM ends everything within 5 s */
#define RESTART_MIN_MS 1000
#define RESTART_MAX_MS 30000
#define STEADY_MS      60000 /* a run that long resets the pause */
#define PASS_MS        1000  /* a descriptor fits the buffer at once */
#define ONCE_MS        61000 /* one alarm_command has its whole time */

struct parent {
	struct conf *conf;
	struct conf *next;   /* waits for the queue process to make room */
	struct conf *former; /* until the queue process has taken conf */
	const struct parent_options *opt;
	struct sockets sockets;
	pid_t queue;
	int queue_fd;
	int64_t queue_since;
	int64_t restart_at; /* monotonic; 0: it runs */
	int64_t gone_by;    /* monotonic; 0: its channel is open */
	int64_t pause_ms;
	bool was_ready;
	bool probe; /* the next queue process lets every account try once */
	char *pidfile;
	int64_t stop_at; /* monotonic; 0: not stopping */
	int status;
	struct children *children;
};

static volatile sig_atomic_t got_stop, got_child, got_hangup;

static void
on_signal(int sig)
{
	if (sig == SIGCHLD)
		got_child = 1;
	else if (sig == SIGHUP)
		got_hangup = 1;
	else
		got_stop = 1;
}

static void
catch_signals(sigset_t *waiting)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t block;

	/* Delivered only inside ppoll, so that none slips by before it. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGCHLD);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, waiting);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* A probe for a queue process that does not listen yet is no loss. */
	signal(SIGUSR1, SIG_IGN);
}

/* The queue process is a fork: it shares the configuration as it was read. */
static void
start_queue(struct parent *p)
{
	struct engine_options eo = {
		.once = p->opt->once,
		.probe = p->probe,
		.alive_ms = p->opt->manager->alive_ms,
		.identity = p->opt->identity,
		.sockets = &p->sockets,
		.token = children_token(p->children),
	};
	int fd[2];

	sockets_drop_lost(&p->sockets, p->conf->queue.socket_directory);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		fatalx(EX_OSERR, "socketpair: %s", strerror(errno));
	if ((p->queue = fork()) == -1)
		fatalx(EX_OSERR, "fork: %s", strerror(errno));
	if (p->queue == 0) {
		close(fd[0]);
		children_close(p->children);
		/* Of a daemon in the background it is the first's to close. */
		eo.ready_fd = p->was_ready ? -1 : p->opt->ready_fd;
		eo.parent_fd = fd[1];
		exit(p->opt->check ? answer_check(p->conf, &eo)
				   : engine_run(p->conf, &eo));
	}
	if (p->opt->check)
		close(CTL_FD);
	close(fd[1]);
	p->queue_fd = fd[0];
	p->queue_since = clock_mono_ms();
	p->restart_at = p->gone_by = 0;
	p->probe = false;
}

/* ---- requests of the queue process ---- */

static void
report_ready(struct parent *p)
{
	conf_free(p->former);
	p->former = NULL;
	manager_ready(p->opt->manager);
	if (p->was_ready)
		return;
	p->was_ready = true;
	if (!p->opt->once)
		background_write_pid(p->pidfile);
	background_ready(p->opt->ready_fd);
	if (p->opt->ready_fd != -1)
		background_leave(
		    background_null(), p->conf->log.target == CONF_LOG_STDERR);
	footprint_shrink();
}

static void
answer(struct parent *p, const struct ask_request *r, struct ask_answer *a,
    int *fd)
{
	if (r->account >= p->conf->naccounts)
		err_set(&a->why, ERR_LOCAL, "4.3.5", "no such account");
	else if (!children_answer(p->children, r, a, fd))
		ask_look(p->conf, r, a, fd);
}

/* What needs no answer; false when it is a question. */
static bool
take_news(struct parent *p, const struct ask_request *r, int *rc)
{
	*rc = 1;
	switch (r->what) {
	case ASK_KILL:
		children_kill(p->children, r->pid);
		return true;
	case ASK_ALARM:
		children_alarm(p->children, r->with.text);
		return true;
	case ASK_ALIVE:
		manager_alive(p->opt->manager);
		return true;
	case ASK_READY:
		if (r->sockets > SOCKETS ||
		    sockets_receive(&p->sockets, p->queue_fd, r->sockets) == -1)
			*rc = -1;
		else
			report_ready(p);
		return true;
	case ASK_GRANTED:
		children_granted(p->children, r->account, &r->with.granted);
		return true;
	case ASK_DELIVER:
	case ASK_TOKEN:
	case ASK_KNOWN:
	case ASK_ALIASES:
	case ASK_INCLUDE:
	case ASK_STAMP:
	case ASK_MEMBER:
	case ASK_LOG:
	case ASK_NAME:
	case ASK_KNOCK:
	case ASK_LISTENER:
		break;
	}
	return false;
}

/* One packet: 1, 0 when the queue process hung up, -1 when it is mad. */
static int
serve_queue(struct parent *p)
{
	struct ask_request r;
	struct ask_answer a;
	int fd = -1, rc;
	ssize_t n;

	n = recv(p->queue_fd, &r, sizeof(r), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(r))
		return -1;
	r.with.path[sizeof(r.with.path) - 1] = '\0';
	if (take_news(p, &r, &rc))
		return rc;
	memset(&a, 0, sizeof(a));
	answer(p, &r, &a, &fd);
	n = send(p->queue_fd, &a, sizeof(a), MSG_NOSIGNAL);
	if (n != -1 && a.has_fd &&
	    fdpass_send(p->queue_fd, fd, "", clock_mono_ms() + PASS_MS, NULL) ==
		-1)
		n = -1;
	if (fd != -1)
		close(fd);
	return n == -1 ? 0 : 1;
}

/* ---- life and death ---- */

static void
stop(struct parent *p)
{
	int64_t at = clock_mono_ms() + STOP_GRACE_MS;

	if (p->stop_at != 0) {
		p->stop_at = at < p->stop_at ? at : p->stop_at;
		return;
	}
	p->stop_at = at;
	manager_stopping(p->opt->manager);
	children_shut(p->children);
	sockets_retire(&p->sockets, p->conf->queue.socket_directory);
	/* Its deliver processes end by its word, or as it hangs up. */
	if (p->queue != -1)
		kill(p->queue, SIGTERM);
}

static void
set_conf(struct parent *p, struct conf *c)
{
	p->conf = c;
	children_set_conf(p->children, c);
	logs_reopen(c, !p->opt->no_commands);
}

/* The queue process has made room, or its successor never came to be. */
static bool
change_conf(struct parent *p)
{
	if (p->next != NULL) {
		conf_free(p->former);
		p->former = p->conf;
		set_conf(p, p->next);
		p->next = NULL;
		p->probe = true;
		log_event(LOG_NOTICE, "reloaded", "file", p->conf->path, NULL);
		return true;
	}
	if (p->former == NULL)
		return false;
	conf_free(p->conf);
	set_conf(p, p->former);
	p->former = NULL;
	log_event(LOG_ERR, "reload-failed", "file", p->conf->path, "fix",
	    "see the error above; the configuration from before is in use "
	    "again",
	    NULL);
	return true;
}

/*
 * SIGHUP.  Whatever becomes of the configuration, somebody may have mended
 * something, so that every account may try once, and the log moved away.
 */
static void
reload(struct parent *p)
{
	struct conf *c;

	got_hangup = 0;
	if (p->stop_at != 0 || p->opt->once)
		return;
	manager_reloading(p->opt->manager);
	logs_reopen(p->conf, !p->opt->no_commands);
	children_renew(p->children);
	if ((c = reload_read(p->conf)) == NULL) {
		if (p->queue != -1)
			kill(p->queue, SIGUSR1);
		manager_ready(p->opt->manager);
		return;
	}
	conf_free(p->next);
	p->next = c;
	if (p->queue != -1)
		kill(p->queue, SIGHUP);
	else if (change_conf(p)) /* it waits for its next start */
		p->restart_at = clock_mono_ms();
}

static void
queue_ended(struct parent *p, int wstatus)
{
	int64_t now = clock_mono_ms();
	int status = WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : EX_SOFTWARE;

	if (p->queue_fd != -1)
		close(p->queue_fd);
	p->queue = p->queue_fd = -1;
	p->restart_at = CLOCK_NEVER;
	p->gone_by = 0;
	if (p->stop_at == 0 && change_conf(p)) {
		p->restart_at = now;
		return;
	}
	/*
	 * A run that never came to take mail (another daemon, a damaged file)
	 * ends the program with its reason; one that did is started again.
	 */
	if (p->stop_at != 0 || p->opt->once || !p->was_ready) {
		p->status = p->stop_at != 0 && WIFEXITED(wstatus) ? 0 : status;
		/* A single run waits for who is told of its alarms. */
		if (p->stop_at == 0)
			p->stop_at =
			    now + (p->opt->once && status == 0 ? ONCE_MS : 0);
		return;
	}
	/* Until then submissions had better take the drop folder at once. */
	sockets_retire(&p->sockets, p->conf->queue.socket_directory);
	if (now - p->queue_since > STEADY_MS)
		p->pause_ms = RESTART_MIN_MS;
	p->restart_at = now + p->pause_ms;
	log_text(LOG_ERR, "queue-process-ended",
	    "the queue process ended with %s %d; it starts again in %lld s",
	    WIFSIGNALED(wstatus) ? "signal" : "status",
	    WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : status,
	    (long long)p->pause_ms / 1000);
	p->pause_ms *= 2;
	if (p->pause_ms > RESTART_MAX_MS)
		p->pause_ms = RESTART_MAX_MS;
}

static void
reap(struct parent *p)
{
	int wstatus;
	pid_t pid;

	got_child = 0;
	while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0)
		if (pid == p->queue)
			queue_ended(p, wstatus);
		else
			children_reaped(p->children, pid, wstatus);
}

static void
kill_overdue(struct parent *p, int64_t now)
{
	children_kill_overdue(p->children, now);
	if (p->gone_by != 0 && now >= p->gone_by)
		kill(p->queue, SIGKILL);
	if (p->stop_at == 0 || now < p->stop_at)
		return;
	if (p->queue != -1)
		kill(p->queue, SIGKILL);
	children_kill(p->children, 0);
}

static bool
is_over(const struct parent *p)
{
	return p->stop_at != 0 && p->queue == -1 &&
	       children_count(p->children) == 0;
}

/* Until when nothing happens by itself. */
static int64_t
next_deadline(const struct parent *p)
{
	int64_t at = children_deadline(p->children);

	if (p->stop_at != 0 && p->stop_at < at)
		at = p->stop_at;
	if (p->restart_at != 0 && p->restart_at < at)
		at = p->restart_at;
	if (p->gone_by != 0 && p->gone_by < at)
		at = p->gone_by;
	return at;
}

static void
wait_and_serve(struct parent *p, const sigset_t *waiting)
{
	struct pollfd fds[CHILDREN_FDS + 1];
	struct timespec ts, *timeout = NULL;
	sigset_t blocked;
	size_t n = children_poll_fds(p->children, fds);
	int ms = clock_poll_timeout(next_deadline(p));
	int rc;

	fds[n] = (struct pollfd){ .fd = p->queue_fd, .events = POLLIN };
	if (ms >= 0) {
		ts = (struct timespec){ .tv_sec = ms / 1000,
			.tv_nsec = (long)(ms % 1000) * 1000000 };
		timeout = &ts;
	}
	if (ppoll(fds, n + 1, timeout, waiting) <= 0)
		return;
	/* It lets none in while there is something else: clients may flood. */
	sigprocmask(SIG_SETMASK, waiting, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	children_serve(p->children, fds, n);
	if (fds[n].revents == 0)
		return;
	rc = serve_queue(p);
	if (rc == 1)
		return;
	/*
	 * SIGCHLD tells the rest, and comes only while poll finds nothing
	 * else to do.  One that hung up is on its way out and may still be
	 * closing its database: it gets its time.
	 */
	if (rc == -1)
		kill(p->queue, SIGKILL);
	p->gone_by = clock_mono_ms() + STOP_GRACE_MS;
	close(p->queue_fd);
	p->queue_fd = -1;
}

int
parent_run(struct conf *conf, const struct parent_options *opt)
{
	struct parent p = { .conf = conf,
		.opt = opt,
		.sockets = opt->sockets,
		.pause_ms = RESTART_MIN_MS };
	sigset_t waiting;

	p.pidfile =
	    xasprintf("%s/mailchuted.pid", conf->queue.socket_directory);
	p.children = children_new(conf, opt->no_commands, opt->doors);
	catch_signals(&waiting);
	start_queue(&p);
	while (!is_over(&p)) {
		if (got_stop)
			stop(&p);
		if (got_hangup)
			reload(&p);
		if (got_child) {
			reap(&p);
			continue;
		}
		if (p.restart_at != 0 && p.stop_at == 0 &&
		    clock_mono_ms() >= p.restart_at)
			start_queue(&p);
		kill_overdue(&p, clock_mono_ms());
		wait_and_serve(&p, &waiting);
	}
	if (p.was_ready && !opt->once)
		unlink(p.pidfile);
	free(p.pidfile);
	children_free(p.children);
	sockets_close(&p.sockets);
	conf_free(p.former);
	conf_free(p.next);
	conf_free(p.conf);
	return p.status;
}
