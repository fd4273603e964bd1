/* SPDX-License-Identifier: ISC */
/*
 * Control clients: their connections, rights and requests.
 *
 * A client costs one buffer of bounded size and nothing else: what it asked
 * for is made as it reads.  One that stops reading is ended after a while.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/control_priv.h"
#include "queue/listener.h"
#include "queue/since.h"

#define CLIENTS_MAX  128
#define CLIENTS_ROOT 16 /* of them, kept for root */
#define CLIENTS_UID  16 /* of one uid, root aside */
#define PATIENCE_S   60
#define OUT_LOW      (64 * 1024) /* below it the source is asked for more */

struct control {
	struct control_parts parts;
	struct listener *listener;
	TAILQ_HEAD(, client) clients;
	size_t nclients;
	struct event *look; /* after a commit: for those that sleep */
	control_ended *ended;
	void *arg;
};

static const struct timeval patience = { .tv_sec = PATIENCE_S };

static void
client_free(struct client *c)
{
	event_free(c->readable);
	event_free(c->writable);
	close(c->fd);
	buf_clear(&c->in);
	buf_clear(&c->out);
	buf_clear(&c->pending);
	ctl_request_clear(&c->request);
	ctl_message_clear(&c->message);
	free(c->first);
	free(c->ahead);
	trace_free(c->trace);
	follow_free(c->follow);
	metrics_free(c->metrics);
	free(c);
}

static void
client_close(struct client *c)
{
	struct control *ctl = c->control;

	TAILQ_REMOVE(&ctl->clients, c, entry);
	ctl->nclients--;
	if (c->is_waiting) {
		/* A batch holds it; client_resume frees it. */
		c->is_gone = true;
		event_del(c->readable);
		event_del(c->writable);
	} else
		client_free(c);
	if (ctl->ended != NULL)
		ctl->ended(ctl->arg);
}

void
client_done(struct client *c, int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_put_done(&c->out, status, text);
	c->is_done = true;
}

void
client_say(struct client *c, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	ctl_put_said(&c->out, line);
}

/* It is not asked for more, until something has happened. */
static bool
is_resting(const struct client *c)
{
	return c->is_waiting || c->is_asleep;
}

/* Asks for more, up to a search that has found nothing in its turn. */
static void
fill(struct client *c)
{
	size_t before;

	while (c->out.len < OUT_LOW && !c->is_done && !is_resting(c)) {
		before = c->out.len;
		c->source(c);
		if (c->out.len == before)
			break;
	}
}

/* Sends what there is, asks for more, and ends with the answer's end. */
static void
push(struct client *c)
{
	ssize_t n;

	for (;;) {
		fill(c);
		if (c->out.len == 0 && (c->is_done || is_resting(c)))
			break;
		if (c->out.len == 0) {
			/* It looked and found nothing yet. */
			event_add(c->writable, &patience);
			return;
		}
		n = send(c->fd, buf_data(&c->out), c->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			event_add(c->writable, &patience);
			return;
		}
		if (n == -1) {
			client_close(c);
			return;
		}
		buf_consume(&c->out, (size_t)n);
		/*
		 * A turn is over: others are served before the next slice.  An
		 * event made active here would run before the loop looks at
		 * anybody else.
		 */
		if (!c->is_done && !is_resting(c) && c->out.len == 0) {
			event_add(c->writable, &patience);
			return;
		}
	}
	if (c->is_done)
		client_close(c);
	else if (c->is_asleep)
		event_add(c->readable, NULL); /* to see that it has left */
}

void
client_wake(struct client *c)
{
	c->is_asleep = false;
	push(c);
}

