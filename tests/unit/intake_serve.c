/* SPDX-License-Identifier: ISC */
/* Submissions over a real socket: answers, limits, and clients that go. */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

#include <event2/event.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/intake.h"
#include "queue/sockets.h"
#include "tests/unit/office.h"

static struct {
	struct office o;
	struct sockets sockets;
	struct intake *i;
} rig;

static void
up(const char *options)
{
	office_open(&rig.o, options);
	sockets_init(&rig.sockets);
	if (sockets_bind(&rig.sockets, rig.o.conf->queue.socket_directory,
		&rig.o.e) == -1)
		fail_msg("%s", rig.o.e.text);
	rig.i = intake_new(rig.o.parts.base, rig.o.conf, rig.o.parts.admit,
	    &intake_patience, rig.sockets.fd[SOCKET_SUBMIT]);
}

static void
down(void)
{
	intake_free(rig.i);
	sockets_retire(&rig.sockets, rig.o.conf->queue.socket_directory);
	office_run(&rig.o);
	office_close(&rig.o);
}

static int
dial(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/submit",
	    rig.o.directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Lets any user reach the socket, as the real folders do. */
static void
open_to_others(void)
{
	char *run = xasprintf("%s/run", rig.o.directory);

	assert_int_equal(chmod(rig.o.directory, 0755), 0);
	assert_int_equal(chmod(run, 0755), 0);
	free(run);
}

/* What a client has been sent so far, read without waiting. */
struct heard {
	bool has_greeting, is_accepted, is_refused, is_closed;
	char id[QUEUE_ID_LEN + 1];
	struct err why;
};

static void
hear(int fd, struct heard *h)
{
	uint64_t version, size_max;
	struct frame f;
	char bytes[4096];
	ssize_t n, used, at;

	office_run(&rig.o);
	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		for (at = 0; at < n; at += used) {
			used = frame_parse(bytes + at, (size_t)(n - at), &f);
			assert_true(used > 0);
			if (submit_get_greeting(
				&f, &version, &size_max, NULL) == 0) {
				assert_int_equal(size_max,
				    rig.o.conf->queue.message_size_max);
				h->has_greeting = true;
				continue;
			}
			switch (
			    submit_get_answer(&f, h->id, &h->why, &rig.o.e)) {
			case 0:
				h->is_accepted = true;
				break;
			case 1:
				h->is_refused = true;
				break;
			default:
				fail_msg("%s", rig.o.e.text);
			}
		}
	h->is_closed = n == 0 || (n == -1 && errno == ECONNRESET);
}

static void
say(int fd, const char *rcpt, const char *body, uint64_t size)
{
	struct submit_head head = { .created_at = T0,
		.version = SUBMIT_VERSION };
	struct envelope env;
	struct buf b;

	arc4random_buf(head.id, sizeof(head.id));
	envelope_init(&env);
	env.sender = xstrdup("a@example.com");
	envelope_add(&env, rcpt);
	buf_init(&b, FRAME_RECV_MAX);
	assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
	frame_put_raw(&b, SUBMIT_DATA, body, strlen(body));
	if (size != UINT64_MAX)
		submit_put_end(&b, size);
	assert_int_equal(send(fd, buf_data(&b), b.len, MSG_NOSIGNAL), b.len);
	envelope_clear(&env);
	buf_clear(&b);
}

static void
a_message_is_answered_once(void **state)
{
	struct heard h = { 0 };
	int fd;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	fd = dial();
	say(fd, "b@example.com", "x\r\n", 3);
	hear(fd, &h);
	assert_true(h.has_greeting && h.is_accepted && h.is_closed);
	assert_int_equal(strlen(h.id), QUEUE_ID_LEN);
	assert_string_equal(office_list(&rig.o),
	    "mail <a@example.com> to b@example.com queued");
	close(fd);
	down();
}

static void
the_greeting_waits_for_nothing(void **state)
{
	struct heard h = { 0 };
	int fd;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nmessage_size_max = 5000\n");
	fd = dial();
	hear(fd, &h);
	assert_true(h.has_greeting && !h.is_closed);
	/* And no client waits for another. */
	say(fd, "b@example.com", "x\r\n", UINT64_MAX);
	hear(fd, &h);
	assert_false(h.is_closed);
	close(fd);
	down();
}

static void
refusals_say_why(void **state)
{
	static const struct {
		const char *rcpt, *body;
		uint64_t size;
		const char *status;
	} cases[] = {
		{ "b@", "x\r\n", 3, "5.1.3" },
		{ "b@example.com", "x\n", 2, "5.6.0" },
		{ "b@example.com", "x\r\n", 4, "5.5.0" },
	};
	struct heard h;
	size_t i;
	int fd;

	(void)state;
	up(OFFICE_ACCOUNT);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&h, 0, sizeof(h));
		fd = dial();
		say(fd, cases[i].rcpt, cases[i].body, cases[i].size);
		hear(fd, &h);
		assert_true(h.is_refused && h.is_closed && !h.is_accepted);
		assert_string_equal(h.why.status, cases[i].status);
		close(fd);
	}
	assert_string_equal(office_list(&rig.o), "");
	down();
}

