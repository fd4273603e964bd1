/* SPDX-License-Identifier: ISC */
/* What the doctor makes of whoever answers at a listener's port. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/check.h"

static char name[] = "scan", four[] = "127.0.0.1", any[] = "0.0.0.0",
	    six[] = "::1", any6[] = "::";

/* What says that, in a child; its port. */
static unsigned
server(const char *says, bool is_six, pid_t *child)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in in4 = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *at =
	    is_six ? (struct sockaddr *)&in : (struct sockaddr *)&in4;
	socklen_t n = is_six ? sizeof(in) : sizeof(in4);
	int one, fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char got[64];

	assert_int_equal(bind(fd, at, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, at, &n), 0);
	*child = fork();
	if (*child == 0) {
		one = accept(fd, NULL, NULL);
		(void)!write(one, says, strlen(says));
		(void)shutdown(one, SHUT_WR);
		while (read(one, got, sizeof(got)) > 0)
			continue;
		_exit(0);
	}
	close(fd);
	return ntohs(is_six ? in.sin6_port : in4.sin_port);
}

/* The level of one line, and what it says, to be freed. */
static enum check_level
look(const struct conf_listen *l, bool has_daemon, char **text)
{
	struct check k = { .has_daemon = has_daemon };
	enum check_level level;
	size_t n;

	k.out = open_memstream(text, &n);
	assert_non_null(k.out);
	check_listener(&k, l);
	fclose(k.out);
	for (level = 0; k.seen[level] == 0; level++)
		continue;
	assert_int_equal(k.seen[level], 1);
	return level;
}

static void
who_answers(void **state)
{
	static const struct {
		const char *says;
		enum check_level level;
		const char *text;
	} cases[] = {
		{ "220 web01 ESMTP mailchute\r\n", CHECK_OK, "answers on" },
		{ "554 5.7.1 this address may not send here\r\n", CHECK_OK,
		    "none of listen.allow" },
		{ "421 4.7.0 too many connections\r\n", CHECK_WARN,
		    "listen.connections" },
		{ "421 4.7.0 too many connections of yours\r\n", CHECK_WARN,
		    "listen.client_connections" },
		{ "451 4.3.0 no certificate\r\n", CHECK_FAIL,
		    "no certificate" },
		{ "220 web01 ESMTP Postfix\r\n", CHECK_FAIL,
		    "another program" },
		{ "HTTP/1.1 400 \033[31m\r\n", CHECK_FAIL, "ss -ltnp" },
		{ "", CHECK_FAIL, "it says nothing" },
	};
	struct conf_listen l = { .name = name, .address = four };
	size_t i;
	pid_t child;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		l.port = server(cases[i].says, false, &child);
		if (look(&l, true, &text) != cases[i].level ||
		    strstr(text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].says, text);
		assert_non_null(strstr(text, "listener scan: "));
		assert_null(strchr(text, '\033'));
		assert_int_equal(waitpid(child, NULL, 0), child);
		free(text);
	}
}

static void
nobody_does(void **state)
{
	struct conf_listen l = { .name = name, .address = four };
	pid_t child;
	char *text;

	(void)state;
	l.port = server("220 web01 ESMTP mailchute\r\n", false, &child);
	assert_int_equal(look(&l, true, &text), CHECK_OK);
	assert_int_equal(waitpid(child, NULL, 0), child);
	free(text);
	assert_int_equal(look(&l, true, &text), CHECK_FAIL);
	assert_non_null(strstr(text, "event=listener"));
	free(text);
	assert_int_equal(look(&l, false, &text), CHECK_FAIL);
	assert_non_null(strstr(text, "start mailchuted"));
	free(text);
}

/* Where a client of this host finds it. */
static void
every_kind_of_address(void **state)
{
	static const struct {
		char *address;
		bool is_six;
	} cases[] = { { any, false }, { four, false }, { six, true },
		{ any6, true } };
	struct conf_listen l = { .name = name };
	size_t i;
	pid_t child;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		l.address = cases[i].address;
		l.port = server(
		    "220 web01 ESMTP mailchute\r\n", cases[i].is_six, &child);
		assert_int_equal(look(&l, true, &text), CHECK_OK);
		assert_int_equal(waitpid(child, NULL, 0), child);
		free(text);
	}
	/* one that speaks first is not waited for where TLS comes first */
	l.address = four;
	l.tls = LISTEN_TLS_IMPLICIT;
	l.port = server("", false, &child);
	assert_int_equal(look(&l, true, &text), CHECK_OK);
	assert_int_equal(waitpid(child, NULL, 0), child);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers),
		cmocka_unit_test(nobody_does),
		cmocka_unit_test(every_kind_of_address),
	};

	return cmocka_run_group_tests_name(
	    "admin_check_listen", tests, NULL, NULL);
}
