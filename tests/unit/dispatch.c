/* SPDX-License-Identifier: ISC */
/* Accounts at work: which message goes when, and over how many connections. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT

static void
fresh_mail_goes_at_once(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	kick();
	not_asked();
	id = post(1000, "a@example.com");
	will_start(&d);
	kick();
	assert_int_equal(asked(ASK_DELIVER).account, 0);
	hears(&d, JOB_SESSION);
	hears_nothing(&d);
	assert_false(dispatch_has(rig.o.parts.dispatch, id));
	says_ready(&d);
	assert_true(dispatch_has(rig.o.parts.dispatch, id));
	assert_string_equal(view(0).relay, "mx.example.com");
	assert_true(takes_one(&d) == id);
	assert_string_equal(office_list(&rig.o), "");
	assert_int_equal(view(0).sent_minute, 1);
	/* The next one takes the same connection. */
	id = post(1000, "b@example.com");
	dispatch_kick(rig.o.parts.dispatch, "");
	assert_true(takes_one(&d) == id);
	not_asked();
	hangs_up(&d);
	rig_down();
}

/* A pause is as old as before, and remains one. */
static void
a_pause_follows_the_clock(void **state)
{
	struct dispatch *d;

	(void)state;
	rig_up(MAIL);
	d = rig.o.parts.dispatch;
	dispatch_move_times(d, 3600);
	assert_false(dispatch_is_paused(d));
	dispatch_set_paused(d, rig.now);
	dispatch_move_times(d, 3600);
	assert_int_equal(dispatch_paused_since(d), rig.now + 3600);
	dispatch_move_times(d, -2 * rig.now);
	assert_true(dispatch_is_paused(d));
	rig_down();
}

static void
slow_start_is_one_two_all(void **state)
{
	struct deliver d[3];
	size_t i;

	(void)state;
	rig_up(MAIL "connections = 3\n");
	for (i = 0; i < 8; i++)
		post(1000, "a@example.com");
	will_start(&d[0]);
	kick();
	asked(ASK_DELIVER);
	hears(&d[0], JOB_SESSION);
	says_ready(&d[0]);
	kick();
	not_asked();
	/* The first 250 opens the second, its 250 the third. */
	will_start(&d[1]);
	takes_one(&d[0]);
	asked(ASK_DELIVER);
	not_asked();
	hears(&d[1], JOB_SESSION);
	says_ready(&d[1]);
	will_start(&d[2]);
	takes_one(&d[1]);
	asked(ASK_DELIVER);
	hears(&d[2], JOB_SESSION);
	says_ready(&d[2]);
	takes_one(&d[2]);
	not_asked();
	assert_int_equal(view(0).connections, 3);
	for (i = 0; i < 3; i++)
		hangs_up(&d[i]);
	rig_down();
}

static void
users_take_turns_and_alarms_go_first(void **state)
{
	uint64_t want[5], alarm;
	struct deliver d;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	want[0] = post(1, "a@example.com");
	want[2] = post(1, "a@example.com");
	want[4] = post(1, "a@example.com");
	want[1] = post(2, "a@example.com");
	want[3] = post(3, "a@example.com");
	alarm = office_post(&rig.o, (struct office_mail){ .kind = KIND_ALARM,
					.uid = 9,
					.to = { "it@contoso.com" },
					.at = rig.now - 1 });
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_true(takes_one(&d) == alarm);
	assert_true(takes_one(&d) == want[0]);
	assert_true(takes_one(&d) == want[1]);
	assert_true(takes_one(&d) == want[3]);
	assert_true(takes_one(&d) == want[2]);
	assert_true(takes_one(&d) == want[4]);
	hangs_up(&d);
	rig_down();
}

