/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/ballast.h"
#include "tests/unit/queue_fixture.h"

#define SMALL (256 * 1024)

static void
ballast_is_made_dropped_and_made_again(void **state)
{
	char *directory = fixture_directory();
	char *path = xasprintf("%s/ballast", directory);
	struct ballast *b = ballast_new(directory, SMALL);
	struct stat st;
	struct err e;

	(void)state;
	assert_false(ballast_drop(b));
	assert_int_equal(ballast_make(b, &e), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, SMALL);
	/* It takes up room, which is all it is for. */
	assert_true(st.st_blocks * 512 >= SMALL);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ballast_make(b, &e), 1);
	assert_true(ballast_drop(b));
	assert_int_equal(stat(path, &st), -1);
	assert_false(ballast_drop(b));
	assert_int_equal(ballast_make(b, &e), 1);
	ballast_free(b);
	ballast_free(NULL);
	free(path);
	fixture_remove(directory);
}

/* A hole of the right size, as a copy of the folder may leave, is no room. */
static void
hole_is_filled(void **state)
{
	char *directory = fixture_directory();
	char *path = xasprintf("%s/ballast", directory);
	struct ballast *b = ballast_new(directory, SMALL);
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(ballast_make(b, &e), 1);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(truncate(path, SMALL), 0);
	assert_int_equal(ballast_make(b, &e), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_blocks * 512 >= SMALL);
	ballast_free(b);
	free(path);
	fixture_remove(directory);
}

static void
full_disk_is_not_filled_further(void **state)
{
	char *directory = fixture_directory();
	char *path = xasprintf("%s/ballast", directory);
	struct ballast *b = ballast_new(directory, INT64_MAX / 4);
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(ballast_make(b, &e), 0);
	assert_int_equal(stat(path, &st), -1);
	ballast_free(b);
	b = ballast_new("/nonexistent", SMALL);
	assert_int_equal(ballast_make(b, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	ballast_free(b);
	free(path);
	fixture_remove(directory);
}

static void
a_disk_with_room_needs_no_reserve(void **state)
{
	char *directory = fixture_directory();
	char *path = xasprintf("%s/ballast", directory);
	struct ballast *b = ballast_new(directory, SMALL);
	struct err e;

	(void)state;
	assert_int_equal(ballast_make(b, &e), 1);
	/* That it goes on a full one: tests/func/test_disk.py. */
	assert_false(ballast_drop_if_low(b));
	assert_int_equal(access(path, F_OK), 0);
	ballast_free(b);
	free(path);
	fixture_remove(directory);
}

static void
floor_is_kept(void **state)
{
	char *directory = fixture_directory();
	struct err e;

	(void)state;
	assert_int_equal(space_check(directory, 0, 0, &e), 0);
	assert_int_equal(space_check(directory, 4096, 4096, &e), 0);
	assert_int_equal(space_check(directory, UINT64_MAX, 0, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(e.status, "4.3.1");
	assert_non_null(strstr(e.text, "queue.free_space_min"));
	assert_int_equal(space_check(directory, 1, UINT64_MAX, &e), -1);
	assert_int_equal(space_check("/nonexistent", 0, 0, &e), -1);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ballast_is_made_dropped_and_made_again),
		cmocka_unit_test(hole_is_filled),
		cmocka_unit_test(full_disk_is_not_filled_further),
		cmocka_unit_test(a_disk_with_room_needs_no_reserve),
		cmocka_unit_test(floor_is_kept),
	};

	return cmocka_run_group_tests_name("ballast", tests, NULL, NULL);
}
