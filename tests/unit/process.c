/* SPDX-License-Identifier: ISC */
/*
 * A process made as hostile as a caller can, and then made sane.  Each case
 * runs in a child of its own, whose exit status says what was not as it should
 * be.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/parcel.h"
#include "common/sysexit.h"
#include "sendmail/input.h"
#include "sendmail/process.h"

extern char **environ;

/* The status of a child that makes trouble, is made sane, and looks. */
static int
in_child(void (*trouble)(void), int (*look)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child != -1);
	if (child == 0) {
		trouble();
		process_make_sane();
		_exit(look());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
close_standard(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

/* The first file opened is no standard one, and stdin cannot be read. */
static int
look_at_standard(void)
{
	struct input in;
	struct source s;
	struct err e;
	char c;
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			return 1;
	if (open("/dev/null", O_RDONLY) != STDERR_FILENO + 1)
		return 2;
	if (write(STDOUT_FILENO, "x", 1) != 1)
		return 3;
	input_init(&in, STDIN_FILENO, clock_mono_ms() + 60000);
	s = input_source(&in);
	if (s.read(s.arg, &c, 1, &e) != -1)
		return 4;
	return strcmp(e.status, INPUT_STATUS) == 0 ? 0 : 5;
}

static void
open_many(void)
{
	int fd;

	for (fd = 3; fd < 100; fd++)
		dup2(STDERR_FILENO, fd);
}

static int
look_at_others(void)
{
	int fd;

	for (fd = 3; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			return fd;
	return 0;
}

static void
ignore_and_block(void)
{
	sigset_t all;
	int i;

	for (i = 1; i < 32; i++)
		if (i != SIGKILL && i != SIGSTOP)
			signal(i, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	alarm(1000);
}

static bool
is_ignored(int number)
{
	struct sigaction sa;

	return sigaction(number, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

static int
look_at_signals(void)
{
	sigset_t now;

	if (is_ignored(SIGCHLD) || is_ignored(SIGALRM) || is_ignored(SIGTERM))
		return 1;
	if (!is_ignored(SIGPIPE) || !is_ignored(SIGXFSZ))
		return 2;
	/* nohup is a wish to be kept */
	if (!is_ignored(SIGHUP) || !is_ignored(SIGINT))
		return 3;
	sigprocmask(SIG_SETMASK, NULL, &now);
	if (sigismember(&now, SIGTERM) || sigismember(&now, SIGALRM))
		return 4;
	return alarm(0) == 0 ? 0 : 5;
}

static void
fill_environment(void)
{
	/* Kept by a build with sanitizers alone. */
	unsetenv("ASAN_OPTIONS");
	unsetenv("UBSAN_OPTIONS");
	setenv("NAME", "Alice", 1);
	setenv("TZ", "UTC0", 1);
	setenv("PATH", "/tmp/evil", 1);
	setenv("LD_PRELOAD", "/tmp/evil.so", 1);
	setenv("LOGNAME", "mallory", 1);
	umask(0);
}

static int
look_at_environment(void)
{
	const char *name = getenv("NAME"), *path = getenv("PATH");
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	if (n != 3)
		return 1;
	if (getenv("LOGNAME") != NULL || getenv("LD_PRELOAD") != NULL)
		return 2;
	if (name == NULL || strcmp(name, "Alice") != 0 || getenv("TZ") == NULL)
		return 3;
	if (path == NULL || strstr(path, "evil") != NULL)
		return 4;
	return umask(0) == 077 ? 0 : 5;
}

static void
lower_limits(void)
{
	struct rlimit rl;

	getrlimit(RLIMIT_FSIZE, &rl);
	rl.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &rl);
	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = 4;
	setrlimit(RLIMIT_NOFILE, &rl);
	getrlimit(RLIMIT_CORE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_CORE, &rl);
}

static int
look_at_limits(void)
{
	struct rlimit rl;

	getrlimit(RLIMIT_FSIZE, &rl);
	if (rl.rlim_cur != rl.rlim_max)
		return 1;
	getrlimit(RLIMIT_NOFILE, &rl);
	if (rl.rlim_cur != rl.rlim_max)
		return 2;
	getrlimit(RLIMIT_CORE, &rl);
	return rl.rlim_cur == 0 ? 0 : 3;
}

/* Set-id rights as they come by exec: an effective uid that is not ours. */
static void
take_rights(void)
{
	if (geteuid() == 0 &&
	    (setresgid(1, 0, 0) == -1 || setresuid(1, 0, 0) == -1))
		_exit(99);
}

static int
look_at_rights(void)
{
	uid_t r, e, s;

	if (getresuid(&r, &e, &s) == -1 || r != e || e != s)
		return 1;
	if (r != 0 && setresuid(0, 0, 0) == 0)
		return 2;
	return getegid() == getgid() ? 0 : 3;
}

static void
callers(void **state)
{
	static const struct {
		const char *what;
		void (*trouble)(void);
		int (*look)(void);
	} table[] = {
		{ "standard descriptors", close_standard, look_at_standard },
		{ "other descriptors", open_many, look_at_others },
		{ "signals", ignore_and_block, look_at_signals },
		{ "environment", fill_environment, look_at_environment },
		{ "limits", lower_limits, look_at_limits },
		{ "rights", take_rights, look_at_rights },
	};
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		status = in_child(table[i].trouble, table[i].look);
		if (status != 0)
			fail_msg("%s: %d", table[i].what, status);
	}
}

/* A file is read again, a pipe is not; what was read decides how far back. */
static void
input_again(void **state)
{
	char path[] = "/tmp/process-test-XXXXXX", c[4];
	int fd = mkstemp(path), pipes[2];
	struct input in;
	struct source s;
	struct err e;

	(void)state;
	assert_true(fd != -1);
	unlink(path);
	assert_int_equal(write(fd, "skipabcd", 8), 8);
	assert_int_equal(lseek(fd, 4, SEEK_SET), 4);
	input_init(&in, fd, CLOCK_NEVER);
	s = input_source(&in);
	assert_int_equal(s.read(s.arg, c, 3, &e), 3);
	assert_int_equal(s.rewind(s.arg, &e), 0);
	assert_int_equal(s.read(s.arg, c, 4, &e), 4);
	assert_memory_equal(c, "abcd", 4);
	assert_int_equal(s.read(s.arg, c, 4, &e), 0);
	close(fd);

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "abc", 3), 3);
	input_init(&in, pipes[0], CLOCK_NEVER);
	s = input_source(&in);
	assert_int_equal(s.read(s.arg, c, 4, &e), 3);
	assert_int_equal(s.rewind(s.arg, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	/* a writer that never ends is given up, silent or not */
	in.deadline_ms = clock_mono_ms() + 20;
	assert_int_equal(s.read(s.arg, c, 4, &e), -1);
	assert_string_equal(e.status, "4.4.7");
	assert_int_equal(write(pipes[1], "more", 4), 4);
	assert_int_equal(s.read(s.arg, c, 4, &e), -1);
	assert_string_equal(e.status, "4.4.7");
	assert_int_equal(read(pipes[0], c, 4), 4);
	assert_int_equal(write(pipes[1], "rest", 4), 4);
	close(pipes[1]);
	assert_int_equal(input_drain(&in, true), 4);
	close(pipes[0]);
}

static void
more_than_its_limit_is_no_input(void **state)
{
	struct input in;
	struct source s;
	struct err e;
	int pipes[2];
	char c[8];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "abcdefg", 7), 7);
	input_init(&in, pipes[0], CLOCK_NEVER);
	in.octets_max = 5;
	s = input_source(&in);
	assert_int_equal(s.read(s.arg, c, 5, &e), 5);
	assert_int_equal(s.read(s.arg, c, 1, &e), -1);
	assert_string_equal(e.status, PARCEL_TOO_LARGE);
	close(pipes[0]);
	close(pipes[1]);
}

static void
a_folder_is_no_input(void **state)
{
	struct input in;
	struct source s;
	struct err e;
	char c;
	int fd = open("/", O_RDONLY);

	(void)state;
	input_init(&in, fd, CLOCK_NEVER);
	s = input_source(&in);
	assert_int_equal(s.read(s.arg, &c, 1, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers),
		cmocka_unit_test(input_again),
		cmocka_unit_test(more_than_its_limit_is_no_input),
		cmocka_unit_test(a_folder_is_no_input),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
