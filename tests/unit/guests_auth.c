/* SPDX-License-Identifier: ISC */
/*
 * Who may send, who is refused and when, by a clock of ours.  That passwords
 * are compared is in tests/func/test_listen_auth.py.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"
#include "tests/unit/conf_help.h"

#define START (INT64_C(1000000) * 1000)

#define LISTENER \
	"[listen scan]\nauth = required\nusers_file = /nonexistent/users\n"

/* One guest of a listener, with its smtpd's end of the channel. */
struct rig {
	struct conf *conf;
	struct guests *guests;
	struct guest *one;
	int smtpd;
};

static void
open_rig(struct rig *r, const char *listener)
{
	char *text = xasprintf(MAILBOX "%s", listener);
	int pair[2];

	r->conf = good(text);
	free(text);
	r->guests = guests_new();
	guests_set_conf(r->guests, r->conf);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	r->guests->n = 1;
	r->one = &r->guests->v[0];
	r->one->pid = 99999999; /* nobody has it */
	r->one->conf = &r->conf->listeners[0];
	r->one->client.family = AF_INET;
	r->one->channel = pair[0];
	r->smtpd = pair[1];
}

static void
close_rig(struct rig *r)
{
	guests_free(r->guests);
	conf_free(r->conf);
	close(r->smtpd);
}

/* The parent has said so to smtpd, and handed over nothing. */
static void
assert_told(const struct rig *r, const char *text)
{
	char said[FDPASS_TEXT_MAX];
	int fd;

	assert_int_equal(
	    fdpass_recv(r->smtpd, &fd, said, clock_mono_ms(), NULL), 0);
	assert_int_equal(fd, -1);
	assert_string_equal(said, text);
}

static void
assert_silent(const struct rig *r)
{
	char octet;

	assert_int_equal(recv(r->smtpd, &octet, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static bool
is_hung_up(const struct rig *r)
{
	char octet;

	return r->one->channel == -1 &&
	       recv(r->smtpd, &octet, 1, MSG_DONTWAIT) == 0;
}

/* ---- who may send ---- */

/* Whatever smtpd believes: who speaks with strangers may be one of theirs. */
static void
who_may_send(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r, LISTENER);
	assert_string_equal(guests_auth_check(r.one), "sign in first");
	r.one->sign_in.login = xstrdup("scanner");
	assert_null(guests_auth_check(r.one));
	guests_set_conf(r.guests, r.conf);
	r.one->conf = &r.conf->listeners[0];
	assert_non_null(strstr(guests_auth_check(r.one), "connect anew"));
	close_rig(&r);
	open_rig(&r, "[listen scan]\nauth = optional\nusers_file = /x\n");
	assert_null(guests_auth_check(r.one));
	r.one->sign_in.state = SIGN_IN_CHECKED;
	guests_auth_void(r.one);
	assert_non_null(guests_auth_check(r.one));
	r.one->sign_in = (struct sign_in){ .state = SIGN_IN_NOTHING };
	/* who has not signed in has nothing that a reload could void */
	guests_set_conf(r.guests, r.conf);
	r.one->conf = &r.conf->listeners[0];
	assert_null(guests_auth_check(r.one));
	close_rig(&r);
}

/* ---- refusals ---- */

static void
shut_out(struct rig *r, int64_t now)
{
	unsigned i;

	for (i = 0; i < GUESSES_MAX; i++)
		guesses_note(r->guests->guesses, &r->one->client, now);
}

static void
a_refusal_takes_its_time(void **state)
{
	struct rig r;
	int64_t at;

	(void)state;
	open_rig(&r, LISTENER);
	shut_out(&r, START);
	guests_auth_ask(r.guests, r.one, START);
	at = guests_auth_deadline(r.guests);
	assert_int_equal(at, START + guesses_delay(r.guests->guesses, START));
	assert_true(at > START);
	guests_auth_tick(r.guests, at - 1);
	assert_silent(&r);
	guests_auth_tick(r.guests, at);
	assert_told(&r, "L too many wrong passwords; try later");
	assert_int_equal(guests_auth_deadline(r.guests), CLOCK_NEVER);
	/* and once it has passed it is looked at again */
	guests_auth_ask(r.guests, r.one, START + GUESSES_WINDOW_MS);
	assert_told(&r, "L sign-in fails here; try later");
	close_rig(&r);
}

/* Nor is it looked at when it has asked before it was shut out. */
static void
who_waits_is_shut_out_too(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r, LISTENER);
	r.one->sign_in.state = SIGN_IN_WAITS;
	r.one->sign_in.at = START;
	shut_out(&r, START);
	guests_auth_tick(r.guests, START);
	assert_int_equal(r.one->sign_in.state, SIGN_IN_REFUSED);
	assert_silent(&r);
	close_rig(&r);
}

static void
what_is_known_of_a_client(void **state)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0xc0000201) };
	const struct sockaddr *from = (const struct sockaddr *)&four;
	struct rig r;

	(void)state;
	open_rig(&r, LISTENER);
	r.one->client = gate_client(from);
	assert_int_equal(guests_record(r.guests, from, START), GUEST_FINE);
	guesses_note(r.guests->guesses, &r.one->client, START);
	assert_int_equal(guests_record(r.guests, from, START), GUEST_GUESSER);
	shut_out(&r, START);
	assert_int_equal(guests_record(r.guests, from, START), GUEST_SHUT_OUT);
	assert_int_equal(
	    guests_record(r.guests, from, START + GUESSES_WINDOW_MS),
	    GUEST_FINE);
	close_rig(&r);
}

static void
no_users_file(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r, LISTENER);
	guests_auth_ask(r.guests, r.one, START);
	assert_told(&r, "L sign-in fails here; try later");
	assert_non_null(strstr(r.guests->told.text, "/nonexistent/users"));
	assert_null(r.one->sign_in.login);
	/* a listener that a reload has taken away */
	r.one->conf = NULL;
	guests_auth_ask(r.guests, r.one, START);
	assert_told(&r, "L sign-in fails here; try later");
	close_rig(&r);
}

/* An smtpd that asks when it may not has been taken over. */
static void
out_of_order(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r, LISTENER);
	shut_out(&r, START);
	guests_auth_ask(r.guests, r.one, START);
	guests_auth_ask(r.guests, r.one, START);
	assert_true(is_hung_up(&r));
	close_rig(&r);
	open_rig(&r, LISTENER);
	r.one->sign_in.login = xstrdup("scanner");
	guests_auth_ask(r.guests, r.one, START);
	assert_true(is_hung_up(&r));
	close_rig(&r);
	open_rig(&r, "[listen scan]\n");
	r.one->is_without_auth = true;
	guests_auth_ask(r.guests, r.one, START);
	assert_true(is_hung_up(&r));
	close_rig(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_send),
		cmocka_unit_test(a_refusal_takes_its_time),
		cmocka_unit_test(who_waits_is_shut_out_too),
		cmocka_unit_test(what_is_known_of_a_client),
		cmocka_unit_test(no_users_file),
		cmocka_unit_test(out_of_order),
	};

	return cmocka_run_group_tests_name("guests_auth", tests, NULL, NULL);
}
