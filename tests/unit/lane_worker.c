/* SPDX-License-Identifier: ISC */
/*
 * The connections of an account: how many there are, from when to when each
 * counts, and what comes back when the account is held.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/conf_table.h"
#include "queue/dispatch.h"
#include "queue/lane_priv.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT

/* A connection that is ready, for mail that waits. */
static void
connect_deliver(struct deliver *d)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

/* Two of them: the first has delivered, which made room for the second. */
static void
connect_two(struct deliver *first, struct deliver *second)
{
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	post(1000, "c@example.com");
	connect_deliver(first);
	will_start(second);
	takes_one(first);
	asked(ASK_DELIVER);
	hears(second, JOB_SESSION);
	takes_one(first);
	takes_one(first);
	says_ready(second);
	hears_nothing(first);
	hears_nothing(second);
	assert_int_equal(view(0).connections, 2);
}

/* ---- from when to when it counts ---- */

static void
a_connection_counts_until_it_is_closed(void **state)
{
	struct deliver d, next;
	uint64_t id;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	post(1000, "a@example.com");
	connect_deliver(&d);
	takes_one(&d);
	/* It says QUIT now, and the server has not answered. */
	only_closes(&d, JOB_UNTRIED);
	id = post(1000, "b@example.com");
	kick();
	not_asked();
	assert_int_equal(view(0).connections, 1);
	assert_false(dispatch_is_idle(rig.o.parts.dispatch));
	will_start(&next);
	hangs_up(&d);
	asked(ASK_DELIVER);
	hears(&next, JOB_SESSION);
	says_ready(&next);
	assert_true(takes_one(&next) == id);
	hangs_up(&next);
	assert_true(dispatch_is_idle(rig.o.parts.dispatch));
	rig_down();
}

/* So does one that never came to be a session, at the first of two hosts. */
static void
one_that_failed_counts_until_it_is_closed(void **state)
{
	struct deliver d, next;

	(void)state;
	rig_up(OFFICE_ADMIN "[account]\nprovider = smtp\n"
			    "host = 127.0.0.1 127.0.0.2\ntls = none\n"
			    "connections = 1\n");
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	only_fails(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "421 no");
	assert_string_equal(view(0).state, "ready");
	kick();
	not_asked();
	will_start(&next);
	hangs_up(&d);
	asked(ASK_DELIVER);
	hears(&next, JOB_SESSION);
	dispatch_stop(rig.o.parts.dispatch);
	hangs_up(&next);
	rig_down();
}

static void
a_word_after_the_last_ends_the_process(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	post(1000, "a@example.com");
	connect_deliver(&d);
	takes_one(&d);
	only_closes(&d, JOB_UNTRIED);
	only_closes(&d, JOB_DEFERRED);
	assert_int_equal(asked(ASK_KILL).pid, 4711);
	/* How it ended had been told before. */
	assert_string_equal(view(0).state, "ready");
	assert_int_equal(view(0).connections, 1);
	hangs_up(&d);
	assert_int_equal(view(0).connections, 0);
	rig_down();
}

static void
the_configuration_allows_no_more_than_fit(void **state)
{
	const struct conf_option *o =
	    conf_option_find(SECTION_ACCOUNT, "connections");

	(void)state;
	assert_non_null(o);
	assert_true(o->max <= LANE_WORKERS_MAX);
}

/* ---- slow start ---- */

