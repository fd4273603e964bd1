/* SPDX-License-Identifier: ISC */
/* Sockets of the listeners, over reloads, and who is let in. */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
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
#include "common/xalloc.h"
#include "queue/checkers.h"
#include "queue/doors.h"
#include "tests/unit/door_rig.h"
#include "tests/unit/queue_fixture.h"

static void
sockets_stay_over_a_reload(void **state)
{
	unsigned a = free_port(), b = free_port();
	char text[512];
	struct err e;
	int inside;

	(void)state;
	snprintf(text, sizeof(text), "[listen a]\nport = %u\n", a);
	assert_int_equal(set_conf(text, &e), 0);
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 1);
	assert_greets("127.0.0.1", a, "a 127.0.0.1 ");
	inside = dial("127.0.0.1", a);
	assert_hears(inside, "a 127.0.0.1 ");
	/* another name, and one more: who waits at the first is not lost */
	snprintf(text, sizeof(text),
	    "[listen b]\nport = %u\n[listen new]\nport = %u\n"
	    "client_connections = 1\n",
	    b, a);
	assert_int_equal(set_conf(text, &e), 0);
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 2 + 1);
	/* he, and the fork server, which has ended with what it was for */
	assert_int_equal(doors_count(here.d), 1 + FORK_SERVERS);
	/* who was inside counts */
	assert_int_equal(dup2(dial("127.0.0.1", a), 200), 200);
	assert_hears(200, "421 4.7.0 Too many connections of this device");
	close(200);
	assert_int_equal(write(inside, "m", 1), 1);
	assert_hears(inside, "got");
	close(guest_rig_origin(doors_token(here.d), "new", "127.0.0.1"));
	close(inside);
	reap_all();
	assert_greets("127.0.0.1", b, "b 127.0.0.1 ");
	assert_int_equal(set_conf("", &e), 0);
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 0);
	assert_int_equal(dial("127.0.0.1", a), -1);
}

/* What cannot be had keeps nobody from the others. */
static void
one_that_cannot_be_bound(void **state)
{
	unsigned taken, a = free_port();
	int fd = listening("127.0.0.1", &taken);
	char text[512];
	struct err e;

	(void)state;
	snprintf(text, sizeof(text),
	    "[listen x]\nport = %u\n[listen a]\nport = %u\n", taken, a);
	assert_int_equal(set_conf(text, &e), -1);
	assert_non_null(strstr(e.text, "[listen x]"));
	assert_greets("127.0.0.1", a, "a ");
	close(fd);
	/* and a later reload finds it */
	assert_int_equal(set_conf(text, &e), 0);
	assert_greets("127.0.0.1", taken, "x ");
}

/* Of several the caller hears of the last, and the log of the others. */
static void
some_that_cannot_be_bound(void **state)
{
	FILE *lines = tmpfile();
	unsigned taken[2];
	char text[512], line[LOG_LINE_MAX];
	struct err e;
	int fds[2], i;

	(void)state;
	assert_non_null(lines);
	for (i = 0; i < 2; i++)
		fds[i] = listening("127.0.0.1", &taken[i]);
	snprintf(text, sizeof(text),
	    "[listen x]\nport = %u\n[listen y]\nport = %u\n", taken[0],
	    taken[1]);
	log_open_fd("test", fileno(lines), LOG_DEBUG);
	assert_int_equal(set_conf(text, &e), -1);
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	assert_non_null(strstr(e.text, "[listen y]"));
	rewind(lines);
	assert_non_null(fgets(line, sizeof(line), lines));
	assert_non_null(strstr(line, "[listen x]"));
	assert_null(fgets(line, sizeof(line), lines));
	fclose(lines);
	close(fds[0]);
	close(fds[1]);
}

static void
more_than_there_may_be(void **state)
{
	unsigned ports[DOORS_MAX + 1];
	int fds[DOORS_MAX + 1];
	struct buf text;
	struct err e;
	size_t i;

	(void)state;
	buf_init(&text, 8192);
	for (i = 0; i <= DOORS_MAX; i++) {
		fds[i] = listening("127.0.0.1", &ports[i]);
		buf_printf(&text, "[listen l%zu]\nport = %u\n", i, ports[i]);
	}
	for (i = 0; i <= DOORS_MAX; i++)
		close(fds[i]);
	assert_int_equal(set_conf(buf_data(&text), &e), -1);
	assert_non_null(strstr(e.text, "more than 32 listeners"));
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + DOORS_MAX);
	buf_clear(&text);
}

