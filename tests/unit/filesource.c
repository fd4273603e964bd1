/* SPDX-License-Identifier: ISC */
/* Alias files and lists, opened by the parent: which it will not touch. */
#include "config.h"

#include <sys/stat.h>

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
#include "common/filesource.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *folder, *path;
	struct err e;
} here;

static int
set_up(void **state)
{
	int fd;

	(void)state;
	here.folder = fixture_directory();
	here.path = xasprintf("%s/list", here.folder);
	fd = open(here.path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	return fd == -1 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	free(here.path);
	fixture_remove(here.folder);
	return 0;
}

static void
opens(enum filesource kind)
{
	int fd = filesource_open(here.path, kind, geteuid(), &here.e);

	if (fd == -1)
		fail_msg("%s", here.e.text);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

static void
refuses(const char *path, enum filesource kind, const char *part)
{
	int next = fixture_next_fd();

	err_clear(&here.e);
	assert_int_equal(filesource_open(path, kind, geteuid(), &here.e), -1);
	assert_int_equal(fixture_next_fd(), next);
	assert_int_equal(here.e.class, ERR_LOCAL);
	if (strstr(here.e.text, part) == NULL)
		fail_msg("%s: %s", part, here.e.text);
}

static void
a_list_is_for_its_owner_to_write(void **state)
{
	static const struct {
		mode_t mode;
		bool is_list;
	} cases[] = {
		{ 0600, true },
		{ 0644, true },
		{ 0444, true },
		{ 0620, false },
		{ 0602, false },
		{ 0666, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(chmod(here.path, cases[i].mode), 0);
		if (cases[i].is_list)
			opens(FILESOURCE_INCLUDE);
		else
			refuses(here.path, FILESOURCE_INCLUDE,
			    "writable by nobody else");
		/* The alias file itself is the administrator's to judge. */
		opens(FILESOURCE_ALIASES);
	}
}

static void
a_user_s_list_is_not_included(void **state)
{
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	/* Of root's, whoever we are. */
	assert_int_equal(chmod(here.folder, 0755), 0);
	assert_int_equal(chmod(here.path, 0644), 0);
	assert_int_equal(seteuid(12345), 0);
	opens(FILESOURCE_INCLUDE);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(here.path, 12345, getegid()), 0);
	refuses(here.path, FILESOURCE_INCLUDE, "must belong to root");
	opens(FILESOURCE_ALIASES);
	/* But the user's that is told as queue.user. */
	fd = filesource_open(here.path, FILESOURCE_INCLUDE, 12345, &here.e);
	assert_int_not_equal(fd, -1);
	close(fd);
}

static void
what_is_no_file_is_refused(void **state)
{
	(void)state;
	refuses("list", FILESOURCE_ALIASES, "must be absolute");
	refuses("", FILESOURCE_INCLUDE, "must be absolute");
	refuses(here.folder, FILESOURCE_ALIASES, "is not a regular file");
	refuses("/dev/null", FILESOURCE_INCLUDE, "is not a regular file");
	assert_int_equal(unlink(here.path), 0);
	refuses(here.path, FILESOURCE_ALIASES, "No such file");
	/* And it does not wait for a writer. */
	assert_int_equal(mkfifo(here.path, 0600), 0);
	refuses(here.path, FILESOURCE_INCLUDE, "is not a regular file");
}

#define here_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		here_test(a_list_is_for_its_owner_to_write),
		here_test(a_user_s_list_is_not_included),
		here_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests_name("filesource", tests, NULL, NULL);
}
