/* SPDX-License-Identifier: ISC */
/*
 * Every error path of the store, entered by a loop: the k-th operation of the
 * disk fails, once and for ever, k = 1, 2, ... until a run has no failure.
 * Whatever fails, the queue then opens, holds all that was acknowledged, and
 * nothing by half.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/faultfs.h"
#include "tests/unit/queue_story.h"

/* One life with the k-th operation failing; false when none was reached. */
static bool
one_life(enum faultfs_error error, unsigned k, bool for_ever)
{
	static struct story t;
	char *directory = fixture_directory();
	bool has_failed;
	int rc;

	memset(&t, 0, sizeof(t));
	faultfs_fail(error, k, for_ever);
	rc = story_tell(&t, directory);
	has_failed = faultfs_has_failed();
	faultfs_fail(FAULT_NONE, 0, false);
	if (!has_failed)
		assert_int_equal(rc, 0);
	if (!story_holds(&t, directory, 0))
		fail_msg("error %d at %u%s: mail is lost", error, k,
		    for_ever ? " and later" : "");
	fixture_remove(directory);
	return has_failed;
}

/* Fewer failures than this would show the loop to be blind. */
#define FAILURES_MIN 50

static unsigned
fail_each_kth(enum faultfs_error error, unsigned stride, bool for_ever)
{
	unsigned k, lives = 0;

	for (k = 1; one_life(error, k, for_ever); k += stride)
		lives++;
	assert_true(k >= FAILURES_MIN);
	return lives;
}

static void
fail_each(enum faultfs_error error, unsigned stride)
{
	unsigned once, ever;

	once = fail_each_kth(error, stride, false);
	ever = fail_each_kth(error, stride, true);
	print_message(
	    "# %u lives with one failure, %u with all after it\n", once, ever);
}

static void
each_write_sync_and_truncate(void **state)
{
	(void)state;
	fail_each(FAULT_EIO, fixture_stride(5));
}

static void
each_write_on_a_full_disk(void **state)
{
	(void)state;
	fail_each(FAULT_ENOSPC, fixture_stride(7));
}

static void
each_read(void **state)
{
	(void)state;
	fail_each(FAULT_READ, fixture_stride(5));
}

/* A commit that failed may have happened: nothing more is believed. */
static void
failed_commit_is_the_end(void **state)
{
	char *directory = fixture_directory();
	struct store *s = fixture_open(directory, NULL);
	struct store_opened what;
	struct err e;

	(void)state;
	fixture_begin(s);
	assert_int_equal(store_fact_put(s, "a", "b", &e), 0);
	faultfs_fail(FAULT_EIO, 1, false);
	assert_int_equal(store_commit(s, &e), -1);
	faultfs_fail(FAULT_NONE, 0, false);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, "unknown"));
	assert_int_equal(store_begin(s, &e), -1);
	assert_int_equal(store_checkpoint(s, CHECKPOINT_PASSIVE, &e), -1);
	store_close(s);
	/* Such an end is not taken for a clean stop. */
	s = fixture_open(directory, &what);
	assert_true(what.checked);
	store_close(s);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_write_sync_and_truncate),
		cmocka_unit_test(each_write_on_a_full_disk),
		cmocka_unit_test(each_read),
		cmocka_unit_test(failed_commit_is_the_end),
	};

	faultfs_install();
	return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
