/* SPDX-License-Identifier: ISC */
/* A queue of version 1, as a mailchuted left it, opened by a later one. */
#include "config.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/version_4.h"

/* Migrated, checked as after a crash, reconciled, and not a word lost. */
static void
it_is_brought_forward(void **state)
{
	struct store_opened what;
	char *path, *directory = version_4_world(&path);
	char *backup = xasprintf("%s.v1", path);
	unsigned long before = digest_of(path);
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	assert_int_equal(what.migrated_from, 1);
	assert_true(what.checked);
	assert_int_equal(what.swept, STORED_MESSAGES - STORED_MAIL);
	assert_int_equal(what.uncertain, 1);
	assert_int_equal(what.repaired, 0);
	assert_int_equal(version_of(path), 4);
	assert_int_equal(fixture_number(directory,
			     "SELECT count(*) FROM message"
			     " WHERE (class = 'plain') = (kind = 'mail')"),
	    STORED_MAIL);

	assert_int_equal(version_of(backup), 1);
	assert_int_equal(digest_of(backup), before);
	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(is_beside(path, ".v1.part"));

	/* The next start has nothing to bring forward. */
	assert_int_equal(unlink(backup), 0);
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	assert_int_equal(what.migrated_from, 0);
	assert_false(is_beside(path, ".v1"));
	free(backup);
	version_4_remove(directory, path);
}

/* The step alone changes nothing of what was there. */
static void
nothing_is_lost_by_the_step(void **state)
{
	char *path, *directory = version_4_world(&path);
	unsigned long before = digest_of(path);
	struct migration m = {
		.path = path, .steps = sql_migrations, .newest = sql_version
	};
	struct err e;

	(void)state;
	assert_int_equal(
	    sqlite3_open_v2(path, &m.db, SQLITE_OPEN_READWRITE, NULL),
	    SQLITE_OK);
	assert_int_equal(migrate_run(&m, &e), 0);
	sqlite3_close(m.db);
	assert_int_equal(digest_of(path), before);
	version_4_remove(directory, path);
}

static size_t
last_of(enum faultfs_file file, enum faultfs_kind kind)
{
	size_t i = faultfs_recorded();

	while (i-- > 0)
		if (faultfs_op(i)->file == file && faultfs_op(i)->kind == kind)
			return i;
	fail_msg("there is none of kind %d on file %d", kind, file);
	return 0;
}

/* The copy is on the disk before the first octet of the step is written. */
static void
the_copy_comes_first(void **state)
{
	char *path, *directory = version_4_world(&path);
	struct store_opened what;
	size_t i, synced;
	struct err e;

	(void)state;
	faultfs_record(true);
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	synced = last_of(FILE_OTHER, OP_SYNC);
	assert_true(last_of(FILE_OTHER, OP_WRITE) < synced);
	for (i = 0; i < synced; i++)
		if (faultfs_op(i)->kind == OP_WRITE)
			assert_int_equal(faultfs_op(i)->file, FILE_OTHER);
	assert_true(last_of(FILE_WAL, OP_WRITE) > synced);
	faultfs_record(false);
	version_4_remove(directory, path);
}

/* A start that was cut off while copying leaves half a copy and its journal. */
static void
half_a_copy_is_made_anew(void **state)
{
	static const char *const ends[] = { ".v1.part", ".v1.part-journal" };
	char *path, *directory = version_4_world(&path);
	char *backup = xasprintf("%s.v1", path);
	unsigned long before = digest_of(path);
	struct store_opened what;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		char *name = xasprintf("%s%s", path, ends[i]);
		int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

		assert_int_equal(write(fd, "half", 4), 4);
		close(fd);
		free(name);
	}
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	assert_int_equal(digest_of(backup), before);
	assert_false(is_beside(path, ends[0]) || is_beside(path, ends[1]));
	free(backup);
	version_4_remove(directory, path);
}

/* All stays as it was, and the next start with room goes on. */
static void
refused_for_want_of_room(const char *directory, const char *path,
    unsigned long before, const char *text)
{
	struct store_opened what;
	struct err e;

	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), -1);
	faultfs_fail(FAULT_NONE, 0, false);
	if (strstr(e.text, text) == NULL ||
	    strstr(e.text, "backing up the queue") == NULL)
		fail_msg("%s", e.text);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(e.status, "4.3.1");
	assert_int_equal(version_of(path), 1);
	assert_int_equal(digest_of(path), before);
	assert_false(is_beside(path, ".v1") || is_beside(path, ".v1.part") ||
		     is_beside(path, ".v1.part-journal"));
}

static void
a_disk_that_fills_stops_it(void **state)
{
	char *path, *directory = version_4_world(&path);
	unsigned long before = digest_of(path);
	struct store_opened what;
	unsigned k;
	struct err e;

	(void)state;
	/* Somewhere in the copy, which has some 150 pages. */
	for (k = 1; k < 100; k += 49) {
		faultfs_fail(FAULT_ENOSPC, k, true);
		refused_for_want_of_room(
		    directory, path, before, "no space left");
	}
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	assert_int_equal(version_of(path), 4);
	version_4_remove(directory, path);
}

/* It is not even filled where it is known to have no room. */
static void
a_disk_without_room_stops_it(void **state)
{
	char *path, *directory = version_4_world(&path);
	unsigned long before = digest_of(path);
	struct store_opened what;
	struct statvfs v;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(statvfs(directory, &v), 0);
	/* A hole behind its last page: larger than what is free. */
	assert_int_equal(
	    truncate(path, (off_t)(v.f_bavail * v.f_frsize + (1 << 30))), 0);
	refused_for_want_of_room(directory, path, before, "no room for a copy");
	assert_int_equal(truncate(path, st.st_size), 0);
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	version_4_remove(directory, path);
}

/* The way back: the copy in the place of the file and its journal. */
static void
the_copy_is_the_way_back(void **state)
{
	char *path, *directory = version_4_world(&path);
	char *backup = xasprintf("%s.v1", path);
	unsigned long before = digest_of(path);
	struct store_opened what;
	struct err e;
	int version;
	sqlite3 *db;

	(void)state;
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	/* What a mailchuted that knows version 1 alone says to it. */
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(migrate_version(db, path, 1, &version, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "of version 4 and this mailchute "
				       "knows versions up to 1"));
	sqlite3_close(db);

	assert_int_equal(rename(backup, path), 0);
	assert_int_equal(version_of(path), 1);
	assert_int_equal(digest_of(path), before);
	/* And forward again, with a new copy. */
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	assert_int_equal(what.migrated_from, 1);
	assert_int_equal(digest_of(backup), before);
	free(backup);
	version_4_remove(directory, path);
}

/* Who may only look does not change it, and says who does. */
static void
a_reader_leaves_it_alone(void **state)
{
	char *path, *directory = version_4_world(&path);
	unsigned long before = digest_of(path);
	struct store_opened what;
	struct err e;

	(void)state;
	assert_int_equal(open_and_close(directory, STORE_READ, &what, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, "start mailchuted once"));
	assert_int_equal(version_of(path), 1);
	assert_int_equal(digest_of(path), before);
	version_4_remove(directory, path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_brought_forward),
		cmocka_unit_test(nothing_is_lost_by_the_step),
		cmocka_unit_test(the_copy_comes_first),
		cmocka_unit_test(half_a_copy_is_made_anew),
		cmocka_unit_test(a_disk_that_fills_stops_it),
		cmocka_unit_test(a_disk_without_room_stops_it),
		cmocka_unit_test(the_copy_is_the_way_back),
		cmocka_unit_test(a_reader_leaves_it_alone),
	};

	faultfs_install();
	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
