/* SPDX-License-Identifier: ISC */
/*
 * What is said to the server, gathered, and what it says, by lines.
 *
 * A connection that breaks while we write may hold the reason already: servers
 * say 421 or 552 and close, whatever is still on its way to them.  So a failed
 * write is not told by who writes.  It makes the connection mute, and whoever
 * reads next gets what the server had said, and only then the failure.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "delivery/conn.h"
#include "delivery/wire.h"

/* Four records of TLS; a whole small message with its envelope. */
#define OUT_MAX   (128 * 1024)
#define OUT_LARGE (64 * 1024) /* sent without being asked */

/* More than a flight of recipients is answered with, in lines of 512. */
#define IN_MAX  (128 * 1024)
#define IN_STEP (8 * 1024)

struct conn {
	struct wire wire;
	struct buf out;
	struct buf in;
	size_t used;       /* octets of in that were handed out */
	bool is_ended;     /* the server closed, or reading failed */
	bool is_listening; /* see conn_listen */
	bool is_mute;      /* see conn_is_mute */
	bool has_failed;   /* why: what made it mute, told by reading */
	struct err why;
	int64_t patience_ms; /* see conn_patience */
};

struct conn *
conn_new(int fd, int watch, const char *host)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	wire_open(&c->wire, fd, watch, host);
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
	wire_close(&c->wire);
	buf_wipe(&c->out);
	buf_clear(&c->in);
	free(c);
}

void
conn_phase(struct conn *c, enum phase p)
{
	int64_t limit = phase_limit_ms(p);

	if (c->patience_ms > 0 && c->patience_ms < limit)
		limit = c->patience_ms;
	c->wire.phase = p;
	c->wire.deadline_ms = clock_mono_ms() + limit;
}

void
conn_patience(struct conn *c, int64_t most_ms)
{
	c->patience_ms = most_ms;
}

enum phase
conn_get_phase(const struct conn *c)
{
	return c->wire.phase;
}

void
conn_deadline(struct conn *c, int64_t deadline_ms)
{
	c->wire.deadline_ms = deadline_ms;
}

/* ---- TLS ---- */

int
conn_start_tls(struct conn *c, const struct tls_policy *p, struct err *e)
{
	/*
	 * What came in clear must not be read as if it had been protected: an
	 * attacker could have put it there.
	 */
	if (c->in.len > c->used)
		return err_set(e, ERR_TEMP, "4.7.0",
		    "protocol error: %s sent more than its answer to STARTTLS, "
		    "before TLS (somebody may be tampering with the "
		    "connection)",
		    c->wire.host);
	conn_phase(c, PHASE_HANDSHAKE);
	return wire_start_tls(&c->wire, p, e);
}

const char *
conn_tls_version(const struct conn *c)
{
	return c->wire.tls == NULL ? "" : tls_version(c->wire.tls);
}

const char *
conn_tls_cipher(const struct conn *c)
{
	return c->wire.tls == NULL ? "" : tls_cipher(c->wire.tls);
}

unsigned
conn_tls_level(const struct conn *c)
{
	return c->wire.tls == NULL ? 0 : tls_level(c->wire.tls);
}

bool
conn_tls_is_old(const struct conn *c)
{
	return c->wire.tls != NULL && tls_is_old(c->wire.tls);
}

int64_t
conn_tls_certificate(const struct conn *c, char *issuer, size_t size)
{
	issuer[0] = '\0';
	return c->wire.tls == NULL ? 0
				   : tls_certificate(c->wire.tls, issuer, size);
}

const struct buf *
conn_tls_ticket(const struct conn *c)
{
	return c->wire.tls == NULL ? NULL : tls_ticket(c->wire.tls);
}

/* ---- what has come ---- */

