/* SPDX-License-Identifier: ISC */
/* Checkers are few, each answers once, and none stays. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/checkers.h"
#include "tests/unit/checker_rig.h"
#include "tests/unit/queue_fixture.h"

#define PATIENCE_MS 30000

static struct {
	struct checkers *c;
	int before; /* the descriptor that is next */
} here;

static int
set_up(void **state)
{
	checker_rig_open(state);
	here.before = fixture_next_fd();
	here.c = checkers_new();
	return 0;
}

static pid_t
reap_one(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	assert_true(pid > 0);
	assert_true(checkers_reaped(here.c, pid));
	assert_false(checkers_reaped(here.c, pid));
	return pid;
}

static int
tear_down(void **state)
{
	checkers_kill(here.c);
	while (checkers_count(here.c) > 0)
		reap_one();
	checkers_free(here.c);
	assert_int_equal(fixture_next_fd(), here.before);
	return checker_rig_close(state);
}

/* For the client of that number, and its smtpd: where the password goes. */
static int
begin(pid_t asker, unsigned client)
{
	struct check_for who = { asker, { .family = AF_INET, .bits = 32 } };
	struct err e;
	int fd;

	who.client.address[3] = (uint8_t)client;
	assert_int_equal(checkers_start(here.c, checker_rig.conf,
			     checker_rig.listener, &who, &fd, &e),
	    0);
	assert_true(fd >= 0);
	return fd;
}

static size_t
of(unsigned client)
{
	struct network n = { .family = AF_INET, .bits = 32 };

	n.address[3] = (uint8_t)client;
	return checkers_of(here.c, &n);
}

/* The next one that has something to say, and its place. */
static size_t
hear(struct check_for *who, struct check_outcome *out)
{
	struct pollfd fds[CHECKERS_MAX];
	size_t i;

	checkers_poll_fds(here.c, fds);
	assert_true(poll(fds, CHECKERS_MAX, PATIENCE_MS) > 0);
	for (i = 0; fds[i].revents == 0; i++)
		continue;
	assert_true(checkers_hear(here.c, i, who, out));
	return i;
}

static void
what_they_say(void **state)
{
	struct check_for who;
	struct check_outcome o;

	(void)state;
	checker_rig_say(begin(7, 1), "right");
	hear(&who, &o);
	assert_int_equal(who.asker, 7);
	assert_int_equal(who.client.address[3], 1);
	assert_int_equal(o.result, CHECK_RIGHT);
	assert_string_equal(o.login, "scanner");
	assert_string_equal(o.senders, "@contoso.com");
	check_outcome_clear(&o);
	checker_rig_say(begin(8, 2), "wrong");
	hear(&who, &o);
	assert_int_equal(who.asker, 8);
	assert_int_equal(o.result, CHECK_WRONG);
	check_outcome_clear(&o);
	checker_rig_say(begin(8, 2), "unable");
	hear(&who, &o);
	assert_int_equal(o.result, CHECK_UNABLE);
	assert_int_equal(o.line, 3);
	assert_string_equal(o.why, "no hash");
	check_outcome_clear(&o);
}

/* Whatever is no answer is one of nobody's password. */
static void
what_they_do_not_say(void **state)
{
	static const char *const passwords[] = { "odd", "huge", "silent" };
	struct check_for who;
	struct check_outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		checker_rig_say(begin(7, 1), passwords[i]);
		hear(&who, &o);
		assert_int_equal(who.asker, 7);
		assert_int_equal(o.result, CHECK_UNABLE);
		assert_null(o.why);
		assert_null(o.login);
		reap_one();
	}
	/* its client has gone without a word */
	close(begin(7, 1));
	hear(&who, &o);
	assert_int_equal(o.result, CHECK_UNABLE);
	/* and who is killed */
	i = (size_t)begin(7, 1);
	checkers_kill(here.c);
	hear(&who, &o);
	assert_int_equal(o.result, CHECK_UNABLE);
	close((int)i);
}

