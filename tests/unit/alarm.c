/* SPDX-License-Identifier: ISC */
/* Alarms: when each comes, how often it is told, and what it says. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/alarm.h"
#include "queue/dispatch.h"
#include "tests/unit/alarm_rig.h"

/* ---- a held account ---- */

static void
a_hold_is_told_once_whatever_restarts(void **state)
{
	struct deliver d;
	const char *text;

	(void)state;
	up(ONE);
	post_to("");
	is_refused("", NULL);
	text = told();
	has(text, "mailchute on web01.contoso.com: account default is held: "
		  "wrong password\n\n");
	has(text, "\nalarm: account-held\naccount: default\nsince: 20");
	has(text, "\nwaiting: 1\n");
	assert_int_equal(office_logged(&rig.o, "event=alarm kind="), 1);
	assert_string_equal(lasting(), "account-held default");
	look();
	restart();
	may_try(0, &d);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "still wrong");
	restart();
	/* Trouble with the connection says nothing about the password. */
	may_try(0, &d);
	says_failed(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "no route");
	look();
	not_asked();
	assert_string_equal(lasting(), "account-held default");
	/* Over with the first message that is taken, and as news again. */
	may_try(0, &d);
	says_ready(&d);
	takes_one(&d);
	office_run(&rig.o);
	assert_string_equal(lasting(), "");
	assert_int_equal(office_logged(&rig.o, "event=alarm-over"), 1);
	says_closed(&d, JOB_UNTRIED);
	restart();
	not_asked();
	post_to("");
	is_refused("", NULL);
	told();
	not_asked();
	assert_int_equal(office_logged(&rig.o, "event=alarm kind="), 2);
	rig_down();
}

static void
it_is_told_again_once_a_day(void **state)
{
	int day;

	(void)state;
	up(ONE);
	post_to("");
	is_refused("", NULL);
	has(told(), "told again once a day while it lasts");
	for (day = 0; day < 3; day++) {
		later(DAY - 60);
		restart();
		not_asked();
		later(120);
		look();
		has(told(), "This lasts");
		not_asked();
	}
	rig_down();
}

/* An hour before it came, by a clock that was set back meanwhile. */
static void
a_clock_set_back_puts_off_no_reminder_for_years(void **state)
{
	(void)state;
	up(ONE);
	post_to("");
	later(100 * DAY);
	is_refused("", NULL);
	told();
	later(-100 * DAY);
	restart();
	not_asked();
	later(DAY);
	look();
	told();
	/* A jump that the queue follows changes nothing. */
	rig.o.parts.times.pending_s -= 50 * DAY;
	alarm_move_times(rig.o.parts.alarms, 50 * DAY);
	office_run(&rig.o);
	restart();
	not_asked();
	rig_down();
}

/* ---- a stall ---- */

static void
an_account_stalls_by_itself(void **state)
{
	struct deliver d;

	(void)state;
	up(TWO);
	post_to("other");
	post_to("");
	look();
	later(HOUR - 60);
	look();
	not_asked();
	/* The default one delivers, the other does not. */
	will_start(&d);
	dispatch_kick(rig.o.parts.dispatch, "");
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	later(60);
	look();
	has(told(), "account other delivers nothing, though mail is due");
	assert_string_equal(lasting(), "stall other");
	restart();
	look();
	not_asked();
	hangs_up(&d);
	rig_down();
}

static void
a_pause_or_a_hold_is_no_stall(void **state)
{
	(void)state;
	up(ONE);
	post_to("");
	look();
	later(HOUR);
	look();
	told();
	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	look();
	assert_string_equal(lasting(), "");
	will_refuse("no more processes");
	dispatch_set_paused(rig.o.parts.dispatch, 0);
	asked(ASK_DELIVER);
	rig.o.conf->queue.delivery = false;
	later(2 * HOUR);
	look();
	not_asked();
	rig.o.conf->queue.delivery = true;
	is_refused("", NULL);
	told();
	later(2 * HOUR);
	look();
	assert_string_equal(lasting(), "account-held default");
	not_asked();
	rig_down();
}

/* ---- the disk ---- */

