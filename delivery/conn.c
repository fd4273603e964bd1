/* SPDX-License-Identifier: ISC */
/*
 * Bytes to and from the server.  Two functions know whether TLS is in use,
 * io_read and io_write; one waits, wait_for.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "delivery/conn.h"
#include "delivery/tls.h"

/* Four records of TLS; a whole small message with its envelope. */
#define OUT_MAX   (128 * 1024)
#define OUT_LARGE (64 * 1024) /* sent without being asked */
#define IN_MAX    (32 * 1024)
#define IN_STEP   (8 * 1024)

struct conn {
	int fd;
	int watch;
	char *host;
	struct tls *tls; /* NULL: plain */
	enum phase phase;
	int64_t deadline_ms;
	struct buf out;
	struct buf in;
	size_t used;   /* octets of in that were handed out */
	bool is_ended; /* the server closed, or reading failed */
};

struct conn *
conn_new(int fd, int watch, const char *host)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->watch = watch;
	c->host = xstrdup(host);
	buf_init(&c->out, OUT_MAX);
	buf_init(&c->in, IN_MAX);
	conn_phase(c, PHASE_GREETING);
	return c;
}

void
conn_free(struct conn *c)
{
	if (c == NULL)
		return;
	tls_free(c->tls);
	close(c->fd);
	buf_wipe(&c->out);
	buf_clear(&c->in);
	free(c->host);
	free(c);
}

void
conn_phase(struct conn *c, enum phase p)
{
	c->phase = p;
	c->deadline_ms = clock_mono_ms() + phase_limit_ms(p);
}

enum phase
conn_get_phase(const struct conn *c)
{
	return c->phase;
}

void
conn_deadline(struct conn *c, int64_t deadline_ms)
{
	c->deadline_ms = deadline_ms;
}

/*
 * Many servers leave Nagle's algorithm on: the second of two short replies
 * stays with them until the first is acknowledged, and our kernel would take
 * 40 ms over that.  The option has to be renewed before each wait.
 */
#ifdef TCP_QUICKACK
#define ACKNOWLEDGE_AT_ONCE TCP_QUICKACK
#else
#define ACKNOWLEDGE_AT_ONCE TCP_NODELAY /* set already; does no harm */
#endif

static void
acknowledge_at_once(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, ACKNOWLEDGE_AT_ONCE, &on, sizeof(on));
}

/* ---- waiting ---- */

/*
 * Until the socket is ready for events.  The job channel may hold frames that
 * nobody reads yet, so only its end counts.
 */
static int
wait_for(struct conn *c, short events, struct err *e)
{
	struct pollfd p[2] = { { .fd = c->fd, .events = events },
		{ .fd = c->watch, .events = POLLRDHUP } };
	int n;

	if ((events & POLLIN) != 0)
		acknowledge_at_once(c->fd);
	for (;;) {
		n = poll(p, 2, clock_poll_timeout(c->deadline_ms));
		if (n > 0 && p[1].revents != 0)
			return err_set(e, ERR_LOCAL, "4.3.2",
			    "mailchuted ended this session %s",
			    phase_doing(c->phase));
		if (n > 0)
			return 0;
		if (n == 0)
			return err_set(e, ERR_TEMP, "4.4.2",
			    "timed out %s at %s", phase_doing(c->phase),
			    c->host);
		if (errno != EINTR)
			return err_errno(e, ERR_TEMP, "4.3.0", "poll");
	}
}

static int
wait_tls(struct conn *c, enum tls_want want, struct err *e)
{
	return wait_for(c, want == TLS_WANT_WRITE ? POLLOUT : POLLIN, e);
}

static int
lost(struct conn *c, struct err *e)
{
	return err_set(e, ERR_TEMP, "4.4.2", "%s closed the connection %s",
	    c->host, phase_doing(c->phase));
}

static int
lost_errno(struct conn *c, struct err *e)
{
	return err_errno(e, ERR_TEMP, "4.4.2", "lost the connection to %s %s",
	    c->host, phase_doing(c->phase));
}

/* ---- the two that know ---- */

/* As tls_read; never waits. */
static ssize_t
io_read(struct conn *c, void *p, size_t n, enum tls_want *want, struct err *e)
{
	ssize_t got;

	if (c->tls != NULL) {
		got = tls_read(c->tls, p, n, want, e);
		if (got == -1)
			err_prefix(e, "%s %s", c->host, phase_doing(c->phase));
		return got;
	}
	*want = TLS_WANT_NOTHING;
	if ((got = recv(c->fd, p, n, MSG_DONTWAIT)) >= 0)
		return got;
	if (errno != EAGAIN && errno != EINTR)
		return lost_errno(c, e);
	*want = TLS_WANT_READ;
	return 0;
}

/* As tls_write; never waits. */
static ssize_t
io_write(
    struct conn *c, const void *p, size_t n, enum tls_want *want, struct err *e)
{
	ssize_t put;

