/* SPDX-License-Identifier: ISC */
/*
 * Submissions over the socket: what becomes of a client that falls silent, and
 * of the others meanwhile.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/proto_submit.h"
#include "queue/intake.h"
#include "queue/sockets.h"
#include "queue/store.h"
#include "tests/unit/office.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/submission.h"

/* Long enough never to strike by accident, and what must strike is short. */
#define patient intake_patience
static const struct intake_patience hasty = { 50, 50 };

static uint64_t
count(struct office *o)
{
	struct store_totals t;

	assert_int_equal(store_totals(o->parts.store, &t, &o->e), 0);
	return t.messages;
}

/* Submissions as the daemon takes them. */
struct door {
	struct sockets sockets;
	struct intake *intake;
};

static void
door_open(
    struct door *d, struct office *o, const struct intake_patience *patience)
{
	sockets_init(&d->sockets);
	assert_int_equal(
	    sockets_bind(&d->sockets, o->conf->queue.socket_directory, &o->e),
	    0);
	d->intake = intake_new(o->parts.base, o->conf, o->parts.admit, patience,
	    d->sockets.fd[SOCKET_SUBMIT]);
}

static void
door_close(struct door *d, const struct office *o)
{
	intake_free(d->intake);
	sockets_retire(&d->sockets, o->conf->queue.socket_directory);
}

static int
client_of(const struct office *o)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	snprintf(
	    sun.sun_path, sizeof(sun.sun_path), "%s/run/submit", o->directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* The other end has closed, and perhaps not waited for our last words. */
static bool
is_over(void)
{
	return errno == EPIPE || errno == ECONNRESET;
}

/* Sends all of b, or what is taken of it, with the loop at the other end. */
static void
say(struct office *o, int fd, struct buf *b)
{
	ssize_t n;

	while (b->len > 0) {
		n = send(fd, buf_data(b), b->len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			buf_consume(b, (size_t)n);
		} else if (is_over()) {
			buf_truncate(b, 0);
		} else {
			assert_int_equal(errno, EAGAIN);
			event_base_loop(o->parts.base, EVLOOP_ONCE);
		}
	}
}

/* What comes until the connection is closed: the types of its frames. */
static void
hear_all(struct office *o, int fd, const char *expected)
{
	char types[16] = "";
	struct frame f;
	struct buf b;
	ssize_t n;
	char *to;

	buf_init(&b, FRAME_RECV_MAX);
	for (;;) {
		to = buf_reserve(&b, FRAME_MAX);
		n = recv(fd, to, FRAME_MAX, MSG_DONTWAIT);
		if (n == 0 || (n == -1 && is_over()))
			break;
		if (n > 0) {
			buf_grew(&b, (size_t)n);
		} else {
			assert_int_equal(errno, EAGAIN);
			event_base_loop(o->parts.base, EVLOOP_ONCE);
		}
	}
	while ((n = frame_parse(buf_data(&b), b.len, &f)) > 0) {
		snprintf(types + strlen(types), sizeof(types) - strlen(types),
		    "%u ", f.type);
		buf_consume(&b, (size_t)n);
	}
	assert_string_equal(types, expected);
	buf_clear(&b);
	close(fd);
}

static const char greeted[] = "1 ", accepted[] = "1 6 ";

static void
a_whole_message_is_accepted(void **state)
{
	struct office *o = *state;
	struct door d;
	struct buf b;
	int fd;

	door_open(&d, o, &patient);
	fd = client_of(o);
	buf_init(&b, SUBMISSION_MAX);
	submission_put(&b, 1, 640, true);
	say(o, fd, &b);
	hear_all(o, fd, accepted);
	assert_int_equal(count(o), 1);
	buf_clear(&b);
	door_close(&d, o);
}

/* Half of a message, and then nothing: however far it had come. */
static void
one_that_falls_silent_is_ended(void **state)
{
	static const struct {
		size_t octets;
		size_t cut; /* octets of its frames that never come */
	} cases[] = {
		{ 640, 1 },               /* of END */
		{ 640, 18 },              /* END */
		{ 640, 400 },             /* within the body */
		{ 3 * 1024 * 1024, 100 }, /* with some of it stored */
	};
	struct office *o = *state;
	struct door d;
	struct buf b;
	size_t k;
	int fd;

	door_open(&d, o, &hasty);
	hear_all(o, client_of(o), greeted);
	buf_init(&b, SUBMISSION_MAX);
	for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		fd = client_of(o);
		submission_put(&b, 1, cases[k].octets, true);
		buf_truncate(&b, b.len - cases[k].cut);
		say(o, fd, &b);
		hear_all(o, fd, greeted);
		assert_int_equal(count(o), 0);
	}
	buf_clear(&b);
	door_close(&d, o);
}

