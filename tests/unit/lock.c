/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/lock.h"
#include "tests/unit/queue_fixture.h"

/* A process that holds the lock until the pipe closes. */
struct holder {
	pid_t pid;
	int leash;
};

static struct holder
holder_start(const char *directory)
{
	struct holder h;
	int ready[2], leash[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(leash), 0);
	h.pid = fork();
	assert_true(h.pid >= 0);
	if (h.pid == 0) {
		close(leash[1]);
		if (lock_take(directory, 0, NULL) == -1 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(leash[0], &c, 1) != 0);
	}
	close(ready[1]);
	close(leash[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	h.leash = leash[1];
	return h;
}

static void
holder_reap(struct holder h)
{
	int status;

	assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
}

static void
taken_lock_names_its_holder(void **state)
{
	char *directory = fixture_directory(), pid[32];
	struct holder h = holder_start(directory);
	struct err e;

	(void)state;
	assert_int_equal(lock_take(directory, 0, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	snprintf(pid, sizeof(pid), "process %ld;", (long)h.pid);
	assert_non_null(strstr(e.text, pid));
	assert_non_null(strstr(e.text, directory));
	close(h.leash);
	holder_reap(h);
	fixture_remove(directory);
}

static void
waiting_gets_it_when_the_holder_ends(void **state)
{
	char *directory = fixture_directory();
	struct holder h = holder_start(directory);
	struct err e;
	int fd;

	(void)state;
	/* It ends while we wait, or before: both must do. */
	close(h.leash);
	fd = lock_take(directory, 60, &e);
	assert_true(fd >= 0);
	holder_reap(h);
	lock_release(fd);
	fixture_remove(directory);
}

static void
killed_holder_holds_nothing(void **state)
{
	char *directory = fixture_directory();
	struct holder h = holder_start(directory);
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(kill(h.pid, SIGKILL), 0);
	holder_reap(h);
	close(h.leash);
	fd = lock_take(directory, 0, &e);
	assert_true(fd >= 0);
	/* Within one process, too, it is taken once. */
	assert_int_equal(lock_take(directory, 0, &e), -1);
	lock_release(fd);
	fd = lock_take(directory, 0, &e);
	assert_true(fd >= 0);
	lock_release(fd);
	lock_release(-1);
	fixture_remove(directory);
}

/* The parent takes the lock and the queue process lives on with it. */
static void
forked_child_keeps_it(void **state)
{
	char *directory = fixture_directory();
	int leash[2], fd, status;
	struct err e;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(leash), 0);
	fd = lock_take(directory, 0, &e);
	assert_true(fd >= 0);
	if ((pid = fork()) == 0) {
		close(leash[1]);
		_exit(read(leash[0], &c, 1) != 0);
	}
	close(leash[0]);
	lock_release(fd);
	assert_int_equal(lock_take(directory, 0, &e), -1);
	close(leash[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fd = lock_take(directory, 0, &e);
	assert_true(fd >= 0);
	lock_release(fd);
	fixture_remove(directory);
}

static void
foreign_things_in_its_place_are_refused(void **state)
{
	char *directory = fixture_directory();
	char *path = xasprintf("%s/lock", directory);
	struct err e;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(lock_take(directory, 0, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(lock_take(directory, 0, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(lock_take("/nonexistent/queue", 0, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	free(path);
	fixture_remove(directory);
}

/* Whatever the file holds, the text is sane. */
static void
odd_contents_are_not_repeated(void **state)
{
	static const char *const odd[] = { "", "-1\n", "x\033[2J\n",
		"99999999999999999999999999\n" };
	char *directory = fixture_directory();
	char *path = xasprintf("%s/lock", directory);
	struct holder h = holder_start(directory);
	struct err e;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		fd = open(path, O_WRONLY | O_TRUNC);
		assert_true(fd >= 0);
		assert_int_equal(
		    write(fd, odd[i], strlen(odd[i])), (ssize_t)strlen(odd[i]));
		close(fd);
		assert_int_equal(lock_take(directory, 0, &e), -1);
		assert_non_null(strstr(e.text, "process unknown"));
	}
	close(h.leash);
	holder_reap(h);
	free(path);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_lock_names_its_holder),
		cmocka_unit_test(waiting_gets_it_when_the_holder_ends),
		cmocka_unit_test(killed_holder_holds_nothing),
		cmocka_unit_test(forked_child_keeps_it),
		cmocka_unit_test(foreign_things_in_its_place_are_refused),
		cmocka_unit_test(odd_contents_are_not_repeated),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