	if (c->tls != NULL) {
		put = tls_write(c->tls, p, n, want, e);
		if (put == -1)
			err_prefix(e, "%s %s", c->host, phase_doing(c->phase));
		return put;
	}
	if ((put = send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		return put;
	if (put == -1 && errno != EAGAIN && errno != EINTR)
		return lost_errno(c, e);
	*want = TLS_WANT_WRITE;
	return 0;
}

/* ---- TLS ---- */

int
conn_start_tls(struct conn *c, const struct tls_policy *p, struct err *e)
{
	enum tls_want want;
	int rc;

	/*
	 * What came in clear must not be read as if it had been protected: an
	 * attacker could have put it there.
	 */
	if (c->in.len > c->used)
		return err_set(e, ERR_TEMP, "4.7.0",
		    "protocol error: %s sent more than its answer to STARTTLS, "
		    "before TLS (somebody may be tampering with the "
		    "connection)",
		    c->host);
	conn_phase(c, PHASE_HANDSHAKE);
	if ((c->tls = tls_new(p, c->fd, c->host, e)) == NULL)
		return -1;
	while ((rc = tls_handshake(c->tls, &want, e)) == 0)
		if (wait_tls(c, want, e) == -1)
			return -1;
	return rc == 1 ? 0 : -1;
}

const char *
conn_tls_version(const struct conn *c)
{
	return c->tls == NULL ? "" : tls_version(c->tls);
}

const char *
conn_tls_cipher(const struct conn *c)
{
	return c->tls == NULL ? "" : tls_cipher(c->tls);
}

/* ---- output ---- */

int
conn_flush(struct conn *c, struct err *e)
{
	enum tls_want want;
	size_t done = 0;
	ssize_t n;

	while (done < c->out.len) {
		n = io_write(
		    c, c->out.data + done, c->out.len - done, &want, e);
		if (n == -1)
			return -1;
		done += (size_t)n;
		if (n > 0)
			continue;
		if (want == TLS_WANT_NOTHING)
			return lost(c, e);
		if (wait_tls(c, want, e) == -1)
			return -1;
	}
	/* A credential does not stay behind. */
	if (c->phase == PHASE_AUTH && c->out.data != NULL)
		explicit_bzero(c->out.data, c->out.len);
	buf_truncate(&c->out, 0);
	return 0;
}

int
conn_put(struct conn *c, const void *p, size_t n, struct err *e)
{
	const char *from = p;
	size_t part;

	while (n > 0) {
		part = n < OUT_LARGE ? n : OUT_LARGE;
		if (c->out.len + part > OUT_MAX && conn_flush(c, e) == -1)
			return -1;
		if (buf_append(&c->out, from, part) == -1)
			return err_set(e, ERR_LOCAL, "4.3.0", "output overrun");
		from += part;
		n -= part;
	}
	return 0;
}

int
conn_puts(struct conn *c, const char *s, struct err *e)
{
	return conn_put(c, s, strlen(s), e);
}

/* ---- input ---- */

/*
 * Takes what has come, without waiting: 1 when there was something, or the
 * end, which is_ended notes; 0 with *want; -1.
 */
static int
take(struct conn *c, enum tls_want *want, struct err *e)
{
	char *to;
	ssize_t n;

	buf_consume(&c->in, c->used);
	c->used = 0;
	if ((to = buf_reserve(&c->in, IN_STEP)) == NULL)
		return err_set(e, ERR_TEMP, "4.5.0",
		    "protocol error: %s sent a line without end", c->host);
	if ((n = io_read(c, to, IN_STEP, want, e)) == -1) {
		c->is_ended = true;
		return -1;
	}
	if (n == 0 && *want != TLS_WANT_NOTHING)
		return 0;
	if (n == 0)
		c->is_ended = true;
	buf_grew(&c->in, (size_t)n);
	return 1;
}

/* Waits for more input. */
static int
fill(struct conn *c, struct err *e)
{
	enum tls_want want;
	int got;

	if (c->is_ended)
		return lost(c, e);
	while ((got = take(c, &want, e)) == 0)
		if (wait_tls(c, want, e) == -1)
			return -1;
	if (got == -1)
		return -1;
	return c->is_ended ? lost(c, e) : 0;
}

int
conn_line(
    struct conn *c, size_t max, const char **line, size_t *n, struct err *e)
{
	const char *start, *lf;
	size_t have;

	for (;;) {
		start = buf_data(&c->in) + c->used;
		have = c->in.len - c->used;
		if ((lf = memchr(start, '\n', have)) != NULL)
			break;
		if (have > max)
			return err_set(e, ERR_TEMP, "4.5.0",
			    "protocol error: %s sent a line that is too long",
			    c->host);
		if (fill(c, e) == -1)
			return -1;
	}
	*line = start;
	*n = (size_t)(lf - start);
	c->used += *n + 1;
	if (*n == 0 || start[*n - 1] != '\r')
		return err_set(e, ERR_TEMP, "4.5.0",
		    "protocol error: %s ended a line without CR", c->host);
	(*n)--;
	if (memchr(start, '\r', *n) != NULL || memchr(start, '\0', *n) != NULL)
		return err_set(e, ERR_TEMP, "4.5.0",
		    "protocol error: %s sent a bare CR or a NUL", c->host);
	return 0;
}

bool
conn_has_input(struct conn *c)
{
	enum tls_want want;

	if (c->is_ended || c->in.len > c->used)
		return true;
	/*
	 * Not poll(2): under TLS there are records that are no input, such as
	 * the tickets of TLS 1.3.
	 */
	return take(c, &want, NULL) != 0;
}

enum conn_event
conn_idle(struct conn *c, int64_t deadline_ms)
{
	struct pollfd p[2] = { { .fd = c->fd, .events = POLLIN },
		{ .fd = c->watch, .events = POLLIN } };
	int n;

	for (;;) {
		if (conn_has_input(c))
			return CONN_SERVER;
		n = poll(p, 2, clock_poll_timeout(deadline_ms));
		if (n > 0 && p[1].revents != 0)
			return CONN_CHANNEL;
		if (n == 0 || (n == -1 && errno != EINTR))
			return CONN_TIMEOUT;
	}
}
