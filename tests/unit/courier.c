/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_job.h"
#include "common/xalloc.h"
#include "mail/reply.h"
#include "mail/verdict.h"
#include "queue/ask.h"
#include "tests/unit/courier.h"
#include "tests/unit/virtual.h"

#define COURIERS_MAX 64
#define OCTETS_MAX   (1024 * 1024)
#define QUIT_MS      150
#define PID          4711 /* of nobody */

enum state {
	CONNECTING,
	IDLE,
	TAKING,     /* a message, from the queue */
	DELIVERING, /* it, to the server */
	LEAVING
};

struct courier {
	uint32_t account;
	struct exchange *server;
	enum state state;
	bool is_connected; /* as the server counts it */
	int fd;
	struct event *readable, *timer;
	struct buf in, out, body;
	struct exchange_answer answer;
	struct job_message m;
	bool has_message;
	int64_t linger_ms;
};

static struct {
	struct event_base *base;
	struct exchange *servers;
	struct courier_calls calls;
	struct courier *v[COURIERS_MAX];
	size_t n;
} all;

/* ---- life ---- */

static void
end(struct courier *c)
{
	size_t i;

	for (i = 0; all.v[i] != c; i++)
		;
	all.v[i] = all.v[--all.n];
	if (c->is_connected)
		exchange_left(c->server);
	event_free(c->readable);
	event_free(c->timer);
	close(c->fd);
	buf_clear(&c->in);
	buf_clear(&c->out);
	buf_clear(&c->body);
	if (c->has_message)
		job_message_clear(&c->m);
	free(c);
}

void
couriers_end(void)
{
	while (all.n > 0)
		end(all.v[0]);
}

void
couriers_begin(struct event_base *base, struct exchange *servers,
    const struct courier_calls *calls)
{
	assert_int_equal(all.n, 0);
	all.base = base;
	all.servers = servers;
	all.calls = *calls;
}

void
couriers_move(struct event_base *base)
{
	assert_int_equal(all.n, 0);
	all.base = base;
}

static void
after(struct courier *c, int64_t ms)
{
	const struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	assert_int_equal(event_add(c->timer, &tv), 0);
}

/* ---- what it says ---- */

static void
say(struct courier *c)
{
	ssize_t n = send(c->fd, buf_data(&c->out), c->out.len, MSG_NOSIGNAL);

	/* A queue that has hung up does not hear it. */
	assert_true(n == (ssize_t)c->out.len || errno == EPIPE);
	buf_truncate(&c->out, 0);
}

/* As deliver judges it: no answer, or one that refuses. */
static void
judge(const struct exchange_answer *a, struct job_result *out)
{
	struct reply r;
	struct err e;

	if (a->line == NULL) {
		err_set(&e, ERR_TEMP, "4.4.2", "%s %s",
		    a->is_refused ? "connection refused" : "timed out",
		    phase_doing(a->phase));
		verdict_error(a->phase, &e, out);
		return;
	}
	reply_init(&r);
	assert_int_equal(reply_parse_line(&r, a->line, strlen(a->line), &e), 1);
	verdict_reply(a->phase, &r, out);
	reply_clear(&r);
}

/* The session is over; the server sees it a little later. */
static void
leave(struct courier *c, const struct job_result *why)
{
	assert_int_equal(job_put_closed(&c->out, why), 0);
	say(c);
	c->state = LEAVING;
	after(c, QUIT_MS);
}

static void
leave_well(struct courier *c)
{
	struct job_result why = { .outcome = JOB_UNTRIED,
		.scope = JOB_SCOPE_CONNECTION,
		.status = "2.0.0",
		.text = "no more mail" };

	leave(c, &why);
}

static void
fail_session(struct courier *c)
{
	struct job_ready sofar = { .relay = "smtp.office365.com" };
	struct job_result why;

	all.calls.fails(all.calls.arg, c->account, &c->answer);
	judge(&c->answer, &why);
	assert_int_equal(job_put_failed(&c->out, &why, &sofar), 0);
	say(c);
	c->state = LEAVING;
	after(c, 0);
}

static void
be_ready(struct courier *c)
{
	struct job_ready r = { .relay = "smtp.office365.com",
		.address = "192.0.2.1:587",
		.tls = "TLSv1.3",
		.cipher = "C",
		.tls_level = 13 };

	assert_int_equal(job_put_ready(&c->out, &r), 0);
	say(c);
	c->state = IDLE;
	after(c, c->linger_ms);
}

/* ---- a message ---- */

static unsigned
number_of(const struct courier *c)
{
	const char *at = memmem(buf_data(&c->body), c->body.len, COURIER_NUMBER,
	    strlen(COURIER_NUMBER));

	return at == NULL
		   ? 0
		   : (unsigned)strtoul(at + strlen(COURIER_NUMBER), NULL, 10);
}

static void
tell_results(struct courier *c, const struct job_result *result)
{
	struct job_done done = { .octets = c->body.len };
	struct job_result r = *result;
	size_t i;

	for (i = 0; i < c->m.env.nrcpts; i++) {
		r.rcpt = c->m.rcpt_ids[i];
		assert_int_equal(job_put_result(&c->out, &r), 0);
	}
	assert_int_equal(job_put_done(&c->out, &done), 0);
	say(c);
}

