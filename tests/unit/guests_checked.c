/* SPDX-License-Identifier: ISC */
/* From a password to its verdict, and what is counted on the way. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "queue/guests_priv.h"
#include "tests/unit/checker_rig.h"
#include "tests/unit/queue_fixture.h"

#define PATIENCE_MS 30000
#define GUESTS      3 /* all of one client */

static struct {
	struct guests *g;
	int smtpd[GUESTS]; /* theirs of the channels */
	int64_t now;
} here;

static struct guest *
guest(size_t i)
{
	return &here.g->v[i];
}

static int
set_up(void **state)
{
	int pair[2];
	size_t i;

	checker_rig_open(state);
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	here.g = guests_new();
	here.now = clock_mono_ms(); /* which theirs is, too */
	guests_set_conf(here.g, checker_rig.conf);
	here.g->n = GUESTS;
	for (i = 0; i < GUESTS; i++) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
		    0);
		guest(i)->pid = 99999990 + (pid_t)i; /* nobody has it */
		guest(i)->conf = checker_rig.listener;
		guest(i)->client.family = AF_INET;
		guest(i)->channel = pair[0];
		here.smtpd[i] = pair[1];
	}
	return 0;
}

static int
tear_down(void **state)
{
	size_t i;
	int status;
	pid_t pid;

	checkers_kill(here.g->checkers);
	while ((pid = waitpid(-1, &status, 0)) > 0)
		assert_true(checkers_reaped(here.g->checkers, pid));
	guests_free(here.g);
	for (i = 0; i < GUESTS; i++)
		close(here.smtpd[i]);
	return checker_rig_close(state);
}

