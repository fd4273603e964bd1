/* SPDX-License-Identifier: ISC */
/*
 * The name service is ours here, by __wrap_getaddrinfo, and the limit of a
 * connection is short; the addresses are those of this machine.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mail/phase.h"
#include "delivery/resolve.h"

/* ---- the name service ---- */

static const struct {
	const char *name;
	int rc; /* of getaddrinfo, when there are no addresses */
	const char *addresses[3];
} names[] = {
	{ "gone.example", EAI_NONAME, { NULL } },
	{ "silent.example", EAI_AGAIN, { NULL } },
	{ "broken.example", EAI_SYSTEM, { NULL } },
	{ "one.example", 0, { "127.0.0.1", NULL } },
	{ "two.example", 0, { "127.0.0.2", "127.0.0.1", NULL } },
	{ "six.example", 0, { "::1", "127.0.0.1", NULL } },
};

/* One address of ours, as the libc's might look. */
struct node {
	struct addrinfo ai;
	struct sockaddr_storage sa;
};

int __real_getaddrinfo(const char *name, const char *port,
    const struct addrinfo *hints, struct addrinfo **found);
void __real_freeaddrinfo(struct addrinfo *list);
int __wrap_getaddrinfo(const char *name, const char *port,
    const struct addrinfo *hints, struct addrinfo **found);
void __wrap_freeaddrinfo(struct addrinfo *list);
int64_t __wrap_phase_limit_ms(enum phase p);

/* Appends copies; returns where the next one goes. */
static struct addrinfo **
append(struct addrinfo **end, const char *name, const char *port,
    const struct addrinfo *hints, int *rc)
{
	struct addrinfo *list, *a;
	struct node *n;

	if ((*rc = __real_getaddrinfo(name, port, hints, &list)) != 0)
		return end;
	for (a = list; a != NULL; a = a->ai_next) {
		n = calloc(1, sizeof(*n));
		assert_non_null(n);
		memcpy(&n->sa, a->ai_addr, a->ai_addrlen);
		n->ai = *a;
		n->ai.ai_addr = (struct sockaddr *)&n->sa;
		n->ai.ai_canonname = NULL;
		n->ai.ai_next = NULL;
		*end = &n->ai;
		end = &n->ai.ai_next;
	}
	__real_freeaddrinfo(list);
	return end;
}

int
__wrap_getaddrinfo(const char *name, const char *port,
    const struct addrinfo *hints, struct addrinfo **found)
{
	struct addrinfo numeric = *hints, **end = found;
	size_t i, j;
	int rc;

	*found = NULL;
	numeric.ai_flags |= AI_NUMERICHOST;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (name == NULL || strcmp(names[i].name, name) != 0)
			continue;
		errno = EIO; /* for EAI_SYSTEM */
		if (names[i].rc != 0)
			return names[i].rc;
		/* One of another family is left out. */
		for (j = 0; names[i].addresses[j] != NULL; j++)
			end = append(
			    end, names[i].addresses[j], port, &numeric, &rc);
		return end == found ? EAI_NONAME : 0;
	}
	(void)append(end, name, port, &numeric, &rc);
	return rc;
}

void
__wrap_freeaddrinfo(struct addrinfo *list)
{
	struct addrinfo *next;

	for (; list != NULL; list = next) {
		next = list->ai_next;
		free(list);
	}
}

int64_t
__wrap_phase_limit_ms(enum phase p)
{
	assert_int_equal(p, PHASE_CONNECT);
	return 300;
}

/* ---- servers ---- */

static int
listen_on(const char *address, unsigned *port, int backlog)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *a = NULL;
	struct sockaddr_in in = { .sin_port = 0 };
	socklen_t len = sizeof(in);
	char digits[8];
	int fd;

	snprintf(digits, sizeof(digits), "%u", *port);
	if (getaddrinfo(address, digits, &hints, &a) != 0 || a == NULL)
		return -1;
	fd = socket(a->ai_family, SOCK_STREAM, 0);
	if (fd == -1 || bind(fd, a->ai_addr, a->ai_addrlen) == -1 ||
	    listen(fd, backlog) == -1) {
		freeaddrinfo(a);
		close(fd);
		return -1;
	}
	freeaddrinfo(a);
	if (*port == 0) {
		assert_int_equal(
		    getsockname(fd, (struct sockaddr *)&in, &len), 0);
		*port = ntohs(in.sin_port);
	}
	return fd;
}

/* A listener that answers nobody any more: its backlog is full. */
static void
hang_on(const char *address, unsigned port, int fds[4])
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int i;

	inet_pton(AF_INET, address, &in.sin_addr);
	fds[0] = listen_on(address, &port, 0);
	assert_int_not_equal(fds[0], -1);
	for (i = 1; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fds[i], (struct sockaddr *)&in, sizeof(in));
	}
}

/* ---- connecting ---- */

