/* SPDX-License-Identifier: ISC */
/*
 * An smtpd whose parent answers late, or something else than it was asked.  The
 * test is the parent, and is late when a deadline comes before its answer.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/proto_listen.h"
#include "common/xalloc.h"
#include "smtpd/channel.h"
#include "smtpd/link.h"
#include "smtpd/sign_in.h"

#define HOUR_MS (3600 * 1000)

static struct {
	int parent;
	struct channel channel;
	bool is_late;
} rig;

/* The deadline has come unless something is there already. */
int
poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	static const struct timespec now = { 0, 0 };

	assert_true(timeout >= 0);
	if (rig.is_late && fds[0].fd == rig.channel.fd)
		return 0;
	return ppoll(fds, nfds, &now, NULL);
}

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	rig.parent = fd[0];
	rig.channel.fd = fd[1];
	rig.is_late = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	channel_end(&rig.channel);
	close(rig.parent);
	return 0;
}

/* The parent passes on one end of a pair, if it still can: the other. */
static int
pass(int type)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(fd[1], F_SETFL, O_NONBLOCK), 0);
	(void)fdpass_send(
	    rig.parent, fd[0], "", clock_mono_ms() + HOUR_MS, NULL);
	close(fd[0]);
	return fd[1];
}

static void
say(const char *words)
{
	(void)fdpass_send(
	    rig.parent, -1, words, clock_mono_ms() + HOUR_MS, NULL);
}

/* Nobody has written to it. */
static void
assert_heard_nothing(int fd)
{
	char octets[4096];
	ssize_t n = recv(fd, octets, sizeof(octets), 0);

	assert_true(n == 0 || (n == -1 && errno == EAGAIN));
	close(fd);
}

static ssize_t
no_text(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)p;
	(void)n;
	(void)e;
	return 0;
}

/* A message of the client's; -1 with *e filled. */
static int
hand_over(struct err *e)
{
	static const struct client_words words = { .helo = "copier" };
	const struct submit_head head = { { 1 }, 1700000000, SUBMIT_VERSION };
	const struct source text = { no_text, NULL, NULL };
	struct link link = LINK_BY(&rig.channel);
	char id[QUEUE_ID_LEN + 1];
	struct envelope env;
	struct parcel *p;
	int rc;

	envelope_init(&env);
	env.sender = xstrdup("a@b.example");
	envelope_add(&env, "c@d.example");
	p = parcel_new(&head, &env, &text, SIZE_LIMIT_NONE);
	assert_int_equal(parcel_fill(p, e), 0);
	rc = link_hand_over(&link, &words, p, id, e);
	link_drop(&link);
	parcel_free(p);
	envelope_clear(&env);
	return rc;
}

static enum sign_in_result
sign_in(void)
{
	struct err e;

	return sign_in_ask(&rig.channel, "scanner", "secret", &e);
}

/* What was asked for a message must not be given a password. */
static void
a_late_way_for_a_message(void **state)
{
	struct err e;
	int late;

	(void)state;
	rig.is_late = true;
	assert_int_equal(hand_over(&e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	rig.is_late = false;
	late = pass(SOCK_STREAM);
	say("N");
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	assert_int_equal(hand_over(&e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(rig.channel.fd, -1);
	assert_heard_nothing(late);
}

static void
a_late_way_for_a_password(void **state)
{
	struct err e;
	int late;

	(void)state;
	rig.is_late = true;
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	rig.is_late = false;
	late = pass(SOCK_SEQPACKET);
	assert_int_equal(hand_over(&e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	assert_int_equal(rig.channel.fd, -1);
	assert_heard_nothing(late);
}

/* Of one password, and not of the next. */
static void
a_late_verdict(void **state)
{
	struct err e;
	int early;

	(void)state;
	early = pass(SOCK_SEQPACKET);
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	say("Y");
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	assert_int_equal(hand_over(&e), -1);
	assert_int_equal(rig.channel.fd, -1);
	close(early);
}

/* Somebody who does not speak as we do will not go on better. */
static void
what_is_no_verdict(void **state)
{
	static const char *const words[] = { "", "not ready; try later", "L",
		"Lx" };
	size_t i;
	int fd;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		say(words[i]);
		assert_int_equal(sign_in(), SIGN_IN_LATER);
		assert_int_equal(rig.channel.fd, -1);
		tear_down(state);
		set_up(state);
	}
	/* nor is a second checker */
	close(pass(SOCK_SEQPACKET));
	fd = pass(SOCK_SEQPACKET);
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	assert_int_equal(rig.channel.fd, -1);
	assert_heard_nothing(fd);
}

/* A refusal is an answer: the next question has its own. */
static void
a_refusal_is_no_end(void **state)
{
	struct err e;

	(void)state;
	say("this listener is closed");
	assert_int_equal(hand_over(&e), -1);
	assert_string_equal(e.text, "this listener is closed");
	say("L not now");
	assert_int_equal(sign_in(), SIGN_IN_LATER);
	say("N");
	assert_int_equal(sign_in(), SIGN_IN_NO);
	assert_true(rig.channel.fd != -1);
}

static void
a_parent_that_is_gone(void **state)
{
	char text[FDPASS_TEXT_MAX], octets[16];
	struct err e;
	struct buf b;
	int fd;

	(void)state;
	buf_init(&b, 16);
	buf_puts(&b, "hello");
	assert_int_equal(channel_tell(&rig.channel, &b), 0);
	assert_int_equal(recv(rig.parent, octets, sizeof(octets), 0), 5);
	assert_int_equal(shutdown(rig.parent, SHUT_RDWR), 0);
	assert_int_equal(channel_tell(&rig.channel, &b), -1);
	/* what is only told does not matter */
	assert_true(rig.channel.fd != -1);
	assert_int_equal(
	    channel_ask(&rig.channel, &b, &fd, text, CLOCK_NEVER, &e), -1);
	assert_string_equal(e.status, "4.3.2");
	assert_int_equal(rig.channel.fd, -1);
	assert_int_equal(channel_tell(&rig.channel, &b), -1);
	assert_int_equal(
	    channel_hear(&rig.channel, &fd, text, CLOCK_NEVER, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	channel_end(&rig.channel);
	buf_clear(&b);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_late_way_for_a_message),
		TEST(a_late_way_for_a_password),
		TEST(a_late_verdict),
		TEST(what_is_no_verdict),
		TEST(a_refusal_is_no_end),
		TEST(a_parent_that_is_gone),
	};

	return cmocka_run_group_tests_name("smtpd_channel", tests, NULL, NULL);
}
