/* SPDX-License-Identifier: ISC */
/* Which listeners there are, over reloads and while ports are taken. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "queue/checkers.h"
#include "tests/unit/door_rig.h"
#include "tests/unit/logged.h"

static void
sockets_stay_over_a_reload(void **state)
{
	unsigned a = free_port(), b = free_port();
	char text[512];
	int inside;

	(void)state;
	snprintf(text, sizeof(text), "[listen a]\nport = %u\n", a);
	set_conf(text);
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 1);
	assert_greets("127.0.0.1", a, "a 127.0.0.1 ");
	inside = dial("127.0.0.1", a);
	assert_hears(inside, "a 127.0.0.1 ");
	/* another name, and one more: who waits at the first is not lost */
	snprintf(text, sizeof(text),
	    "[listen b]\nport = %u\n[listen new]\nport = %u\n"
	    "client_connections = 1\n",
	    b, a);
	set_conf(text);
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
	set_conf("");
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

	(void)state;
	snprintf(text, sizeof(text),
	    "[listen x]\nport = %u\n[listen a]\nport = %u\n", taken, a);
	set_conf(text);
	assert_int_equal(view("x").state, DOOR_SHUT);
	assert_greets("127.0.0.1", a, "a ");
	close(fd);
	/* and a later reload finds it */
	set_conf(text);
	assert_greets("127.0.0.1", taken, "x ");
}

/* Each has its line, when it is looked at. */
static void
some_that_cannot_be_bound(void **state)
{
	FILE *lines = tmpfile();
	unsigned taken[2];
	char text[512];
	int fds[2], i;

	(void)state;
	assert_non_null(lines);
	for (i = 0; i < 2; i++)
		fds[i] = listening("127.0.0.1", &taken[i]);
	snprintf(text, sizeof(text),
	    "[listen x]\nport = %u\n[listen y]\nport = %u\n", taken[0],
	    taken[1]);
	log_open_fd("test", fileno(lines), LOG_DEBUG);
	set_conf(text);
	assert_int_equal(logged_lines(lines, "event="), 0);
	doors_judge(here.d);
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	assert_int_equal(logged_lines(lines, "listener=x text=\"cannot"), 1);
	assert_int_equal(logged_lines(lines, "listener=y text=\"cannot"), 1);
	fclose(lines);
	close(fds[0]);
	close(fds[1]);
}

/* A port that is free again is had without a reload, and not at once. */
static void
one_that_opens_later(void **state)
{
	FILE *lines = tmpfile();
	unsigned taken;
	int fd = listening("127.0.0.1", &taken);
	char text[512];
	int64_t now = clock_mono_ms(), at;

	(void)state;
	assert_non_null(lines);
	log_open_fd("test", fileno(lines), LOG_DEBUG);
	snprintf(text, sizeof(text), "[listen x]\nport = %u\n", taken);
	set_conf(text);
	/* once with the rights that are left, and then at times */
	at = doors_deadline(here.d);
	assert_in_range(at, now, now + 60000);
	doors_tick(here.d, at);
	assert_int_equal(view("x").state, DOOR_SHUT);
	assert_false(view("x").is_final);
	close(fd);
	doors_tick(here.d, at);
	assert_int_equal(view("x").state, DOOR_SHUT);
	assert_in_range(doors_deadline(here.d), at + 1, at + 60000);
	assert_int_equal(logged_lines(lines, "listener-opened"), 0);
	at = doors_deadline(here.d);
	doors_tick(here.d, at);
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	assert_int_equal(view("x").state, DOOR_OPEN);
	assert_int_equal(logged_lines(lines, "listener-opened listener=x"), 1);
	assert_greets("127.0.0.1", taken, "x ");
	reap_all();
	assert_true(doors_deadline(here.d) > at + 60000);
	fclose(lines);
}

/* Nobody is let in at the end, by none of them. */
static void
none_opens_after_the_end(void **state)
{
	unsigned taken;
	int fd = listening("127.0.0.1", &taken);
	char text[512];
	int64_t at;

	(void)state;
	snprintf(text, sizeof(text), "[listen x]\nport = %u\n", taken);
	set_conf(text);
	at = doors_deadline(here.d);
	close(fd);
	doors_shut(here.d);
	doors_tick(here.d, at);
	assert_int_equal(dial("127.0.0.1", taken), -1);
}

static void
more_than_there_may_be(void **state)
{
	unsigned ports[DOORS_MAX + 1];
	int fds[DOORS_MAX + 1];
	char last[16];
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, 8192);
	for (i = 0; i <= DOORS_MAX; i++) {
		fds[i] = listening("127.0.0.1", &ports[i]);
		buf_printf(&text, "[listen l%zu]\nport = %u\n", i, ports[i]);
	}
	for (i = 0; i <= DOORS_MAX; i++)
		close(fds[i]);
	set_conf(buf_data(&text));
	snprintf(last, sizeof(last), "l%d", DOORS_MAX);
	assert_non_null(strstr(view(last).text, "more than 32 listeners"));
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + DOORS_MAX);
	buf_clear(&text);
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
	set_conf(text);
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
	set_conf(text);
	assert_int_equal(dup2(dial("127.0.0.2", two), 200), 200);
	assert_hears(200, "421 4.7.0 Too many connections of this device");
	close(200);
	assert_int_equal(write(inside, "m", 1), 1);
	assert_hears(inside, "got");
	close(guest_rig_origin(doors_token(here.d), "scan", "127.0.0.1"));
	close(inside);
	reap_all();
	/* taken away and given back by reloads */
	set_conf("");
	assert_int_equal(doors_fds(here.d), CHECKERS_MAX + 0);
	set_conf(text);
	assert_greets("127.0.0.2", two, "scan 127.0.0.1 ");
	/* another listener at the place that the socket was said to be at */
	snprintf(text, sizeof(text), "[listen b]\nport = %u\n", other);
	set_conf(text);
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
		T(one_that_opens_later),
		T(none_opens_after_the_end),
		T(more_than_there_may_be),
		T(a_socket_that_is_lent),
	};

	guest_rig_program(argc, argv);
	return cmocka_run_group_tests_name("doors_conf", tests, NULL, NULL);
}