/* A job that prints a little into sendmail now and then has its time. */
static void
one_that_has_begun_may_pause(void **state)
{
	const size_t large = 3 * 1024 * 1024;
	const struct intake_patience mixed = { hasty.silence_ms,
		patient.writer_ms };
	struct office *o = *state;
	struct door d;
	struct buf b;
	int fd;

	door_open(&d, o, &mixed);
	buf_init(&b, SUBMISSION_MAX);
	submission_put(&b, 1, large, false);
	fd = client_of(o);
	say(o, fd, &b);
	/* who says nothing at all comes and is ended meanwhile */
	hear_all(o, client_of(o), greeted);
	hear_all(o, client_of(o), greeted);
	submit_put_end(&b, large);
	say(o, fd, &b);
	hear_all(o, fd, accepted);
	assert_int_equal(count(o), 1);
	buf_clear(&b);
	door_close(&d, o);
}

/* The limit is each client's own, and nobody waits for another's. */
static void
others_are_served_meanwhile(void **state)
{
	struct office *o = *state;
	struct door d;
	struct buf b;
	int silent, fd;

	door_open(&d, o, &patient);
	silent = client_of(o);
	buf_init(&b, SUBMISSION_MAX);
	submission_put(&b, 1, 640, false);
	say(o, silent, &b);
	fd = client_of(o);
	submission_put(&b, 2, 640, true);
	say(o, fd, &b);
	hear_all(o, fd, accepted);
	assert_int_equal(count(o), 1);
	/* It goes on after its pause. */
	submit_put_end(&b, 640);
	say(o, silent, &b);
	hear_all(o, silent, accepted);
	assert_int_equal(count(o), 2);
	buf_clear(&b);
	door_close(&d, o);
}

/*
 * One in the middle of a large message has parts of it in the file already: it
 * must not keep a transaction open, or a place in the batch.
 */
static void
others_are_served_while_a_large_one_is_silent(void **state)
{
	const size_t large = 5 * 1024 * 1024;
	struct office *o = *state;
	struct door d;
	struct buf first, b;
	int silent[2], fd;
	size_t i, half;

	door_open(&d, o, &patient);
	buf_init(&first, SUBMISSION_MAX);
	buf_init(&b, SUBMISSION_MAX);
	/* Cut at any place of a frame. */
	for (i = 0; i < 2; i++) {
		silent[i] = client_of(o);
		submission_put(&b, (uint8_t)(1 + i), large, true);
		half = 3 * 1024 * 1024 + 1000 * (i + 1);
		buf_append(&first, buf_data(&b), half);
		buf_truncate(&b, 0);
		say(o, silent[i], &first);
	}
	for (i = 0; i < 50; i++)
		event_base_loop(o->parts.base, EVLOOP_NONBLOCK);
	assert_true(fixture_number(o->conf->queue.directory,
			"SELECT sum(size) FROM message "
			"WHERE state = 'staging'") >= 4 * 1024 * 1024);
	for (i = 0; i < 3; i++) {
		fd = client_of(o);
		submission_put(
		    &b, (uint8_t)(10 + i), i == 1 ? large : 640, true);
		say(o, fd, &b);
		hear_all(o, fd, accepted);
		assert_int_equal(count(o), i + 1);
	}
	for (i = 0; i < 2; i++) {
		submission_put(&b, (uint8_t)(1 + i), large, true);
		half = 3 * 1024 * 1024 + 1000 * (i + 1);
		buf_consume(&b, half);
		say(o, silent[i], &b);
		hear_all(o, silent[i], accepted);
		assert_int_equal(count(o), 4 + i);
	}
	buf_clear(&first);
	buf_clear(&b);
	door_close(&d, o);
}

static void
the_end_leaves_nobody_waiting(void **state)
{
	struct office *o = *state;
	struct door d;
	int fd;

	door_open(&d, o, &patient);
	fd = client_of(o);
	while (recv(fd, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) == -1)
		event_base_loop(o->parts.base, EVLOOP_ONCE);
	door_close(&d, o);
	hear_all(o, fd, greeted);
	assert_int_equal(count(o), 0);
}

static int
set_up(void **state)
{
	static struct office o;

	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	*state = &o;
	return 0;
}

static int
tear_down(void **state)
{
	office_close(*state);
	return 0;
}

#define in_office(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_office(a_whole_message_is_accepted),
		in_office(one_that_falls_silent_is_ended),
		in_office(one_that_has_begun_may_pause),
		in_office(others_are_served_meanwhile),
		in_office(others_are_served_while_a_large_one_is_silent),
		in_office(the_end_leaves_nobody_waiting),
	};

	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
