/* SPDX-License-Identifier: ISC */
/* A round over the drop folder, at a time of the test's choosing. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/clock.h"
#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/dropdir.h"
#include "queue/store.h"
#include "tests/unit/office.h"
#include "tests/unit/submission.h"

static uint64_t
count(struct office *o)
{
	struct store_totals t;

	assert_int_equal(store_totals(o->parts.store, &t, &o->e), 0);
	return t.messages;
}

static int64_t later_s; /* than the files of the test */

static int64_t
now(void)
{
	return clock_wall() + later_s;
}

static void
on_round(void *arg, bool is_whole)
{
	if (is_whole)
		event_base_loopbreak(arg);
}

/* One whole round, and what it began. */
static void
make_round(struct office *o)
{
	const struct dropdir_parts parts = { o->parts.base, o->conf,
		o->parts.admit, o->parts.refuse, now, clock_mono_ms, on_round,
		o->parts.base };
	struct dropdir *d;
	struct err e;

	if ((d = dropdir_new(&parts, &e)) == NULL)
		fail_msg("%s", e.text);
	dropdir_begin(d);
	event_base_dispatch(o->parts.base);
	dropdir_free(d);
}

static void
drop(const struct office *o, const char *name, uint8_t number, bool is_whole)
{
	char *path = xasprintf("%s/%s", o->directory, name);
	struct buf b;
	int fd;

	buf_init(&b, SUBMISSION_MAX);
	drop_line_put(&b, SUBMIT_VERSION);
	submission_put(&b, number, 640, is_whole);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, buf_data(&b), b.len), b.len);
	close(fd);
	buf_clear(&b);
	free(path);
}

static bool
is_there(const struct office *o, const char *name)
{
	char *path = xasprintf("%s/%s", o->directory, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
a_whole_file_becomes_a_message_once(void **state)
{
	struct office *o = *state;

	later_s = 0;
	drop(o, "drop/a", 1, true);
	make_round(o);
	assert_false(is_there(o, "drop/a"));
	assert_int_equal(count(o), 1);
	/* The same submission again, as after a crash before the unlink. */
	drop(o, "drop/b", 1, true);
	make_round(o);
	assert_false(is_there(o, "drop/b"));
	assert_int_equal(count(o), 1);
}

static void
a_half_written_file_is_given_up_after_a_day(void **state)
{
	struct office *o = *state;

	drop(o, "drop/half", 1, false);
	for (later_s = 0; later_s <= 23 * 3600; later_s += 23 * 3600) {
		make_round(o);
		assert_true(is_there(o, "drop/half"));
	}
	later_s = 25 * 3600;
	make_round(o);
	assert_false(is_there(o, "drop/half"));
	assert_true(is_there(o, "drop/aside.half"));
	/* What lies aside is looked at no more. */
	make_round(o);
	assert_true(is_there(o, "drop/aside.half"));
	assert_int_equal(count(o), 0);
}

/* However old: a daemon may have been away for weeks. */
static void
a_whole_file_is_never_too_old(void **state)
{
	struct office *o = *state;

	later_s = 30 * 24 * 3600;
	drop(o, "drop/old", 1, true);
	make_round(o);
	assert_false(is_there(o, "drop/old"));
	assert_false(is_there(o, "drop/aside.old"));
	assert_int_equal(count(o), 1);
}

static int
set_up(void **state)
{
	static struct office o;

	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	*state = &o;
	return 0;
}

static int
tear_down(void **state)
{
	office_close(*state);
	return 0;
}

#define in_office(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_office(a_whole_file_becomes_a_message_once),
		in_office(a_half_written_file_is_given_up_after_a_day),
		in_office(a_whole_file_is_never_too_old),
	};

	return cmocka_run_group_tests_name("dropdir", tests, NULL, NULL);
}
