/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

#define OCTETS_MAX (8 * 1024 * 1024)

struct dispatch_rig rig;

void
rig_up(const char *options)
{
	memset(&rig, 0, sizeof(rig));
	office_open_parented(&rig.o, options, &rig.parent);
	rig.now = clock_wall();
}

void
rig_down(void)
{
	office_run(&rig.o);
	office_close(&rig.o);
	close(rig.parent);
}

static void
will_answer(const struct ask_answer *a)
{
	assert_int_equal(send(rig.parent, a, sizeof(*a), 0), sizeof(*a));
}

void
will_start(struct deliver *d)
{
	struct ask_answer a = { .ok = true, .has_fd = true, .pid = 4711 };
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	will_answer(&a);
	assert_int_equal(fdpass_send(rig.parent, fd[1], "",
			     clock_mono_ms() + 60000, &rig.o.e),
	    0);
	close(fd[1]);
	d->fd = fd[0];
	buf_init(&d->in, OCTETS_MAX);
	buf_init(&d->last, FRAME_RECV_MAX);
}

void
will_refuse(const char *text)
{
	struct ask_answer a = { .ok = false };

	err_set(&a.why, ERR_TEMP, "4.3.0", "%s", text);
	will_answer(&a);
}

void
will_stamp(uint64_t size)
{
	struct ask_answer a = { .ok = true, .stamp = { .size = size } };

	will_answer(&a);
}

struct ask_request
asked(enum ask_what what)
{
	struct ask_request r;

	office_run(&rig.o);
	assert_int_equal(
	    recv(rig.parent, &r, sizeof(r), MSG_DONTWAIT), sizeof(r));
	assert_int_equal(r.what, what);
	return r;
}

void
not_asked(void)
{
	struct ask_request r;

	office_run(&rig.o);
	assert_int_equal(recv(rig.parent, &r, sizeof(r), MSG_DONTWAIT), -1);
}

uint64_t
post(uid_t uid, const char *to)
{
	return office_post(
	    &rig.o, (struct office_mail){
			.uid = uid, .to = { to }, .at = rig.now - 1 });
}

uint64_t
post_to_many(uid_t uid, size_t n)
{
	static const char *const all[] = { "a@example.com", "b@example.com",
		"c@example.com", "d@example.com" };
	struct office_mail m = { .uid = uid, .at = rig.now - 1 };

	memcpy(m.to, all, n * sizeof(all[0]));
	return office_post(&rig.o, m);
}

/* Many short lines, or one. */
static uint64_t
post_text(size_t octets, bool is_line)
{
	char *body = xmalloc(octets + 1);
	uint64_t id;
	size_t i;

	memset(body, 'x', octets);
	for (i = 62; i < octets && !is_line; i += 64)
		memcpy(body + i, "\r\n", 2);
	body[octets] = '\0';
	id = office_post(&rig.o, (struct office_mail){ .uid = 1000,
				     .to = { "a@example.com" },
				     .body = body,
				     .at = rig.now - 1 });
	free(body);
	return id;
}

uint64_t
post_large(void)
{
	return post_text(RIG_LARGE, false);
}

uint64_t
post_line(void)
{
	return post_text(RIG_LARGE / 4, true);
}

