/* SPDX-License-Identifier: ISC */
/* A connection of an smtpd, for its client's messages one after another. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/proto_origin.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/admit.h"
#include "queue/ask.h"
#include "queue/intake.h"
#include "queue/sockets.h"
#include "tests/unit/office.h"

/* As many as are kept, and one more. */
#define CLIENTS 129

static struct {
	struct office o;
	struct sockets sockets;
	struct intake *i;
	int client[CLIENTS];
	size_t n;
	uint8_t id; /* of the latest submission */
	bool was_idle;
	int parent;
} rig;

static void
note_idle(void *arg)
{
	(void)arg;
	rig.was_idle = true;
}

static int
set_up(void **state)
{
	(void)state;
	office_open_parented(&rig.o,
	    OFFICE_ADMIN OFFICE_ACCOUNT
	    "[listen copiers]\nrate = 3/1h\n[queue]\nuid_messages = 1000\n",
	    &rig.parent);
	sockets_init(&rig.sockets);
	assert_int_equal(sockets_bind(&rig.sockets,
			     rig.o.conf->queue.socket_directory, &rig.o.e),
	    0);
	rig.i = intake_new(rig.o.parts.base, rig.o.conf, rig.o.parts.admit,
	    &intake_patience, rig.sockets.fd[SOCKET_SUBMIT]);
	intake_on_idle(rig.i, note_idle, NULL);
	rig.n = 0;
	rig.was_idle = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	while (rig.n > 0)
		close(rig.client[--rig.n]);
	intake_free(rig.i);
	close(rig.parent);
	sockets_retire(&rig.sockets, rig.o.conf->queue.socket_directory);
	office_run(&rig.o);
	office_close(&rig.o);
	return 0;
}

/* The number of a new connection. */
static size_t
come(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/submit",
	    rig.o.directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	rig.client[rig.n] = fd;
	return rig.n++;
}

static void
send_all(size_t who, struct buf *b)
{
	assert_int_equal(
	    send(rig.client[who], buf_data(b), b->len, MSG_NOSIGNAL), b->len);
	buf_clear(b);
}

static void
say_origin_of(size_t who, const char *client, pid_t smtpd)
{
	static const uint8_t token[ORIGIN_TOKEN] = { 1 };
	const struct submit_origin o = { .token = { 1 },
		.listener = (char *)(uintptr_t) "copiers",
		.client = (char *)(uintptr_t)client,
		.smtpd = smtpd };
	struct buf b;

	admit_believe(rig.o.parts.admit, token);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(origin_put(&b, &o), 0);
	send_all(who, &b);
}

/* Each by an smtpd of its own. */
static void
say_origin(size_t who, const char *client)
{
	static pid_t next = 4711;

	say_origin_of(who, client, next++);
}

static void
put_message(struct buf *b, const char *to)
{
	struct submit_head head = {
		.id = { 7 }, .created_at = T0, .version = SUBMIT_VERSION
	};
	struct envelope env;

	head.id[1] = rig.id;
	head.id[2] = (uint8_t)rig.n;
	envelope_init(&env);
	env.sender = xstrdup("a@example.com");
	envelope_add(&env, to);
	assert_int_equal(submit_put_envelope(b, &head, &env), 0);
	frame_put_raw(b, SUBMIT_DATA, "x\r\n", 3);
	submit_put_end(b, 3);
	envelope_clear(&env);
}

static void
say_message(size_t who, const char *to)
{
	struct buf b;

	rig.id++;
	buf_init(&b, FRAME_RECV_MAX);
	put_message(&b, to);
	send_all(who, &b);
}