static void
slow_start_after_idleness(void **state)
{
	struct deliver d[2], again;

	(void)state;
	rig_up(MAIL "connections = 2\n");
	connect_two(&d[0], &d[1]);
	says_closed(&d[0], JOB_UNTRIED);
	/* As long as one is left, it is known how many may be. */
	will_start(&d[0]);
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	kick();
	asked(ASK_DELIVER);
	hears(&d[0], JOB_SESSION);
	says_ready(&d[0]);
	takes_one(&d[1]);
	takes_one(&d[0]);
	says_closed(&d[0], JOB_UNTRIED);
	says_closed(&d[1], JOB_UNTRIED);
	/* After that, one again, with one message, until that is taken. */
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	post(1000, "c@example.com");
	connect_deliver(&d[0]);
	hears_message(&d[0]);
	kick();
	not_asked();
	will_start(&again);
	hears(&d[0], JOB_BODY_END);
	says_result(&d[0], 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(&d[0]);
	asked(ASK_DELIVER);
	hangs_up(&d[0]);
	hangs_up(&again);
	rig_down();
}

/*
 * That a message was refused or put off for itself shows that the server is
 * there and lets us in; only that one was taken shows that more is welcome.
 */
static void
a_verdict_about_a_message_is_no_250(void **state)
{
	static const struct {
		enum job_outcome outcome;
		unsigned code;
	} cases[] = { { JOB_REJECTED, 550 }, { JOB_DEFERRED, 451 } };
	struct deliver d, next;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_up(MAIL "connections = 2\n[queue]\nretry = 1h\n");
		for (k = 0; k < 5; k++)
			post(1000, "a@example.com");
		connect_deliver(&d);
		for (k = 0; k < 2; k++) {
			hears_message(&d);
			hears(&d, JOB_BODY_END);
			says_result(&d, 1, cases[i].outcome,
			    JOB_SCOPE_RECIPIENT, cases[i].code);
			says_done(&d);
			not_asked();
		}
		will_start(&next);
		takes_one(&d);
		asked(ASK_DELIVER);
		hangs_up(&d);
		hangs_up(&next);
		rig_down();
	}
}

static void
fails_then_is_probed(struct deliver *d, enum job_outcome outcome,
    enum job_scope scope, const char *state)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_failed(d, outcome, scope, "words");
	assert_string_equal(view(0).state, state);
	will_start(d);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, true, 0));
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
	assert_string_equal(view(0).state, state);
}

static void
a_verdict_about_a_message_ends_the_wait(void **state)
{
	static const struct {
		enum job_outcome outcome;
		enum job_scope scope;
		const char *state;
	} cases[] = { { JOB_DEFERRED, JOB_SCOPE_CONNECTION, "backoff" },
		{ JOB_REJECTED, JOB_SCOPE_ACCOUNT, "held" } };
	struct deliver d;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_up(MAIL "connections = 2\n");
		for (k = 0; k < 3; k++)
			post(1000, "a@example.com");
		fails_then_is_probed(
		    &d, cases[i].outcome, cases[i].scope, cases[i].state);
		hears_message(&d);
		hears(&d, JOB_BODY_END);
		says_result(&d, 1, JOB_REJECTED, JOB_SCOPE_RECIPIENT, 550);
		says_done(&d);
		assert_string_equal(view(0).state, "ready");
		/* The next one goes the same way, and nothing beside it. */
		hears_message(&d);
		not_asked();
		hangs_up(&d);
		rig_down();
	}
}

/* Words of our own about a message say nothing about the server. */
static void
our_own_refusal_does_not_end_the_wait(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	fails_then_is_probed(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "backoff");
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_REJECTED, JOB_SCOPE_MESSAGE, 0);
	says_done(&d);
	assert_string_equal(view(0).state, "backoff");
	hangs_up(&d);
	rig_down();
}

/*
 * The password was changed: whoever was signed in before goes on being heard,
 * and another sign-in would be refused like the one that held the account.
 */
static void
what_was_under_way_ends_no_hold(void **state)
{
	struct deliver d, refused;

	(void)state;
	rig_up(MAIL "connections = 2\n");
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	post(1000, "c@example.com");
	connect_deliver(&d);
	will_start(&refused);
	takes_one(&d);
	asked(ASK_DELIVER);
	hears(&refused, JOB_SESSION);
	hears_message(&d);
	says_failed(&refused, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "535 no");
	assert_string_equal(view(0).state, "held");
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(&d);
	assert_string_equal(view(0).state, "held");
	hears(&d, JOB_QUIT);
	not_asked();
	hangs_up(&d);
	rig_down();
}

/* ---- recalled ---- */

/* What comes up to ABORT is no whole body. */
static void
hears_abort(struct deliver *d)
{
	size_t octets = 0;
	struct frame f;

	hears(d, JOB_MESSAGE);
	do {
		hears_any(d, &f);
		octets += f.type == JOB_BODY ? f.len : 0;
	} while (f.type == JOB_BODY);
	assert_int_equal(f.type, JOB_ABORT);
	assert_true(octets < RIG_LARGE);
	hears_nothing(d);
}

