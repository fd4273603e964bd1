/* SPDX-License-Identifier: ISC */
/* When notices leave singly, and when as one report. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "queue/limits.h"
#include "queue/waiting.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT "connections = 1\n"

#define NOTICE "bounce <> to sender@example.com queued"

static struct deliver deliver;

static void
connect_deliver(void)
{
	will_start(&deliver);
	kick();
	asked(ASK_DELIVER);
	hears(&deliver, JOB_SESSION);
	says_ready(&deliver);
}

/* The next message's whole try: refused for its own fault. */
static void
refuses_one(void)
{
	hears_message(&deliver);
	hears(&deliver, JOB_BODY_END);
	says_result(&deliver, 1, JOB_REJECTED, JOB_SCOPE_RECIPIENT, 550);
	says_done(&deliver);
}

/* n messages are refused, and then the account is at the first notice. */
static uint64_t
hold_with_notices(size_t n)
{
	uint64_t first;
	size_t i;

	for (i = 0; i < n; i++)
		post(1000, "gone@example.com");
	connect_deliver();
	for (i = 0; i < n; i++)
		refuses_one();
	first = hears_message(&deliver);
	hears(&deliver, JOB_BODY_END);
	says_result(&deliver, 1, JOB_REJECTED, JOB_SCOPE_ACCOUNT, 535);
	says_done(&deliver);
	hears(&deliver, JOB_QUIT);
	says_closed(&deliver, JOB_UNTRIED);
	assert_string_equal(view(0).state, "held");
	return first;
}

/* One attempt, now; that message goes first. */
static void
probe(uint64_t wanted)
{
	will_start(&deliver);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, true, wanted));
	asked(ASK_DELIVER);
	hears(&deliver, JOB_SESSION);
	says_ready(&deliver);
}

static void
while_held_none_leaves(void **state)
{
	(void)state;
	rig_up(MAIL);
	hold_with_notices(2);
	kick();
	not_asked();
	assert_string_equal(office_list(&rig.o), NOTICE "\n" NOTICE);
	rig_down();
}

static void
after_a_hold_they_leave_as_one(void **state)
{
	struct limits *l;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	l = rig.o.parts.limits;
	id = hold_with_notices(3);
	probe(0);
	assert_string_equal(
	    office_list(&rig.o), "bounce <> to sender@example.com active");
	assert_int_equal(office_logged(&rig.o, "event=merged"), 3);
	limits_change(l, 1, UINT64_MAX);
	assert_int_equal(limits_check(l, 1000, 0, &rig.o.e), -1);
	assert_true(takes_one(&deliver) > id + 2);
	assert_string_equal(office_list(&rig.o), "");
	assert_int_equal(limits_check(l, 1000, 0, &rig.o.e), 0);
	hears_nothing(&deliver);
	hangs_up(&deliver);
	rig_down();
}

/* Mail that proves the account may be before them; they follow as one. */
static void
other_mail_may_prove_the_account(void **state)
{
	uint64_t mail;

	(void)state;
	rig_up(MAIL);
	hold_with_notices(3);
	mail = post(1000, "a@example.com");
	probe(mail);
	assert_true(takes_one(&deliver) == mail);
	assert_string_equal(view(0).state, "ready");
	takes_one(&deliver);
	assert_string_equal(office_list(&rig.o), "");
	assert_int_equal(office_logged(&rig.o, "event=merged"), 3);
	hangs_up(&deliver);
	rig_down();
}

static void
what_comes_after_the_hold_goes_singly(void **state)
{
	uint64_t one, two;

	(void)state;
	rig_up(MAIL);
	hold_with_notices(2);
	probe(0);
	takes_one(&deliver);
	post(1000, "gone@example.com");
	post(1000, "gone@example.com");
	dispatch_kick(rig.o.parts.dispatch, "");
	refuses_one();
	refuses_one();
	one = takes_one(&deliver);
	two = takes_one(&deliver);
	assert_true(two > one);
	assert_int_equal(office_logged(&rig.o, "event=merged"), 2);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&deliver);
	rig_down();
}

static void
one_alone_leaves_as_it_is(void **state)
{
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = hold_with_notices(1);
	probe(0);
	assert_true(takes_one(&deliver) == id);
	assert_int_equal(office_logged(&rig.o, "event=merged"), 0);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&deliver);
	rig_down();
}

/* A probe that fails costs the report no attempt; later ones have theirs. */
static void
a_second_hold_makes_a_second_report(void **state)
{
	(void)state;
	rig_up(MAIL);
	hold_with_notices(2);
	probe(0);
	hears_message(&deliver);
	hears(&deliver, JOB_BODY_END);
	says_result(&deliver, 1, JOB_REJECTED, JOB_SCOPE_ACCOUNT, 535);
	says_done(&deliver);
	hears(&deliver, JOB_QUIT);
	says_closed(&deliver, JOB_UNTRIED);
	assert_string_equal(office_list(&rig.o), NOTICE);
	probe(0);
	takes_one(&deliver);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&deliver);
	rig_down();
}