static bool
has_room(const struct conn *c)
{
	return c->in.len - c->used + IN_STEP <= IN_MAX;
}

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
		    "protocol error: %s sent a line without end", c->wire.host);
	if ((n = wire_read(&c->wire, to, IN_STEP, want, e)) == -1) {
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

/* ---- output ---- */

/* Nothing leaves any more; why, if it is not NULL, is for the next to read. */
static void
fall_mute(struct conn *c, const struct err *why)
{
	if (!c->is_mute && why != NULL) {
		c->has_failed = true;
		c->why = *why;
	}
	c->is_mute = true;
}

/*
 * Waits until more can be written, and takes in what the server says
 * meanwhile: it may not read on before it has got rid of that.
 */
static int
wait_to_write(struct conn *c, enum tls_want want, struct err *e)
{
	short events = wire_event(want);
	enum tls_want more;
	struct err why;
	int ready;

	if (!c->is_ended && has_room(c))
		events |= POLLIN;
	if ((ready = wire_wait(&c->wire, events, &why)) == -1) {
		if (why.class == ERR_LOCAL) {
			*e = why;
			return -1;
		}
		fall_mute(c, &why);
		return 0;
	}
	if ((events & POLLIN) != 0 && (ready & ~POLLOUT) != 0 &&
	    take(c, &more, &why) == -1)
		fall_mute(c, &why);
	if (c->is_listening && c->in.len > c->used)
		fall_mute(c, NULL);
	return 0;
}

/* Writes what it can: the number of octets, 0 after a wait, -1. */
static ssize_t
write_some(struct conn *c, const char *p, size_t n, struct err *e)
{
	enum tls_want want;
	struct err why;
	ssize_t put;

	if ((put = wire_write(&c->wire, p, n, &want, &why)) > 0)
		return put;
	if (put == 0 && want != TLS_WANT_NOTHING)
		return wait_to_write(c, want, e);
	if (put == 0)
		wire_lost(&c->wire, &why);
	fall_mute(c, &why);
	return 0;
}

int
conn_flush(struct conn *c, struct err *e)
{
	size_t done = 0;
	ssize_t n;

	while (done < c->out.len && !c->is_mute) {
		n = write_some(c, c->out.data + done, c->out.len - done, e);
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	/* A credential does not stay behind. */
	if (c->wire.phase == PHASE_AUTH && c->out.data != NULL)
		explicit_bzero(c->out.data, c->out.len);
	buf_truncate(&c->out, 0);
	return 0;
}

bool
conn_is_mute(const struct conn *c)
{
	return c->is_mute;
}

void
conn_listen(struct conn *c, bool listens)
{
	c->is_listening = listens;
}

int
conn_put(struct conn *c, const void *p, size_t n, struct err *e)
{
	const char *from = p;
	size_t part;

	while (n > 0 && !c->is_mute) {
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

/* Nothing more will come. */
static int
end_of_input(struct conn *c, struct err *e)
{
	if (!c->has_failed)
		return wire_lost(&c->wire, e);
	*e = c->why;
	return -1;
}

/* Waits for more input; not for what a broken connection did not bring. */
static int
fill(struct conn *c, struct err *e)
{
	enum tls_want want;
	int got;

	if (c->is_ended)
		return end_of_input(c, e);
	while ((got = take(c, &want, e)) == 0) {
		if (c->has_failed)
			return end_of_input(c, e);
		if (wire_wait(&c->wire, wire_event(want), e) == -1)
			return -1;
	}
	if (got == -1)
		return c->has_failed ? end_of_input(c, e) : -1;
	return c->is_ended ? end_of_input(c, e) : 0;
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
			    c->wire.host);
		if (fill(c, e) == -1)
			return -1;
	}
	*line = start;
	*n = (size_t)(lf - start);
	c->used += *n + 1;
	if (*n == 0 || start[*n - 1] != '\r')
		return err_set(e, ERR_TEMP, "4.5.0",
		    "protocol error: %s ended a line without CR", c->wire.host);
	(*n)--;
	if (memchr(start, '\r', *n) != NULL || memchr(start, '\0', *n) != NULL)
		return err_set(e, ERR_TEMP, "4.5.0",
		    "protocol error: %s sent a bare CR or a NUL", c->wire.host);
	return 0;
}

bool
conn_has_input(struct conn *c)
{
	enum tls_want want;

	if (c->is_ended || c->is_mute || c->in.len > c->used)
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
	struct pollfd p[2] = { { .fd = c->wire.fd, .events = POLLIN },
		{ .fd = c->wire.watch, .events = POLLIN } };
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
