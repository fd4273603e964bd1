/* SPDX-License-Identifier: ISC */
/* Which listeners are shut, and since when, over reloads. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/door_shut.h"

static void
it_lasts_from_the_first_try_on(void **state)
{
	struct door_shuts s = { NULL, 0 };
	const struct door_shut *one;

	(void)state;
	assert_null(door_shuts_find(&s, "a"));
	door_shuts_begin(&s);
	door_shuts_note(&s, "a", 100, EADDRINUSE, "taken");
	door_shuts_note(&s, "b", 100, EACCES, "low");
	door_shuts_end(&s);
	/* A reload tries again: b can be had now. */
	door_shuts_begin(&s);
	assert_non_null(door_shuts_find(&s, "b"));
	door_shuts_note(&s, "a", 200, EACCES, "low, too");
	door_shuts_end(&s);
	one = door_shuts_find(&s, "a");
	assert_non_null(one);
	assert_int_equal(one->since, 100);
	assert_int_equal(one->why, EACCES);
	assert_string_equal(one->text, "low, too");
	assert_null(door_shuts_find(&s, "b"));
	/* Open, and shut once more, it is shut anew. */
	door_shuts_begin(&s);
	door_shuts_end(&s);
	assert_null(door_shuts_find(&s, "a"));
	door_shuts_begin(&s);
	door_shuts_note(&s, "a", 300, 0, "more");
	door_shuts_end(&s);
	assert_int_equal(door_shuts_find(&s, "a")->since, 300);
	door_shuts_drop(&s, "b");
	door_shuts_drop(&s, "a");
	assert_null(door_shuts_find(&s, "a"));
	door_shuts_clear(&s);
	assert_int_equal(s.n, 0);
	door_shuts_clear(&s);
}

/* What takes rights that are gone has its first reason still. */
static void
one_that_is_given_up(void **state)
{
	struct door_shuts s = { NULL, 0 };
	const struct door_shut *one;

	(void)state;
	door_shuts_note(&s, "low", 100, EACCES, "below 1024");
	assert_true(door_shuts_find(&s, "low")->is_final);
	door_shuts_note(&s, "a", 100, EADDRINUSE, "taken");
	one = door_shuts_find(&s, "a");
	assert_false(one->is_final);
	door_shuts_give_up(&s, "nobody");
	door_shuts_give_up(&s, "a");
	one = door_shuts_find(&s, "a");
	assert_true(one->is_final);
	assert_int_equal(one->why, EADDRINUSE);
	assert_string_equal(one->text, "taken");
	/* until the next reload has a look */
	door_shuts_note(&s, "a", 200, EADDRINUSE, "taken");
	assert_false(door_shuts_find(&s, "a")->is_final);
	door_shuts_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_lasts_from_the_first_try_on),
		cmocka_unit_test(one_that_is_given_up),
	};

	return cmocka_run_group_tests_name("door_shut", tests, NULL, NULL);
}
