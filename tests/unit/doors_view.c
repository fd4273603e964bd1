/* SPDX-License-Identifier: ISC */
/* What is told of a listener. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "tests/unit/door_rig.h"

static void
what_is_told_of_one_that_is_open(void **state)
{
	unsigned a = free_port();
	struct door_view v;
	char text[512];
	int inside;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	snprintf(text, sizeof(text),
	    "[listen a]\nport = %u\nclient_connections = 1\n", a);
	set_conf(text);
	v = view("a");
	assert_int_equal(v.state, DOOR_OPEN);
	assert_int_equal(v.since, 0);
	assert_string_equal(v.text, "");
	assert_string_equal(v.address, "");
	assert_false(v.is_lent);
	assert_int_equal(v.inside, 0);
	assert_int_equal(v.pair, DOOR_PAIR_UNKNOWN);
	inside = dial("127.0.0.1", a);
	assert_hears(inside, "a 127.0.0.1 ");
	assert_int_equal(view("a").inside, 1);
	assert_int_equal(dup2(dial("127.0.0.1", a), 200), 200);
	assert_hears(200, "421 4.7.0 Too many connections of this device");
	close(200);
	assert_int_equal(view("a").turned_away, 1);
	close(inside);
	reap_all();
	assert_int_equal(view("a").inside, 0);
	/* over a reload, which is no word of it */
	set_conf(text);
	assert_int_equal(view("a").turned_away, 1);
}

static void
what_is_told_of_one_that_is_shut(void **state)
{
	unsigned taken;
	int fd = listening("127.0.0.1", &taken);
	char text[512], want[128];
	struct door_view v;

	(void)state;
	snprintf(text, sizeof(text), "[listen x]\nport = %u\n", taken);
	here.conf = guest_rig_conf(text);
	v = view("x");
	assert_int_equal(v.state, DOOR_SHUT);
	assert_non_null(strstr(v.text, "opens no listeners"));
	assert_int_equal(v.why, 0);
	set_conf(text);
	snprintf(want, sizeof(want),
	    "cannot listen on port %u of 127.0.0.1: Address already in use",
	    taken);
	v = view("x");
	assert_int_equal(v.state, DOOR_SHUT);
	assert_string_equal(v.text, want);
	assert_int_equal(v.why, EADDRINUSE);
	assert_true(v.since > 0);
	close(fd);
	set_conf(text);
	assert_int_equal(view("x").state, DOOR_OPEN);
	assert_string_equal(view("x").text, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(what_is_told_of_one_that_is_open),
		T(what_is_told_of_one_that_is_shut),
	};

	guest_rig_program(argc, argv);
	return cmocka_run_group_tests_name("doors_view", tests, NULL, NULL);
}
