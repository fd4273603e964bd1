/* SPDX-License-Identifier: ISC */
/* A listener's socket, and why there is none. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/door_bind.h"

static char name[] = "scan", four[] = "127.0.0.1", six[] = "::1",
	    any4[] = "0.0.0.0", any6[] = "::", strange[] = "192.0.2.1",
	    strange6[] = "2001:db8::1";

static int
bind_it(char *address, unsigned port, struct err *e)
{
	const struct conf_listen l = {
		.name = name, .address = address, .port = port
	};

	return door_bind(&l, e);
}

/* 0 is any; returns that of the socket. */
static unsigned
port_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	return ntohs(ss.ss_family == AF_INET
			 ? ((struct sockaddr_in *)&ss)->sin_port
			 : ((struct sockaddr_in6 *)&ss)->sin6_port);
}

static int
family_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	return ss.ss_family;
}

static void
assert_listens(int fd)
{
	socklen_t len = sizeof(int);
	int value = 0;

	assert_int_equal(
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len), 0);
	assert_int_equal(value, 1);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void
both_families_side_by_side(void **state)
{
	struct err e;
	int a, b;

	(void)state;
	a = bind_it(any4, 0, &e);
	assert_true(a >= 0);
	assert_int_equal(family_of(a), AF_INET);
	assert_listens(a);
	/* one of IPv6 takes no IPv4 with it */
	b = bind_it(any6, port_of(a), &e);
	assert_true(b >= 0);
	assert_int_equal(family_of(b), AF_INET6);
	assert_listens(b);
	close(a);
	close(b);
	a = bind_it(six, 0, &e);
	assert_true(a >= 0);
	close(a);
}

/* At a boot addresses may come later than we do. */
static void
an_address_that_is_not_there_yet(void **state)
{
	struct err e;
	int fd = bind_it(strange, 0, &e);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	fd = bind_it(strange6, 0, &e);
	assert_true(fd >= 0);
	close(fd);
}

static void
why_there_is_none(void **state)
{
	struct err e;
	int fd = bind_it(four, 0, &e);

	(void)state;
	assert_int_equal(bind_it(four, port_of(fd), &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "cannot listen on port"));
	assert_non_null(strstr(e.text, "in use"));
	assert_null(strstr(e.text, "restart"));
	close(fd);
}

/* Runs f in a process of its own. */
static int
in_child(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(f());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
without_root(void)
{
	struct err e;

	if (setgid(65534) == -1 || setuid(65534) == -1)
		return 1;
	if (bind_it(four, 1, &e) != -1)
		return 2;
	if (strstr(e.text, "port 1 is below 1024") == NULL ||
	    strstr(e.text, "restart mailchuted") == NULL)
		return 3;
	return bind_it(four, 0, &e) == -1 ? 4 : 0;
}

static void
a_port_of_root_s(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# SKIP only root can drop root\n");
		skip();
	}
	assert_int_equal(in_child(without_root), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_side_by_side),
		cmocka_unit_test(an_address_that_is_not_there_yet),
		cmocka_unit_test(why_there_is_none),
		cmocka_unit_test(a_port_of_root_s),
	};

	return cmocka_run_group_tests_name("door_bind", tests, NULL, NULL);
}
