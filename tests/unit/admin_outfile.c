/* SPDX-License-Identifier: ISC */
/* A file that somebody reads at any time. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/outfile.h"
#include "common/xalloc.h"

static char *folder, *path;

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	folder = xasprintf("%s/outfile.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/mailchute.prom", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	assert_int_equal(rmdir(folder), 0); /* there is nothing else */
	free(path);
	free(folder);
	return 0;
}

static void
holds(const char *want)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd != -1);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	close(fd);
	assert_string_equal(got, want);
}

static void
a_new_file_is_for_all_to_read(void **state)
{
	mode_t mask = umask(077);
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(outfile_write(path, "one\n", 4, &e), 0);
	umask(mask);
	holds("one\n");
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
}

/* Who has the old one open goes on reading that. */
static void
the_old_one_stays_whole_until_the_new_one_is_there(void **state)
{
	char got[8] = "";
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(outfile_write(path, "one\n", 4, &e), 0);
	fd = open(path, O_RDONLY);
	assert_true(fd != -1);
	assert_int_equal(outfile_write(path, "2\n", 2, &e), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_string_equal(got, "one\n");
	close(fd);
	holds("2\n");
}

/* Root may write in a folder of somebody else's, who left a trap there. */
static void
a_link_is_replaced_and_not_followed(void **state)
{
	char *victim = xasprintf("%s/victim", folder);
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(outfile_write(path, "one\n", 4, &e), 0);
	assert_int_equal(lstat(victim, &st), -1);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	free(victim);
}

/* Nothing is left beside it, and what was there stays. */
static void
a_failure_leaves_all_as_it_was(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(outfile_write(path, "one\n", 4, &e), -1);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(
	    outfile_write("/nonexistent/m.prom", "one\n", 4, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/m.prom"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_file_is_for_all_to_read),
		CASE(the_old_one_stays_whole_until_the_new_one_is_there),
		CASE(a_link_is_replaced_and_not_followed),
		CASE(a_failure_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests_name("admin_outfile", tests, NULL, NULL);
}