static void
nonsense_ends_its_own_connection(void **state)
{
	struct heard bad = { 0 }, good = { 0 };
	int rude, kind;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	kind = dial();
	rude = dial();
	assert_int_equal(send(rude, "EHLO there\r\n", 12, 0), 12);
	hear(rude, &bad);
	assert_true(bad.is_refused && bad.is_closed);
	assert_int_equal(bad.why.class, ERR_PERM);
	say(kind, "b@example.com", "x\r\n", 3);
	hear(kind, &good);
	assert_true(good.is_accepted);
	close(kind);
	close(rude);
	down();
}

static void
without_its_end_there_is_no_message(void **state)
{
	int fd;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	fd = dial();
	say(fd, "b@example.com", "x\r\n", UINT64_MAX);
	office_run(&rig.o);
	close(fd);
	office_run(&rig.o);
	assert_string_equal(office_list(&rig.o), "");
	down();
}

static void
a_large_message_comes_in_parts(void **state)
{
	struct submit_head head = { .id = { 1 }, .version = SUBMIT_VERSION };
	char *piece = xmalloc(FRAME_RAW_MAX);
	struct heard h = { 0 };
	struct envelope env;
	struct buf b;
	size_t sent = 0;
	ssize_t n;
	int fd, i;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	memset(piece, 'x', FRAME_RAW_MAX);
	envelope_init(&env);
	env.sender = xstrdup("");
	envelope_add(&env, "b@example.com");
	buf_init(&b, 4 * 1024 * 1024);
	submit_put_envelope(&b, &head, &env);
	for (i = 0; i < 40; i++)
		frame_put_raw(&b, SUBMIT_DATA, piece, FRAME_RAW_MAX);
	submit_put_end(&b, 40 * FRAME_RAW_MAX);
	fd = dial();
	while (sent < b.len) {
		n = send(fd, buf_data(&b) + sent, b.len - sent, MSG_DONTWAIT);
		if (n == -1)
			assert_int_equal(errno, EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		office_run(&rig.o);
	}
	hear(fd, &h);
	assert_true(h.is_accepted);
	close(fd);
	envelope_clear(&env);
	buf_clear(&b);
	free(piece);
	down();
}

/*
 * Root has no such limit, so that the test connects as somebody else: whose a
 * connection is, the kernel notes when it is made.
 */
static void
connections_of_one_user_are_counted(void **state)
{
	struct heard h;
	int fd[6], i, greeted = 0;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_connections = 3\n");
	open_to_others();
	if (geteuid() == 0)
		assert_int_equal(seteuid(12345), 0);
	for (i = 0; i < 6; i++)
		fd[i] = dial();
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	for (i = 0; i < 6; i++) {
		memset(&h, 0, sizeof(h));
		hear(fd[i], &h);
		assert_true(h.has_greeting != h.is_closed);
		greeted += h.has_greeting;
	}
	assert_int_equal(greeted, 3);
	/* One that goes makes room for one more. */
	close(fd[0]);
	office_run(&rig.o);
	if (getuid() == 0)
		assert_int_equal(seteuid(12345), 0);
	fd[0] = dial();
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	memset(&h, 0, sizeof(h));
	hear(fd[0], &h);
	assert_true(h.has_greeting && !h.is_closed);
	for (i = 0; i < 6; i++)
		close(fd[i]);
	down();
}

static void
root_is_not_limited(void **state)
{
	struct heard h;
	int fd[6], i;

	(void)state;
	if (geteuid() != 0)
		skip();
	up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_connections = 1\n");
	for (i = 0; i < 6; i++) {
		memset(&h, 0, sizeof(h));
		fd[i] = dial();
		hear(fd[i], &h);
		assert_true(h.has_greeting && !h.is_closed);
	}
	for (i = 0; i < 6; i++)
		close(fd[i]);
	down();
}

static int
dial_as(uid_t uid)
{
	int fd;

	assert_int_equal(seteuid(uid), 0);
	fd = dial();
	assert_int_equal(seteuid(0), 0);
	/* The backlog is short. */
	office_run(&rig.o);
	return fd;
}

static void
assert_is_greeted(int fd, bool want)
{
	struct heard h = { 0 };

	hear(fd, &h);
	assert_int_equal(h.has_greeting, want);
	assert_int_equal(h.is_closed, !want);
}

/* Many users with a few connections each cannot keep root out. */
static void
some_connections_are_kept_for_root(void **state)
{
	struct rlimit many;
	int fd[514], i;

	(void)state;
	if (geteuid() != 0)
		skip();
	/* Both ends are here. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
	many.rlim_cur = many.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	open_to_others();
	for (i = 0; i < 480; i++) {
		fd[i] = dial_as(20000 + (uid_t)i / 60);
		assert_is_greeted(fd[i], true);
	}
	fd[480] = dial_as(30000);
	assert_is_greeted(fd[480], false);
	for (i = 481; i < 513; i++) {
		fd[i] = dial_as(0);
		assert_is_greeted(fd[i], true);
	}
	fd[513] = dial_as(0);
	assert_is_greeted(fd[513], false);
	for (i = 0; i < 514; i++)
		close(fd[i]);
	down();
}

static void
on_idle(void *arg)
{
	++*(int *)arg;
}

/* Over a reload those inside are served, and who comes waits for another. */
static void
a_closed_door_keeps_nobody_inside_waiting(void **state)
{
	struct heard in = { 0 }, out = { 0 };
	int inside, outside, idle = 0;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	intake_on_idle(rig.i, on_idle, &idle);
	inside = dial();
	hear(inside, &in);
	assert_true(in.has_greeting && !intake_is_idle(rig.i));
	intake_close_door(rig.i);
	outside = dial();
	hear(outside, &out);
	assert_false(out.has_greeting || out.is_closed);
	assert_int_equal(idle, 0);
	say(inside, "b@example.com", "x\r\n", 3);
	hear(inside, &in);
	assert_true(in.is_accepted && intake_is_idle(rig.i));
	assert_int_equal(idle, 1);
	/* The next to listen finds him. */
	intake_free(rig.i);
	rig.i = intake_new(rig.o.parts.base, rig.o.conf, rig.o.parts.admit,
	    &intake_patience, rig.sockets.fd[SOCKET_SUBMIT]);
	hear(outside, &out);
	assert_true(out.has_greeting);
	close(inside);
	close(outside);
	down();
	intake_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_answered_once),
		cmocka_unit_test(the_greeting_waits_for_nothing),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(nonsense_ends_its_own_connection),
		cmocka_unit_test(without_its_end_there_is_no_message),
		cmocka_unit_test(a_large_message_comes_in_parts),
		cmocka_unit_test(connections_of_one_user_are_counted),
		cmocka_unit_test(root_is_not_limited),
		cmocka_unit_test(some_connections_are_kept_for_root),
		cmocka_unit_test(a_closed_door_keeps_nobody_inside_waiting),
	};

	return cmocka_run_group_tests_name("intake_serve", tests, NULL, NULL);
}
