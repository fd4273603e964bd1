/* SPDX-License-Identifier: ISC */
/* Deadlines and the watch over the job channel; the rest is in tests/dialog. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "delivery/conn.h"

struct ends {
	int server;
	int queue;
	struct conn *conn;
};

static int
set_up(void **state)
{
	static struct ends e;
	int s[2], q[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, q) == -1)
		return -1;
	e.server = s[0];
	e.queue = q[0];
	e.conn = conn_new(s[1], q[1], "server.example");
	*state = &e;
	return 0;
}

static int
tear_down(void **state)
{
	struct ends *e = *state;

	conn_free(e->conn);
	if (e->server != -1)
		close(e->server);
	if (e->queue != -1)
		close(e->queue);
	return 0;
}

static void
silence_ends_at_the_deadline(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	conn_phase(s->conn, PHASE_RCPT);
	conn_deadline(s->conn, clock_mono_ms());
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(
	    e.text, "timed out while sending RCPT TO at server.example");
}

/* Every octet that trickles in finds the deadline where it was. */
static void
trickling_does_not_move_the_deadline(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	conn_phase(s->conn, PHASE_MAIL);
	conn_deadline(s->conn, clock_mono_ms());
	assert_int_equal(send(s->server, "250 o", 5, 0), 5);
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), -1);
	assert_non_null(strstr(e.text, "timed out"));
}

static void
a_full_socket_ends_at_the_deadline(void **state)
{
	struct ends *s = *state;
	static char block[65536];
	struct err e;
	int i, rc = 0;

	memset(block, 'x', sizeof(block));
	conn_phase(s->conn, PHASE_BODY);
	conn_deadline(s->conn, clock_mono_ms());
	for (i = 0; i < 1000 && rc == 0; i++)
		rc = conn_put(s->conn, block, sizeof(block), &e);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(e.text, "sending the message body"));
}

static void
the_end_of_the_queue_ends_a_wait(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	close(s->queue);
	s->queue = -1;
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
}

static void
frames_of_the_queue_do_not(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	assert_int_equal(send(s->queue, "frame", 5, 0), 5);
	assert_int_equal(send(s->server, "250 ok\r\n", 8, 0), 8);
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), 0);
	assert_int_equal(n, 6);
	assert_memory_equal(line, "250 ok", 6);
	assert_int_equal(conn_idle(s->conn, CLOCK_NEVER), CONN_CHANNEL);
}

static void
idle_sees_the_server(void **state)
{
	struct ends *s = *state;

	assert_false(conn_has_input(s->conn));
	assert_int_equal(conn_idle(s->conn, clock_mono_ms()), CONN_TIMEOUT);
	assert_int_equal(send(s->server, "421", 3, 0), 3);
	assert_int_equal(conn_idle(s->conn, CLOCK_NEVER), CONN_SERVER);
	assert_true(conn_has_input(s->conn));
}

static void
the_end_of_the_server_is_input(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	close(s->server);
	s->server = -1;
	assert_int_equal(conn_idle(s->conn, CLOCK_NEVER), CONN_SERVER);
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), -1);
	assert_non_null(strstr(e.text, "closed the connection"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    silence_ends_at_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    trickling_does_not_move_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_socket_ends_at_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_end_of_the_queue_ends_a_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    frames_of_the_queue_do_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    idle_sees_the_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_end_of_the_server_is_input, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
