/* SPDX-License-Identifier: ISC */
/* Starting programs: what a child has, and what it has not. */
#include "config.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sanitizer.h"
#include "common/spawn.h"
#include "tests/unit/queue_fixture.h"

static char said[4096];

/* Runs it to its end, with its output in said; returns its wait status. */
static int
run(struct spawn *s)
{
	int next = fixture_next_fd(), out[2], status;
	size_t at = 0;
	struct err e;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	s->out = out[1];
	if ((pid = spawn_start(s, &e)) == -1)
		fail_msg("%s", e.text);
	close(out[1]);
	while ((n = read(out[0], said + at, sizeof(said) - 1 - at)) > 0)
		at += (size_t)n;
	said[at] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(fixture_next_fd(), next);
	return status;
}

static int
run_shell(const char *script, const int *keep, size_t nkeep, bool stop)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct spawn s = { .argv = argv,
		.in = -1,
		.log = -1,
		.keep = keep,
		.nkeep = nkeep,
		.is_told_to_stop = stop };

	return run(&s);
}

static void
the_environment_is_made_from_nothing(void **state)
{
	const char *const argv[] = { "/usr/bin/env", NULL };
	struct spawn s = { .argv = argv, .in = -1, .log = -1 };

	(void)state;
	if (SANITIZED)
		return; /* which hands on all of it, for the sanitizers */
	setenv("SECRET", "hunter2", 1);
	assert_int_equal(run(&s), 0);
	assert_string_equal(
	    said, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
	unsetenv("SECRET");
}

static void
descriptors_stand_where_they_are_meant(void **state)
{
	int a[2], b[2], keep[2];

	(void)state;
	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	assert_int_equal(write(a[1], "three\n", 6), 6);
	assert_int_equal(write(b[1], "four\n", 5), 5);
	/* Given the other way round than they were opened. */
	keep[0] = a[0];
	keep[1] = b[0];
	assert_int_equal(
	    run_shell("read x <&3; read y <&4; echo $x $y", keep, 2, false), 0);
	assert_string_equal(said, "three four\n");
	assert_int_equal(write(a[1], "three\n", 6), 6);
	assert_int_equal(write(b[1], "four\n", 5), 5);
	keep[0] = b[0];
	keep[1] = a[0];
	assert_int_equal(
	    run_shell("read x <&3; read y <&4; echo $x $y", keep, 2, false), 0);
	assert_string_equal(said, "four three\n");
	/* Nothing else is open, and the input is empty. */
	assert_int_equal(
	    run_shell("cat; (: <&3) 2>/dev/null || echo none", NULL, 0, false),
	    0);
	assert_string_equal(said, "none\n");
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
}

static void
a_child_told_to_stop_does_not_die_of_signals(void **state)
{
	static const char script[] = "kill -TERM $$; kill -INT $$; "
				     "kill -HUP $$; echo alive";
	sigset_t blocked, before;
	int status;

	(void)state;
	assert_int_equal(run_shell(script, NULL, 0, true), 0);
	assert_string_equal(said, "alive\n");
	/* Any other dies, though its parent ignores or blocks them. */
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	status = run_shell(script, NULL, 0, false);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGTERM, SIG_DFL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_string_equal(said, "");
}

static void
what_it_complains_of_may_go_elsewhere(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "echo oh >&2", NULL };
	struct spawn s = { .argv = argv, .in = -1 };
	char octets[8] = "";
	int fd[2];

	(void)state;
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	s.log = fd[1];
	assert_int_equal(run(&s), 0);
	close(fd[1]);
	assert_int_equal(read(fd[0], octets, sizeof(octets)), 3);
	assert_string_equal(octets, "oh\n");
	close(fd[0]);
}

/* One is killed with all that it started; any other stays in our group. */
static void
a_child_may_lead_a_group(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c",
		"set -- $(cat /proc/$$/stat); echo $$ $5", NULL };
	struct spawn s = { .argv = argv, .in = -1, .log = -1 };
	long pid, group;
	char *end;

	(void)state;
	s.leads_group = true;
	assert_int_equal(run(&s), 0);
	pid = strtol(said, &end, 10);
	group = strtol(end, NULL, 10);
	assert_int_equal(group, pid);
	s.leads_group = false;
	assert_int_equal(run(&s), 0);
	strtol(said, &end, 10);
	assert_int_equal(strtol(end, NULL, 10), getpgrp());
}

static void
what_cannot_be_started_is_told(void **state)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	static const int many[5] = { 0, 0, 0, 0, 0 };
	struct spawn s = { .argv = argv, .in = -1, .out = -1, .log = -1 };
	int next = fixture_next_fd();
	struct err e;

	(void)state;
	assert_int_equal(spawn_start(&s, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "/nonexistent/program"));
	assert_non_null(strstr(e.text, "No such file"));
	/* No child is left to wait for, and no descriptor. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(fixture_next_fd(), next);
	s.keep = many;
	s.nkeep = 5;
	assert_int_equal(spawn_start(&s, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
}

/* Root's child is root no more; nobody else's is another than he is. */
static void
a_child_may_be_somebody_else(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "id -u; id -g; id -G",
		NULL };
	struct spawn s = { .argv = argv,
		.in = -1,
		.log = -1,
		.drops = true,
		.uid = 65534,
		.gid = 65533 };
	struct err e;

	(void)state;
	if (geteuid() != 0) {
		assert_int_equal(spawn_start(&s, &e), -1);
		assert_int_equal(e.class, ERR_LOCAL);
		return;
	}
	assert_int_equal(run(&s), 0);
	assert_int_equal(strncmp(said, "65534\n65533\n65533\n", 18), 0);
	s.uid = 0;
	s.gid = 0;
	assert_int_equal(spawn_start(&s, &e), -1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_is_made_from_nothing),
		cmocka_unit_test(descriptors_stand_where_they_are_meant),
		cmocka_unit_test(a_child_told_to_stop_does_not_die_of_signals),
		cmocka_unit_test(what_it_complains_of_may_go_elsewhere),
		cmocka_unit_test(a_child_may_lead_a_group),
		cmocka_unit_test(what_cannot_be_started_is_told),
		cmocka_unit_test(a_child_may_be_somebody_else),
	};

	/* What make hands on; mailchuted lets go of it likewise. */
	closefrom(3);
	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
