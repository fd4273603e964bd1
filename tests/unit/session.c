/* SPDX-License-Identifier: ISC */
/*
 * What a session does not begin with a server that is not on this machine;
 * the dialogues of tests/dialog have none but such servers.
 */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "delivery/conn.h"
#include "delivery/session.h"

static void
without_tls_to_this_machine_only(void **state)
{
	static const char hello[] = "220 x\r\n250 x\r\n";
	static char helo[] = "client.example";
	struct job_session job = { .tls = TLS_NONE, .helo = helo };
	struct job_result why;
	int fd[2], is_loopback;
	char said[64];
	ssize_t n;

	(void)state;
	for (is_loopback = 0; is_loopback < 2; is_loopback++) {
		struct session s = { .job = &job,
			.is_loopback = is_loopback == 1 };

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(send(fd[0], hello, sizeof(hello) - 1, 0),
		    sizeof(hello) - 1);
		s.conn = conn_new(fd[1], -1, "server.example");
		assert_int_equal(
		    session_open(&s, &why), is_loopback == 1 ? 0 : -1);
		n = recv(fd[0], said, sizeof(said), MSG_DONTWAIT);
		assert_int_equal(n > 0, is_loopback == 1);
		if (is_loopback == 0) {
			assert_int_equal(why.outcome, JOB_REJECTED);
			assert_int_equal(why.scope, JOB_SCOPE_ACCOUNT);
			assert_non_null(strstr(why.text, "account.tls"));
		}
		conn_free(s.conn);
		close(fd[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_tls_to_this_machine_only),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
