/* SPDX-License-Identifier: ISC */
/*
 * Submission connections.
 *
 * Each connection owns at most one admission and reads frames into one
 * buffer, whose cap is two frames.  Reading stops while an admission is busy,
 * as soon as there is something to read: that is the back-pressure a large
 * message feels.  Whatever a client does
 * wrong ends its connection with a refusal where one can still be sent.
 */
#include "config.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/admit.h"
#include "queue/incoming.h"
#include "queue/intake.h"
#include "queue/listener.h"
#include "queue/origin.h"
#include "queue/store.h"

#define CONNECTIONS_MAX  512 /* in all; a client beyond uses the folder */
#define CONNECTIONS_ROOT 32  /* of them, kept for root */
#define CONNECTIONS_OWN  256 /* of them, for all that send by listeners */
#define CONNECTIONS_KEPT 128 /* of those, between two messages */
#define READ_MAX         (2 * (FRAME_RAW_MAX + FRAME_HEAD))

/* As long as a client that has more to send lets pass between two messages. */
static const struct timeval kept_for = { 2, 0 };

struct conn {
	TAILQ_ENTRY(conn) entry;
	struct intake *intake;
	int fd;
	uid_t uid;
	pid_t smtpd; /* who goes on with it; 0: none of ours */
	struct event *readable;
	struct buf in;
	struct buf out; /* the greeting, until it has left */
	struct incoming *incoming;
	bool is_kept; /* an answer was given, and nothing has come since */
};

struct intake {
	const struct conf *conf;
	struct event_base *base;
	struct admit *admit;
	struct timeval silence, pause; /* without and within a message */
	struct listener *listener;
	TAILQ_HEAD(, conn) conns;
	size_t nconns, nkept;
	intake_idle *idle;
	void *idle_arg;
};

static void
conn_close(struct conn *c)
{
	struct intake *i = c->intake;

	TAILQ_REMOVE(&i->conns, c, entry);
	i->nkept -= c->is_kept;
	incoming_free(c->incoming);
	event_free(c->readable);
	close(c->fd);
	buf_clear(&c->in);
	buf_clear(&c->out);
	free(c);
	if (--i->nconns == 0 && i->idle != NULL)
		i->idle(i->idle_arg);
}

/*
 * A greeting and the one answer are short, and a fresh socket's buffer takes
 * them whole; when it does not, the client reads nothing and has itself to
 * thank.
 */
static int
conn_flush(struct conn *c)
{
	ssize_t n = c->out.len == 0 ? 0
				    : send(c->fd, buf_data(&c->out), c->out.len,
					  MSG_NOSIGNAL | MSG_DONTWAIT);

	buf_truncate(&c->out, 0);
	return n == -1 ? -1 : 0;
}

/* Ends it with the answer that was put into its out. */
static void
conn_answer(struct conn *c)
{
	if (conn_flush(c) == -1)
		log_text(LOG_DEBUG, "submit", "uid %lu did not wait: %s",
		    (unsigned long)c->uid, strerror(errno));
	conn_close(c);
}

static void
conn_refuse(struct conn *c, const struct err *why)
{
	struct buf line;

	buf_init(&line, LOG_LINE_MAX);
	log_begin(&line, "refused");
	log_num(&line, "uid", (int64_t)c->uid);
	origin_log(incoming_origin(c->incoming), &line);
	log_str(&line, "sender", incoming_sender(c->incoming));
	log_str(&line, "status", why->status);
	log_str(&line, "text", why->text);
	log_end(&line, LOG_NOTICE);
	buf_clear(&line);

	submit_put_refused(&c->out, why);
	conn_answer(c);
}

/*
 * An smtpd has ORIGIN behind it, which costs the parent a connection: for the
 * next message of its client that one may stay, for a while.
 */
static bool
may_stay(const struct conn *c)
{
	return incoming_is_ours(c->incoming) && c->intake->listener != NULL &&
	       c->intake->nkept < CONNECTIONS_KEPT;
}

static void
keep(struct conn *c)
{
	incoming_next(c->incoming);
	c->is_kept = true;
	c->intake->nkept++;
	if (conn_flush(c) == -1)
		conn_close(c);
	else
		event_add(c->readable, &kept_for);
}

static void
on_end(void *arg, uint64_t queue_id, const struct err *why)
{
	struct conn *c = arg;
	char id[QUEUE_ID_TEXT];

	if (why != NULL) {
		conn_refuse(c, why);
		return;
	}
	queue_id_format(queue_id, id);
	submit_put_accepted(&c->out, id);
	if (may_stay(c))
		keep(c);
	else
		conn_answer(c);
}

/* Now, and of its message nothing was looked at yet. */
static bool
hears_origin(struct conn *c)
{
	const struct origin *o = incoming_origin(c->incoming);

	if (o == NULL || c->smtpd != 0)
		return false;
	c->smtpd = o->smtpd;
	return true;
}

