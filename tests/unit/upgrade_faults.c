/* SPDX-License-Identifier: ISC */
/*
 * Bringing a queue forward, entered by a loop: the k-th operation of the disk
 * fails, once and for ever.  Whatever fails, and with "for ever" that is an
 * end as by a kill, the file is of one of the versions with all that
 * was in it, there is a whole copy once it is of the later one, and the next
 * start comes through.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/version_4.h"

static struct {
	unsigned long stored; /* as version 1 left it */
	unsigned long opened; /* when a start has put it right */
} digest;

static int
set_up(void **state)
{
	char *path, *directory = version_4_world(&path);
	struct store_opened what;
	struct err e;

	(void)state;
	digest.stored = digest_of(path);
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	digest.opened = digest_of(path);
	assert_int_not_equal(digest.opened, digest.stored);
	version_4_remove(directory, path);
	return 0;
}

/* What a start that failed has left, looked at and then opened. */
static void
judge(const char *directory, const char *path, const char *what_failed)
{
	char *backup = xasprintf("%s.v1", path);
	int version = version_of(path);
	struct store_opened what;
	unsigned long now;
	struct err e;

	if (version < 1 || version > 4)
		fail_msg("%s: of version %d", what_failed, version);
	now = digest_of(path);
	if (now != digest.stored && (version == 1 || now != digest.opened))
		fail_msg("%s: version %d lost something", what_failed, version);
	if (version > 1 && !is_beside(path, ".v1"))
		fail_msg("%s: there is no copy", what_failed);
	if (is_beside(path, ".v1") &&
	    (version_of(backup) != 1 || digest_of(backup) != digest.stored))
		fail_msg("%s: the copy is not whole", what_failed);
	if (open_and_close(directory, STORE_WRITE, &what, &e) == -1)
		fail_msg("%s: cannot be opened again: %s", what_failed, e.text);
	assert_int_equal(version_of(path), 4);
	if (digest_of(path) != digest.opened)
		fail_msg("%s: something is lost", what_failed);
	assert_int_equal(digest_of(backup), digest.stored);
	free(backup);
}

/* One start with the k-th operation failing; false when none was reached. */
static bool
one_start(enum faultfs_error error, unsigned k, bool for_ever)
{
	char *path, *directory = version_4_world(&path), name[64];
	struct store_opened what;
	bool has_failed;
	struct err e;
	int rc;

	snprintf(name, sizeof(name), "error %d at %u%s", error, k,
	    for_ever ? " and later" : "");
	faultfs_fail(error, k, for_ever);
	rc = open_and_close(directory, STORE_WRITE, &what, &e);
	has_failed = faultfs_has_failed();
	faultfs_fail(FAULT_NONE, 0, false);
	if (!has_failed)
		assert_int_equal(rc, 0);
	/* To the checks of SQLite a page that cannot be read is a damaged one.
	 */
	if (rc == -1 && e.class != ERR_TEMP && error != FAULT_READ)
		fail_msg("%s: %s", name, e.text);
	judge(directory, path, name);
	version_4_remove(directory, path);
	return has_failed;
}

/* Fewer failures than this would show the loop to be blind. */
#define FAILURES_MIN 100

static void
fail_each(enum faultfs_error error, unsigned stride)
{
	unsigned k;

	for (k = 1; one_start(error, k, false); k += stride)
		;
	assert_true(k >= FAILURES_MIN);
	for (k = 1; one_start(error, k, true); k += stride)
		;
	assert_true(k >= FAILURES_MIN);
}

static void
each_write_sync_and_truncate(void **state)
{
	(void)state;
	fail_each(FAULT_EIO, fixture_stride(13));
}

static void
each_write_on_a_full_disk(void **state)
{
	(void)state;
	fail_each(FAULT_ENOSPC, fixture_stride(17));
}

static void
each_read(void **state)
{
	(void)state;
	fail_each(FAULT_READ, fixture_stride(29));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_write_sync_and_truncate),
		cmocka_unit_test(each_write_on_a_full_disk),
		cmocka_unit_test(each_read),
	};

	faultfs_install();
	return cmocka_run_group_tests_name(
	    "upgrade_faults", tests, set_up, NULL);
}