/* Whoever names a notice means what it has become. */
static void
the_report_goes_first_in_the_place_of_one_that_was_named(void **state)
{
	uint64_t id, mail;

	(void)state;
	rig_up(MAIL);
	id = hold_with_notices(2);
	mail = post(1000, "a@example.com");
	probe(id);
	assert_true(takes_one(&deliver) > mail);
	assert_true(takes_one(&deliver) == mail);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&deliver);
	rig_down();
}

static void
note_first(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	(void)r;
	if (*(uint64_t *)arg == 0)
		*(uint64_t *)arg = m->id;
}

/* The oldest message of the queue. */
static uint64_t
first_left(void)
{
	struct store_walk walk = { .max = 1 };
	uint64_t id = 0;

	assert_int_equal(
	    store_list(rig.o.parts.store, &walk, note_first, &id, &rig.o.e), 0);
	return id;
}

static int64_t
due_of(uint64_t id)
{
	struct store_message m;
	int64_t at;

	memset(&m, 0, sizeof(m));
	assert_int_equal(
	    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
	at = m.due_at;
	store_message_clear(&m);
	return at;
}

static void
beyond_the_limit_they_wait_and_leave_as_one(void **state)
{
	struct store *s;
	uint64_t last = 0;
	size_t i;

	(void)state;
	rig_up(MAIL);
	s = rig.o.parts.store;
	for (i = 0; i < WAITING_SINGLY + 3; i++)
		post(1000, "gone@example.com");
	connect_deliver();
	for (i = 0; i < WAITING_SINGLY + 3; i++)
		refuses_one();
	for (i = 0; i < WAITING_SINGLY; i++)
		last = takes_one(&deliver);
	hears_nothing(&deliver);
	assert_string_equal(
	    office_list(&rig.o), NOTICE "\n" NOTICE "\n" NOTICE);
	assert_true(due_of(first_left()) > rig.now + WAITING_HOUR_S);
	assert_int_equal(office_logged(&rig.o, "event=merged"), 0);
	fixture_begin(s);
	assert_int_equal(store_all_due(s, rig.now, &rig.o.e), 0);
	fixture_commit(s);
	dispatch_kick(rig.o.parts.dispatch, "");
	assert_true(takes_one(&deliver) > last + 3);
	assert_int_equal(office_logged(&rig.o, "event=merged"), 3);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&deliver);
	rig_down();
}

/* A pause that comes in between loses nothing, and is not kept waiting. */
static void
a_closed_lane_finishes_the_merge(void **state)
{
	struct store *s;
	uint64_t mail;
	size_t i;

	(void)state;
	rig_up(MAIL);
	s = rig.o.parts.store;
	for (i = 0; i < WAITING_SINGLY + 2; i++)
		post(1000, "gone@example.com");
	connect_deliver();
	for (i = 0; i < WAITING_SINGLY + 2; i++)
		refuses_one();
	for (i = 0; i < WAITING_SINGLY; i++)
		takes_one(&deliver);
	fixture_begin(s);
	assert_int_equal(store_all_due(s, rig.now, &rig.o.e), 0);
	fixture_commit(s);
	dispatch_kick(rig.o.parts.dispatch, "");
	/* Under way: nothing is handed out, though it is due before them. */
	mail = post(1000, "a@example.com");
	dispatch_kick(rig.o.parts.dispatch, "");
	assert_false(dispatch_has(rig.o.parts.dispatch, mail));
	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	hangs_up(&deliver);
	assert_true(dispatch_is_idle(rig.o.parts.dispatch));
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued\n" NOTICE);
	assert_int_equal(office_logged(&rig.o, "event=merged"), 2);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_held_none_leaves),
		cmocka_unit_test(after_a_hold_they_leave_as_one),
		cmocka_unit_test(other_mail_may_prove_the_account),
		cmocka_unit_test(what_comes_after_the_hold_goes_singly),
		cmocka_unit_test(one_alone_leaves_as_it_is),
		cmocka_unit_test(a_second_hold_makes_a_second_report),
		cmocka_unit_test(
		    the_report_goes_first_in_the_place_of_one_that_was_named),
		cmocka_unit_test(beyond_the_limit_they_wait_and_leave_as_one),
		cmocka_unit_test(a_closed_lane_finishes_the_merge),
	};

	return cmocka_run_group_tests_name("lane_merge", tests, NULL, NULL);
}