static void
a_full_disk_is_told_though_nothing_can_be_written(void **state)
{
	char *queue;

	(void)state;
	up(ONE);
	queue = xasprintf("%s/queue", rig.o.directory);
	fixture_tamper(queue, "CREATE TRIGGER full BEFORE INSERT ON fact "
			      "BEGIN SELECT raise(ABORT, 'full'); END");
	rig.o.conf->queue.free_space_min = UINT64_MAX / 4;
	look();
	later(40);
	look();
	not_asked();
	later(20);
	look();
	has(told(), "no mail is taken: the disk of ");
	assert_int_equal(office_logged(&rig.o, "event=alarm-not-saved"), 1);
	assert_string_equal(lasting(), "disk-full -");
	look();
	not_asked();
	assert_int_equal(office_logged(&rig.o, "event=alarm kind="), 1);
	fixture_tamper(queue, "DROP TRIGGER full");
	will_refuse("no more processes");
	look();
	asked(ASK_DELIVER);
	assert_int_equal(
	    fixture_number(queue, "SELECT count(*) FROM fact WHERE name LIKE "
				  "'alarm %'"),
	    1);
	has(office_list(&rig.o), "alarm <> to it@contoso.com queued");
	restart();
	assert_string_equal(lasting(), "disk-full -");
	rig.o.conf->queue.free_space_min = 0;
	look();
	assert_string_equal(lasting(), "");
	assert_int_equal(
	    fixture_number(queue, "SELECT count(*) FROM fact WHERE name LIKE "
				  "'alarm %'"),
	    0);
	free(queue);
	rig_down();
}

/* Somebody copies something large, and takes it away again. */
static void
a_disk_that_is_full_for_a_moment_is_none(void **state)
{
	int i;

	(void)state;
	up(ONE);
	for (i = 0; i < 4; i++) {
		rig.o.conf->queue.free_space_min = UINT64_MAX / 4;
		look();
		rig.o.conf->queue.free_space_min = 0;
		later(30);
		look();
		later(30);
	}
	assert_string_equal(lasting(), "");
	not_asked();
	rig_down();
}

/* ---- text ---- */

/* ---- a user's share of the day ---- */

static void
takes_many(struct deliver *d, size_t nrcpts)
{
	struct frame f = hears(d, JOB_MESSAGE);
	struct job_message m;
	size_t i;

	assert_int_equal(job_get_message(&f, &m, &rig.o.e), 0);
	assert_int_equal(m.env.nrcpts, nrcpts);
	hears(d, JOB_BODY);
	hears(d, JOB_BODY_END);
	for (i = 0; i < nrcpts; i++)
		says_result(
		    d, m.rcpt_ids[i], JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	job_message_clear(&m);
	says_done(d);
}

static void
a_share_that_is_used_up_is_told_and_is_no_stall(void **state)
{
	struct deliver d;
	uint64_t last;

	(void)state;
	up(ONE "connections = 1\nrecipients_per_day = 10\n");
	post_to_many(1000, 4);
	post_to_many(1000, 4);
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_many(&d, 4);
	takes_many(&d, 4);
	/* Nothing of his waits. */
	look();
	not_asked();
	last = post(1000, "z@example.com");
	look();
	has(told(), "a user has had his share of account default's day: user "
		    "id 1000 has sent to 8 of 10 recipients within a day, and "
		    "more of his mail waits\n");
	assert_string_equal(lasting(), "share default");
	/* The mail that tells it waits for nobody's share. */
	takes_one(&d);
	later(2 * HOUR);
	look();
	assert_string_equal(lasting(), "share default");
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    store_release(rig.o.parts.store, 1000, last, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
	look();
	assert_string_equal(lasting(), "");
	kick();
	assert_true(takes_one(&d) == last);
	hangs_up(&d);
	rig_down();
}

/* A server's words neither end the line nor steer a terminal. */
static void
hostile_words_stay_in_their_line(void **state)
{
	struct deliver d;
	const char *text;

	(void)state;
	up(ONE);
	post_to("");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT,
	    "no\r\nalarm: none\033[2J \303\244\377");
	text = told();
	has(text, "is held: no\\x0d\\x0aalarm: none\\x1b[2J \303\244\\xff\n\n");
	assert_null(strchr(text, '\033'));
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_is_told_once_whatever_restarts),
		cmocka_unit_test(it_is_told_again_once_a_day),
		cmocka_unit_test(
		    a_clock_set_back_puts_off_no_reminder_for_years),
		cmocka_unit_test(an_account_stalls_by_itself),
		cmocka_unit_test(a_pause_or_a_hold_is_no_stall),
		cmocka_unit_test(
		    a_full_disk_is_told_though_nothing_can_be_written),
		cmocka_unit_test(a_disk_that_is_full_for_a_moment_is_none),
		cmocka_unit_test(
		    a_share_that_is_used_up_is_told_and_is_no_stall),
		cmocka_unit_test(hostile_words_stay_in_their_line),
	};

	return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
