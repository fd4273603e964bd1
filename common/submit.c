/* SPDX-License-Identifier: ISC */
/*
 * Hands a parcel to mailchuted.  Nothing is waited for that need not be: the
 * frames leave before the greeting has come, and a usual message, its end
 * included, is on its way after one write.
 *
 * What lies in memory may be sent before the greeting, since it can still go
 * to the drop folder; the rest of a large message waits for it.  An answer is
 * listened for all the while, so that a refusal ends the sending early.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/submit.h"

/* Room for the envelope of SUBMIT_RCPTS_MAX recipients. */
#define OUT_MAX  (64 * 1024 * 1024)
#define IN_MAX   (16 * 1024) /* a greeting and an answer */
#define IN_CHUNK 4096

const struct submit_limits submit_limits = { 2000, 5000, 60000 };

struct talk {
	struct submit_link *link;
	struct parcel *parcel;
	const struct submit_limits *limits;
	struct buf out; /* frames, of which sent octets have left */
	size_t sent;
	bool has_more; /* the parcel has frames that are not in out */
	int64_t deadline_ms;
	struct buf in;
};

static int
unanswered(struct err *e, const char *what)
{
	return err_set(e, ERR_TEMP, "4.4.2", "mailchuted %s", what);
}

static bool
is_greeted(const struct talk *t)
{
	return t->link->version != 0;
}

/*
 * The daemon's version is the newest it takes.  One that does not know all that
 * this message says gets it by the drop folder, as soon as it was upgraded;
 * what it has read of it by now it refuses.
 */
static int
check_version(const struct talk *t, struct err *e)
{
	if (t->link->version >= parcel_version(t->parcel))
		return 0;
	return err_set(e, ERR_TEMP, "4.5.0",
	    "mailchuted speaks version %llu and the message needs %llu; "
	    "restart mailchuted after the upgrade",
	    (unsigned long long)t->link->version,
	    (unsigned long long)parcel_version(t->parcel));
}

static int
take_greeting(struct talk *t, const struct frame *f, struct err *e)
{
	uint64_t size_max;

	if (submit_get_greeting(f, &t->link->version, &size_max, e) == -1 ||
	    check_version(t, e) == -1)
		return -1;
	t->deadline_ms = clock_mono_ms() + t->limits->progress_ms;
	return 0;
}

/*
 * What came from the daemon: 0 when it says nothing yet, 1 with *out when it
 * has answered, -1 when it does not speak our language.
 */
static int
judge(struct talk *t, char queue_id[QUEUE_ID_LEN + 1], enum submit_outcome *out,
    struct err *e)
{
	struct frame f;
	struct err why;
	ssize_t n;
	int rc;

	while ((n = frame_parse(buf_data(&t->in), t->in.len, &f)) > 0) {
		if (!is_greeted(t)) {
			if (take_greeting(t, &f, e) == -1)
				return -1;
			buf_consume(&t->in, (size_t)n);
			continue;
		}
		if ((rc = submit_get_answer(&f, queue_id, &why, e)) == -1)
			return -1;
		if (rc == 0 && (t->has_more || t->sent < t->out.len))
			return unanswered(
			    e, "accepted a message before its end");
		*out = rc == 0 ? SUBMIT_OUT_QUEUED : SUBMIT_OUT_REFUSED;
		if (rc == 1)
			*e = why;
		/* What is wrong with the daemon, somebody will mend. */
		if (rc == 1 && e->class == ERR_LOCAL)
			e->class = ERR_TEMP;
		return 1;
	}
	if (n == -1 || t->in.len == t->in.max)
		return unanswered(e, "sent what is no answer");
	return 0;
}

/* One read: as judge, or -1 when the connection ended. */
static int
hear(struct talk *t, char queue_id[QUEUE_ID_LEN + 1], enum submit_outcome *out,
    struct err *e)
{
	size_t room = t->in.max - t->in.len;
	ssize_t n;
	char *to;

	if (room > IN_CHUNK)
		room = IN_CHUNK;
	to = buf_reserve(&t->in, room);
	n = recv(t->link->fd, to, room, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1)
		return err_errno(
		    e, ERR_TEMP, "4.4.2", "the connection to mailchuted broke");
	if (n == 0)
		return unanswered(e, "closed the connection");
	buf_grew(&t->in, (size_t)n);
	return judge(t, queue_id, out, e);
}

