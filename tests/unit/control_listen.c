/* SPDX-License-Identifier: ISC */
/* The listeners in the answer to status: their rows, and the verdict. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/ask.h"
#include "queue/dispatch.h"
#include "queue/figures.h"
#include "tests/unit/control_rig.h"

#define LISTENING \
	OFFICE_ADMIN OFFICE_ACCOUNT \
	    "[listen copier]\naddress = 192.0.2.10\nallow = 192.0.2.0/24\n" \
	    "port = 2525\ntls = required\ntls_min = 1.1\nauth = optional\n" \
	    "users_file = /users\nconnections = 7\n" \
	    "certificate_file = /c.pem\nkey_file = /k.pem\n"
#define DAY 86400

static int parent;

static int
set_up(void **state)
{
	(void)control_set_up(state);
	office_close(&rig.o);
	office_open_parented(&rig.o, LISTENING, &parent);
	dispatch_stop(rig.o.parts.dispatch);
	return 0;
}

static int
tear_down(void **state)
{
	(void)control_tear_down(state);
	return close(parent);
}

/*
 * A parent that says this of the listener: to the calendar, for the row, and
 * for the verdict.  A stranger gets no row.
 */
static void
ask_status(uid_t uid, const struct door_view *v)
{
	struct ask_answer a = { .ok = true };
	int i, n = uid == STRANGER ? 2 : 3;
	struct ask_request r;

	a.door = *v;
	for (i = 0; i < n; i++)
		assert_int_equal(send(parent, &a, sizeof(a), 0), sizeof(a));
	ask_verb(uid, CTL_STATUS, 0, 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(
		    recv(parent, &r, sizeof(r), MSG_DONTWAIT), sizeof(r));
		assert_int_equal(r.what, ASK_LISTENER);
		assert_int_equal(r.listener, 0);
	}
	assert_int_equal(recv(parent, &r, sizeof(r), MSG_DONTWAIT), -1);
}

static void
one_that_is_open(void **state)
{
	struct door_view v = { .state = DOOR_OPEN,
		.inside = 3,
		.turned_away = 4,
		.refused = 5,
		.pair = DOOR_PAIR_GOOD,
		.pair_until = clock_wall() + 40 * DAY };

	(void)state;
	fixture_begin(rig.o.parts.store);
	store_count_listened(rig.o.parts.store, "copier");
	store_count_listened(rig.o.parts.store, "other");
	fixture_commit(rig.o.parts.store);
	ask_status(geteuid(), &v);
	says("listener copier open 192.0.2.10:2525 required 1.1 optional\n");
	says("clients 3/7 messages 1 away 4 refused 5\n");
	says("certificate good: the certificate of listener copier ends in ");
	says("ok, no mail waits");
	/* Where its socket is lent that one's place counts. */
	strlcpy(v.address, "127.0.0.1", sizeof(v.address));
	v.port = 25;
	v.is_lent = true;
	ask_status(geteuid(), &v);
	says("listener copier open 127.0.0.1:25 lent required");
}

static void
one_that_is_shut(void **state)
{
	struct door_view v = {
		.state = DOOR_SHUT, .since = T0 + 7, .why = EADDRINUSE
	};

	(void)state;
	strlcpy(v.text, "cannot listen", sizeof(v.text));
	ask_status(geteuid(), &v);
	says("listener copier shut 192.0.2.10:2525");
	says("since 7: cannot listen; ss -ltnp");
	says("certificate unknown\n");
	says("critical, listener copier is shut: cannot listen\n");
	assert_int_equal(rig.since, T0 + 7);
	ask_status(STRANGER, &v);
	says("critical, a listener is shut\n");
	says_not("copier");
}

static void
one_without_a_certificate(void **state)
{
	struct door_view v = { .state = DOOR_OPEN,
		.pair = DOOR_PAIR_GOOD,
		.pair_until = clock_wall() + 5 * DAY };

	(void)state;
	ask_status(geteuid(), &v);
	says("warning, the certificate of listener copier ends in ");
	ask_status(STRANGER, &v);
	says("warning, the certificate of a listener ends soon\n");
	/* The date of one that does not serve is nobody's help. */
	v.pair = DOOR_PAIR_MISSING;
	v.pair_since = T0 + 9;
	v.pair_until = 0;
	strlcpy(v.pair_text, "no such file", sizeof(v.pair_text));
	ask_status(geteuid(), &v);
	says("certificate missing since 9 no such file\n");
	says("critical, listener copier has no certificate, and turns "
	     "everybody away: no such file\n");
	assert_int_equal(rig.since, T0 + 9);
}

/* Nobody listens, which no verdict has to say of each. */
static void
without_a_daemon(void **state)
{
	(void)state;
	office_reopen(&rig.o);
	rig.is_daemon = false;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("listener copier shut 192.0.2.10:2525");
	says("mailchuted is not running");
	says("ok, no mail waits");
}

#define IN(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN(one_that_is_open),
		IN(one_that_is_shut),
		IN(one_without_a_certificate),
		IN(without_a_daemon),
	};

	return cmocka_run_group_tests_name("control_listen", tests, NULL, NULL);
}