void
client_resume(struct client *c)
{
	c->is_waiting = false;
	if (c->is_gone)
		client_free(c);
	else
		push(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		client_close(c);
	else
		push(c);
}

/* ---- requests ---------------------------------------------------------------
 */

static client_source *
find_source(enum ctl_verb verb)
{
	switch (verb) {
	case CTL_LIST:
		return source_list;
	case CTL_SHOW:
		return source_show;
	case CTL_TRACE:
		return source_trace;
	case CTL_STATUS:
		return source_status;
	case CTL_METRICS:
		return source_metrics;
	case CTL_LEGACY:
		return source_legacy;
	case CTL_CHECK:
		return source_check;
	case CTL_FOLLOW:
		return source_follow;
	case CTL_DEVICES:
		return source_devices;
	case CTL_HOLD:
	case CTL_RELEASE:
	case CTL_RETRY:
	case CTL_REMOVE:
	case CTL_PAUSE:
	case CTL_RESUME:
	case CTL_FLUSH:
		return source_act;
	}
	return NULL;
}

static void
begin(struct client *c, const struct frame *f)
{
	struct err e;

	c->has_request = true;
	if (!c->parts->conf->queue.delivery &&
	    since_get_off(c->parts->store, &c->off_since, NULL) == -1)
		c->off_since = 0;
	if (ctl_get_request(f, &c->request, &e) == -1)
		/* One of our programs is of another version, and upgraded. */
		client_done(c, e.class == ERR_PERM ? EX_USAGE : EX_TEMPFAIL,
		    "%s", e.text);
	else if (!ctl_is_question(c->request.verb) && c->parts->batch == NULL)
		client_done(c, EX_UNAVAILABLE,
		    "no mailchuted runs, and without one only root and "
		    "queue.user may change the queue");
	else
		c->source = find_source(c->request.verb);
	push(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	struct frame f;
	ssize_t n;
	char *to;

	if ((what & EV_TIMEOUT) != 0 ||
	    (to = buf_reserve(&c->in, FRAME_RAW_MAX)) == NULL) {
		client_close(c);
		return;
	}
	n = read(fd, to, FRAME_RAW_MAX);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		client_close(c);
		return;
	}
	if (n > 0)
		buf_grew(&c->in, (size_t)n);
	n = frame_parse(buf_data(&c->in), c->in.len, &f);
	if (n == -1 || (n > 0 && c->has_request))
		client_close(c);
	else if (n > 0)
		begin(c, &f);
	else
		event_add(c->readable, &patience);
}

static bool
has_all_rights(const struct control *ctl, int fd, uid_t uid)
{
	const struct identity *id = ctl->parts.identity;

	return uid == 0 || uid == id->uid ||
	       (id->has_admin_group && peer_is_in_group(fd, id->admin_gid));
}

static void
client_new(struct control *ctl, int fd, uid_t uid)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->control = ctl;
	c->own_parts = ctl->parts;
	c->parts = &c->own_parts;
	c->fd = fd;
	c->uid = uid;
	c->may_all = has_all_rights(ctl, fd, uid);
	c->counted = SIZE_MAX;
	buf_init(&c->in, FRAME_MAX + FRAME_HEAD + FRAME_RAW_MAX);
	buf_init(&c->out, CLIENT_OUT_MAX);
	buf_init(&c->pending, CLIENT_OUT_MAX);
	c->readable = event_new(ctl->parts.base, fd, EV_READ, on_readable, c);
	c->writable = event_new(ctl->parts.base, fd, EV_WRITE, on_writable, c);
	if (c->readable == NULL || c->writable == NULL)
		fatalx(EX_OSERR, "libevent: no event for a control client");
	TAILQ_INSERT_TAIL(&ctl->clients, c, entry);
	ctl->nclients++;
	event_add(c->readable, &patience);
}

static bool
is_over_limit(const struct control *ctl, uid_t uid)
{
	const struct client *c;
	size_t n = 0;

	if (uid == 0)
		return ctl->nclients >= CLIENTS_MAX;
	if (ctl->nclients >= CLIENTS_MAX - CLIENTS_ROOT)
		return true;
	TAILQ_FOREACH(c, &ctl->clients, entry)
	n += c->uid == uid;
	return n >= CLIENTS_UID;
}

static void
on_client(void *arg, int fd, const struct peer *peer)
{
	struct control *ctl = arg;

	if (is_over_limit(ctl, peer->uid))
		close(fd);
	else
		client_new(ctl, fd, peer->uid);
}

/* Not within the commit: what is told may end a client. */
static void
on_commit(void *arg)
{
	struct control *ctl = arg;
	struct client *c;

	TAILQ_FOREACH(c, &ctl->clients, entry)
	if (c->is_asleep) {
		event_active(ctl->look, EV_TIMEOUT, 0);
		return;
	}
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct control *ctl = arg;
	struct client *c, *next;

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&ctl->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->is_asleep)
			client_wake(c);
	}
}

static struct control *
make(const struct control_parts *parts)
{
	struct control *ctl = xcalloc(1, sizeof(*ctl));

	ctl->parts = *parts;
	TAILQ_INIT(&ctl->clients);
	ctl->look = event_new(parts->base, -1, 0, on_look, ctl);
	if (ctl->look == NULL)
		fatalx(EX_OSERR, "libevent: no event for control clients");
	if (parts->batch != NULL)
		batch_on_commit(parts->batch, on_commit, ctl);
	return ctl;
}

struct control *
control_new(const struct control_parts *parts, int fd)
{
	struct control *ctl = make(parts);

	ctl->listener = listener_new(parts->base, fd, on_client, ctl);
	return ctl;
}

struct control *
control_new_single(
    const struct control_parts *parts, int fd, control_ended *ended, void *arg)
{
	struct control *ctl = make(parts);
	struct peer peer = { .uid = (uid_t)-1 };

	ctl->ended = ended;
	ctl->arg = arg;
	peer_get(fd, &peer);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client_new(ctl, fd, peer.uid);
	return ctl;
}

void
control_free(struct control *ctl)
{
	struct client *c, *next;

	if (ctl == NULL)
		return;
	listener_free(ctl->listener);
	ctl->ended = NULL;
	for (c = TAILQ_FIRST(&ctl->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		client_close(c);
	}
	if (ctl->parts.batch != NULL)
		batch_off_commit(ctl->parts.batch, ctl);
	event_free(ctl->look);
	free(ctl);
}
