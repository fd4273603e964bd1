/* SPDX-License-Identifier: ISC */
/*
 * When the log hears that a listener's certificate ends.  What is read and
 * tried is in tests/func/test_listen_tls.py.
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

#include "common/log.h"
#include "queue/door_pair.h"

#define DAY   86400
#define UNTIL (1893456000 + 30 * DAY)

static FILE *lines;

/* What was logged, and no more. */
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
		assert_non_null(strstr(line, "until=2030-01-31T00:00:00Z"));
		assert_non_null(strstr(line, text));
	}
	assert_int_equal(ftruncate(fileno(lines), 0), 0);
	rewind(lines);
	return n;
}

static unsigned
come_in(struct door_pair *p, int64_t now, const char *text)
{
	static char name[] = "scan", file[] = "tls.pem";
	const struct conf_listen l = { .name = name, .certificate_file = file };

	door_pair_remind(p, &l, now);
	return told(text);
}

static void
reminders(void **state)
{
	struct door_pair p;
	int64_t now = UNTIL - 14 * DAY;

	(void)state;
	door_pair_init(&p);
	assert_null(door_pair_get(&p));
	p.until = UNTIL;
	assert_int_equal(come_in(&p, UNTIL, ""), 0); /* there is none */
	p.is_there = true;
	assert_int_equal(come_in(&p, now, ""), 0);
	assert_int_equal(come_in(&p, now + 1, "within 14 days"), 1);
	assert_int_equal(come_in(&p, now + DAY, ""), 0);
	assert_int_equal(come_in(&p, now + DAY + 1, "within 14 days"), 1);
	assert_int_equal(come_in(&p, UNTIL, "has expired"), 1);
	assert_int_equal(come_in(&p, UNTIL + 1, ""), 0);
	/* somebody sets the clock back */
	assert_int_equal(come_in(&p, now + 1, "within 14 days"), 1);
	p.until = 0;
	assert_int_equal(come_in(&p, UNTIL, ""), 0);
	door_pair_wipe(&p);
	assert_null(door_pair_get(&p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reminders),
	};

	if ((lines = tmpfile()) == NULL)
		return 1;
	setvbuf(lines, NULL, _IONBF, 0);
	log_open_fd("door_pair", fileno(lines), LOG_DEBUG);
	return cmocka_run_group_tests_name("door_pair", tests, NULL, NULL);
}
