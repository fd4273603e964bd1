/* SPDX-License-Identifier: ISC */
/* local.alarm_command: what it is given, and that it holds up nobody. */
#include "config.h"

#include <sys/wait.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/alarm_command.h"
#include "queue/ask.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *directory, *log;
	struct conf conf;
	struct alarm_command *c;
	int next_fd;
} rig;

static void
use(const char *program, const char *argument, const char *second)
{
	strlist_clear(&rig.conf.local.alarm_command);
	if (program != NULL)
		strlist_add(&rig.conf.local.alarm_command, program);
	if (argument != NULL)
		strlist_add(&rig.conf.local.alarm_command, argument);
	if (second != NULL)
		strlist_add(&rig.conf.local.alarm_command, second);
}

static void
begin(bool no_commands)
{
	rig.c = alarm_command_new(&rig.conf, no_commands);
}

/* The script finds the test's folder in $0. */
static void
begin_script(const char *script)
{
	use("/bin/sh", "-c", script);
	strlist_add(&rig.conf.local.alarm_command, rig.directory);
	begin(false);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.directory = fixture_directory();
	rig.log = xasprintf("%s/log", rig.directory);
	if (log_open("test", LOG_TO_FILE, rig.log, LOG_DEBUG) == -1)
		return -1;
	rig.next_fd = fixture_next_fd();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	alarm_command_free(rig.c);
	/* No child is left, and no descriptor. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(fixture_next_fd(), rig.next_fd);
	log_open("test", LOG_TO_STDERR, NULL, LOG_ERR);
	use(NULL, NULL, NULL);
	free(rig.log);
	fixture_remove(rig.directory);
	return 0;
}

/* What stands in a file of the folder. */
static const char *
file(const char *name)
{
	static char text[65536];
	char *path = xasprintf("%s/%s", rig.directory, name);
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	free(path);
	return text;
}

static size_t
logged(const char *part)
{
	const char *at = file("log");
	size_t n = 0;

	for (; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

/* It says something. */
static void
wait_word(void)
{
	struct pollfd p = { .fd = alarm_command_fd(rig.c), .events = POLLIN };

	assert_int_equal(poll(&p, 1, 60000), 1);
}

/* Nobody holds its descriptor 2 any more: not what it has started, either. */
static void
wait_silence(void)
{
	while (alarm_command_fd(rig.c) != -1) {
		wait_word();
		alarm_command_hear(rig.c);
	}
}

/* As the parent does: reads what comes, and learns of the end. */
static void
wait_one(void)
{
	int wstatus;
	pid_t pid;

	assert_true(alarm_command_is_running(rig.c));
	wait_silence();
	assert_true((pid = waitpid(-1, &wstatus, 0)) > 0);
	assert_false(alarm_command_reaped(rig.c, pid + 1, wstatus));
	assert_true(alarm_command_reaped(rig.c, pid, wstatus));
}

static void
it_gets_the_whole_text(void **state)
{
	char text[ASK_TEXT_MAX];

	(void)state;
	begin_script("cat >>$0/got; cat >>$0/got; pwd >&1");
	alarm_command_tell(rig.c, "one line\n");
	wait_one();
	assert_string_equal(file("got"), "one line\n");
	/* The longest, which nobody need read. */
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	alarm_command_tell(rig.c, text);
	wait_one();
	assert_int_equal(strlen(file("got")), 9 + sizeof(text) - 1);
	assert_int_equal(logged("event=alarm-told"), 2);
	assert_int_equal(logged("event=alarm-command"), 0);
	assert_false(alarm_command_is_running(rig.c));
	assert_int_equal(alarm_command_fd(rig.c), -1);
	assert_true(alarm_command_deadline(rig.c) == CLOCK_NEVER);
}

static void
one_runs_and_a_few_wait(void **state)
{
	char text[2] = "a";
	size_t i;

	(void)state;
	begin_script("mkdir $0/one && cat >>$0/got && rmdir $0/one");
	for (i = 0; i < ALARM_COMMAND_WAITING + 3; i++, text[0]++)
		alarm_command_tell(rig.c, text);
	assert_int_equal(logged("too many alarms wait"), 2);
	for (i = 0; i < ALARM_COMMAND_WAITING + 1; i++)
		wait_one();
	assert_false(alarm_command_is_running(rig.c));
	assert_string_equal(file("got"), "abcdefghijklmnopq");
	assert_int_equal(logged("event=alarm-told"), i);
}

static void
its_failure_is_told_with_its_first_line(void **state)
{
	static const struct {
		const char *script, *want;
	} cases[] = {
		{ "exit 3", "text=\"ended with status 3\"" },
		{ "echo; echo why >&2; echo more >&2; exit 1",
		    "text=\"ended with status 1: why\"" },
		{ "printf '\\n\\nhalf a line' >&2; exit 2",
		    "text=\"ended with status 2: half a line\"" },
		{ "kill -TERM $$", "was ended by signal 15" },
		{ "printf 'a\\000b\\033c\\n' >&2; exit 5", "5: a b\\x1bc\"" },
		{ "head -c 3000000 /dev/zero >&2; exit 4", "status 4" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_script(cases[i].script);
		alarm_command_tell(rig.c, "text");
		wait_one();
		if (logged(cases[i].want) != 1)
			fail_msg("no %s in:\n%s", cases[i].want, file("log"));
		alarm_command_free(rig.c);
	}
	assert_int_equal(logged("event=alarm-command"), i);
	assert_int_equal(logged("event=alarm-told"), 0);
	assert_int_equal(logged("more"), 0);
	begin(true);
}

/* A program that succeeds may say what it likes. */
static void
what_a_good_one_says_is_not_kept(void **state)
{
	(void)state;
	begin_script("echo chatter >&2");
	alarm_command_tell(rig.c, "text");
	wait_one();
	assert_int_equal(logged("chatter"), 0);
	assert_int_equal(logged("event=alarm-told"), 1);
}

static void
one_that_hangs_is_killed_with_what_it_started(void **state)
{
	int64_t end;

	(void)state;
	begin_script("sleep 1000 & echo ready >&2; wait");
	alarm_command_tell(rig.c, "text");
	alarm_command_tell(rig.c, "the next");
	wait_word();
	end = alarm_command_deadline(rig.c);
	assert_true(end > clock_mono_ms() + 10000);
	assert_true(end <= clock_mono_ms() + 60000);
	alarm_command_kill_overdue(rig.c, end - 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	use("/bin/sh", "-c", "cat >$0/got");
	strlist_add(&rig.conf.local.alarm_command, rig.directory);
	alarm_command_kill_overdue(rig.c, end);
	wait_one();
	assert_int_equal(logged("did not end within 60 s: ready"), 1);
	/* The next one had its turn. */
	wait_one();
	assert_string_equal(file("got"), "the next");
}

/* Nobody waits for a job that a script left in the background. */
static void
what_it_leaves_behind_holds_up_nobody(void **state)
{
	int wstatus, fd;
	char octet;
	pid_t pid;

	(void)state;
	begin_script("sleep 1000 & echo last words >&2; exit 7");
	alarm_command_tell(rig.c, "text");
	assert_true((pid = waitpid(-1, &wstatus, 0)) > 0);
	fd = dup(alarm_command_fd(rig.c));
	assert_true(alarm_command_reaped(rig.c, pid, wstatus));
	/* What it said and nobody had read yet is not lost. */
	assert_int_equal(logged("status 7: last words"), 1);
	assert_int_equal(alarm_command_fd(rig.c), -1);
	assert_int_equal(kill(-pid, SIGKILL), 0);
	while (read(fd, &octet, 1) == -1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 60000), 1);
	}
	close(fd);
}

static void
what_cannot_be_run_is_told_at_once_and_then(void **state)
{
	(void)state;
	use("/nonexistent/program", NULL, NULL);
	begin(false);
	assert_int_equal(logged("event=alarm-command"), 1);
	assert_int_equal(logged("No such file"), 1);
	alarm_command_tell(rig.c, "text");
	assert_false(alarm_command_is_running(rig.c));
	assert_int_equal(logged("cannot start /nonexistent/program"), 1);
	/* A folder is no program, and one without the right is none. */
	use(rig.directory, NULL, NULL);
	alarm_command_set_conf(rig.c, &rig.conf);
	assert_int_equal(logged("is no program"), 1);
	use("/bin/sh", NULL, NULL);
	alarm_command_set_conf(rig.c, &rig.conf);
	assert_int_equal(logged("event=alarm-command"), 3);
}

static void
where_no_command_may_run_none_does(void **state)
{
	(void)state;
	use("/nonexistent/program", NULL, NULL);
	begin(true);
	alarm_command_tell(rig.c, "text");
	assert_false(alarm_command_is_running(rig.c));
	alarm_command_free(rig.c);
	use(NULL, NULL, NULL);
	begin(false);
	alarm_command_tell(rig.c, "text");
	assert_false(alarm_command_is_running(rig.c));
	assert_string_equal(file("log"), "");
}

/* The configuration may change while one runs and another waits. */
static void
a_command_that_is_gone_is_run_no_more(void **state)
{
	(void)state;
	begin_script("cat >>$0/got");
	alarm_command_tell(rig.c, "first");
	alarm_command_tell(rig.c, "second");
	use(NULL, NULL, NULL);
	alarm_command_set_conf(rig.c, &rig.conf);
	wait_one();
	assert_string_equal(file("got"), "first");
	assert_false(alarm_command_is_running(rig.c));
}

static void
the_end_kills_it_and_forgets_the_rest(void **state)
{
	(void)state;
	begin_script("cat >>$0/got; echo got it >&2; sleep 1000");
	alarm_command_tell(rig.c, "first");
	alarm_command_tell(rig.c, "second");
	wait_word();
	alarm_command_kill(rig.c);
	wait_one();
	assert_false(alarm_command_is_running(rig.c));
	assert_string_equal(file("got"), "first");
	assert_int_equal(logged("before all alarms were told"), 1);
	assert_int_equal(logged("signal 9"), 1);
	alarm_command_kill(rig.c);
}

#define in_rig(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(it_gets_the_whole_text),
		in_rig(one_runs_and_a_few_wait),
		in_rig(its_failure_is_told_with_its_first_line),
		in_rig(what_a_good_one_says_is_not_kept),
		in_rig(one_that_hangs_is_killed_with_what_it_started),
		in_rig(what_it_leaves_behind_holds_up_nobody),
		in_rig(what_cannot_be_run_is_told_at_once_and_then),
		in_rig(where_no_command_may_run_none_does),
		in_rig(a_command_that_is_gone_is_run_no_more),
		in_rig(the_end_kills_it_and_forgets_the_rest),
	};

	/* What make hands on; mailchuted lets go of it likewise. */
	closefrom(3);
	return cmocka_run_group_tests_name("alarm_command", tests, NULL, NULL);
}