static void
assert_silent(size_t i)
{
	char octet;

	assert_int_equal(recv(here.smtpd[i], &octet, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/* What the parent says to it: where its password goes, or words and -1. */
static int
told(size_t i, const char *words)
{
	char text[FDPASS_TEXT_MAX];
	int fd;

	assert_int_equal(fdpass_recv(here.smtpd[i], &fd, text,
			     clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
	assert_string_equal(text, words);
	return fd;
}

/* Asks, and says its password to the checker that it gets. */
static void
try(size_t i, const char *password)
{
	guests_auth_ask(here.g, guest(i), here.now);
	checker_rig_say(told(i, ""), password);
}

/* The next verdict comes, and no other; a checker is reaped. */
static void
serve(void)
{
	struct pollfd fds[CHECKERS_MAX];
	int status, i, one;
	pid_t pid;

	checkers_poll_fds(here.g->checkers, fds);
	assert_true(poll(fds, CHECKERS_MAX, PATIENCE_MS) > 0);
	for (one = 0; fds[one].revents == 0; one++)
		continue;
	for (i = one + 1; i < CHECKERS_MAX; i++)
		fds[i].revents = 0;
	guests_auth_serve(here.g, fds, here.now);
	pid = waitpid(-1, &status, 0);
	assert_true(checkers_reaped(here.g->checkers, pid));
}

static size_t
left(void)
{
	return guesses_left(here.g->guesses, &guest(0)->client, here.now);
}

static void
verdicts(void **state)
{
	(void)state;
	try(0, "right");
	assert_silent(0);
	assert_string_equal(guests_auth_check(guest(0)), "sign in first");
	serve();
	assert_int_equal(told(0, "Y"), -1);
	assert_string_equal(guest(0)->sign_in.login, "scanner");
	assert_string_equal(guest(0)->sign_in.senders, "@contoso.com");
	assert_null(guests_auth_check(guest(0)));
	assert_int_equal(left(), GUESSES_MAX);
	/* a wrong one is told of after a while, and counts */
	try(1, "wrong");
	serve();
	assert_silent(1);
	assert_int_equal(left(), GUESSES_MAX - 1);
	assert_int_equal(guests_auth_deadline(here.g), here.now + 1000);
	guests_auth_tick(here.g, here.now + 1000);
	assert_int_equal(told(1, "N"), -1);
	assert_null(guest(1)->sign_in.login);
	/* a damaged file is nobody's guess */
	try(2, "unable");
	serve();
	assert_int_equal(told(2, "L sign-in fails here; try later"), -1);
	assert_non_null(strstr(here.g->told.text, ":3: no hash"));
	try(2, "silent");
	serve();
	assert_int_equal(told(2, "L sign-in fails here; try later"), -1);
	assert_int_equal(left(), GUESSES_MAX - 1);
}

/* Who hangs up in time would else have as many guesses as it likes. */
static void
a_guess_counts_though_its_client_has_gone(void **state)
{
	int fd, other;

	(void)state;
	guests_auth_ask(here.g, guest(2), here.now);
	fd = told(2, "");
	guests_close_channel(guest(2));
	guests_auth_forget(here.g, guest(2));
	here.g->n--;
	checker_rig_say(fd, "wrong");
	serve();
	assert_int_equal(left(), GUESSES_MAX - 1);
	/* nor does the next one with its number hear of it */
	guests_auth_ask(here.g, guest(1), here.now);
	fd = told(1, "");
	guests_auth_forget(here.g, guest(1));
	guests_auth_ask(here.g, guest(1), here.now);
	other = told(1, "");
	checker_rig_say(fd, "right");
	serve();
	assert_silent(1);
	assert_null(guest(1)->sign_in.login);
	assert_string_equal(guests_auth_check(guest(1)), "sign in first");
	checker_rig_say(other, "right");
	serve();
	assert_int_equal(told(1, "Y"), -1);
}

/* As many are compared as may be wrong, and no more. */
static void
connections_are_no_guesses(void **state)
{
	int fd, i;

	(void)state;
	for (i = 0; i < GUESSES_MAX - 1; i++)
		guesses_note(here.g->guesses, &guest(0)->client, here.now);
	assert_int_equal(left(), 1);
	guests_auth_ask(here.g, guest(0), here.now);
	fd = told(0, "");
	guests_auth_ask(here.g, guest(1), here.now);
	assert_silent(1);
	assert_int_equal(guest(1)->sign_in.state, SIGN_IN_WAITS);
	/* it was the last, and who has waited is not listened to */
	checker_rig_say(fd, "wrong");
	serve();
	guests_auth_tick(here.g, here.now);
	assert_int_equal(guest(1)->sign_in.state, SIGN_IN_REFUSED);
	guests_auth_tick(here.g, guests_auth_deadline(here.g));
	assert_int_equal(told(0, "N"), -1);
	assert_int_equal(told(1, "L too many wrong passwords; try later"), -1);
}

/* Who has waited for longest is the next. */
static void
they_take_turns(void **state)
{
	struct check_for who = { 1, { .family = AF_INET, .bits = 32 } };
	static const size_t order[] = { 2, 0, 1 };
	int fds[CHECKERS_MAX], theirs[3], i;
	struct err e;

	(void)state;
	for (i = 0; i < CHECKERS_MAX; i++)
		assert_int_equal(
		    checkers_start(here.g->checkers, checker_rig.conf,
			checker_rig.listener, &who, &fds[i], &e),
		    0);
	guests_auth_ask(here.g, guest(2), here.now);
	guests_auth_ask(here.g, guest(0), here.now + 1);
	guests_auth_ask(here.g, guest(1), here.now + 2);
	assert_silent(2);
	for (i = 0; i < 3; i++) {
		close(fds[i]);
		serve();
		guests_auth_tick(here.g, here.now);
		theirs[i] = told(order[i], "");
		assert_true(theirs[i] >= 0);
		assert_silent(order[(i + 1) % 3]);
	}
	for (i = 0; i < 3; i++)
		close(theirs[i]);
	close(fds[3]);
}

/* What a reload makes of a password that is being compared. */
static void
a_reload_amid(void **state)
{
	(void)state;
	try(0, "right");
	try(1, "wrong");
	guests_set_conf(here.g, checker_rig.conf);
	guest(0)->conf = guest(1)->conf = checker_rig.listener;
	assert_int_equal(guest(0)->channel, -1);
	serve();
	serve();
	assert_non_null(strstr(guests_auth_check(guest(0)), "connect anew"));
	/* and the next reload does not make it good */
	guests_set_conf(here.g, checker_rig.conf);
	guest(0)->conf = guest(1)->conf = checker_rig.listener;
	assert_non_null(strstr(guests_auth_check(guest(0)), "connect anew"));
	assert_non_null(strstr(guests_auth_check(guest(1)), "connect anew"));
}

/* The same trouble is told of once a while, since strangers make it. */
static void
trouble_is_told_now_and_then(void **state)
{
	int64_t first = here.now;

	(void)state;
	try(0, "unable");
	serve();
	assert_int_equal(told(0, "L sign-in fails here; try later"), -1);
	assert_int_equal(here.g->told_at, first);
	here.now += 59999;
	try(0, "unable");
	serve();
	assert_int_equal(here.g->told_at, first);
	assert_int_equal(told(0, "L sign-in fails here; try later"), -1);
	here.now++;
	try(0, "unable");
	serve();
	assert_int_equal(here.g->told_at, here.now);
	assert_int_equal(told(0, "L sign-in fails here; try later"), -1);
	/* another one at once */
	here.now++;
	try(0, "silent");
	serve();
	assert_int_equal(here.g->told_at, here.now);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(verdicts),
		T(a_guess_counts_though_its_client_has_gone),
		T(connections_are_no_guesses),
		T(they_take_turns),
		T(a_reload_amid),
		T(trouble_is_told_now_and_then),
	};

	checker_rig_program(argc, argv);
	return cmocka_run_group_tests_name("guests_checked", tests, NULL, NULL);
}
