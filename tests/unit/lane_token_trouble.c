/* SPDX-License-Identifier: ISC */
/*
 * What keeps an account from having an access token, or the mail server from
 * taking it.
 */
#include "config.h"

#include <sys/socket.h>

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
#include "queue/dispatch.h"
#include "queue/signin.h"
#include "tests/unit/token_rig.h"

static void
what_lasts_holds_the_account(void **state)
{
	struct deliver t;
	uint64_t id;

	(void)state;
	rig_up(APP);
	id = post(1000, "a@example.com");
	knows_none();
	will_ask(&t);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	holds(&t);
	assert_string_equal(view(0).state, "held");
	assert_string_equal(view(0).known->text, "AADSTS7000222: over");
	assert_string_equal(view(0).known->fix, "Make a new one.");
	assert_int_equal(attempts(id), 0);
	assert_int_equal(office_logged(&rig.o, "token-failed"), 1);
	assert_int_equal(office_logged(&rig.o, "account-held"), 1);
	/* Whatever comes, nothing is asked again. */
	post(1000, "b@example.com");
	will_stamp(1);
	kick();
	asked(ASK_STAMP);
	not_asked();
	/* A new secret is tried at once. */
	will_stamp(2);
	will_ask(&t);
	kick();
	asked(ASK_STAMP);
	asked(ASK_TOKEN);
	hears_ask(&t);
	will_stamp(2);
	hangs_up(&t);
	assert_string_equal(view(0).state, "backoff");
	rig_down();
}

static void
a_token_ends_the_hold_that_its_failure_was(void **state)
{
	struct deliver t;

	(void)state;
	rig_up(OFFICE_ADMIN ACCOUNT("", REFRESH));
	knows_none();
	will_ask(&t);
	dispatch_keep_tokens(rig.o.parts.dispatch);
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	holds(&t);
	assert_string_equal(view(0).state, "held");
	will_stamp(1);
	will_ask(&t);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, true, 0));
	office_run(&rig.o);
	asked(ASK_STAMP);
	asked(ASK_TOKEN);
	hears_ask(&t);
	will_stamp(1);
	grants_an_hour(&t);
	asked(ASK_GRANTED);
	assert_string_equal(view(0).state, "ready");
	assert_null(view(0).known->text);
	hangs_up(&t);
	not_asked();
	rig_down();
}

static void
what_passes_backs_the_account_off(void **state)
{
	struct deliver t;
	uint64_t id;

	(void)state;
	rig_up(APP);
	id = post(1000, "a@example.com");
	knows_none();
	will_ask(&t);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	fails(&t, TOKEN_LATER, 1800);
	assert_string_equal(view(0).state, "backoff");
	assert_string_equal(view(0).known->text, "AADSTS7000222: over");
	assert_in_range(view(0).next_at, rig.now + 1790, rig.now + 1810);
	assert_int_equal(attempts(id), 0);
	kick();
	not_asked();
	will_ask(&t);
	dispatch_probe_all(rig.o.parts.dispatch, false);
	asked(ASK_TOKEN);
	hears_ask(&t);
	hangs_up(&t);
	rig_down();
}

/* Whose queue process was killed; it is over in a moment, and no failure. */
static void
one_that_runs_already_is_waited_for(void **state)
{
	struct ask_answer a = { .ok = false };

	(void)state;
	rig_up(APP);
	post(1000, "a@example.com");
	knows_none();
	err_set(&a.why, ERR_TEMP, ASK_TOKEN_RUNS, "a token is asked for");
	assert_int_equal(send(rig.parent, &a, sizeof(a), 0), sizeof(a));
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	assert_string_equal(view(0).state, "ready");
	assert_int_equal(view(0).signin->failures, 0);
	assert_true(
	    signin_ask_at(view(0).signin, rig.now + 1, true) == rig.now + 1);
	kick();
	not_asked();
	rig_down();
}

