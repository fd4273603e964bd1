/* SPDX-License-Identifier: ISC */
/*
 * Accounts that get their own access tokens; the parent and the programs that
 * it starts are the test.
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
mail_goes_once_there_is_a_token(void **state)
{
	struct deliver d;

	(void)state;
	begins(APP, &d);
	says_ready(&d);
	takes_one(&d);
	assert_int_equal(office_logged(&rig.o, "token-granted"), 1);
	says_closed(&d, JOB_UNTRIED);
	/* It is still good for the next connection. */
	post(1000, "b@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	hangs_up(&d);
	not_asked();
	rig_down();
}

static void
a_thousand_messages_ask_once(void **state)
{
	struct deliver t;
	int i;

	(void)state;
	rig_up(APP);
	for (i = 0; i < 1000; i++)
		post(1000, "a@example.com");
	knows_none();
	will_ask(&t);
	kick();
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	kick();
	not_asked();
	hangs_up(&t);
	rig_down();
}

static void
what_the_parent_has_kept_is_used(void **state)
{
	struct ask_answer a = { .ok = true };
	struct deliver d;

	(void)state;
	rig_up(APP);
	post(1000, "a@example.com");
	a.granted = token_of(3600);
	assert_int_equal(send(rig.parent, &a, sizeof(a), 0), sizeof(a));
	will_start(&d);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_DELIVER);
	not_asked();
	hangs_up(&d);
	rig_down();
}

static void
without_mail_an_application_asks_for_nothing(void **state)
{
	(void)state;
	rig_up(APP);
	knows_none();
	dispatch_keep_tokens(rig.o.parts.dispatch);
	asked(ASK_KNOWN);
	kick();
	not_asked();
	rig_down();
}

static void
a_refresh_token_is_used_without_mail(void **state)
{
	struct deliver t, next;

	(void)state;
	rig_up(OFFICE_ADMIN ACCOUNT("", REFRESH));
	kick();
	not_asked();
	knows_none();
	will_ask(&t);
	dispatch_keep_tokens(rig.o.parts.dispatch);
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	grants_an_hour(&t);
	asked(ASK_GRANTED);
	hangs_up(&t);
	kick();
	not_asked();
	/* Ahead of its end, and with no mail in all that time. */
	rig.o.parts.times.pending_s -= 3400;
	will_ask(&next);
	kick();
	asked(ASK_TOKEN);
	hears_ask(&next);
	grants_an_hour(&next);
	asked(ASK_GRANTED);
	hangs_up(&next);
	kick();
	not_asked();
	rig_down();
}

/* Nobody has to send mail to see that it is mended. */
/* A sign-in that is taken between the two makes them two accidents. */
static void
accounts_of_an_application_ask_one_at_a_time(void **state)
{
	struct deliver a, b;

	(void)state;
	rig_up(APP OTHER);
	post(1000, "a@example.com");
	office_post(&rig.o, (struct office_mail){ .uid = 1000,
				.account = "b",
				.to = { "a@example.com" },
				.at = rig.now - 1 });
	office_post(&rig.o, (struct office_mail){ .uid = 1000,
				.account = "c",
				.to = { "a@example.com" },
				.at = rig.now - 1 });
	knows_none();
	will_ask(&a);
	knows_none();
	knows_none();
	kick();
	asked(ASK_KNOWN);
	assert_int_equal(asked(ASK_TOKEN).account, 0);
	asked(ASK_KNOWN);
	asked(ASK_KNOWN);
	not_asked();
	/* What lasts may be of one account alone: the next one asks itself. */
	hears_ask(&a);
	will_stamp(1);
	will_ask(&b);
	will_stamp(1);
	fails(&a, TOKEN_NEVER, 0);
	asked(ASK_STAMP);
	assert_int_equal(asked(ASK_TOKEN).account, 1);
	asked(ASK_STAMP);
	not_asked();
	/* Who is put off is so for all. */
	hears_ask(&b);
	fails(&b, TOKEN_LATER, 60);
	not_asked();
	assert_string_equal(view(1).state, "backoff");
	assert_string_equal(view(2).state, "backoff");
	assert_string_equal(view(2).known->text, "AADSTS7000222: over");
	rig_down();
}

#define APPLICATION(n) \
	"[account " n "]\nhost = 127.0.0.1\nuser = " n "@contoso.com\n" \
	"tenant = t.example\nclient_id = " \
	"11111111-2222-3333-4444-55555555555" n "\ngrant = refresh_token\n"

