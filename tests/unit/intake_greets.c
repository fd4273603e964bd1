/* SPDX-License-Identifier: ISC */
/*
 * When a client is greeted.  Whoever may have to go to the drop folder instead
 * has a short patience, and a disk may be slow; an smtpd is woken once.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_origin.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/admit.h"
#include "queue/intake.h"
#include "queue/sockets.h"
#include "tests/unit/office.h"

static struct {
	struct office o;
	struct sockets sockets;
	struct intake *i;
	int client;
	ssize_t at_commit; /* octets that the client had been sent by then */
} rig;

/* SQLite's, in place of the C library's. */
int
fdatasync(int fildes)
{
	char bytes[4096];

	if (rig.at_commit == -1)
		rig.at_commit = recv(
		    rig.client, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_PEEK);
	if (rig.at_commit == -1)
		rig.at_commit = 0;
	return fsync(fildes);
}

static int
set_up(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)state;
	office_open(&rig.o, OFFICE_ADMIN OFFICE_ACCOUNT "[listen copiers]\n");
	sockets_init(&rig.sockets);
	assert_int_equal(sockets_bind(&rig.sockets,
			     rig.o.conf->queue.socket_directory, &rig.o.e),
	    0);
	rig.i = intake_new(rig.o.parts.base, rig.o.conf, rig.o.parts.admit,
	    &intake_patience, rig.sockets.fd[SOCKET_SUBMIT]);
	rig.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(rig.client, -1);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/submit",
	    rig.o.directory);
	assert_int_equal(
	    connect(rig.client, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(rig.client);
	intake_free(rig.i);
	sockets_retire(&rig.sockets, rig.o.conf->queue.socket_directory);
	office_run(&rig.o);
	office_close(&rig.o);
	return 0;
}

static void
send_all(struct buf *b)
{
	assert_int_equal(
	    send(rig.client, buf_data(b), b->len, MSG_NOSIGNAL), b->len);
	buf_clear(b);
}

static void
say_origin(void)
{
	static const uint8_t token[ORIGIN_TOKEN] = { 1 };
	const struct submit_origin o = { .token = { 1 },
		.listener = (char *)(uintptr_t) "copiers",
		.client = (char *)(uintptr_t) "192.0.2.1",
		.smtpd = 4711 };
	struct buf b;

	admit_believe(rig.o.parts.admit, token);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(origin_put(&b, &o), 0);
	send_all(&b);
}

static void
say_message(bool is_whole)
{
	const struct submit_head head = {
		.id = { 7 }, .created_at = T0, .version = SUBMIT_VERSION
	};
	struct envelope env;
	struct buf b;

	envelope_init(&env);
	env.sender = xstrdup("a@example.com");
	envelope_add(&env, "b@example.com");
	buf_init(&b, FRAME_RECV_MAX);
	assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
	frame_put_raw(&b, SUBMIT_DATA, "x\r\n", 3);
	if (is_whole)
		submit_put_end(&b, 3);
	envelope_clear(&env);
	send_all(&b);
}

/* The types of the frames that have come: G(reeting), A(ccepted). */
static void
has_heard(const char *expected)
{
	char bytes[4096], types[8] = "";
	ssize_t n, at, used;
	struct frame f;

	n = recv(rig.client, bytes, sizeof(bytes), MSG_DONTWAIT);
	for (at = 0; at < n; at += used) {
		used = frame_parse(bytes + at, (size_t)(n - at), &f);
		assert_true(used > 0);
		strlcat(types,
		    f.type == SUBMIT_GREETING   ? "G"
		    : f.type == SUBMIT_ACCEPTED ? "A"
						: "?",
		    sizeof(types));
	}
	assert_string_equal(types, expected);
}

static void
a_local_one_is_greeted_before_the_disk_is_asked(void **state)
{
	(void)state;
	say_message(true);
	rig.at_commit = -1;
	office_run(&rig.o);
	assert_true(rig.at_commit > 0);
	has_heard("GA");
}

static void
an_smtpd_hears_both_at_once(void **state)
{
	(void)state;
	say_origin();
	say_message(true);
	rig.at_commit = -1;
	office_run(&rig.o);
	assert_int_equal(rig.at_commit, 0);
	has_heard("GA");
}

static void
whoever_is_waited_for_is_greeted(void **state)
{
	(void)state;
	say_origin();
	say_message(false);
	office_run(&rig.o);
	has_heard("G");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_local_one_is_greeted_before_the_disk_is_asked),
		TEST(an_smtpd_hears_both_at_once),
		TEST(whoever_is_waited_for_is_greeted),
	};

	return cmocka_run_group_tests_name("intake_greets", tests, NULL, NULL);
}