/* Writes what can be written without waiting; -1 when nothing more can be. */
static int
speak(struct talk *t)
{
	ssize_t n;

	if (t->sent == t->out.len)
		return 0;
	n = send(t->link->fd, t->out.data + t->sent, t->out.len - t->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	t->sent += (size_t)n;
	if (is_greeted(t))
		t->deadline_ms = clock_mono_ms() + t->limits->progress_ms;
	if (t->sent == t->out.len) {
		buf_truncate(&t->out, 0);
		t->sent = 0;
	}
	return 0;
}

/* It is time to fetch more frames. */
static bool
wants_load(const struct talk *t)
{
	return t->out.len == 0 && t->has_more &&
	       (is_greeted(t) || parcel_is_ready(t->parcel) ||
		   parcel_is_whole(t->parcel));
}

static int
load(struct talk *t, struct err *e)
{
	int more = parcel_next(t->parcel, &t->out, e);

	if (more == -1)
		return -1;
	t->has_more = more == 1;
	/* The time that our own input took is not the daemon's fault. */
	if (is_greeted(t))
		t->deadline_ms = clock_mono_ms() + t->limits->progress_ms;
	return 0;
}

static const char *
silence(const struct talk *t)
{
	if (!is_greeted(t))
		return "does not greet";
	if (t->has_more || t->out.len > 0)
		return "does not take the message";
	return "does not answer";
}

/* Waits for the daemon to take or to say something; -1 at the deadline. */
static int
wait_for(struct talk *t, struct err *e)
{
	struct pollfd p = { .fd = t->link->fd, .events = POLLIN };

	if (t->out.len > 0)
		p.events |= POLLOUT;
	/* Whatever wakes us, broken or not, reading will tell. */
	if (poll(&p, 1, clock_poll_timeout(t->deadline_ms)) == 0)
		return unanswered(e, silence(t));
	return 0;
}

static enum submit_outcome
converse(struct talk *t, char queue_id[QUEUE_ID_LEN + 1], struct err *e)
{
	enum submit_outcome out = SUBMIT_OUT_UNANSWERED;
	bool is_broken;
	int n;

	for (;;) {
		if (wants_load(t) && load(t, e) == -1)
			return SUBMIT_OUT_FAILED;
		is_broken = speak(t) == -1;
		if (!is_broken && !wants_load(t) && wait_for(t, e) == -1)
			return SUBMIT_OUT_UNANSWERED;
		n = hear(t, queue_id, &out, e);
		if (n == 1)
			return out;
		if (n == 0 && is_broken)
			n = unanswered(e, "takes nothing more");
		if (n == -1)
			return SUBMIT_OUT_UNANSWERED;
	}
}

enum submit_outcome
submit_over(struct submit_link *l, struct parcel *p,
    const struct submit_limits *limits, char queue_id[QUEUE_ID_LEN + 1],
    struct err *e)
{
	struct talk t;
	enum submit_outcome out = SUBMIT_OUT_UNANSWERED;

	memset(&t, 0, sizeof(t));
	t.link = l;
	t.parcel = p;
	t.limits = limits;
	t.has_more = true;
	t.deadline_ms =
	    clock_mono_ms() +
	    (is_greeted(&t) ? limits->progress_ms : limits->greeting_ms);
	buf_init(&t.out, OUT_MAX);
	buf_init(&t.in, IN_MAX);
	if (!is_greeted(&t) || check_version(&t, e) == 0)
		out = converse(&t, queue_id, e);
	buf_clear(&t.out);
	buf_clear(&t.in);
	return out;
}

/*
 * A connection to path, or -1.  A full backlog shows as EAGAIN on a socket of
 * this family, and nothing tells when there is room again, so it is tried
 * anew for a while.
 */
static int
connect_to(const char *path, int64_t backlog_ms, struct err *e)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	int64_t deadline = clock_mono_ms() + backlog_ms;
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		return err_set(e, ERR_TEMP, "4.3.5",
		    "the path of the socket %s is too long", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	for (;;) {
		if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
			return fd;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || clock_mono_ms() >= deadline)
			break;
		nanosleep(&pause, NULL);
	}
	err_errno(e, ERR_TEMP, "4.4.1", "cannot reach mailchuted at %s", path);
	close(fd);
	return -1;
}

enum submit_outcome
submit_to(const char *socket_path, struct parcel *p,
    const struct submit_limits *limits, char queue_id[QUEUE_ID_LEN + 1],
    struct err *e)
{
	struct submit_link l = { .version = 0 };
	enum submit_outcome out;

	l.fd = connect_to(socket_path, limits->backlog_ms, e);
	if (l.fd == -1)
		return SUBMIT_OUT_UNANSWERED;
	out = submit_over(&l, p, limits, queue_id, e);
	close(l.fd);
	return out;
}