/* The types of the frames that have come, and '.' for the end. */
static void
has_heard(size_t who, const char *expected)
{
	char bytes[4096], types[8] = "";
	ssize_t n, at, used;
	struct frame f;

	office_run(&rig.o);
	while (
	    (n = recv(rig.client[who], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		for (at = 0; at < n; at += used) {
			used = frame_parse(bytes + at, (size_t)(n - at), &f);
			assert_true(used > 0);
			strlcat(types,
			    f.type == SUBMIT_GREETING   ? "G"
			    : f.type == SUBMIT_ACCEPTED ? "A"
			    : f.type == SUBMIT_REFUSED  ? "R"
							: "?",
			    sizeof(types));
		}
	if (n == 0 || errno != EAGAIN)
		strlcat(types, ".", sizeof(types));
	assert_string_equal(types, expected);
}

static void
one_takes_message_after_message(void **state)
{
	size_t one = come();

	(void)state;
	say_origin(one, "192.0.2.1");
	say_message(one, "b@example.com");
	has_heard(one, "GA");
	say_message(one, "c@example.com");
	has_heard(one, "A");
	say_message(one, "d@example.com");
	has_heard(one, "A");
	/* and nothing of one is left in the next */
	assert_non_null(strstr(office_list(&rig.o), "c@example.com"));
	assert_int_equal(office_logged(&rig.o, "rcpts=1"), 3);
	/* the listener's rate counts each of them */
	say_message(one, "e@example.com");
	has_heard(one, "R.");
	assert_int_equal(office_logged(&rig.o, "too many messages"), 1);
}

static void
a_second_time_is_no_second_message(void **state)
{
	size_t one = come();

	(void)state;
	say_origin(one, "192.0.2.1");
	say_message(one, "b@example.com");
	has_heard(one, "GA");
	rig.id--;
	say_message(one, "b@example.com");
	has_heard(one, "A");
	assert_int_equal(office_logged(&rig.o, "rcpts=1"), 1);
}

/* Whoever else there is has one message, and its answer is the end. */
static void
others_have_one_each(void **state)
{
	size_t one = come();

	(void)state;
	say_message(one, "b@example.com");
	has_heard(one, "GA.");
}

/* Two at once would be a message that the parent knows nothing of. */
static void
the_next_waits_for_the_answer(void **state)
{
	size_t one = come();
	struct buf b;

	(void)state;
	say_origin(one, "192.0.2.1");
	buf_init(&b, FRAME_RECV_MAX);
	put_message(&b, "b@example.com");
	put_message(&b, "c@example.com");
	send_all(one, &b);
	has_heard(one, "GR.");
}

/* Its origin was said once, and for good. */
static void
nobody_becomes_another(void **state)
{
	size_t one = come();

	(void)state;
	say_origin(one, "192.0.2.1");
	say_message(one, "b@example.com");
	has_heard(one, "GA");
	say_origin(one, "192.0.2.2");
	has_heard(one, "R.");
}

static void
a_refusal_is_the_end(void **state)
{
	size_t one = come();

	(void)state;
	say_origin(one, "192.0.2.1");
	say_message(one, "no address");
	has_heard(one, "GR.");
}

static void
a_door_that_closes_ends_those_that_wait(void **state)
{
	size_t one = come(), half = come();
	struct buf b;

	(void)state;
	say_origin(one, "192.0.2.1");
	say_message(one, "b@example.com");
	has_heard(one, "GA");
	say_origin(half, "192.0.2.1");
	buf_init(&b, FRAME_RECV_MAX);
	rig.id++;
	put_message(&b, "b@example.com");
	assert_int_equal(send(rig.client[half], b.data, 20, 0), 20);
	has_heard(half, "G");
	intake_close_door(rig.i);
	has_heard(one, ".");
	assert_false(rig.was_idle);
	/* who is half-way in comes to its end, and that is one */
	buf_consume(&b, 20);
	send_all(half, &b);
	has_heard(half, "A.");
	assert_true(rig.was_idle);
}

/* Those who say nothing leave room for others. */
static void
few_are_kept(void **state)
{
	char client[32];
	size_t i;

	(void)state;
	for (i = 0; i < CLIENTS; i++) {
		assert_int_equal(come(), i);
		snprintf(client, sizeof(client), "192.0.2.%zu", i);
		say_origin(i, client);
		say_message(i, "b@example.com");
		has_heard(i, i < CLIENTS - 1 ? "GA" : "GA.");
	}
	/* who speaks is not one of them, until it is silent again */
	say_message(0, "c@example.com");
	has_heard(0, "A");
	close(rig.client[1]);
	rig.client[1] = rig.client[--rig.n];
	office_run(&rig.o);
	i = come();
	say_origin(i, "192.0.2.200");
	say_message(i, "b@example.com");
	has_heard(i, "GA");
}

static void
silence_is_the_end(void **state)
{
	size_t one = come();

	(void)state;
	say_origin(one, "192.0.2.1");
	say_message(one, "b@example.com");
	has_heard(one, "GA");
	while (!rig.was_idle)
		event_base_loop(rig.o.parts.base, EVLOOP_ONCE);
	has_heard(one, ".");
}

/* Whom the parent is told of; 0: of nobody. */
static pid_t
accused(void)
{
	struct ask_request r;
	ssize_t n = recv(rig.parent, &r, sizeof(r), MSG_DONTWAIT);

	if (n == -1)
		return 0;
	assert_int_equal(n, sizeof(r));
	assert_int_equal(r.what, ASK_KILL);
	return r.pid;
}

/* One that has two was taken over, and would have those of all next. */
static void
an_smtpd_has_one(void **state)
{
	size_t one = come(), second, third, other;

	(void)state;
	say_origin_of(one, "192.0.2.1", 17);
	has_heard(one, "G");
	second = come();
	say_origin_of(second, "192.0.2.1", 17);
	has_heard(second, ".");
	assert_int_equal(accused(), 17);
	/* nor after a message, while it is kept */
	say_message(one, "b@example.com");
	has_heard(one, "A");
	third = come();
	say_origin_of(third, "192.0.2.1", 17);
	say_message(third, "c@example.com");
	has_heard(third, ".");
	assert_int_equal(accused(), 17);
	assert_int_equal(office_logged(&rig.o, "rcpts=1"), 1);
	/* another's is another's */
	other = come();
	say_origin_of(other, "192.0.2.1", 18);
	has_heard(other, "G");
	assert_int_equal(accused(), 0);
}

/* Though what it has closed was not looked at yet. */
static void
one_after_the_other(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(come(), 0);
		say_origin_of(0, "192.0.2.1", 17);
		has_heard(0, "G");
		/* half a message may be on its way */
		assert_int_equal(send(rig.client[0], "x", 1, 0), 1);
		close(rig.client[--rig.n]);
	}
	assert_int_equal(come(), 0);
	say_origin_of(0, "192.0.2.1", 17);
	say_message(0, "b@example.com");
	has_heard(0, "GA");
	assert_int_equal(accused(), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_takes_message_after_message),
		TEST(a_second_time_is_no_second_message),
		TEST(others_have_one_each),
		TEST(the_next_waits_for_the_answer),
		TEST(nobody_becomes_another),
		TEST(a_refusal_is_the_end),
		TEST(a_door_that_closes_ends_those_that_wait),
		TEST(few_are_kept),
		TEST(silence_is_the_end),
		TEST(an_smtpd_has_one),
		TEST(one_after_the_other),
	};

	return cmocka_run_group_tests_name("intake_keeps", tests, NULL, NULL);
}
