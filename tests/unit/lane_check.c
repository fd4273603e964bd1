/* SPDX-License-Identifier: ISC */
/* Connections that no mail asked for: made once, judged like any other. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "queue/lane_priv.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT

/* An account that has one connection, with others of its mailbox. */
#define SHARED(name) \
	"[account" name "]\nprovider = smtp\nhost = 127.0.0.1\n" \
	"user = a@contoso.com\npassword_file = /p\nconnections = 1\n"

/* What whoever asked was told. */
static struct {
	unsigned times, well, tried;
	char text[ERR_TEXT_MAX];
} heard;

static void
hear(void *arg, const struct job_ready *session, const struct job_result *why)
{
	(void)arg;
	heard.times++;
	heard.well += session != NULL && why == NULL;
	heard.tried += session != NULL;
	strlcpy(heard.text, why == NULL ? "" : why->text, sizeof(heard.text));
}

static void
begin(const char *options)
{
	memset(&heard, 0, sizeof(heard));
	rig_up(options);
}

static void
check(void)
{
	dispatch_check(rig.o.parts.dispatch, 0, hear, NULL);
	office_run(&rig.o);
}

static void
it_signs_in_and_leaves(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL);
	will_start(&d);
	check();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	assert_int_equal(heard.times, 0);
	says_ready(&d);
	assert_int_equal(heard.well, 1);
	hears(&d, JOB_QUIT);
	says_closed(&d, JOB_UNTRIED);
	assert_int_equal(heard.times, 1);
	assert_string_equal(view(0).state, "ready");
	not_asked();
	rig_down();
}

static void
several_hear_of_one_connection(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL);
	will_start(&d);
	check();
	check();
	asked(ASK_DELIVER);
	not_asked();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_int_equal(heard.well, 2);
	hangs_up(&d);
	rig_down();
}

static void
mail_that_waits_goes_by_it(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	begin(MAIL);
	will_start(&d);
	check();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	id = post(1000, "a@example.com");
	says_ready(&d);
	assert_int_equal(heard.well, 1);
	assert_true(takes_one(&d) == id);
	hears_nothing(&d);
	hangs_up(&d);
	rig_down();
}

static void
a_session_that_is_there_serves(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	check();
	assert_int_equal(heard.well, 1);
	not_asked();
	hears_nothing(&d);
	hangs_up(&d);
	rig_down();
}

/* One refusal, and no second until the hold is over. */
static void
a_refusal_holds_the_account(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL);
	will_start(&d);
	check();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
	assert_int_equal(heard.tried, 1);
	assert_int_equal(heard.well, 0);
	assert_string_equal(heard.text, "wrong password");
	assert_string_equal(view(0).state, "held");
	check();
	check();
	not_asked();
	assert_int_equal(heard.times, 3);
	assert_int_equal(heard.tried, 1);
	/* No message was tried by it. */
	assert_string_equal(office_list(&rig.o), "");
	rig_down();
}

static void
what_keeps_deliver_from_starting_is_told(void **state)
{
	(void)state;
	begin(MAIL);
	will_refuse("no more processes");
	check();
	asked(ASK_DELIVER);
	assert_int_equal(heard.times, 1);
	assert_string_equal(heard.text, "no more processes");
	rig_down();
}

static void
a_pause_does_not_keep_it_from_signing_in(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL);
	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	post(1000, "a@example.com");
	will_start(&d);
	check();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_int_equal(heard.well, 1);
	hears(&d, JOB_QUIT);
	hangs_up(&d);
	rig_down();
}

/* With the only connection on its way out, it waits for its end. */
static void
it_never_makes_one_too_many(void **state)
{
	struct deliver d, next;

	(void)state;
	begin(MAIL "connections = 1\n");
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	only_closes(&d, JOB_UNTRIED);
	check();
	not_asked();
	assert_int_equal(heard.times, 0);
	will_start(&next);
	hangs_up(&d);
	asked(ASK_DELIVER);
	hears(&next, JOB_SESSION);
	says_ready(&next);
	assert_int_equal(heard.well, 1);
	hangs_up(&next);
	rig_down();
}

/* Nor for another account of the same mailbox: it waits for its turn. */
static void
accounts_of_a_mailbox_share_their_connections(void **state)
{
	struct deliver d, next;

	(void)state;
	begin(OFFICE_ADMIN SHARED("") SHARED(" b"));
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	dispatch_check(rig.o.parts.dispatch, 1, hear, NULL);
	office_run(&rig.o);
	not_asked();
	assert_int_equal(heard.times, 0);
	hears(&d, JOB_QUIT);
	will_start(&next);
	says_closed(&d, JOB_UNTRIED);
	asked(ASK_DELIVER);
	hears(&next, JOB_SESSION);
	says_ready(&next);
	assert_int_equal(heard.well, 1);
	hangs_up(&next);
	rig_down();
}

/* The end of the daemon is no moment to begin. */
static void
whoever_still_waits_at_the_end_is_told_so(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL "connections = 1\n");
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	only_closes(&d, JOB_UNTRIED);
	check();
	assert_int_equal(heard.times, 0);
	dispatch_stop(rig.o.parts.dispatch);
	assert_int_equal(heard.times, 1);
	hangs_up(&d);
	not_asked();
	assert_int_equal(heard.tried, 0);
	rig_down();
}

static void
whoever_comes_at_the_end_is_told_so(void **state)
{
	struct deliver d;

	(void)state;
	begin(MAIL);
	will_start(&d);
	check();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	hangs_up(&d);
	assert_int_equal(heard.times, 1);
	dispatch_stop(rig.o.parts.dispatch);
	check();
	not_asked();
	assert_int_equal(heard.times, 2);
	assert_int_equal(heard.well, 0);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_signs_in_and_leaves),
		cmocka_unit_test(several_hear_of_one_connection),
		cmocka_unit_test(mail_that_waits_goes_by_it),
		cmocka_unit_test(a_session_that_is_there_serves),
		cmocka_unit_test(a_refusal_holds_the_account),
		cmocka_unit_test(what_keeps_deliver_from_starting_is_told),
		cmocka_unit_test(a_pause_does_not_keep_it_from_signing_in),
		cmocka_unit_test(it_never_makes_one_too_many),
		cmocka_unit_test(accounts_of_a_mailbox_share_their_connections),
		cmocka_unit_test(whoever_still_waits_at_the_end_is_told_so),
		cmocka_unit_test(whoever_comes_at_the_end_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