/* Its other end is closed, though what came by it may not be read yet. */
static bool
has_left(const struct conn *c)
{
	struct pollfd p = { .fd = c->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/*
 * An smtpd of ours closes the one that it has before it asks for another: with
 * two it has been taken over, and would have those of all others next.
 */
static bool
is_second(const struct conn *c)
{
	const struct conn *other;

	TAILQ_FOREACH(other, &c->intake->conns, entry)
	if (other != c && other->smtpd == c->smtpd && !has_left(other))
		return true;
	return false;
}

/* Whoever is waited for has been greeted. */
static void
watch(struct conn *c)
{
	if (conn_flush(c) == -1)
		conn_close(c);
	else
		event_add(c->readable, incoming_has_begun(c->incoming)
					   ? &c->intake->pause
					   : &c->intake->silence);
}

/*
 * Who cannot know whether a daemon is there waits for its greeting, and not
 * for as long as a disk may take.  An smtpd knows, and gets both words at once.
 */
static void
serve(struct conn *c)
{
	struct err e;
	int rc = incoming_feed(c->incoming, &c->in, &e);

	if (rc == 0 && hears_origin(c)) {
		if (is_second(c)) {
			admit_accuse(c->intake->admit, c->smtpd);
			conn_close(c);
			return;
		}
		rc = incoming_feed(c->incoming, &c->in, &e);
	}
	if (rc == -1)
		conn_refuse(c, &e);
	else if (!incoming_is_busy(c->incoming))
		watch(c);
	else if (!incoming_is_ours(c->incoming) && conn_flush(c) == -1)
		conn_close(c);
}

/* A part of a large message is stored: what waited in the buffer goes on. */
static void
on_room(void *arg)
{
	serve(arg);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n;
	char *to;

	if (incoming_is_busy(c->incoming)) {
		/* Nothing is read, and nobody is late, until it was stored. */
		event_del(c->readable);
		return;
	}
	if ((what & EV_TIMEOUT) != 0 ||
	    (to = buf_reserve(&c->in, READ_MAX)) == NULL) {
		conn_close(c);
		return;
	}
	n = read(fd, to, READ_MAX);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		watch(c);
		return;
	}
	if (n <= 0) {
		/* Whole or not at all: without END there is no message. */
		conn_close(c);
		return;
	}
	buf_grew(&c->in, (size_t)n);
	c->intake->nkept -= c->is_kept;
	c->is_kept = false;
	serve(c);
}

/* ---- connections -----------------------------------------------------------
 */

static bool
is_over_limit(const struct intake *i, uid_t uid)
{
	const struct conn *c;
	uint64_t n = 0;

	if (uid == 0)
		return i->nconns >= CONNECTIONS_MAX;
	if (i->nconns >= CONNECTIONS_MAX - CONNECTIONS_ROOT)
		return true;
	TAILQ_FOREACH(c, &i->conns, entry)
	n += c->uid == uid;
	/* The parent's: each smtpd has one, and queue/gate.h counts these. */
	if (i->conf->nlisteners > 0 && uid == geteuid())
		return n >= CONNECTIONS_OWN;
	return n >= i->conf->queue.uid_connections;
}

static void
conn_new(struct intake *i, int fd, uid_t uid)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	struct admission_caller caller = { uid, on_end, on_room, c, NULL };

	c->intake = i;
	c->fd = fd;
	c->uid = uid;
	buf_init(&c->in, FRAME_MAX + FRAME_HEAD + READ_MAX);
	buf_init(&c->out, 2 * FRAME_MAX);
	c->incoming = incoming_new(i->admit, &caller);
	c->readable =
	    event_new(i->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	if (c->readable == NULL)
		fatalx(EX_OSERR, "libevent: no event for a connection");
	TAILQ_INSERT_TAIL(&i->conns, c, entry);
	i->nconns++;
	submit_put_greeting(&c->out, i->conf->queue.message_size_max);
	on_readable(fd, EV_READ, c); /* most have sent all by now */
}

static void
on_client(void *arg, int fd, const struct peer *peer)
{
	struct intake *i = arg;

	if (is_over_limit(i, peer->uid))
		close(fd);
	else
		conn_new(i, fd, peer->uid);
}

const struct intake_patience intake_patience = { 5 * 60 * 1000,
	SUBMIT_WRITER_MS };

static struct timeval
interval(int64_t ms)
{
	const struct timeval t = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	return t;
}

struct intake *
intake_new(struct event_base *base, const struct conf *conf,
    struct admit *admit, const struct intake_patience *patience, int fd)
{
	struct intake *i = xcalloc(1, sizeof(*i));

	i->conf = conf;
	i->base = base;
	i->admit = admit;
	i->silence = interval(patience->silence_ms);
	i->pause = interval(patience->writer_ms);
	TAILQ_INIT(&i->conns);
	i->listener = listener_new(base, fd, on_client, i);
	return i;
}

void
intake_close_door(struct intake *i)
{
	struct conn *c, *next;

	listener_free(i->listener);
	i->listener = NULL;
	for (c = TAILQ_FIRST(&i->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->is_kept)
			conn_close(c);
	}
}

void
intake_on_idle(struct intake *i, intake_idle *f, void *arg)
{
	i->idle = f;
	i->idle_arg = arg;
}

bool
intake_is_idle(const struct intake *i)
{
	return i->nconns == 0;
}

void
intake_free(struct intake *i)
{
	struct conn *c, *next;

	if (i == NULL)
		return;
	i->idle = NULL;
	listener_free(i->listener);
	for (c = TAILQ_FIRST(&i->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		conn_close(c);
	}
	free(i);
}
