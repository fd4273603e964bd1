/* SPDX-License-Identifier: ISC */
/* Budgets: who goes, with how many recipients, and who waits. */
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
#include "tests/unit/dispatch_rig.h"

/* Users' shares are tests/unit/lane_share.c's. */
#define WHOLE OFFICE_ADMIN "[queue]\nuid_share = 100\n"
#define MAIL  WHOLE OFFICE_ACCOUNT "connections = 1\n"
#define DAY   (24 * 3600)

static void
connect_deliver(struct deliver *d)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

/* Of that message so many recipients come, and are delivered. */
static void
takes_of(struct deliver *d, uint64_t id, size_t nrcpts)
{
	struct frame f = hears(d, JOB_MESSAGE);
	struct job_message m;
	uint64_t got;
	size_t i;

	assert_int_equal(job_get_message(&f, &m, &rig.o.e), 0);
	assert_int_equal(queue_id_parse(m.queue_id, &got), 0);
	assert_true(got == id);
	assert_int_equal(m.env.nrcpts, nrcpts);
	hears(d, JOB_BODY);
	hears(d, JOB_BODY_END);
	for (i = 0; i < nrcpts; i++)
		says_result(
		    d, m.rcpt_ids[i], JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	job_message_clear(&m);
	says_done(d);
}

/* As if so much time had passed since all that was. */
static void
later(int64_t by_s)
{
	dispatch_move_times(rig.o.parts.dispatch, -by_s);
	kick();
}

/*
 * An envelope that does not fit into the rest of the day goes as far as it
 * does; it neither stops the others nor is passed by them for ever.
 */
static void
the_rest_of_a_day_is_used(void **state)
{
	uint64_t first, large, small;
	struct deliver d;

	(void)state;
	rig_up(MAIL "recipients_per_day = 5\n");
	first = post_to_many(1000, 2);
	connect_deliver(&d);
	takes_of(&d, first, 2);
	/* Three are left of the day. */
	large = post_to_many(1001, 4);
	small = post(1002, "z@example.com");
	kick();
	takes_of(&d, large, 3);
	hears_nothing(&d);
	assert_string_equal(view(0).state, "budget");
	assert_true(view(0).next_at >= rig.now + DAY);
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com delivered\n"
	    "mail <sender@example.com> to b@example.com delivered\n"
	    "mail <sender@example.com> to c@example.com delivered\n"
	    "mail <sender@example.com> to d@example.com queued\n"
	    "mail <sender@example.com> to z@example.com queued");
	/* When the day is over the next in turn goes, then the rest. */
	later(DAY + 61);
	assert_string_equal(view(0).state, "ready");
	takes_of(&d, small, 1);
	takes_of(&d, large, 1);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&d);
	rig_down();
}

/* Two of two recipients, and room for three. */
static void
the_second_waits_with_what_is_too_much(void **state)
{
	uint64_t first, second;
	struct deliver d;

	(void)state;
	rig_up(MAIL "recipients_per_day = 3\n");
	first = post_to_many(1000, 2);
	second = post_to_many(1000, 2);
	connect_deliver(&d);
	takes_of(&d, first, 2);
	takes_of(&d, second, 1);
	hears_nothing(&d);
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com delivered\n"
	    "mail <sender@example.com> to b@example.com queued");
	assert_int_equal(view(0).rcpts_day, 3);
	hangs_up(&d);
	rig_down();
}

/* What one lane sent, the other of the same mailbox has less. */
static void
the_rest_is_the_mailbox_s(void **state)
{
	uint64_t first, second;
	struct deliver d[2];

	(void)state;
	rig_up(
	    WHOLE "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
		  "tls = implicit\nuser = a@contoso.com\npassword_file = pw\n"
		  "recipients_per_day = 3\n"
		  "[account other]\nprovider = smtp\nhost = 127.0.0.1\n"
		  "tls = implicit\nuser = a@contoso.com\npassword_file = pw\n"
		  "senders = @other.example\nrecipients_per_day = 3\n");
	first = post_to_many(1000, 2);
	connect_deliver(&d[0]);
	takes_of(&d[0], first, 2);
	second =
	    office_post(&rig.o, (struct office_mail){ .account = "other",
				    .to = { "a@example.com", "b@example.com" },
				    .at = rig.now - 1 });
	connect_deliver(&d[1]);
	takes_of(&d[1], second, 1);
	assert_string_equal(view(1).state, "budget");
	hangs_up(&d[0]);
	hangs_up(&d[1]);
	rig_down();
}

static void
a_spent_budget_waits(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL "rate = 2/1h\n");
	post(1000, "a@example.com");
	post(1000, "b@example.com");
	post(1000, "c@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	takes_one(&d);
	hears_nothing(&d);
	assert_string_equal(view(0).state, "budget");
	assert_true(view(0).next_at >= rig.now + 3600);
	hangs_up(&d);
	kick();
	not_asked();
	rig_down();
}

static void
accounts_of_one_mailbox_share_its_budget(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(OFFICE_ADMIN
	    "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
	    "tls = implicit\nuser = a@contoso.com\npassword_file = pw\n"
	    "rate = 1/1h\n"
	    "[account other]\nprovider = smtp\nhost = 127.0.0.1\n"
	    "tls = implicit\nuser = a@contoso.com\npassword_file = pw\n"
	    "senders = @other.example\nrate = 1/1h\n"
	    "[account third]\nprovider = smtp\nhost = 127.0.0.1\n"
	    "tls = implicit\nuser = b@contoso.com\npassword_file = pw\n"
	    "senders = @third.example\nrate = 1/1h\n");
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	assert_string_equal(view(0).state, "budget");
	assert_string_equal(view(1).state, "budget");
	assert_string_equal(view(2).state, "ready");
	hangs_up(&d);
	rig_down();
}

/* A new process, of the same parent. */
static void
restart(void)
{
	office_run(&rig.o);
	close(rig.parent);
	office_reopen_parented(&rig.o, &rig.parent);
}

static uint64_t
probe_that_breaks(void)
{
	struct deliver d;
	uint64_t id;

	will_start(&d);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, false, 0));
	hears(&d, JOB_SESSION);
	says_ready(&d);
	id = hears_message(&d);
	says_closed(&d, JOB_DEFERRED);
	return id;
}

/* Two of them are alike, and what one breaks the other does. */
static void
alarms_do_not_take_turns_before_all_other_mail(void **state)
{
	const struct office_mail alarm = { .kind = KIND_ALARM,
		.to = { "it@contoso.com" },
		.at = rig.now - 1 };
	uint64_t first, mail;
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	first = office_post(&rig.o, alarm);
	(void)office_post(&rig.o, alarm);
	mail = post(1000, "good@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_true(hears_message(&d) == first);
	says_closed(&d, JOB_DEFERRED);
	assert_true(probe_that_breaks() == mail);
	assert_true(probe_that_breaks() != mail);
	/* Also where a new process begins. */
	restart();
	assert_true(probe_that_breaks() == mail);
	restart();
	assert_true(probe_that_breaks() != mail);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rest_of_a_day_is_used),
		cmocka_unit_test(the_second_waits_with_what_is_too_much),
		cmocka_unit_test(the_rest_is_the_mailbox_s),
		cmocka_unit_test(a_spent_budget_waits),
		cmocka_unit_test(accounts_of_one_mailbox_share_its_budget),
		cmocka_unit_test(
		    alarms_do_not_take_turns_before_all_other_mail),
	};

	return cmocka_run_group_tests_name("lane_next", tests, NULL, NULL);
}