static void
finish_message(struct courier *c)
{
	struct job_result r = { .outcome = JOB_DELIVERED,
		.scope = JOB_SCOPE_MESSAGE,
		.code = 250,
		.status = "2.0.0",
		.text = "2.0.0 OK" };

	exchange_take(
	    c->server, virtual_ms(), (unsigned)c->m.env.nrcpts, &c->answer);
	if (c->answer.line != NULL) {
		judge(&c->answer, &r);
		all.calls.fails(all.calls.arg, c->account, &c->answer);
	} else
		all.calls.delivered(all.calls.arg, c->account, number_of(c),
		    (unsigned)c->m.env.nrcpts);
	tell_results(c, &r);
	job_message_clear(&c->m);
	c->has_message = false;
	buf_truncate(&c->body, 0);
	if (c->answer.line != NULL && r.scope == JOB_SCOPE_CONNECTION) {
		leave(c, &r);
		return;
	}
	c->state = IDLE;
	after(c, c->linger_ms);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct courier *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CONNECTING:
		if (c->answer.line != NULL || c->answer.is_silent ||
		    c->answer.is_refused)
			fail_session(c);
		else
			be_ready(c);
		break;
	case IDLE:
		leave_well(c);
		break;
	case DELIVERING:
		finish_message(c);
		break;
	case LEAVING:
		end(c);
		break;
	case TAKING:
		fail_msg("no timer runs then");
	}
}

/* ---- what it hears ---- */

static void
take_session(struct courier *c, const struct frame *f)
{
	struct job_session s;
	struct err e;

	memset(&s, 0, sizeof(s));
	assert_int_equal(job_get_session(f, &s, &e), 0);
	c->linger_ms =
	    s.linger_ms < JOB_LINGER_MIN_MS ? JOB_LINGER_MIN_MS : s.linger_ms;
	job_session_clear(&s);
}

static void
take_frame(struct courier *c, const struct frame *f)
{
	struct err e;

	switch (f->type) {
	case JOB_SESSION:
		take_session(c, f);
		break;
	case JOB_MESSAGE:
		/* It crossed the end of a session, and is not begun. */
		if (c->state == LEAVING)
			break;
		assert_int_equal(c->state, IDLE);
		event_del(c->timer);
		c->state = TAKING;
		assert_int_equal(job_get_message(f, &c->m, &e), 0);
		c->has_message = true;
		break;
	case JOB_BODY:
		if (c->state == TAKING)
			assert_int_equal(
			    buf_append(&c->body, f->payload, f->len), 0);
		break;
	case JOB_BODY_END:
		if (c->state != TAKING)
			break;
		all.calls.given(all.calls.arg, c->account, number_of(c));
		c->state = DELIVERING;
		after(c, exchange_delay(c->server));
		break;
	case JOB_QUIT:
		if (c->state == IDLE)
			leave_well(c);
		break;
	default:
		fail_msg("frame %u was not expected", f->type);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct courier *c = arg;
	char *to = buf_reserve(&c->in, 65536);
	struct frame f;
	ssize_t n;

	(void)what;
	assert_non_null(to);
	if ((n = read(fd, to, 65536)) <= 0) {
		end(c);
		return;
	}
	buf_grew(&c->in, (size_t)n);
	while ((n = frame_parse(buf_data(&c->in), c->in.len, &f)) > 0) {
		take_frame(c, &f);
		buf_consume(&c->in, (size_t)n);
	}
	assert_int_equal(n, 0);
}

static void
begin(uint32_t account, int fd)
{
	struct courier *c = xcalloc(1, sizeof(*c));

	assert_true(all.n < COURIERS_MAX);
	all.v[all.n++] = c;
	c->account = account;
	c->server = &all.servers[account];
	c->fd = fd;
	buf_init(&c->in, OCTETS_MAX);
	buf_init(&c->out, OCTETS_MAX);
	buf_init(&c->body, OCTETS_MAX);
	c->readable =
	    event_new(all.base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->timer = event_new(all.base, -1, 0, on_timer, c);
	assert_int_equal(event_add(c->readable, NULL), 0);
	all.calls.begins(all.calls.arg, account);
	exchange_connect(c->server, &c->answer);
	c->is_connected = !c->answer.is_refused;
	after(c, c->answer.after_ms);
}

/* ---- in the place of the parent ---- */

int __wrap_ask_deliver(
    struct ask *a, uint32_t account, pid_t *pid, struct err *e);
void __wrap_ask_kill(struct ask *a, pid_t pid);

int
__wrap_ask_deliver(struct ask *a, uint32_t account, pid_t *pid, struct err *e)
{
	int fd[2];

	(void)a;
	(void)e;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	begin(account, fd[0]);
	*pid = PID;
	return fd[1];
}

void
__wrap_ask_kill(struct ask *a, pid_t pid)
{
	(void)a;
	(void)pid;
	fail_msg("a courier was found to be stuck");
}
