/* SPDX-License-Identifier: ISC */
/*
 * An smtpd that asks whether a password is right, with the test as mailchuted's
 * parent, and as the checker.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_check.h"
#include "common/proto_listen.h"
#include "smtpd/sign_in.h"

#define PATIENCE_MS 30000
#define LATER_LOST  10 /* how it ends: SIGN_IN_LATER for a reason of its own */
#define LATER_TOLD  11 /* and for the parent's */

static struct {
	pid_t pid;
	int channel;
} here;

static int
outcome(void)
{
	struct err e;
	struct channel c = { LISTEN_FD };
	enum sign_in_result result = sign_in_ask(&c, "scanner", "secret", &e);

	if (result != SIGN_IN_LATER)
		return (int)result;
	if (strcmp(e.text, "the sign-in failed here; try later") == 0)
		return LATER_LOST;
	return strcmp(e.text, "not now") == 0 ? LATER_TOLD : 99;
}

/* Starts it; its question has been heard. */
static void
start(void)
{
	char p[64];
	struct pollfd fds;
	struct frame f;
	int pair[2];
	ssize_t n;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	here.pid = fork();
	assert_true(here.pid >= 0);
	if (here.pid == 0) {
		if (dup2(pair[1], 100) == -1 || dup2(100, LISTEN_FD) == -1)
			_exit(98);
		close(100);
		if (pair[0] != LISTEN_FD)
			close(pair[0]);
		if (pair[1] != LISTEN_FD)
			close(pair[1]);
		_exit(outcome());
	}
	close(pair[1]);
	here.channel = pair[0];
	fds = (struct pollfd){ .fd = here.channel, .events = POLLIN };
	assert_int_equal(poll(&fds, 1, PATIENCE_MS), 1);
	n = recv(here.channel, p, sizeof(p), 0);
	assert_int_equal(frame_parse(p, (size_t)n, &f), n);
	assert_int_equal(f.type, LISTEN_SIGN_IN);
	assert_int_equal(f.len, 0);
}

static void
say(int fd, const char *words)
{
	assert_int_equal(fdpass_send(here.channel, fd, words,
			     clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
}

static int
end(void)
{
	int status;

	close(here.channel);
	assert_int_equal(waitpid(here.pid, &status, 0), here.pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* It is given a way to a checker: what it says there. */
static void
assert_says_it(void)
{
	char p[CHECK_MAX];
	struct check_login l;
	struct pollfd fds;
	struct frame f;
	struct err e;
	int pair[2];
	ssize_t n;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	say(pair[1], "");
	close(pair[1]);
	fds = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	assert_int_equal(poll(&fds, 1, PATIENCE_MS), 1);
	n = recv(pair[0], p, sizeof(p), 0);
	assert_int_equal(frame_parse(p, (size_t)n, &f), n);
	assert_int_equal(check_get_login(&f, &l, &e), 0);
	assert_string_equal(l.login, "scanner");
	assert_string_equal(l.password, "secret");
	check_login_clear(&l);
	/* and no more */
	assert_int_equal(poll(&fds, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(pair[0], p, sizeof(p), 0), 0);
	close(pair[0]);
}

static const struct {
	const char *words;
	int outcome;
} answers[] = {
	{ "Y", SIGN_IN_YES },
	{ "N", SIGN_IN_NO },
	{ "L not now", LATER_TOLD },
	{ "L", LATER_LOST },
	{ "Lx", LATER_LOST },
	{ "y", LATER_LOST },
	{ "", LATER_LOST },
};

static void
what_the_parent_says(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		start();
		assert_says_it();
		say(-1, answers[i].words);
		assert_int_equal(end(), answers[i].outcome);
		/* at once: nobody has compared anything */
		start();
		say(-1, answers[i].words);
		assert_int_equal(end(), answers[i].outcome);
	}
}

/* What nobody was told can be neither right nor wrong. */
static void
a_password_that_was_not_sent(void **state)
{
	static const char *const words[] = { "Y", "N" };
	int pair[2];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		start();
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
		    0);
		/* the checker is gone before it was listened to */
		close(pair[0]);
		say(pair[1], "");
		close(pair[1]);
		say(-1, words[i]);
		assert_int_equal(end(), LATER_LOST);
	}
}

static void
a_parent_that_does_not_answer(void **state)
{
	int pair[2];

	(void)state;
	start();
	assert_int_equal(end(), LATER_LOST);
	start();
	assert_says_it();
	assert_int_equal(end(), LATER_LOST);
	/* nor is a second checker a verdict */
	start();
	assert_says_it();
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	say(pair[1], "Y");
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(end(), LATER_LOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_parent_says),
		cmocka_unit_test(a_password_that_was_not_sent),
		cmocka_unit_test(a_parent_that_does_not_answer),
	};

	return cmocka_run_group_tests_name("smtpd_sign_in", tests, NULL, NULL);
}