struct attempt {
	struct job_session job;
	struct host host;
	struct job_ready sofar;
	bool is_loopback;
	struct err e;
};

/* The address of the connection, or "" with a->e. */
static const char *
attempt(struct attempt *a, unsigned port, int watch, const char *name,
    const char *other)
{
	enum conf_family family = a->job.family;
	unsigned first = a->job.first_host;
	int fd;

	memset(a, 0, sizeof(*a));
	a->job.family = family;
	a->job.first_host = first;
	a->job.port = port;
	strlist_add(&a->job.hosts, name);
	if (other != NULL)
		strlist_add(&a->job.hosts, other);
	fd = resolve_connect(
	    &a->job, watch, &a->host, &a->sofar, &a->is_loopback, &a->e);
	strlist_clear(&a->job.hosts);
	if (fd == -1)
		return "";
	assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
	return a->sofar.address;
}

static void
assert_at(struct attempt *a, unsigned port, const char *address,
    const char *name, const char *other)
{
	char want[80];

	snprintf(want, sizeof(want), "%s:%u", address, port);
	assert_string_equal(attempt(a, port, -1, name, other), want);
}

static void
addresses_in_their_order(void **state)
{
	struct attempt a = { .is_loopback = false };
	unsigned port = 0;
	int fd, other, six;

	(void)state;
	fd = listen_on("127.0.0.1", &port, 5);
	/* The first refuses. */
	assert_at(&a, port, "127.0.0.1", "two.example", NULL);
	assert_true(a.is_loopback);
	assert_at(&a, port, "127.0.0.1", "six.example", NULL);
	assert_at(&a, port, "127.0.0.1", "localhost", NULL);
	assert_string_equal(a.sofar.relay, "localhost");
	/* Both would do. */
	other = listen_on("127.0.0.2", &port, 5);
	assert_at(&a, port, "127.0.0.2", "two.example", NULL);
	close(other);
	if ((six = listen_on("::1", &port, 5)) == -1) {
		print_message("# no IPv6 here\n");
	} else {
		assert_at(&a, port, "[::1]", "six.example", NULL);
		assert_true(a.is_loopback);
		assert_at(&a, port, "[::1]", "::1", NULL);
		a.job.family = FAMILY_IPV4;
		assert_at(&a, port, "127.0.0.1", "six.example", NULL);
		a.job.family = FAMILY_IPV6;
		assert_at(&a, port, "[::1]", "six.example", NULL);
		close(six);
	}
	close(fd);
}

static void
one_that_hangs_does_not_keep_the_next(void **state)
{
	struct attempt a = { .is_loopback = false };
	unsigned port = 0;
	int fd, i, hung[4];

	(void)state;
	fd = listen_on("127.0.0.1", &port, 5);
	hang_on("127.0.0.2", port, hung);
	assert_at(&a, port, "127.0.0.1", "two.example", NULL);
	assert_string_equal(attempt(&a, port, -1, "127.0.0.2", NULL), "");
	assert_int_equal(a.e.class, ERR_TEMP);
	assert_string_equal(a.e.status, RESOLVE_NO_HOST);
	assert_non_null(strstr(a.e.text, "127.0.0.2"));
	assert_non_null(strstr(a.e.text, strerror(ETIMEDOUT)));
	/* ... nor the next host. */
	assert_at(&a, port, "127.0.0.1", "127.0.0.2", "one.example");
	assert_string_equal(a.sofar.relay, "one.example");
	for (i = 0; i < 4; i++)
		close(hung[i]);
	close(fd);
}

static void
the_end_of_the_queue_ends_the_attempt(void **state)
{
	struct attempt a = { .is_loopback = false };
	unsigned port = 0;
	int i, hung[4], queue[2];

	(void)state;
	i = listen_on("127.0.0.1", &port, 5);
	hang_on("127.0.0.2", port, hung);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, queue), 0);
	close(queue[0]);
	/* The next address is not tried, though it would do. */
	assert_string_equal(
	    attempt(&a, port, queue[1], "two.example", "one.example"), "");
	assert_int_equal(a.e.class, ERR_LOCAL);
	close(queue[1]);
	close(i);
	for (i = 0; i < 4; i++)
		close(hung[i]);
}