/* A place is free again when it was heard and reaped, in either order. */
static void
places(void **state)
{
	struct check_for who;
	struct check_outcome o;
	struct err e;
	int fds[CHECKERS_MAX], more;
	size_t i;

	(void)state;
	for (i = 0; i < CHECKERS_MAX; i++) {
		assert_false(checkers_are_full(here.c));
		fds[i] = begin(100 + (pid_t)i, 1);
	}
	assert_true(checkers_are_full(here.c));
	assert_int_equal(checkers_count(here.c), CHECKERS_MAX);
	assert_int_equal(of(1), CHECKERS_MAX);
	assert_int_equal(of(2), 0);
	memset(&who, 0, sizeof(who));
	assert_int_equal(checkers_start(here.c, checker_rig.conf,
			     checker_rig.listener, &who, &more, &e),
	    -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(more, -1);
	/* heard, and then reaped */
	checker_rig_say(fds[0], "right");
	hear(&who, &o);
	check_outcome_clear(&o);
	assert_int_equal(of(1), CHECKERS_MAX - 1);
	assert_true(checkers_are_full(here.c));
	reap_one();
	assert_false(checkers_are_full(here.c));
	fds[0] = begin(100, 2);
	assert_int_equal(of(2), 1);
	/* reaped, and then heard */
	checker_rig_say(fds[1], "right");
	reap_one();
	assert_int_equal(checkers_count(here.c), CHECKERS_MAX - 1);
	assert_true(checkers_are_full(here.c));
	assert_int_equal(of(1), CHECKERS_MAX - 1);
	hear(&who, &o);
	assert_int_equal(who.asker, 101);
	check_outcome_clear(&o);
	assert_false(checkers_are_full(here.c));
	close(fds[0]);
	close(fds[2]);
	close(fds[3]);
}

/* The number of an smtpd that is gone may be another's next. */
static void
who_is_gone_is_forgotten(void **state)
{
	struct check_for who;
	struct check_outcome o;
	int a = begin(7, 1), b = begin(8, 1);

	(void)state;
	checkers_forget(here.c, 7);
	checker_rig_say(a, "wrong");
	hear(&who, &o);
	assert_int_equal(who.asker, 0);
	/* whose password it was is known all the same */
	assert_int_equal(who.client.address[3], 1);
	check_outcome_clear(&o);
	checker_rig_say(b, "wrong");
	hear(&who, &o);
	assert_int_equal(who.asker, 8);
	check_outcome_clear(&o);
}

/* One that does not end is killed, once. */
static void
none_stays(void **state)
{
	struct check_for who;
	struct check_outcome o;
	int64_t now = clock_mono_ms(), at;
	int fd, status;
	pid_t pid;

	(void)state;
	assert_int_equal(checkers_deadline(here.c), CLOCK_NEVER);
	fd = begin(7, 1);
	at = checkers_deadline(here.c);
	assert_in_range(at, now + 1, CLOCK_NEVER - 1);
	checkers_kill_overdue(here.c, at - 1);
	assert_int_equal(checkers_deadline(here.c), at);
	checkers_kill_overdue(here.c, at);
	assert_int_equal(checkers_deadline(here.c), CLOCK_NEVER);
	pid = waitpid(-1, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_true(checkers_reaped(here.c, pid));
	hear(&who, &o);
	assert_int_equal(o.result, CHECK_UNABLE);
	close(fd);
}

/* Nothing has begun, and the file is what is wrong. */
static void
without_a_file(void **state)
{
	struct conf_listen l = *checker_rig.listener;
	struct check_for who = { 7, { .family = AF_INET } };
	struct err e;
	int fd;

	(void)state;
	l.users_file = (char *)(uintptr_t) "/nonexistent/users";
	assert_int_equal(
	    checkers_start(here.c, checker_rig.conf, &l, &who, &fd, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "/nonexistent/users"));
	assert_int_equal(fd, -1);
	assert_int_equal(checkers_count(here.c), 0);
	assert_int_equal(fixture_next_fd(), here.before);
}

/* A fork has none of the channels. */
static void
for_a_fork(void **state)
{
	struct pollfd fds[CHECKERS_MAX];
	int fd = begin(7, 1), i;

	(void)state;
	close(fd);
	checkers_close(here.c);
	assert_int_equal(fixture_next_fd(), here.before);
	checkers_poll_fds(here.c, fds);
	for (i = 0; i < CHECKERS_MAX; i++)
		assert_int_equal(fds[i].fd, -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(what_they_say),
		T(what_they_do_not_say),
		T(places),
		T(who_is_gone_is_forgotten),
		T(none_stays),
		T(without_a_file),
		T(for_a_fork),
	};

	checker_rig_program(argc, argv);
	return cmocka_run_group_tests_name("checkers", tests, NULL, NULL);
}
