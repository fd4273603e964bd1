/* SPDX-License-Identifier: ISC */
/* Guests whose smtpd somebody else has: what becomes of it, and of the others.
 */
#include "config.h"

#include <sys/socket.h>
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
#include "common/proto_listen.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/logged.h"

/* Two of a listener, each a process that only waits, with its channel's end. */
static struct {
	struct conf *conf;
	struct guests *g;
	struct gate *gate;
	int smtpd[2];
	FILE *log;
} here;

static pid_t
a_process(void)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		closefrom(3); /* what is the test's ends with it */
		for (;;)
			pause();
	}
	return pid;
}

static void
add(size_t i)
{
	struct guest *one = &here.g->v[i];
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	one->pid = a_process();
	one->conf = &here.conf->listeners[0];
	one->gate = here.gate;
	one->channel = pair[0];
	snprintf(one->text, sizeof(one->text), "192.0.2.%zu", i);
	here.smtpd[i] = pair[1];
	here.g->n++;
}

static int
set_up(void **state)
{
	(void)state;
	here.log = tmpfile();
	log_open_fd("test", fileno(here.log), LOG_DEBUG);
	here.conf = good(MAILBOX "[listen scan]\n");
	here.g = guests_new();
	guests_set_conf(here.g, here.conf);
	here.gate = gate_new(&here.conf->listeners[0]);
	add(0);
	add(1);
	return 0;
}

static void
reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(guests_reaped(here.g, pid, status));
}

static int
tear_down(void **state)
{
	(void)state;
	guests_kill(here.g);
	while (here.g->n > 0)
		reap(here.g->v[0].pid);
	guests_free(here.g);
	gate_free(here.gate);
	conf_free(here.conf);
	close(here.smtpd[0]);
	close(here.smtpd[1]);
	log_open_fd("test", STDERR_FILENO, LOG_DEBUG);
	fclose(here.log);
	return 0;
}

/* How many lines of the log hold this. */
static unsigned
told(const char *text)
{
	return logged_lines(here.log, text);
}

static void
say(size_t i, const void *p, size_t n)
{
	assert_int_equal(send(here.smtpd[i], p, n, MSG_NOSIGNAL), n);
}

/* One round of the parent's loop. */
static void
serve(void)
{
	static struct pollfd fds[GUESTS_FDS];
	size_t n = guests_poll_fds(here.g, fds);

	assert_true(poll(fds, n, 30000) > 0);
	guests_serve(here.g, fds);
}

static void
ask(size_t i)
{
	static const uint8_t frame[FRAME_HEAD] = { LISTEN_ASK };

	say(i, frame, sizeof(frame));
	serve();
}