/* Or whoever has the lowest number would be next after each. */
static void
an_alarm_is_nobody_s_turn(void **state)
{
	uint64_t want[2], alarm;
	struct deliver d;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	want[0] = post(1, "a@example.com");
	post(1, "a@example.com");
	want[1] = post(2, "a@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	alarm = office_post(&rig.o, (struct office_mail){ .kind = KIND_ALARM,
					.to = { "it@contoso.com" },
					.at = rig.now - 1 });
	assert_true(takes_one(&d) == want[0]);
	assert_true(takes_one(&d) == alarm);
	assert_true(takes_one(&d) == want[1]);
	hangs_up(&d);
	rig_down();
}

/* What a restart would find. */
static enum account_state
stored_state(void)
{
	struct store_account a;
	enum account_state found;

	memset(&a, 0, sizeof(a));
	assert_int_equal(
	    store_account_get(rig.o.parts.store, "", &a, &rig.o.e), 1);
	found = a.state;
	store_account_clear(&a);
	return found;
}

static void
a_refused_sign_in_holds_the_account_not_the_mail(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
	assert_string_equal(view(0).state, "held");
	assert_string_equal(view(0).known->text, "wrong password");
	assert_int_equal(stored_state(), ACCOUNT_HELD);
	assert_int_equal(office_logged(&rig.o, "event=account-held"), 1);
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued");
	/* Whatever else arrives: one sign-in. */
	post(1001, "b@example.com");
	kick();
	not_asked();
	/* A queue run does not end a hold, "mailchute retry" does, once. */
	assert_false(dispatch_probe(rig.o.parts.dispatch, 0, false, 0));
	not_asked();
	will_start(&d);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, true, 0));
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
	kick();
	not_asked();
	rig_down();
}

static void
a_changed_secret_is_one_more_attempt(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(OFFICE_ADMIN "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
			    "tls = implicit\nuser = a@contoso.com\n"
			    "password_file = pw\n");
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	/* Looked at when the hold begins, and at each turn from then on. */
	will_stamp(1);
	will_stamp(1);
	only_fails(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
	asked(ASK_STAMP);
	asked(ASK_STAMP);
	not_asked();
	will_stamp(1);
	hangs_up(&d);
	asked(ASK_STAMP);
	not_asked();
	will_stamp(1);
	kick();
	asked(ASK_STAMP);
	not_asked();
	will_stamp(2);
	will_start(&d);
	kick();
	asked(ASK_STAMP);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	will_stamp(2);
	will_stamp(2);
	only_fails(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong again");
	will_stamp(2);
	hangs_up(&d);
	assert_string_equal(view(0).state, "held");
	assert_string_equal(view(0).known->text, "wrong again");
	rig_down();
}

static void
trouble_with_the_connection_backs_off(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "no route");
	assert_string_equal(view(0).state, "backoff");
	assert_true(view(0).next_at > rig.now);
	assert_int_equal(stored_state(), ACCOUNT_BACKOFF);
	assert_int_equal(office_logged(&rig.o, "event=backoff"), 1);
	kick();
	not_asked();
	will_start(&d);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, false, 0));
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	assert_string_equal(view(0).state, "ready");
	assert_int_equal(stored_state(), ACCOUNT_READY);
	assert_false(dispatch_probe(rig.o.parts.dispatch, 0, true, 0));
	hangs_up(&d);
	rig_down();
}

/* deliver is of another version: no attempt is spent, and all is said. */
static void
a_deliver_that_does_not_understand_is_a_back_off(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_refused(&d, "mailchute was upgraded");
	assert_string_equal(view(0).state, "backoff");
	assert_string_equal(view(0).known->text, "mailchute was upgraded");
	assert_non_null(strstr(view(0).known->fix, "restart mailchuted"));
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued");
	rig_down();
}

/* One that breaks connections must not hold up the rest. */
static void
each_probe_takes_another_message(void **state)
{
	uint64_t bad, good;
	struct deliver d;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	bad = post(1000, "bad@example.com");
	good = post(1000, "good@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_true(hears_message(&d) == bad);
	says_closed(&d, JOB_DEFERRED);
	assert_string_equal(view(0).state, "backoff");
	will_start(&d);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, false, 0));
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_true(takes_one(&d) == good);
	hangs_up(&d);
	rig_down();
}