unsigned
attempts(uint64_t id)
{
	struct store_message m;
	unsigned n;

	memset(&m, 0, sizeof(m));
	assert_int_equal(
	    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
	n = m.attempts;
	store_message_clear(&m);
	return n;
}

void
kick(void)
{
	dispatch_kick(rig.o.parts.dispatch, NULL);
	office_run(&rig.o);
}

static void
receive(struct deliver *d)
{
	ssize_t n;
	char *to;

	do {
		office_run(&rig.o);
		assert_non_null(to = buf_reserve(&d->in, 65536));
		n = recv(d->fd, to, 65536, MSG_DONTWAIT);
		if (n > 0)
			buf_grew(&d->in, (size_t)n);
	} while (n > 0);
}

void
hears_any(struct deliver *d, struct frame *f)
{
	ssize_t n;

	receive(d);
	n = frame_parse(buf_data(&d->in), d->in.len, f);
	assert_true(n > 0);
	buf_truncate(&d->last, 0);
	buf_append(&d->last, buf_data(&d->in), (size_t)n);
	buf_consume(&d->in, (size_t)n);
	frame_parse(buf_data(&d->last), d->last.len, f);
}

struct frame
hears(struct deliver *d, enum job_type type)
{
	struct frame f;

	hears_any(d, &f);
	assert_int_equal(f.type, type);
	return f;
}

size_t
hears_body(struct deliver *d, enum job_type end)
{
	size_t octets = 0;
	struct frame f;

	for (;;) {
		hears_any(d, &f);
		if (f.type != JOB_BODY)
			break;
		octets += f.len;
	}
	assert_int_equal(f.type, end);
	return octets;
}

void
hears_nothing(struct deliver *d)
{
	receive(d);
	assert_int_equal(d->in.len, 0);
}

uint64_t
hears_message(struct deliver *d)
{
	struct frame f = hears(d, JOB_MESSAGE);
	struct job_message m;
	uint64_t id;

	assert_int_equal(job_get_message(&f, &m, &rig.o.e), 0);
	assert_int_equal(queue_id_parse(m.queue_id, &id), 0);
	job_message_clear(&m);
	while (frame_parse(buf_data(&d->in), d->in.len, &f) > 0 &&
	       (f.type == JOB_RCPTS || f.type == JOB_BODY))
		hears(d, f.type);
	return id;
}

static void
put(struct deliver *d, struct buf *b)
{
	assert_int_equal(
	    send(d->fd, buf_data(b), b->len, MSG_NOSIGNAL), b->len);
	buf_clear(b);
}

static void
say(struct deliver *d, struct buf *b)
{
	put(d, b);
	office_run(&rig.o);
}

void
puts_ready(struct deliver *d)
{
	struct job_ready r = { .relay = "mx.example.com",
		.address = "192.0.2.1:587",
		.tls = "TLSv1.3",
		.cipher = "C" };
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_ready(&b, &r), 0);
	put(d, &b);
}

void
says_ready(struct deliver *d)
{
	puts_ready(d);
	office_run(&rig.o);
}

static struct job_result
result(enum job_outcome outcome, enum job_scope scope, const char *text)
{
	struct job_result r = { .outcome = outcome, .scope = scope };

	strlcpy(r.status, "4.0.0", sizeof(r.status));
	strlcpy(r.text, text, sizeof(r.text));
	strlcpy(r.phase, "test", sizeof(r.phase));
	return r;
}

void
only_fails(struct deliver *d, enum job_outcome outcome, enum job_scope scope,
    const char *text)
{
	struct job_result r = result(outcome, scope, text);
	struct job_ready sofar = { .relay = "mx.example.com" };
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_failed(&b, &r, &sofar), 0);
	say(d, &b);
}

void
says_failed(struct deliver *d, enum job_outcome outcome, enum job_scope scope,
    const char *text)
{
	only_fails(d, outcome, scope, text);
	hangs_up(d);
}

void
only_closes(struct deliver *d, enum job_outcome outcome)
{
	struct job_result r =
	    result(outcome, JOB_SCOPE_CONNECTION, "the session is over");
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_closed(&b, &r), 0);
	say(d, &b);
}

void
says_closed(struct deliver *d, enum job_outcome outcome)
{
	only_closes(d, outcome);
	hangs_up(d);
}

void
says_refused(struct deliver *d, const char *text)
{
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_refused(&b, text), 0);
	say(d, &b);
	hangs_up(d);
}

void
says_result(struct deliver *d, uint64_t rcpt, enum job_outcome outcome,
    enum job_scope scope, unsigned code)
{
	struct job_result r = result(outcome, scope, "words");
	struct buf b;

	r.rcpt = rcpt;
	r.code = code;
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_result(&b, &r), 0);
	say(d, &b);
}

void
says_refusal(struct deliver *d, uint64_t rcpt, unsigned code,
    const char *status, const char *text)
{
	struct job_result r = result(JOB_REJECTED, JOB_SCOPE_MESSAGE, text);
	struct buf b;

	r.rcpt = rcpt;
	r.code = code;
	strlcpy(r.status, status, sizeof(r.status));
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_result(&b, &r), 0);
	say(d, &b);
}

void
puts_done(struct deliver *d)
{
	struct job_done done = { .octets = 25 };
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_done(&b, &done), 0);
	put(d, &b);
}

void
says_done(struct deliver *d)
{
	puts_done(d);
	office_run(&rig.o);
}

void
hangs_up(struct deliver *d)
{
	if (d->fd == -1)
		return;
	close(d->fd);
	d->fd = -1;
	buf_clear(&d->in);
	buf_clear(&d->last);
	office_run(&rig.o);
}

uint64_t
takes_one(struct deliver *d)
{
	uint64_t id = hears_message(d);

	hears(d, JOB_BODY_END);
	says_result(d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(d);
	return id;
}

struct dispatch_view
view(size_t account)
{
	struct dispatch_view v;

	dispatch_view(rig.o.parts.dispatch, account, &v);
	return v;
}