static void
a_hold_recalls_what_was_not_begun(void **state)
{
	struct deliver d[2];
	uint64_t small, large;

	(void)state;
	rig_up(MAIL "connections = 2\n");
	connect_two(&d[0], &d[1]);
	small = post(1000, "b@example.com");
	large = post_large();
	kick();
	assert_true(hears_message(&d[0]) == small);
	hears(&d[0], JOB_BODY_END);
	says_result(&d[0], 1, JOB_REJECTED, JOB_SCOPE_ACCOUNT, 550);
	says_done(&d[0]);
	assert_string_equal(view(0).state, "held");
	hears_abort(&d[1]);
	says_closed(&d[1], JOB_UNTRIED);
	assert_string_equal(view(0).state, "held");
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to b@example.com queued\n"
	    "mail <sender@example.com> to a@example.com queued");
	assert_int_equal(attempts(large), 0);
	assert_false(dispatch_has(rig.o.parts.dispatch, large));
	/* It goes when the hold is over. */
	hears(&d[0], JOB_QUIT);
	says_closed(&d[0], JOB_UNTRIED);
	will_start(&d[0]);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, true, large));
	asked(ASK_DELIVER);
	hears(&d[0], JOB_SESSION);
	says_ready(&d[0]);
	assert_true(hears_message(&d[0]) == large);
	hears(&d[0], JOB_BODY_END);
	hangs_up(&d[0]);
	rig_down();
}

/* What was ready before has been read, and nothing is committed yet. */
static void
before_the_commit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(uint64_t *)arg = post(1000, "b@example.com");
	dispatch_kick(rig.o.parts.dispatch, NULL);
	assert_true(dispatch_has(rig.o.parts.dispatch, *(uint64_t *)arg));
}

/* The claim is on its way to the disk: the end of the body is not sent. */
static void
a_hold_recalls_what_is_being_claimed(void **state)
{
	struct deliver d;
	uint64_t first, second;
	struct event *ev;
	int fd[2];

	(void)state;
	rig_up(MAIL "connections = 1\n");
	first = post(1000, "a@example.com");
	connect_deliver(&d);
	assert_true(hears_message(&d) == first);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_REJECTED, JOB_SCOPE_ACCOUNT, 550);
	/* Settling joins the batch, and behind it the claim. */
	assert_int_equal(pipe(fd), 0);
	ev = event_new(
	    rig.o.parts.base, fd[0], EV_READ, before_the_commit, &second);
	assert_non_null(ev);
	event_add(ev, NULL);
	puts_done(&d);
	assert_int_equal(write(fd[1], "x", 1), 1);
	office_run(&rig.o);
	event_free(ev);
	close(fd[0]);
	close(fd[1]);
	assert_string_equal(view(0).state, "held");
	assert_true(hears_message(&d) == second);
	hears(&d, JOB_ABORT);
	hears_nothing(&d);
	says_closed(&d, JOB_UNTRIED);
	assert_string_equal(view(0).state, "held");
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued\n"
	    "mail <sender@example.com> to b@example.com queued");
	assert_int_equal(attempts(second), 0);
	rig_down();
}

/* Trouble with one connection is none of the other's. */
static void
a_back_off_recalls_nothing(void **state)
{
	struct deliver d[2];

	(void)state;
	rig_up(MAIL "connections = 2\n");
	connect_two(&d[0], &d[1]);
	post(1000, "b@example.com");
	post_large();
	kick();
	hears_message(&d[0]);
	says_closed(&d[0], JOB_DEFERRED);
	assert_string_equal(view(0).state, "backoff");
	hears_message(&d[1]);
	hears(&d[1], JOB_BODY_END);
	hangs_up(&d[1]);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_counts_until_it_is_closed),
		cmocka_unit_test(one_that_failed_counts_until_it_is_closed),
		cmocka_unit_test(a_word_after_the_last_ends_the_process),
		cmocka_unit_test(the_configuration_allows_no_more_than_fit),
		cmocka_unit_test(slow_start_after_idleness),
		cmocka_unit_test(a_verdict_about_a_message_is_no_250),
		cmocka_unit_test(a_verdict_about_a_message_ends_the_wait),
		cmocka_unit_test(our_own_refusal_does_not_end_the_wait),
		cmocka_unit_test(what_was_under_way_ends_no_hold),
		cmocka_unit_test(a_hold_recalls_what_was_not_begun),
		cmocka_unit_test(a_hold_recalls_what_is_being_claimed),
		cmocka_unit_test(a_back_off_recalls_nothing),
	};

	return cmocka_run_group_tests_name("lane_worker", tests, NULL, NULL);
}
