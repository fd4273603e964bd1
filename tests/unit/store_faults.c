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

/*
 * A read that fails once is a fault of the disk, and no reason to put a sound
 * queue aside.
 */
static void
a_passing_read_error_is_no_damage(void **state)
{
	char *directory = fixture_directory();
	struct store *s = fixture_open(directory, NULL);
	struct store_place place = { .directory = directory,
		.mode = STORE_REPLACE,
		.now = T0,
		.uncertain_due = T0 };
	struct store_opened what;
	bool has_failed = true;
	struct err e;
	unsigned k;

	(void)state;
	for (k = 0; k < 100; k++)
		fixture_add(s, (struct fixture_message){
				   .octets = 9000, .recipients = 5 });
	store_close(s);
	for (k = 1; has_failed; k++) {
		/* As after a crash, so that all of it is checked. */
		fixture_tamper(
		    directory, "DELETE FROM fact WHERE name = 'stopped'");
		faultfs_fail(FAULT_READ, k, false);
		if (store_open(&place, &s, &what, &e) == 0) {
			assert_false(what.replaced);
			store_close(s);
		} else
			assert_null(strstr(e.text, "replacing"));
		has_failed = faultfs_has_failed();
		faultfs_fail(FAULT_NONE, 0, false);
	}
	assert_true(k > 20);
	fixture_remove(directory);
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

/*
 * What a life before left in the journal may lie in the page cache alone; it
 * is brought to the disk before anybody is answered, or nobody is.
 */
static void
journal_that_cannot_be_moved_is_no_start(void **state)
{
	char *directory = fixture_directory();
	struct store *s = fixture_open(directory, NULL);
	struct store_place place = { .directory = directory,
		.mode = STORE_WRITE,
		.now = T0,
		.uncertain_due = T0 };
	struct store_opened what;
	struct err e;
	char *value;

	(void)state;
	fixture_begin(s);
	assert_int_equal(store_fact_put(s, "a", "b", &e), 0);
	fixture_commit(s);
	fixture_begin(s);
	faultfs_fail(FAULT_EIO, 1, false);
	assert_int_equal(store_fact_put(s, "a", "c", &e), 0);
	assert_int_equal(store_commit(s, &e), -1);
	store_close(s);
	faultfs_fail(FAULT_EIO, 1, false);
	assert_int_equal(store_open(&place, &s, &what, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	faultfs_fail(FAULT_NONE, 0, false);
	s = fixture_open(directory, NULL);
	assert_int_equal(store_fact_get(s, "a", &value, &e), 1);
	assert_string_equal(value, "b");
	free(value);
	store_close(s);
	fixture_remove(directory);
}

/*
 * SQLite ends a transaction when a read fails in it.  A change after that
 * would be committed alone.
 */
static void
failed_read_ends_the_transaction(void **state)
{
	char *directory = fixture_directory(), *value;
	struct store *s = fixture_open(directory, NULL);
	struct buf b;
	struct err e;
	uint64_t id;

	(void)state;
	/* More than is kept in memory, so that it must be read. */
	id = fixture_add(
	    s, (struct fixture_message){ .octets = 40 * CHUNK_SIZE });
	s = fixture_reopen(s, directory);
	buf_init(&b, CHUNK_SIZE);
	fixture_begin(s);
	assert_int_equal(store_fact_put(s, "a", "b", &e), 0);
	faultfs_fail(FAULT_READ, 1, true);
	assert_int_equal(store_chunk_get(s, id, 20, &b, &e), -1);
	faultfs_fail(FAULT_NONE, 0, false);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(store_fact_put(s, "c", "d", &e), -1);
	assert_int_equal(store_commit(s, &e), -1);
	assert_int_equal(store_fact_get(s, "a", &value, &e), 0);
	assert_int_equal(store_fact_get(s, "c", &value, &e), 0);
	assert_int_equal(store_chunk_get(s, id, 20, &b, &e), 1);
	buf_clear(&b);
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
		cmocka_unit_test(a_passing_read_error_is_no_damage),
		cmocka_unit_test(failed_commit_is_the_end),
		cmocka_unit_test(journal_that_cannot_be_moved_is_no_start),
		cmocka_unit_test(failed_read_ends_the_transaction),
	};

	faultfs_install();
	return cmocka_run_group_tests_name("store_faults", tests, NULL, NULL);
}
