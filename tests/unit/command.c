/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "delivery/command.h"
#include "delivery/conn.h"

static int server;
static struct conn *conn;

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		return -1;
	server = fd[0];
	conn = conn_new(fd[1], -1, "server.example");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	conn_free(conn);
	return close(server);
}

static void
a_command_gets_its_line_end(void **state)
{
	char got[64] = "";
	struct err e;

	(void)state;
	assert_int_equal(command_put(conn, &e, "RCPT TO:<%s>", "a@b"), 0);
	assert_int_equal(command_put(conn, &e, "DATA"), 0);
	assert_int_equal(conn_flush(conn, &e), 0);
	assert_int_equal(recv(server, got, sizeof(got) - 1, 0), 21);
	assert_string_equal(got, "RCPT TO:<a@b>\r\nDATA\r\n");
}

/* The last look, whatever was checked before. */
static void
no_control_byte_leaves(void **state)
{
	static const char *const bad[] = { "a\r\nQUIT", "a\nb", "a\rb", "a\tb",
		"\x01", "\x1b[m", "a\x7f" };
	struct err e;
	char c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    command_put(conn, &e, "MAIL FROM:<%s>", bad[i]), -1);
		assert_int_equal(e.class, ERR_LOCAL);
	}
	assert_int_equal(conn_flush(conn, &e), 0);
	assert_int_equal(recv(server, &c, 1, MSG_DONTWAIT), -1);
}

static void
an_endless_command_is_refused(void **state)
{
	char longer[4096];
	struct err e;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(command_put(conn, &e, "EHLO %s", longer), -1);
	longer[1000] = '\0';
	assert_int_equal(command_put(conn, &e, "EHLO %s", longer), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_command_gets_its_line_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    no_control_byte_leaves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_endless_command_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
