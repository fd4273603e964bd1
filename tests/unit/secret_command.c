/* SPDX-License-Identifier: ISC */
/* Commands that print a secret: how they end, and what is said of that. */
#include "config.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/secret_command.h"

#define ASKER 4711

static struct secret_commands *commands;
static struct err e;

static int
set_up(void **state)
{
	(void)state;
	commands = secret_commands_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	secret_commands_free(commands);
	return 0;
}

static int
start(const char *script)
{
	struct strlist argv = { NULL, 0 };
	int fd;

	strlist_add(&argv, "/bin/sh");
	strlist_add(&argv, "-c");
	strlist_add(&argv, script);
	fd = secret_command_start(commands, &argv, ASKER, &e);
	strlist_clear(&argv);
	assert_int_not_equal(fd, -1);
	return fd;
}

/* Waits for its end, and what is said of it. */
static struct err
end(void)
{
	struct err why;
	int wstatus;
	pid_t asker, pid = waitpid(-1, &wstatus, 0);

	assert_true(pid > 0);
	assert_true(
	    secret_command_reaped(commands, pid, wstatus, &asker, &why));
	assert_int_equal(asker, ASKER);
	assert_int_equal(secret_commands_count(commands), 0);
	return why;
}

static void
ends(const char *script, enum err_class class, const char *text)
{
	int fd = start(script);
	struct err why = end();

	close(fd);
	assert_int_equal(why.class, class);
	if (class != ERR_NONE && strstr(why.text, text) == NULL)
		fail_msg("%s: %s", text, why.text);
}

static void
each_end_is_told(void **state)
{
	(void)state;
	ends("exit 0", ERR_NONE, "");
	ends("exit 1", ERR_LOCAL, "/bin/sh ended with status 1; run it by");
	ends("exit 127", ERR_LOCAL, "ended with status 127");
	ends("exit 75", ERR_TEMP, "ended with status 75");
	ends("kill -TERM $$", ERR_TEMP, "was ended by signal 15");
}

static void
others_ends_are_not_ours(void **state)
{
	struct err why;
	pid_t asker;

	(void)state;
	assert_false(
	    secret_command_reaped(commands, getpid(), 0, &asker, &why));
}

/* The pipe is closed when all that held it are gone. */
static void
assert_closes(int fd)
{
	char octet;
	ssize_t n;

	while ((n = read(fd, &octet, 1)) > 0)
		;
	assert_int_equal(n, 0);
	close(fd);
}

static void
one_that_takes_too_long_is_killed(void **state)
{
	int64_t now = clock_mono_ms();
	int fd = start("sleep 100000 & echo; wait");
	struct err why;
	char octet;

	(void)state;
	assert_int_equal(read(fd, &octet, 1), 1);
	assert_true(secret_commands_deadline(commands) >= now + 60000);
	secret_commands_kill_overdue(commands, now + 59000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	secret_commands_kill_overdue(commands, clock_mono_ms() + 60000);
	assert_closes(fd);
	why = end();
	assert_int_equal(why.class, ERR_TEMP);
	assert_non_null(strstr(why.text, "did not end within 60 s"));
	assert_true(secret_commands_deadline(commands) == CLOCK_NEVER);
}

static void
what_it_left_running_goes_with_it(void **state)
{
	int fd = start("sleep 100000 & echo");
	struct err why = end();

	(void)state;
	assert_int_equal(why.class, ERR_NONE);
	assert_closes(fd);
}

static void
all_are_killed_at_the_end(void **state)
{
	int fd = start("sleep 100000 & sleep 100000");
	int other = start("sleep 100000");
	int wstatus, i;
	struct err why;
	pid_t asker, pid;

	(void)state;
	assert_int_equal(secret_commands_count(commands), 2);
	secret_commands_kill(commands);
	for (i = 0; i < 2; i++) {
		pid = waitpid(-1, &wstatus, 0);
		assert_true(secret_command_reaped(
		    commands, pid, wstatus, &asker, &why));
	}
	assert_closes(fd);
	assert_closes(other);
}

static void
one_that_is_not_there_is_told(void **state)
{
	struct strlist argv = { NULL, 0 };

	(void)state;
	strlist_add(&argv, "/no/such/command");
	assert_int_equal(secret_command_start(commands, &argv, ASKER, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "/no/such/command"));
	assert_int_equal(secret_commands_count(commands), 0);
	strlist_clear(&argv);
}

#define in_rig(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(each_end_is_told),
		in_rig(others_ends_are_not_ours),
		in_rig(one_that_takes_too_long_is_killed),
		in_rig(what_it_left_running_goes_with_it),
		in_rig(all_are_killed_at_the_end),
		in_rig(one_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("secret_command", tests, NULL, NULL);
}
