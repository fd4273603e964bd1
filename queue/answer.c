/* SPDX-License-Identifier: ISC */
/* Answering one client where no daemon runs. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/ctl_link.h"
#include "common/log.h"
#include "common/proto_ctl.h"
#include "common/sandbox.h"
#include "queue/answer.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/control.h"
#include "queue/dispatch.h"
#include "queue/dropdir.h"
#include "queue/lock.h"
#include "queue/parts.h"
#include "queue/peer.h"
#include "queue/store.h"

#define DAEMON_WAIT_MS 5000 /* one may just be starting */
#define DAEMON_LOOK_MS 100
#define COPY_MAX       8192

int
answer_end(int status, const char *text)
{
	struct buf b;
	struct err e;

	buf_init(&b, FRAME_MAX);
	ctl_put_done(&b, status, text);
	frame_send(CTL_FD, &b, clock_mono_ms() + DAEMON_WAIT_MS, &e);
	buf_clear(&b);
	return status;
}

int
answer_refuse(const struct conf *conf, int status, const struct err *why)
{
	char text[ERR_TEXT_MAX];

	if (status != EX_NOPERM)
		return answer_end(status, why->text);
	snprintf(text, sizeof(text),
	    "mailchuted is not running, and without it only root and %s may "
	    "look; root starts it by \"sendmail -bd\"",
	    conf->queue.user);
	return answer_end(EX_UNAVAILABLE, text);
}

/* ---- a daemon after all ---- */

static ssize_t
copy_some(int from, int to)
{
	char bytes[COPY_MAX];
	ssize_t n, done = 0, w;

	do
		n = read(from, bytes, sizeof(bytes));
	while (n == -1 && errno == EINTR);
	while (done < n) {
		w = send(to, bytes + done, (size_t)(n - done), MSG_NOSIGNAL);
		if (w == -1 && errno != EINTR)
			return -1;
		done += w > 0 ? w : 0;
	}
	return n;
}

static int
relay(int daemon)
{
	struct pollfd p[2] = { { .fd = CTL_FD, .events = POLLIN },
		{ .fd = daemon, .events = POLLIN } };

	while (poll(p, 2, -1) > 0 || errno == EINTR) {
		if (p[1].revents != 0 && copy_some(daemon, CTL_FD) <= 0)
			break;
		if (p[0].revents != 0 && copy_some(CTL_FD, daemon) <= 0)
			break;
	}
	close(daemon);
	return 0;
}

int
answer_by_daemon(const struct conf *conf)
{
	int64_t end = clock_mono_ms() + DAEMON_WAIT_MS;
	int fd;

	while (
	    (fd = ctl_link_connect(conf->queue.socket_directory, NULL)) == -1 &&
	    clock_mono_ms() < end)
		poll(NULL, 0, DAEMON_LOOK_MS);
	if (fd != -1)
		return relay(fd);
	return answer_end(EX_TEMPFAIL,
	    "another process holds the queue and does not answer; try later");
}

/* ---- the request ---- */

/* Looks at the request without taking it from the socket; false: it is none. */
static bool
peek_verb(enum ctl_verb *verb)
{
	struct ctl_request r;
	struct frame f;
	struct err e;
	char bytes[COPY_MAX];
	struct pollfd p = { .fd = CTL_FD, .events = POLLIN };
	ssize_t n;

	memset(&r, 0, sizeof(r));
	/* One small frame: it comes whole, or it is no question. */
	if (poll(&p, 1, DAEMON_WAIT_MS) <= 0)
		return false;
	n = recv(CTL_FD, bytes, sizeof(bytes), MSG_PEEK);
	if (n <= 0 || frame_parse(bytes, (size_t)n, &f) <= 0 ||
	    ctl_get_request(&f, &r, &e) == -1)
		return false;
	*verb = r.verb;
	ctl_request_clear(&r);
	return true;
}

static bool
wants_change(void)
{
	enum ctl_verb verb;

	return !peek_verb(&verb) || !ctl_is_question(verb);
}