/* Be they of as many applications. */
static void
four_ask_at_once_at_most(void **state)
{
	struct deliver t[5];
	size_t i;

	(void)state;
	rig_up(APP APPLICATION("0") APPLICATION("1") APPLICATION("2")
		APPLICATION("3") APPLICATION("4") APPLICATION("6"));
	knows_none();
	for (i = 0; i < 4; i++) {
		knows_none();
		will_ask(&t[i]);
	}
	knows_none();
	knows_none();
	dispatch_keep_tokens(rig.o.parts.dispatch);
	asked(ASK_KNOWN);
	for (i = 0; i < 4; i++) {
		asked(ASK_KNOWN);
		asked(ASK_TOKEN);
		hears_ask(&t[i]);
	}
	asked(ASK_KNOWN);
	asked(ASK_KNOWN);
	not_asked();
	grants_an_hour(&t[0]);
	asked(ASK_GRANTED);
	will_ask(&t[4]);
	hangs_up(&t[0]);
	asked(ASK_TOKEN);
	not_asked();
	rig_down();
	/* An end before that would have had the next one ask. */
	for (i = 1; i < 5; i++) {
		close(t[i].fd);
		buf_clear(&t[i].in);
		buf_clear(&t[i].last);
	}
}

/* ---- a check ---- */

static struct {
	unsigned times, well;
	char text[ERR_TEXT_MAX];
} heard;

static void
hear(void *arg, const struct job_ready *session, const struct job_result *why)
{
	(void)arg;
	heard.times++;
	heard.well += session != NULL && why == NULL;
	strlcpy(heard.text, why == NULL ? "" : why->text, sizeof(heard.text));
}

static void
a_check_gets_a_token_and_hears_what_keeps_it_from_one(void **state)
{
	struct deliver t, d;

	(void)state;
	memset(&heard, 0, sizeof(heard));
	rig_up(APP);
	knows_none();
	will_ask(&t);
	dispatch_check(rig.o.parts.dispatch, 0, hear, NULL);
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	fails(&t, TOKEN_LATER, 0);
	assert_int_equal(heard.times, 1);
	assert_string_equal(heard.text, "AADSTS7000222: over");
	/* While that lasts, it is told again and nobody is asked. */
	dispatch_check(rig.o.parts.dispatch, 0, hear, NULL);
	not_asked();
	assert_int_equal(heard.times, 2);
	will_ask(&t);
	dispatch_probe_all(rig.o.parts.dispatch, true);
	dispatch_check(rig.o.parts.dispatch, 0, hear, NULL);
	asked(ASK_TOKEN);
	hears_ask(&t);
	will_start(&d);
	grants_an_hour(&t);
	asked(ASK_GRANTED);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_int_equal(heard.well, 1);
	hears(&d, JOB_QUIT);
	hangs_up(&d);
	hangs_up(&t);
	rig_down();
}

/* ---- the end, and the clock ---- */

/* What is under way is waited for: its answer serves the next process. */
static void
the_end_waits_for_the_answer_and_asks_no_more(void **state)
{
	struct deliver t;

	(void)state;
	rig_up(APP);
	post(1000, "a@example.com");
	knows_none();
	will_ask(&t);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	dispatch_stop(rig.o.parts.dispatch);
	assert_false(dispatch_is_idle(rig.o.parts.dispatch));
	grants_an_hour(&t);
	asked(ASK_GRANTED);
	hangs_up(&t);
	assert_true(dispatch_is_idle(rig.o.parts.dispatch));
	not_asked();
	rig_down();
}

static void
at_the_end_nothing_is_asked(void **state)
{
	(void)state;
	rig_up(OFFICE_ADMIN ACCOUNT("", REFRESH));
	dispatch_stop(rig.o.parts.dispatch);
	dispatch_keep_tokens(rig.o.parts.dispatch);
	kick();
	not_asked();
	rig_down();
}

static void
the_parent_hears_of_a_clock_that_was_set(void **state)
{
	struct ask_request r;
	struct deliver d;

	(void)state;
	begins(APP, &d);
	says_ready(&d);
	takes_one(&d);
	dispatch_move_times(rig.o.parts.dispatch, 100000);
	r = asked(ASK_GRANTED);
	assert_in_range(
	    r.with.granted.until, rig.now + 103590, rig.now + 103610);
	hangs_up(&d);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_goes_once_there_is_a_token),
		cmocka_unit_test(a_thousand_messages_ask_once),
		cmocka_unit_test(what_the_parent_has_kept_is_used),
		cmocka_unit_test(without_mail_an_application_asks_for_nothing),
		cmocka_unit_test(a_refresh_token_is_used_without_mail),
		cmocka_unit_test(accounts_of_an_application_ask_one_at_a_time),
		cmocka_unit_test(
		    a_check_gets_a_token_and_hears_what_keeps_it_from_one),
		cmocka_unit_test(the_end_waits_for_the_answer_and_asks_no_more),
		cmocka_unit_test(four_ask_at_once_at_most),
		cmocka_unit_test(at_the_end_nothing_is_asked),
		cmocka_unit_test(the_parent_hears_of_a_clock_that_was_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
