/* SPDX-License-Identifier: ISC */
/*
 * What is told of a listener's certificate.  What is read and tried is in
 * tests/func/test_listen_tls.py and test_listen_status.py.
 */
#include "config.h"

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
#include "queue/door_pair.h"

#define UNTIL 1893456000

static FILE *lines;

/* How many lines were logged; each has that. */
static unsigned
told(const char *text)
{
	char line[LOG_LINE_MAX];
	unsigned n = 0;

	rewind(lines);
	while (fgets(line, sizeof(line), lines) != NULL) {
		n++;
		assert_non_null(strstr(line, "event=certificate"));
		assert_non_null(strstr(line, "listener=scan"));
		assert_non_null(strstr(line, text));
	}
	assert_int_equal(ftruncate(fileno(lines), 0), 0);
	rewind(lines);
	return n;
}

static struct door_view
look(const struct door_pair *p)
{
	struct door_view v;

	memset(&v, 0, sizeof(v));
	door_pair_view(p, &v);
	return v;
}

static char name[] = "scan", missing[] = "/nowhere/tls.pem";
static char conf_path[] = "/nowhere/mailchute.conf";

static void
files_that_are_not_there(void **state)
{
	struct conf_listen l = { .name = name,
		.tls = LISTEN_TLS_STARTTLS,
		.certificate_file = missing,
		.key_file = missing };
	int64_t before = clock_wall(), since;
	struct door_pair p;
	struct door_view v;
	struct conf conf;

	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.path = conf_path;
	door_pair_init(&p);
	assert_int_equal(look(&p).pair, DOOR_PAIR_UNKNOWN);
	assert_null(door_pair_get(&p));
	door_pair_load(&p, &conf, &l);
	assert_int_equal(told("until then there is no TLS"), 1);
	v = look(&p);
	assert_int_equal(v.pair, DOOR_PAIR_MISSING);
	assert_int_equal(v.pair_until, 0);
	assert_true(v.pair_since >= before);
	assert_non_null(strstr(v.pair_text, missing));
	/* It lasts from the first time on. */
	since = p.failed_at -= 100;
	door_pair_load(&p, &conf, &l);
	assert_int_equal(told("until then there is no TLS"), 1);
	assert_int_equal(look(&p).pair_since, since);
	/* Without TLS there is nothing to be said. */
	l.tls = LISTEN_TLS_NONE;
	door_pair_load(&p, &conf, &l);
	assert_int_equal(told(""), 0);
	v = look(&p);
	assert_int_equal(v.pair, DOOR_PAIR_UNKNOWN);
	assert_string_equal(v.pair_text, "");
	assert_int_equal(v.pair_since, 0);
}

static void
the_one_from_before_is_kept(void **state)
{
	const struct conf_listen l = { .name = name,
		.tls = LISTEN_TLS_STARTTLS,
		.certificate_file = missing,
		.key_file = missing };
	struct door_pair p;
	struct door_view v;
	struct conf conf;

	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.path = conf_path;
	door_pair_init(&p);
	p.is_there = true;
	p.until = UNTIL;
	v = look(&p);
	assert_int_equal(v.pair, DOOR_PAIR_GOOD);
	assert_int_equal(v.pair_until, UNTIL);
	assert_int_equal(v.pair_since, 0);
	door_pair_load(&p, &conf, &l);
	assert_int_equal(told("stays in use"), 1);
	assert_non_null(door_pair_get(&p));
	v = look(&p);
	assert_int_equal(v.pair, DOOR_PAIR_KEPT);
	assert_int_equal(v.pair_until, UNTIL);
	assert_non_null(strstr(v.pair_text, missing));
	assert_true(v.pair_since > 0);
	door_pair_wipe(&p);
	assert_null(door_pair_get(&p));
	assert_int_equal(look(&p).pair_until, 0);
}

/* A reload may say so: the key is of no use any more, and is not kept. */
static void
without_tls_there_is_none(void **state)
{
	static const struct conf_listen l = { .tls = LISTEN_TLS_NONE };
	const struct conf c = { .nlisteners = 0 };
	struct door_pair p;

	(void)state;
	door_pair_init(&p);
	assert_int_equal(buf_puts(&p.pair.certificate, "certificate"), 0);
	assert_int_equal(buf_puts(&p.pair.key, "key"), 0);
	p.is_there = true;
	assert_non_null(door_pair_get(&p));
	door_pair_load(&p, &c, &l);
	assert_null(door_pair_get(&p));
	assert_int_equal(p.pair.key.len, 0);
	assert_int_equal(p.pair.certificate.len, 0);
	assert_int_equal(told(""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_are_not_there),
		cmocka_unit_test(the_one_from_before_is_kept),
		cmocka_unit_test(without_tls_there_is_none),
	};

	if ((lines = tmpfile()) == NULL)
		return 1;
	setvbuf(lines, NULL, _IONBF, 0);
	log_open_fd("door_pair", fileno(lines), LOG_DEBUG);
	return cmocka_run_group_tests_name("door_pair", tests, NULL, NULL);
}
