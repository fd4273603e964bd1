/* SPDX-License-Identifier: ISC */
/* What an smtpd tells of its client, and how often it is listened to. */
#include "config.h"

#include <sys/socket.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_listen.h"
#include "common/proto_trouble.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"
#include "tests/unit/conf_help.h"

static struct {
	struct conf *conf;
	struct guests *g;
	struct guest *one;
	int smtpd;
} here;

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	here.conf = good(MAILBOX "[listen scan]\nauth = required\n"
				 "users_file = /nonexistent/users\n");
	here.g = guests_new();
	guests_set_conf(here.g, here.conf);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	here.g->n = 1;
	here.one = &here.g->v[0];
	here.one->pid = 99999999; /* nobody has it */
	here.one->conf = &here.conf->listeners[0];
	here.one->gate = gate_new(here.one->conf);
	here.one->channel = pair[0];
	strlcpy(here.one->text, "192.0.2.1", sizeof(here.one->text));
	here.smtpd = pair[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(here.smtpd);
	gate_free(here.one->gate);
	guests_free(here.g);
	conf_free(here.conf);
	return 0;
}

/* Says this to the parent, which listens once. */
static void
say(const struct buf *b)
{
	static struct pollfd fds[GUESTS_FDS];
	size_t n;

	assert_int_equal(
	    send(here.smtpd, b->data, b->len, MSG_NOSIGNAL), b->len);
	n = guests_poll_fds(here.g, fds);
	assert_int_equal(poll(fds, n, 0), 1);
	guests_serve(here.g, fds);
}

static void
tell(const char *text, uint64_t count)
{
	struct client_trouble t = { .count = count };
	struct buf b;

	strlcpy(t.text, text, sizeof(t.text));
	buf_init(&b, LISTEN_ASK_MAX);
	assert_int_equal(client_trouble_put(&b, &t), 0);
	say(&b);
	buf_clear(&b);
}

static bool
is_open(void)
{
	char octet;

	return here.one->channel != -1 &&
	       recv(here.smtpd, &octet, 1, MSG_DONTWAIT) != 0;
}

static void
what_it_tells_is_kept(void **state)
{
	struct knock k;

	(void)state;
	tell("no such user", 1);
	tell("too large", 3);
	assert_true(is_open());
	assert_true(knocks_take(guests_knocks(here.g), &k));
	assert_string_equal(k.listener, "scan");
	assert_string_equal(k.client, "192.0.2.1");
	assert_string_equal(k.trouble.text, "too large");
	assert_int_equal(k.trouble.count, 4);
	assert_string_equal(k.login, "");
	assert_false(knocks_take(guests_knocks(here.g), &k));
	here.one->sign_in.login = xstrdup("scanner");
	tell("too large", 1);
	assert_true(is_open());
	assert_true(knocks_take(guests_knocks(here.g), &k));
	assert_string_equal(k.login, "scanner");
	/* of a listener that a reload has taken away nobody asks */
	here.one->conf = NULL;
	tell("too large", 3);
	assert_true(is_open());
	assert_false(knocks_take(guests_knocks(here.g), &k));
}

/* Ours tell two at most: one that goes on has been taken over. */
static void
it_is_listened_to_for_so_long(void **state)
{
	struct knock k;
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		tell("no such user", 1);
	assert_true(is_open());
	tell("no such user", 1);
	assert_false(is_open());
	assert_true(knocks_take(guests_knocks(here.g), &k));
	assert_int_equal(k.trouble.count, 8);
}

/* It asks to sign in without a word more. */
static void
what_is_no_question(void **state)
{
	struct buf b;
	ssize_t start;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		buf_init(&b, LISTEN_ASK_MAX);
		start = frame_begin(&b, LISTEN_SIGN_IN);
		if (i == 0)
			buf_append(&b, "x", 1);
		frame_end(&b, start);
		/* two in one record */
		if (i == 1)
			buf_append(&b, b.data, b.len);
		say(&b);
		assert_false(is_open());
		buf_clear(&b);
		tear_down(state);
		set_up(state);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_it_tells_is_kept),
		T(it_is_listened_to_for_so_long),
		T(what_is_no_question),
	};

	return cmocka_run_group_tests_name("guests_trouble", tests, NULL, NULL);
}
