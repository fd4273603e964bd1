/* SPDX-License-Identifier: ISC */
/*
 * Octets to and from the socket.  Two functions know whether TLS is in use,
 * wire_read and wire_write; one waits, wire_wait.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "delivery/wire.h"

void
wire_open(struct wire *w, int fd, int watch, const char *host)
{
	w->fd = fd;
	w->watch = watch;
	w->host = xstrdup(host);
	w->tls = NULL;
}

void
wire_close(struct wire *w)
{
	tls_free(w->tls);
	close(w->fd);
	free(w->host);
}

/* ---- errors ---- */

int
wire_lost(const struct wire *w, struct err *e)
{
	return err_set(e, ERR_TEMP, "4.4.2", "%s closed the connection %s",
	    w->host, phase_doing(w->phase));
}

static int
lost_errno(const struct wire *w, struct err *e)
{
	return err_errno(e, ERR_TEMP, "4.4.2", "lost the connection to %s %s",
	    w->host, phase_doing(w->phase));
}

/* ---- waiting ---- */

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

/*
 * The job channel may hold frames that nobody reads yet, so only its end
 * counts.
 */
int
wire_wait(struct wire *w, short events, struct err *e)
{
	struct pollfd p[2] = { { .fd = w->fd, .events = events },
		{ .fd = w->watch, .events = POLLRDHUP } };
	int n;

	if ((events & POLLIN) != 0)
		acknowledge_at_once(w->fd);
	for (;;) {
		n = poll(p, 2, clock_poll_timeout(w->deadline_ms));
		if (n > 0 && p[1].revents != 0)
			return err_set(e, ERR_LOCAL, "4.3.2",
			    "mailchuted ended this session %s",
			    phase_doing(w->phase));
		if (n > 0)
			return p[0].revents;
		if (n == 0)
			return err_set(e, ERR_TEMP, "4.4.2",
			    "timed out %s at %s", phase_doing(w->phase),
			    w->host);
		if (errno != EINTR)
			return err_errno(e, ERR_TEMP, "4.3.0", "poll");
	}
}

short
wire_event(enum tls_want want)
{
	return want == TLS_WANT_WRITE ? POLLOUT : POLLIN;
}

/* ---- the two that know ---- */

ssize_t
wire_read(struct wire *w, void *p, size_t n, enum tls_want *want, struct err *e)
{
	ssize_t got;

	if (w->tls != NULL) {
		got = tls_read(w->tls, p, n, want, e);
		if (got == -1)
			err_prefix(e, "%s %s", w->host, phase_doing(w->phase));
		return got;
	}
	*want = TLS_WANT_NOTHING;
	if ((got = recv(w->fd, p, n, MSG_DONTWAIT)) >= 0)
		return got;
	if (errno != EAGAIN && errno != EINTR)
		return lost_errno(w, e);
	*want = TLS_WANT_READ;
	return 0;
}

ssize_t
wire_write(
    struct wire *w, const void *p, size_t n, enum tls_want *want, struct err *e)
{
	ssize_t put;

	if (w->tls != NULL) {
		put = tls_write(w->tls, p, n, want, e);
		if (put == -1)
			err_prefix(e, "%s %s", w->host, phase_doing(w->phase));
		return put;
	}
	if ((put = send(w->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		return put;
	if (put == -1 && errno != EAGAIN && errno != EINTR)
		return lost_errno(w, e);
	*want = TLS_WANT_WRITE;
	return 0;
}

int
wire_start_tls(struct wire *w, const struct tls_policy *p, struct err *e)
{
	enum tls_want want;
	int rc;

	if ((w->tls = tls_new(p, w->fd, w->host, e)) == NULL)
		return -1;
	while ((rc = tls_handshake(w->tls, &want, e)) == 0)
		if (wire_wait(w, wire_event(want), e) == -1)
			return -1;
	return rc == 1 ? 0 : -1;
}
