/* SPDX-License-Identifier: ISC */
/* Users' shares of the day: whose mail goes, and whose waits. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "queue/submitter.h"
#include "tests/unit/dispatch_rig.h"

#define DAY  (24 * 3600)
#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT "connections = 1\n"
#define TEN  MAIL "recipients_per_day = 10\n" /* 8, then 2 */

static void
connect_deliver(struct deliver *d)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

static void
takes(struct deliver *d, uint64_t id)
{
	assert_true(takes_one(d) == id);
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

static struct share
share_of(uint64_t who)
{
	struct share share;

	assert_true(dispatch_share(rig.o.parts.dispatch, "", who, &share));
	return share;
}

static void
release(uid_t uid, uint64_t id)
{
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    store_release(rig.o.parts.store, uid, id, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
	kick();
}

/* A user's flood of many recipients: the last message goes in part. */
static void
flood(struct deliver *d, uint64_t ids[3])
{
	size_t i;

	for (i = 0; i < 3; i++)
		ids[i] = post_to_many(1000, 4);
	connect_deliver(d);
	takes_of(d, ids[0], 4);
	takes_of(d, ids[1], 4);
	hears_nothing(d);
}

static void
a_flood_leaves_others_a_part(void **state)
{
	uint64_t ids[3], other, alarm;
	struct deliver d;

	(void)state;
	rig_up(TEN);
	flood(&d, ids);
	assert_int_equal(share_of(1000).used, 8);
	assert_int_equal(share_of(1000).left, 0);
	assert_true(share_of(1000).next_at > rig.now + DAY);
	/* The account is open, and says so. */
	assert_string_equal(view(0).state, "ready");
	assert_false(dispatch_has_due(rig.o.parts.dispatch, 0));
	other = post(1001, "z@example.com");
	kick();
	takes(&d, other);
	hears_nothing(&d);
	/* Alarms are of nobody's share. */
	alarm = office_post(&rig.o, (struct office_mail){ .kind = KIND_ALARM,
					.uid = 1000,
					.to = { "it@contoso.com" },
					.at = rig.now - 1 });
	kick();
	takes(&d, alarm);
	assert_int_equal(share_of(1000).used, 8);
	hangs_up(&d);
	rig_down();
}

static void
a_large_envelope_goes_as_far_as_the_share(void **state)
{
	uint64_t first, large, other;
	struct deliver d;

	(void)state;
	rig_up(TEN);
	first = post_to_many(1000, 4);
	large = post_to_many(1000, 4);
	other = post_to_many(1001, 1);
	connect_deliver(&d);
	takes_of(&d, first, 4);
	takes_of(&d, other, 1);
	/* 75 of 100: of the nine sent so far and one left, he may have 7. */
	takes_of(&d, large, 3);
	hears_nothing(&d);
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com delivered\n"
	    "mail <sender@example.com> to b@example.com delivered\n"
	    "mail <sender@example.com> to c@example.com delivered\n"
	    "mail <sender@example.com> to d@example.com queued");
	hangs_up(&d);
	rig_down();
}

/* All of its mail is of one uid: one that is mad takes nobody else's part. */
static void
a_device_s_flood_leaves_others_a_part(void **state)
{
	const struct office_mail mad = { .uid = 33,
		.device = 7,
		.to = { "a@example.com", "b@example.com", "c@example.com",
		    "d@example.com" } };
	uint64_t ids[3], other;
	struct deliver d;
	size_t i;

	(void)state;
	rig_up(TEN);
	for (i = 0; i < 3; i++)
		ids[i] = office_post(&rig.o, mad);
	connect_deliver(&d);
	takes_of(&d, ids[0], 4);
	takes_of(&d, ids[1], 4);
	hears_nothing(&d);
	assert_int_equal(share_of(submitter_of(33, 7)).used, 8);
	assert_int_equal(share_of(submitter_of(33, 8)).used, 0);
	assert_int_equal(share_of(33).used, 0);
	dispatch_probe(rig.o.parts.dispatch, 0, true, ids[2]);
	hears_nothing(&d);
	other = office_post(
	    &rig.o, (struct office_mail){
			.uid = 33, .device = 8, .to = { "z@example.com" } });
	kick();
	takes(&d, other);
	hears_nothing(&d);
	hangs_up(&d);
	/* nor does a restart give it more */
	office_reopen(&rig.o);
	assert_int_equal(share_of(submitter_of(33, 7)).used, 8);
	assert_int_equal(share_of(submitter_of(33, 7)).left, 0);
	assert_int_equal(share_of(submitter_of(33, 8)).used, 1);
	rig_down();
}

/* A restart resets nobody's share. */
static void
it_is_kept_over_a_restart(void **state)
{
	uint64_t ids[3];
	struct deliver d;

	(void)state;
	rig_up(TEN);
	flood(&d, ids);
	hangs_up(&d);
	office_reopen(&rig.o);
	assert_int_equal(share_of(1000).used, 8);
	assert_int_equal(share_of(1000).left, 0);
	assert_int_equal(share_of(1001).used, 0);
	assert_int_equal(share_of(1001).left, 2);
	rig_down();
}

static void
what_is_released_goes(void **state)
{
	uint64_t ids[3], other;
	struct deliver d;

	(void)state;
	rig_up(TEN);
	flood(&d, ids);
	post(1000, "y@example.com");
	assert_int_equal(
	    store_waits_unreleased(rig.o.parts.store, "", 1000, &rig.o.e), 1);
	/* To the end of the day, and no further. */
	release(1000, ids[2]);
	takes_of(&d, ids[2], 2);
	assert_string_equal(view(0).state, "budget");
	other = post(1001, "z@example.com");
	dispatch_move_times(rig.o.parts.dispatch, -(DAY + 61));
	kick();
	takes(&d, other);
	takes_of(&d, ids[2], 2);
	/* The release ends with its message. */
	assert_int_equal(
	    store_is_released(rig.o.parts.store, 1000, ids[2], &rig.o.e), 0);
	hangs_up(&d);
	rig_down();
}

/* "mailchute retry ID" names a message, and lifts nothing. */
static void
what_somebody_named_waits_as_well(void **state)
{
	uint64_t ids[3];
	struct deliver d;

	(void)state;
	rig_up(TEN);
	flood(&d, ids);
	dispatch_probe(rig.o.parts.dispatch, 0, true, ids[2]);
	hears_nothing(&d);
	release(1000, ids[2]);
	takes_of(&d, ids[2], 2);
	hangs_up(&d);
	rig_down();
}

static void
it_is_warned_of_once(void **state)
{
	uint64_t ids[3];
	struct deliver d;

	(void)state;
	rig_up(TEN);
	flood(&d, ids);
	assert_int_equal(office_logged(&rig.o,
			     "event=share account=\"\" uid=1000 rcpts_day=4 "
			     "left=4 of=10"),
	    1);
	assert_int_equal(office_logged(&rig.o, "event=share"), 1);
	hangs_up(&d);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_leaves_others_a_part),
		cmocka_unit_test(a_device_s_flood_leaves_others_a_part),
		cmocka_unit_test(a_large_envelope_goes_as_far_as_the_share),
		cmocka_unit_test(it_is_kept_over_a_restart),
		cmocka_unit_test(what_is_released_goes),
		cmocka_unit_test(what_somebody_named_waits_as_well),
		cmocka_unit_test(it_is_warned_of_once),
	};

	return cmocka_run_group_tests_name("lane_share", tests, NULL, NULL);
}
