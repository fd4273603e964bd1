/* SPDX-License-Identifier: ISC */
/* The service manager's sockets of the network, and whose they are. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "queue/lent.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/queue_fixture.h"

/* On a port that nobody uses; listens when backlog is not 0. */
static int
four(int type, int backlog, unsigned *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	if (backlog > 0)
		assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static int
six(unsigned port)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void
what_is_of_use(void **state)
{
	struct lent l = { .n = 0 };
	int fd, fds[LENT_MAX], before = fixture_next_fd();
	unsigned port;
	struct err e;

	(void)state;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_false(lent_is_one(fd));
	assert_int_equal(lent_take(&l, fd, "scan", &e), -1);
	close(fd);
	fd = four(SOCK_DGRAM, 0, &port);
	assert_true(lent_is_one(fd));
	assert_int_equal(lent_take(&l, fd, "scan", &e), -1);
	close(fd);
	fd = four(SOCK_STREAM, 0, &port);
	assert_int_equal(lent_take(&l, fd, "scan", &e), -1);
	close(fd);
	assert_int_equal(l.n, 0);
	fd = four(SOCK_STREAM, 1, &port);
	assert_int_equal(lent_take(&l, fd, "scan", &e), 0);
	assert_int_equal(l.v[0].port, port);
	assert_true(network_is_loopback(&l.v[0].address));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(lent_find(&l, "scan", fds), 1);
	assert_int_equal(fds[0], fd);
	assert_int_equal(lent_find(&l, "sca", fds), 0);
	assert_int_equal(lent_find(&l, "", fds), 0);
	lent_close(&l);
	assert_int_equal(l.n, 0);
	assert_int_equal(fixture_next_fd(), before);
}

static void
several_of_a_name(void **state)
{
	struct lent l = { .n = 0 };
	unsigned port, other;
	int i, fds[LENT_MAX];
	struct err e;

	(void)state;
	assert_int_equal(
	    lent_take(&l, four(SOCK_STREAM, 1, &port), "scan", &e), 0);
	assert_int_equal(lent_take(&l, six(port), "scan", &e), 0);
	assert_int_equal(
	    lent_take(&l, four(SOCK_STREAM, 1, &other), "b", &e), 0);
	assert_int_equal(lent_find(&l, "scan", fds), 2);
	assert_int_equal(lent_find(&l, "b", fds), 1);
	assert_int_equal(l.v[1].address.family, AF_INET6);
	assert_int_equal(l.v[1].port, port);
	for (i = 3; i < LENT_MAX; i++)
		assert_int_equal(
		    lent_take(&l, four(SOCK_STREAM, 1, &other), "more", &e), 0);
	i = four(SOCK_STREAM, 1, &other);
	assert_int_equal(lent_take(&l, i, "more", &e), -1);
	close(i);
	lent_close(&l);
}

/* The lines that are logged of them with this configuration. */
static size_t
judge(const struct lent *l, const char *listeners, char *text, size_t size)
{
	FILE *f = tmpfile();
	struct conf *c;
	char *conf = NULL;
	size_t n, i, lines = 0;

	assert_non_null(f);
	assert_true(asprintf(&conf, "%s%s", MAILBOX, listeners) > 0);
	c = good(conf);
	log_open_fd("test", fileno(f), LOG_WARNING);
	lent_judge(l, c);
	log_open_fd("test", STDERR_FILENO, LOG_WARNING);
	rewind(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	for (i = 0; i < n; i++)
		lines += text[i] == '\n';
	fclose(f);
	conf_free(c);
	free(conf);
	return lines;
}

static void
what_was_not_meant(void **state)
{
	struct lent l = { .n = 0 };
	char text[4096], conf[256];
	unsigned port;
	struct err e;

	(void)state;
	assert_int_equal(
	    lent_take(&l, four(SOCK_STREAM, 1, &port), "scan", &e), 0);
	assert_int_equal(lent_take(&l, six(port), "scan", &e), 0);
	assert_int_equal(judge(&l, "", text, sizeof(text)), 2);
	assert_non_null(strstr(text, "no such section"));
	snprintf(conf, sizeof(conf), "[listen scan]\nport = %u\n", port);
	assert_int_equal(judge(&l, conf, text, sizeof(text)), 0);
	snprintf(conf, sizeof(conf),
	    "[listen scan]\nport = %u\naddress = ::1\n", port);
	assert_int_equal(judge(&l, conf, text, sizeof(text)), 0);
	snprintf(conf, sizeof(conf),
	    "[listen scan]\nport = %u\naddress = 127.0.0.2\n", port);
	assert_int_equal(judge(&l, conf, text, sizeof(text)), 1);
	assert_non_null(strstr(text, "the socket counts"));
	snprintf(conf, sizeof(conf), "[listen scan]\nport = %u\n",
	    port == 1 ? 2 : port - 1);
	assert_int_equal(judge(&l, conf, text, sizeof(text)), 2);
	lent_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_of_use),
		cmocka_unit_test(several_of_a_name),
		cmocka_unit_test(what_was_not_meant),
	};

	return cmocka_run_group_tests_name("lent", tests, NULL, NULL);
}
