/* SPDX-License-Identifier: ISC */
/* Who is let in by the listeners. */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/door_rig.h"
#include "tests/unit/queue_fixture.h"

static void
who_is_let_in(void **state)
{
	unsigned a = free_port();
	char text[512];
	int inside[2];

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nallow = 192.0.2.0/24\n", a);
	set_conf(text);
	assert_greets("127.0.0.1", a, "554 5.7.1 ");
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nconnections = 2\nclient_connections = 2\n",
	    a);
	set_conf(text);
	inside[0] = dial("127.0.0.1", a);
	assert_hears(inside[0], "a ");
	inside[1] = dial("127.0.0.1", a);
	assert_hears(inside[1], "a ");
	assert_int_equal(doors_count(here.d), 2 + FORK_SERVERS);
	assert_int_equal(dup2(dial("127.0.0.1", a), 200), 200);
	assert_hears(200, "421 4.7.0 Too many connections of this device");
	close(200);
	close(inside[0]);
	close(inside[1]);
	reap_all();
	assert_greets("127.0.0.1", a, "a ");
}

/*
 * In all, whatever each listener would take.  Those inside have left, and their
 * smtpds were not reaped yet.
 */
static void
as_many_as_there_may_be(void **state)
{
	static const char more[] = "connections = 500\n"
				   "client_connections = 500\n"
				   "connection_rate = none\n";
	unsigned a = free_port(), b = free_port();
	char text[512];
	struct knock k;
	int i, fd;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\n%s[listen b]\nport = %u\n%s", a, more, b,
	    more);
	set_conf(text);
	for (i = 0; i < GUESTS_MAX; i++) {
		fd = dial("127.0.0.1", i % 2 == 0 ? a : b);
		assert_hears(fd, i % 2 == 0 ? "a 127" : "b 127");
		close(fd);
	}
	fd = dial("127.0.0.1", a);
	assert_hears(fd, "421 4.7.0 Server busy");
	close(fd);
	assert_true(doors_knock(here.d, &k));
	assert_non_null(strstr(k.trouble.text, "all listeners"));
	assert_null(strstr(k.trouble.text, "raise connections"));
	reap_all();
	assert_greets("127.0.0.1", a, "a 127.0.0.1 ");
}

/* For whom no smtpd could be started, no place is kept. */
static void
a_place_without_an_smtpd(void **state)
{
	unsigned a = free_port();
	static struct pollfd fds[DOORS_FDS];
	struct rlimit before, few;
	char text[512], octet;
	struct knock k;
	int client;
	size_t n;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nconnections = 1\nclient_connections = 1\n",
	    a);
	set_conf(text);
	client = dial("127.0.0.1", a);
	n = doors_poll_fds(here.d, fds);
	assert_true(poll(fds, n, 30000) > 0);
	/* a descriptor for the client, and none for anything else */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)fixture_next_fd() + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	doors_serve(here.d, fds);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_hears(client, "421 4.3.2 Server busy");
	assert_int_equal(read(client, &octet, 1), 0);
	close(client);
	/* it is not its listener's limit that it is told of */
	assert_true(doors_knock(here.d, &k));
	assert_non_null(strstr(k.trouble.text, "open files"));
	assert_non_null(strstr(k.trouble.text, "LimitNOFILE"));
	assert_greets("127.0.0.1", a, "a 127.0.0.1 ");
}

/* Its place is at the socket until then; those inside are served. */
static void
without_a_descriptor_it_waits(void **state)
{
	unsigned a = free_port();
	static struct pollfd fds[DOORS_FDS];
	struct rlimit before, few;
	char text[512];
	int client;
	int64_t at;
	size_t i, n;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text), "[listen a]\nport = %u\n", a);
	set_conf(text);
	assert_int_equal(doors_deadline(here.d), CLOCK_NEVER);
	client = dial("127.0.0.1", a);
	n = doors_poll_fds(here.d, fds);
	assert_true(poll(fds, n, 30000) > 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)fixture_next_fd();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	doors_serve(here.d, fds);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* nothing is ready that would be tried again at once */
	at = doors_deadline(here.d);
	assert_int_not_equal(at, CLOCK_NEVER);
	doors_tick(here.d, at - 1);
	assert_int_equal(doors_poll_fds(here.d, fds), n);
	for (i = 0; i < n; i++)
		assert_int_equal(fds[i].fd, -1);
	doors_tick(here.d, at);
	assert_int_equal(doors_deadline(here.d), CLOCK_NEVER);
	assert_hears(client, "a 127.0.0.1 ");
	close(client);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(who_is_let_in),
		T(as_many_as_there_may_be),
		T(a_place_without_an_smtpd),
		T(without_a_descriptor_it_waits),
	};

	guest_rig_program(argc, argv);
	return cmocka_run_group_tests_name("doors", tests, NULL, NULL);
}