/* ---- who ---- */

static void
who_is_let_in(void **state)
{
	unsigned a = free_port();
	char text[512];
	struct err e;
	int inside[2];

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nallow = 192.0.2.0/24\n", a);
	assert_int_equal(set_conf(text, &e), 0);
	assert_greets("127.0.0.1", a, "554 5.7.1 ");
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nconnections = 2\nclient_connections = 2\n",
	    a);
	assert_int_equal(set_conf(text, &e), 0);
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
	struct err e;
	int i, fd;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\n%s[listen b]\nport = %u\n%s", a, more, b,
	    more);
	assert_int_equal(set_conf(text, &e), 0);
	for (i = 0; i < GUESTS_MAX; i++) {
		fd = dial("127.0.0.1", i % 2 == 0 ? a : b);
		assert_hears(fd, i % 2 == 0 ? "a 127" : "b 127");
		close(fd);
	}
	fd = dial("127.0.0.1", a);
	assert_hears(fd, "421 4.7.0 Server busy");
	close(fd);
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
	struct err e;
	int client;
	size_t n;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nconnections = 1\nclient_connections = 1\n",
	    a);
	assert_int_equal(set_conf(text, &e), 0);
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
	assert_int_equal(read(client, &octet, 1), 0);
	close(client);
	assert_greets("127.0.0.1", a, "a 127.0.0.1 ");
}

/* ---- the service manager's ---- */

static void
a_socket_that_is_lent(void **state)
{
	struct lent *lent = doors_lent(here.d);
	unsigned one, two, other = free_port();
	char text[512];
	struct err e;
	int inside;

	(void)state;
	assert_int_equal(
	    lent_take(lent, listening("127.0.0.1", &one), "scan", &e), 0);
	assert_int_equal(
	    lent_take(lent, listening("127.0.0.2", &two), "scan", &e), 0);
	snprintf(text, sizeof(text),
	    "[listen scan]\nport = %u\nconnections = 1\n"
	    "client_connections = 1\n",
	    other);
	assert_int_equal(set_conf(text, &e), 0);
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 2);
	assert_true(view("scan").is_lent);
	assert_string_equal(view("scan").address, "127.0.0.1");
	assert_int_equal(view("scan").port, one);
	/* both are one listener's; its own place is nobody's */
	assert_greets("127.0.0.1", one, "scan 127.0.0.1 ");
	assert_greets("127.0.0.2", two, "scan 127.0.0.1 ");
	assert_int_equal(dial("127.0.0.1", other), -1);
	/* who is inside stays, and counts, over a reload */
	inside = dial("127.0.0.1", one);
	assert_hears(inside, "scan 127.0.0.1 ");
	assert_int_equal(set_conf(text, &e), 0);
	assert_int_equal(dup2(dial("127.0.0.2", two), 200), 200);
	assert_hears(200, "421 4.7.0 Too many connections of this device");
	close(200);
	assert_int_equal(write(inside, "m", 1), 1);
	assert_hears(inside, "got");
	close(guest_rig_origin(doors_token(here.d), "scan", "127.0.0.1"));
	close(inside);
	reap_all();
	/* taken away and given back by reloads */
	assert_int_equal(set_conf("", &e), 0);
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 0);
	assert_int_equal(set_conf(text, &e), 0);
	assert_greets("127.0.0.2", two, "scan 127.0.0.1 ");
	/* another listener at the place that the socket was said to be at */
	snprintf(text, sizeof(text), "[listen b]\nport = %u\n", other);
	assert_int_equal(set_conf(text, &e), 0);
	assert_greets("127.0.0.1", other, "b 127.0.0.1 ");
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 1);
	doors_shut(here.d);
	assert_int_equal(dial("127.0.0.1", one), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(sockets_stay_over_a_reload),
		T(one_that_cannot_be_bound),
		T(some_that_cannot_be_bound),
		T(more_than_there_may_be),
		T(who_is_let_in),
		T(as_many_as_there_may_be),
		T(a_place_without_an_smtpd),
		T(a_socket_that_is_lent),
	};
	int status = guest_rig_program(argc, argv);

	return status != -1
		   ? status
		   : cmocka_run_group_tests_name("doors", tests, NULL, NULL);
}