static void
a_parent_that_cannot_start_one_is_a_back_off(void **state)
{
	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_refuse("no more processes");
	kick();
	asked(ASK_DELIVER);
	not_asked();
	assert_string_equal(view(0).state, "backoff");
	assert_string_equal(view(0).known->text, "no more processes");
	rig_down();
}

static void
a_pause_lets_nothing_new_out(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	dispatch_set_paused(rig.o.parts.dispatch, true);
	/* What is under way is finished, then the session ends. */
	takes_one(&d);
	hears(&d, JOB_QUIT);
	says_closed(&d, JOB_UNTRIED);
	not_asked();
	assert_string_equal(view(0).state, "ready");
	will_start(&d);
	dispatch_set_paused(rig.o.parts.dispatch, false);
	asked(ASK_DELIVER);
	hangs_up(&d);
	rig_down();
}

static void
delivery_off_asks_for_nothing(void **state)
{
	(void)state;
	rig_up(MAIL "[queue]\ndelivery = off\n");
	post(1000, "a@example.com");
	kick();
	not_asked();
	rig_down();
}

static void
on_rest(void *arg)
{
	++*(int *)arg;
}

static void
the_end_waits_for_what_is_under_way(void **state)
{
	struct deliver d;
	int rests = 0;

	(void)state;
	rig_up(MAIL "connections = 1\n");
	dispatch_on_rest(rig.o.parts.dispatch, on_rest, &rests);
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	dispatch_stop(rig.o.parts.dispatch);
	assert_false(dispatch_is_idle(rig.o.parts.dispatch));
	assert_int_equal(rests, 0);
	takes_one(&d);
	hears(&d, JOB_QUIT);
	assert_int_equal(rests, 0);
	says_closed(&d, JOB_UNTRIED);
	assert_true(dispatch_is_idle(rig.o.parts.dispatch));
	assert_true(rests > 0);
	/* Resuming does not undo the end. */
	dispatch_set_paused(rig.o.parts.dispatch, false);
	kick();
	rig_down();
}

/* The connection broke while the server had the whole message. */
static void
loses_the_answer(void)
{
	struct deliver d;

	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_UNCERTAIN, JOB_SCOPE_MESSAGE, 0);
	says_closed(&d, JOB_UNCERTAIN);
}

static void
three_lost_answers_in_a_row_back_the_account_off(void **state)
{
	struct store_totals t;

	(void)state;
	rig_up(MAIL);
	loses_the_answer();
	assert_string_equal(view(0).state, "ready");
	loses_the_answer();
	assert_string_equal(view(0).state, "ready");
	loses_the_answer();
	assert_string_equal(view(0).state, "backoff");
	assert_int_equal(store_totals(rig.o.parts.store, &t, &rig.o.e), 0);
	assert_int_equal(t.uncertain, 3);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_mail_goes_at_once),
		cmocka_unit_test(a_pause_follows_the_clock),
		cmocka_unit_test(slow_start_is_one_two_all),
		cmocka_unit_test(users_take_turns_and_alarms_go_first),
		cmocka_unit_test(an_alarm_is_nobody_s_turn),
		cmocka_unit_test(
		    a_refused_sign_in_holds_the_account_not_the_mail),
		cmocka_unit_test(a_changed_secret_is_one_more_attempt),
		cmocka_unit_test(trouble_with_the_connection_backs_off),
		cmocka_unit_test(
		    a_deliver_that_does_not_understand_is_a_back_off),
		cmocka_unit_test(each_probe_takes_another_message),
		cmocka_unit_test(
		    three_lost_answers_in_a_row_back_the_account_off),
		cmocka_unit_test(a_parent_that_cannot_start_one_is_a_back_off),
		cmocka_unit_test(a_pause_lets_nothing_new_out),
		cmocka_unit_test(delivery_off_asks_for_nothing),
		cmocka_unit_test(the_end_waits_for_what_is_under_way),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