static void
a_good_token_is_used_though_no_new_one_comes(void **state)
{
	struct ask_answer a = { .ok = true };
	struct deliver t, d;

	(void)state;
	rig_up(APP);
	post(1000, "a@example.com");
	a.granted = token_of(3600);
	a.granted.asked_at -= 3400;
	a.granted.until -= 3400;
	assert_int_equal(send(rig.parent, &a, sizeof(a), 0), sizeof(a));
	will_ask(&t);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	not_asked();
	will_start(&d);
	fails(&t, TOKEN_NEVER, 0);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	assert_string_equal(view(0).state, "ready");
	assert_int_equal(view(0).signin->failures, 1);
	says_ready(&d);
	takes_one(&d);
	hangs_up(&d);
	not_asked();
	rig_down();
}

static void
a_refused_token_is_renewed_once_then_the_account_is_held(void **state)
{
	struct token_granted g;
	struct deliver d, t, next;

	(void)state;
	begins(APP, &d);
	refuses_535(&d, "5.7.3");
	assert_string_equal(view(0).state, "ready");
	will_ask(&t);
	hangs_up(&d);
	asked(ASK_TOKEN);
	hears_ask(&t);
	g = token_of(3600);
	strlcpy(g.doubt, "It has no role.", sizeof(g.doubt));
	strlcpy(g.fix, "Grant it.", sizeof(g.fix));
	will_start(&next);
	grants(&t, &g);
	hangs_up(&t);
	asked(ASK_GRANTED);
	asked(ASK_DELIVER);
	hears(&next, JOB_SESSION);
	will_stamp(1);
	will_stamp(1);
	refuses_535(&next, "5.7.3");
	asked(ASK_STAMP);
	asked(ASK_STAMP);
	assert_string_equal(view(0).state, "held");
	assert_string_equal(view(0).known->meaning, "It has no role. Refused.");
	assert_string_equal(view(0).known->fix, "Grant it. Check all.");
	will_stamp(1);
	hangs_up(&next);
	asked(ASK_STAMP);
	not_asked();
	rig_down();
}

static void
each_token_that_was_taken_may_be_renewed(void **state)
{
	struct deliver d, t, next;
	int i;

	(void)state;
	begins(APP, &d);
	for (i = 0; i < 2; i++) {
		refuses_535(&d, i == 0 ? "5.7.3" : "5.7.142");
		will_ask(&t);
		hangs_up(&d);
		asked(ASK_TOKEN);
		hears_ask(&t);
		assert_string_equal(view(0).state, "ready");
		will_start(&next);
		grants_an_hour(&t);
		asked(ASK_GRANTED);
		asked(ASK_DELIVER);
		hears(&next, JOB_SESSION);
		hangs_up(&t);
		says_ready(&next);
		takes_one(&next);
		says_closed(&next, JOB_UNTRIED);
		post(1000, "b@example.com");
		will_start(&d);
		kick();
		asked(ASK_DELIVER);
		hears(&d, JOB_SESSION);
	}
	hangs_up(&d);
	rig_down();
}

/* An outage of the endpoint stops nothing that flows. */
static void
who_is_signed_in_needs_no_token(void **state)
{
	struct deliver d, t;

	(void)state;
	begins(APP, &d);
	says_ready(&d);
	post(1000, "b@example.com");
	takes_one(&d);
	hears_message(&d);
	/* The second connection would need one, and the first has ended. */
	rig.o.parts.times.pending_s -= 3590;
	post(1000, "c@example.com");
	will_ask(&t);
	kick();
	asked(ASK_TOKEN);
	hears_ask(&t);
	fails(&t, TOKEN_NEVER, 0);
	assert_string_equal(view(0).state, "ready");
	not_asked();
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(&d);
	takes_one(&d);
	/* But it does not begin again. */
	will_stamp(1);
	will_stamp(1);
	will_stamp(1);
	says_closed(&d, JOB_UNTRIED);
	assert_string_equal(view(0).state, "held");
	assert_string_equal(view(0).known->text, "AADSTS7000222: over");
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lasts_holds_the_account),
		cmocka_unit_test(a_token_ends_the_hold_that_its_failure_was),
		cmocka_unit_test(what_passes_backs_the_account_off),
		cmocka_unit_test(one_that_runs_already_is_waited_for),
		cmocka_unit_test(a_good_token_is_used_though_no_new_one_comes),
		cmocka_unit_test(
		    a_refused_token_is_renewed_once_then_the_account_is_held),
		cmocka_unit_test(each_token_that_was_taken_may_be_renewed),
		cmocka_unit_test(who_is_signed_in_needs_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
