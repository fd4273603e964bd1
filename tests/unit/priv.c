/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/priv.h"

#define OTHER 12345 /* no account needs to have this number */

/* Runs f in a child and returns its exit status. */
static int
in_child(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(f());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
drop(void)
{
	gid_t groups[4];
	struct err e;

	if (priv_drop(OTHER, OTHER, &e) == -1)
		return 1;
	if (getuid() != OTHER || getegid() != OTHER)
		return 2;
	if (getgroups(4, groups) != 1 || groups[0] != OTHER)
		return 3;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 4;
	/* a second time it is who it is, and may be nobody else */
	if (priv_drop(OTHER, OTHER, &e) == -1)
		return 5;
	if (priv_drop(OTHER + 1, OTHER, &e) == 0)
		return 6;
	return 0;
}

static void
root_becomes_another_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# SKIP only root can drop root\n");
		skip();
	}
	assert_int_equal(in_child(drop), 0);
}

static int
refuse_root(void)
{
	struct err e;

	return priv_drop(0, 0, &e) == -1 && e.class == ERR_LOCAL ? 0 : 1;
}

static void
root_is_refused_as_target(void **state)
{
	(void)state;
	assert_int_equal(in_child(refuse_root), 0);
}

static int
close_all(void)
{
	int fd = open("/dev/null", O_RDONLY);

	if (dup2(fd, 30) == -1)
		return 1;
	priv_close_from(5);
	return fcntl(30, F_GETFD) == -1 ? 0 : 2;
}

static int
fill_std(void)
{
	struct err e;

	close(0);
	close(2);
	if (priv_std_fds(&e) == -1)
		return 1;
	if (fcntl(0, F_GETFD) == -1 || fcntl(2, F_GETFD) == -1)
		return 2;
	return open("/dev/null", O_RDONLY) > 2 ? 0 : 3;
}

static void
descriptors(void **state)
{
	(void)state;
	assert_int_equal(in_child(close_all), 0);
	assert_int_equal(in_child(fill_std), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_becomes_another_for_good),
		cmocka_unit_test(root_is_refused_as_target),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests_name("priv", tests, NULL, NULL);
}