static bool
is_hung_up(size_t i)
{
	char octet;

	return recv(here.smtpd[i], &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The first; and the second is as it was. */
static void
assert_is_ended(const char *why)
{
	pid_t pid = here.g->v[0].pid;

	assert_int_equal(here.g->v[0].channel, -1);
	assert_int_equal(told("event=smtpd-taken-over listener=scan "
			      "client=192.0.2.0 "),
	    1);
	assert_int_equal(told(why), 1);
	/* it ends by that, since it would never by itself */
	reap(pid);
	assert_int_equal(told("smtpd-ended"), 0);
	assert_int_equal(here.g->n, 1);
	assert_string_equal(here.g->v[0].text, "192.0.2.1");
	assert_int_equal(kill(here.g->v[0].pid, 0), 0);
	assert_false(is_hung_up(1));
	assert_int_equal(told("smtpd-taken-over"), 1);
}

static void
what_no_smtpd_says(void **state)
{
	static const char longer[LISTEN_ASK_MAX + 1] = { LISTEN_ASK };
	static const struct {
		const char *p;
		size_t n;
	} cases[] = {
		{ "?", 1 },
		{ "\377\377\377\377\377\377", 6 },
		{ "\2\0\0\0", 4 },      /* cut */
		{ "\2\0\0\0\0\0", 6 },  /* and one octet more */
		{ "\7\0\0\0\0", 5 },    /* unknown */
		{ "\2\0\0\0\1\14", 6 }, /* half a field */
		{ "\5\0\0\0\1x", 6 },   /* SIGN_IN has none */
		{ "\36\0\0\0\0", 5 },   /* TROUBLE has some */
		{ longer, sizeof(longer) },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(0, cases[i].p, cases[i].n);
		serve();
		assert_is_ended("says what no smtpd says");
		tear_down(state);
		set_up(state);
	}
}

/* So do all, when their client is gone; what was unread does not matter. */
static void
an_end_is_none(void **state)
{
	(void)state;
	ask(0);
	close(here.smtpd[0]);
	serve();
	here.smtpd[0] = -1;
	assert_int_equal(here.g->v[0].channel, -1);
	assert_int_equal(kill(here.g->v[0].pid, 0), 0);
	assert_int_equal(told("smtpd-taken-over"), 0);
	assert_false(here.g->v[0].is_condemned);
}

static void
read_answer(size_t i)
{
	char text[FDPASS_TEXT_MAX];
	int fd;

	assert_int_equal(fdpass_recv(here.smtpd[i], &fd, text,
			     clock_mono_ms() + 30000, NULL),
	    0);
	assert_int_equal(fd, -1);
}

/* Ours ask, and read what they have asked for. */
static void
who_does_not_read(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		ask(0);
		read_answer(0);
	}
	assert_int_equal(told("smtpd-taken-over"), 0);
	ask(0);
	ask(0);
	assert_is_ended("asks again without reading the answer");
}

/* Nobody waits for it, whatever has filled its channel. */
static void
what_does_not_fit_is_the_end(void **state)
{
	static const char text[FDPASS_TEXT_MAX - 1] = { 'x' };
	int i;

	(void)state;
	for (i = 0; i < 100000 && here.g->v[0].channel != -1; i++)
		guests_answer(&here.g->v[0], -1, text);
	assert_int_equal(here.g->v[0].channel, -1);
	/* and nothing happens to one that is closed */
	guests_answer(&here.g->v[0], -1, text);
	assert_false(is_hung_up(1));
}

/* The queue process has seen it; it may say so of anybody, and of nobody. */
static void
who_is_accused(void **state)
{
	(void)state;
	guests_accuse(here.g, 0);
	guests_accuse(here.g, getpid());
	assert_int_equal(told("smtpd-taken-over"), 0);
	guests_accuse(here.g, here.g->v[0].pid);
	guests_accuse(here.g, here.g->v[0].pid);
	assert_is_ended("holds more than one connection to the queue");
}

/* Whoever can take one over can take over the next. */
static void
again_and_again(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5 * TURNED_LINES; i++) {
		here.g->v[0].is_condemned = false;
		guests_condemn(here.g, &here.g->v[0], "does it again");
	}
	/* a minute may have begun meanwhile */
	assert_in_range(told("does it again"), TURNED_LINES, 2 * TURNED_LINES);
}

/* A reload may turn it off for one that was told of it; else nobody asks. */
static void
who_signs_in_where_nobody_does(void **state)
{
	(void)state;
	guests_auth_ask(here.g, &here.g->v[1], clock_mono_ms());
	assert_int_equal(told("smtpd-taken-over"), 0);
	read_answer(1);
	assert_int_equal(here.g->v[1].sign_in.state, SIGN_IN_NOTHING);
	here.g->v[0].is_without_auth = true;
	guests_auth_ask(here.g, &here.g->v[0], clock_mono_ms());
	assert_is_ended("asks to sign in when none does");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_no_smtpd_says),
		T(an_end_is_none),
		T(who_does_not_read),
		T(what_does_not_fit_is_the_end),
		T(who_is_accused),
		T(again_and_again),
		T(who_signs_in_where_nobody_does),
	};

	return cmocka_run_group_tests_name("guests_taken", tests, NULL, NULL);
}
