/* SPDX-License-Identifier: ISC */
/* Deadlines and the watch over the job channel; the rest is in tests/dialog. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

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
#include "mail/phase.h"

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

static char block[65536];

static void
put_blocks(struct conn *c, size_t n)
{
	struct err e;

	memset(block, 'x', sizeof(block));
	while (n-- > 0)
		assert_int_equal(conn_put(c, block, sizeof(block), &e), 0);
	assert_int_equal(conn_flush(c, &e), 0);
}

/* Writing tells nothing; reading does. */
static void
a_full_socket_ends_at_the_deadline(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	conn_phase(s->conn, PHASE_BODY);
	conn_deadline(s->conn, clock_mono_ms());
	put_blocks(s->conn, 100);
	assert_true(conn_is_mute(s->conn));
	assert_true(conn_has_input(s->conn));
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), -1);
	assert_non_null(
	    strstr(e.text, "timed out while sending the message body"));
}

static void
last_words_come_before_the_failure(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	assert_int_equal(send(s->server, "552 no\r\n421 b", 13, 0), 13);
	close(s->server);
	s->server = -1;
	conn_phase(s->conn, PHASE_BODY);
	put_blocks(s->conn, 1);
	assert_true(conn_is_mute(s->conn));
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), 0);
	assert_memory_equal(line, "552 no", 6);
	conn_phase(s->conn, PHASE_FINAL);
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), -1);
	/* what it failed at, not what was done next */
	assert_non_null(strstr(e.text, "lost the connection"));
	assert_non_null(strstr(e.text, "sending the message body"));
}

static void
a_listener_stops_at_an_answer(void **state)
{
	struct ends *s = *state;
	const char *line;
	struct err e;
	size_t n;

	assert_int_equal(send(s->server, "552 no\r\n", 8, 0), 8);
	conn_listen(s->conn, true);
	conn_deadline(s->conn, CLOCK_NEVER);
	put_blocks(s->conn, 100);
	assert_true(conn_is_mute(s->conn));
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), 0);
	/* The connection lives: what is not there yet is waited for. */
	assert_int_equal(send(s->server, "221 bye\r\n", 9, 0), 9);
	assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), 0);
	assert_memory_equal(line, "221 bye", 7);
}

#define ANSWERS 8000 /* beyond any socket's buffer, within ours */

/* A server that reads nothing before it has got rid of what it has to say. */
static void
talk_then_read(int fd)
{
	int i, size = 4096;
	size_t left = 100 * sizeof(block);
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (i = 0; i < ANSWERS; i++)
		if (send(fd, "250 ok 789\r\n", 12, MSG_NOSIGNAL) != 12)
			_exit(1);
	for (; left > 0; left -= (size_t)n)
		if ((n = recv(fd, block, sizeof(block), 0)) <= 0)
			_exit(1);
	_exit(0);
}

static void
both_may_talk_at_once(void **state)
{
	struct ends *s = *state;
	int status, i;
	const char *line;
	struct err e;
	size_t n;
	pid_t pid;

	if ((pid = fork()) == 0)
		talk_then_read(s->server);
	close(s->server);
	s->server = -1;
	conn_phase(s->conn, PHASE_BODY);
	put_blocks(s->conn, 100);
	assert_false(conn_is_mute(s->conn));
	for (i = 0; i < ANSWERS; i++)
		assert_int_equal(conn_line(s->conn, 100, &line, &n, &e), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_full_socket_ends_with_the_queue(void **state)
{
	struct ends *s = *state;
	struct err e;
	int i, rc = 0;

	close(s->queue);
	s->queue = -1;
	for (i = 0; i < 100 && rc == 0; i++)
		rc = conn_put(s->conn, block, sizeof(block), &e);
	assert_int_equal(rc, -1);
	assert_int_equal(e.class, ERR_LOCAL);
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

/* RFC 5321 4.5.3.2.6: a server that is slow here must not be sent it twice. */
static void
the_answer_to_the_dot_has_ten_minutes(void **state)
{
	(void)state;
	assert_int_equal(phase_limit_ms(PHASE_FINAL), 10 * 60 * 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_to_the_dot_has_ten_minutes),
		cmocka_unit_test_setup_teardown(
		    silence_ends_at_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    trickling_does_not_move_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_socket_ends_at_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    last_words_come_before_the_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_listener_stops_at_an_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    both_may_talk_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_socket_ends_with_the_queue, set_up, tear_down),
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