/* Each that failed is told, as far as there is room, and counted. */
static void
what_each_host_said(void **state)
{
	struct job_session job = { .family = FAMILY_IPV4 };
	struct job_ready sofar;
	struct host host;
	bool is_loopback;
	struct err e;
	unsigned port = 0;
	int fd, i;

	(void)state;
	fd = listen_on("127.0.0.1", &port, 5);
	job.port = port;
	strlist_add(&job.hosts, "127.0.0.1:1");
	strlist_add(&job.hosts, "gone.example");
	strlist_add(&job.hosts, "127.0.0.1");
	i = resolve_connect(&job, -1, &host, &sofar, &is_loopback, &e);
	assert_int_not_equal(i, -1);
	close(i);
	close(fd);
	assert_int_equal(sofar.host, 2);
	assert_int_equal(sofar.passed, 2);
	assert_non_null(strstr(sofar.said, "127.0.0.1:1: Connection refused"));
	assert_non_null(strstr(sofar.said, "; the host gone.example"));
	/* From another one on, and none takes it. */
	job.first_host = 2;
	i = resolve_connect(&job, -1, &host, &sofar, &is_loopback, &e);
	assert_int_equal(i, -1);
	assert_int_equal(sofar.passed, 3);
	assert_string_equal(e.text, sofar.said);
	assert_non_null(strstr(e.text, "127.0.0.1:1: Connection refused"));
	assert_non_null(strstr(e.text, "gone.example"));
	for (i = 0; i < 40; i++)
		strlist_add(&job.hosts, "127.0.0.1:1");
	i = resolve_connect(&job, -1, &host, &sofar, &is_loopback, &e);
	assert_int_equal(i, -1);
	assert_non_null(strstr(e.text, " more failed"));
	assert_true(strlen(e.text) < sizeof(e.text) - 1);
	strlist_clear(&job.hosts);
}

static void
names_that_lead_nowhere(void **state)
{
	static const struct {
		const char *name, *status, *text;
	} cases[] = {
		{ "gone.example", RESOLVE_NO_NAME, "does not exist" },
		{ "silent.example", RESOLVE_NO_ANSWER, "did not answer" },
		{ "broken.example", RESOLVE_NO_ANSWER, "looking up" },
		{ "one.example", RESOLVE_NO_HOST, "refused" },
	};
	struct attempt a = { .is_loopback = false };
	unsigned port = 0;
	size_t i;
	int fd;

	(void)state;
	fd = listen_on("127.0.0.1", &port, 5);
	close(fd);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(
		    attempt(&a, port, -1, cases[i].name, NULL), "");
		assert_int_equal(a.e.class, ERR_TEMP);
		assert_string_equal(a.e.status, cases[i].status);
		assert_non_null(strstr(a.e.text, cases[i].name));
		assert_non_null(strstr(a.e.text, cases[i].text));
	}
	a.job.family = FAMILY_IPV6;
	assert_string_equal(attempt(&a, port, -1, "one.example", NULL), "");
	assert_string_equal(a.e.status, RESOLVE_NO_NAME);
	/* The next host of the list is tried all the same, in a circle. */
	a.job.family = FAMILY_ANY;
	fd = listen_on("127.0.0.1", &port, 5);
	assert_at(&a, port, "127.0.0.1", "gone.example", "one.example");
	assert_at(&a, port, "127.0.0.1", "silent.example", "one.example");
	a.job.first_host = 1;
	assert_at(&a, port, "127.0.0.1", "one.example", "gone.example");
	close(fd);
}

static void
hosts(void **state)
{
	static const struct {
		const char *text, *name;
		unsigned port;
	} cases[] = {
		{ "smtp.office365.com", "smtp.office365.com", 587 },
		{ "smtp.example:25", "smtp.example", 25 },
		{ "localhost", "localhost", 587 },
		{ "127.0.0.1:2525", "127.0.0.1", 2525 },
		{ "::1", "::1", 587 },
		{ "[::1]", "::1", 587 },
		{ "[2001:db8::1]:65535", "2001:db8::1", 65535 },
		{ "b\xc3\xbc\x63her.example:25", "xn--bcher-kva.example", 25 },
		{ "my_host", "my_host", 587 },
	};
	struct host h;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(host_parse(cases[i].text, 587, &h, &e), 0);
		assert_string_equal(h.name, cases[i].name);
		assert_int_equal(h.port, cases[i].port);
	}
}

static void
no_hosts(void **state)
{
	static const char *const cases[] = { "", ":25", "host:", "host:0",
		"host:65536", "host:25x", "host:-1", "host: 25", "a b", "[::1",
		"[::1]25", "[host]:25", "[::1]:", "host/path", "user@host",
		"-host", ".host", "\xff.example", "a:b:c", "host\n" };
	char longer[600];
	struct host h;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (host_parse(cases[i], 587, &h, &e) == 0)
			print_message("# %s was taken\n", cases[i]);
		assert_int_equal(host_parse(cases[i], 587, &h, &e), -1);
		assert_int_equal(e.class, ERR_LOCAL);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(host_parse(longer, 587, &h, &e), -1);
	longer[254] = '\0';
	assert_int_equal(host_parse(longer, 587, &h, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(no_hosts),
		cmocka_unit_test(addresses_in_their_order),
		cmocka_unit_test(one_that_hangs_does_not_keep_the_next),
		cmocka_unit_test(the_end_of_the_queue_ends_the_attempt),
		cmocka_unit_test(what_each_host_said),
		cmocka_unit_test(names_that_lead_nowhere),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