bool
answer_is_check(void)
{
	enum ctl_verb verb;

	return peek_verb(&verb) && verb == CTL_CHECK;
}

static void
on_ended(void *arg)
{
	event_base_loopbreak(arg);
}

static void
serve(struct parts *p, bool may_change)
{
	struct control_parts cp = { p->base, p->conf, p->identity, &p->times,
		p->store, may_change ? p->batch : NULL, p->dispatch, p->limits,
		p->alarms, p->calendar, false, NULL, p->ask };
	struct control *c;

	dispatch_stop(p->dispatch);
	c = control_new_single(&cp, CTL_FD, on_ended, p->base);
	event_base_dispatch(p->base);
	if (may_change)
		batch_flush(p->batch);
	control_free(c);
}

struct import {
	struct event_base *base;
	unsigned rounds;
};

static void
on_round(void *arg, bool is_whole)
{
	struct import *i = arg;

	if (is_whole || ++i->rounds == DROPDIR_ROUNDS)
		event_base_loopbreak(i->base);
}

static void
import_drops(struct parts *p)
{
	struct import import = { .base = p->base };
	const struct dropdir_parts dp = { p->base, p->conf, p->admit, p->refuse,
		clock_wall, clock_mono_ms, on_round, &import };
	struct dropdir *d;
	struct err e;

	d = dropdir_new(&dp, &e);
	if (d == NULL) {
		log_event(LOG_WARNING, "drop-folder", "text", e.text, NULL);
		return;
	}
	dropdir_begin(d);
	event_base_dispatch(p->base);
	batch_flush(p->batch);
	dropdir_free(d);
}

/* With the lock: 0 when answered, 1 when a reader shall answer, -1. */
static int
with_lock(
    const struct conf *conf, const struct identity *identity, struct err *e)
{
	struct parts p;
	bool change;
	int rc = -1;

	if (parts_open(&p, conf, identity, ask_new_alone(conf), e) == -1)
		goto out;
	import_drops(&p);
	change = wants_change();
	if (change)
		serve(&p, true);
	rc = change ? 0 : 1;
out:
	parts_close(&p);
	return rc;
}

/*
 * Neither the lock nor a look.  To root it is said what is wrong with the
 * folder, anyone else is just not meant to look.
 */
static int
cannot_look(
    const struct conf *conf, const struct err *lock, const struct err *look)
{
	struct peer client = { .uid = (uid_t)-1 };
	char path[PATH_MAX];

	if (peer_get(CTL_FD, &client) == 0 && client.uid == 0)
		return answer_end(EX_CONFIG, lock->text);
	snprintf(path, sizeof(path), "%s/queue.db", conf->queue.directory);
	if (access(path, R_OK) == 0 || errno != EACCES)
		return answer_end(EX_UNAVAILABLE, look->text);
	return answer_refuse(conf, EX_NOPERM, look);
}

static int
read_only(const struct conf *conf, const struct identity *identity,
    const struct err *lock)
{
	struct parts p;
	struct err e;
	int rc;

	rc = parts_open_reader(&p, conf, identity, ask_new_alone(conf), &e);
	if (rc == 0)
		serve(&p, false);
	parts_close(&p);
	return rc == 0 ? 0 : cannot_look(conf, lock, &e);
}

int
answer_run(const struct conf *conf, const struct identity *identity)
{
	int lock;
	struct err e;
	int rc = 1;

	sandbox_hide_memory();
	lock = lock_take(conf->queue.directory, 0, &e);
	if (lock == -1 && e.class == ERR_TEMP)
		return answer_by_daemon(conf);
	if (lock != -1) {
		err_clear(&e);
		rc = with_lock(conf, identity, &e);
		lock_release(lock);
	}
	if (rc == -1)
		return answer_end(EX_UNAVAILABLE, e.text);
	return rc == 0 ? 0 : read_only(conf, identity, &e);
}
