/* SPDX-License-Identifier: ISC */
/*
 * One try of a message, from the claim to the disk: what becomes of the mail
 * when deliver answers, hangs up, or breaks the contract, at each moment.
 */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "queue/limits.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT "connections = 1\n"

#define QUEUED    "mail <sender@example.com> to a@example.com queued"
#define UNCERTAIN "mail <sender@example.com> to a@example.com uncertain"
#define HELD      "mail <sender@example.com> to a@example.com held"

/* A connection that is ready for its first message. */
static void
connect_deliver(struct deliver *d)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

/* What a user has waiting, as intake counts it, follows each outcome. */
static void
limits_follow_what_leaves_and_what_comes(void **state)
{
	struct limits *l;
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	l = rig.o.parts.limits;
	limits_change(l, 1, UINT64_MAX);
	post(1000, "a@example.com");
	assert_int_equal(limits_check(l, 1000, 0, &rig.o.e), -1);
	connect_deliver(&d);
	takes_one(&d);
	assert_int_equal(limits_check(l, 1000, 0, &rig.o.e), 0);
	/* The notice is the sender's, and waits. */
	post(1000, "a@example.com");
	kick();
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	dispatch_set_paused(rig.o.parts.dispatch, true);
	says_result(&d, 1, JOB_REJECTED, JOB_SCOPE_RECIPIENT, 550);
	says_done(&d);
	assert_string_equal(
	    office_list(&rig.o), "bounce <> to sender@example.com queued");
	assert_int_equal(limits_check(l, 1000, 0, &rig.o.e), -1);
	hangs_up(&d);
	rig_down();
}

static void
silence_after_the_end_is_uncertain(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = post(1000, "a@example.com");
	connect_deliver(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	hangs_up(&d);
	assert_string_equal(office_list(&rig.o), UNCERTAIN);
	assert_int_equal(attempts(id), 1);
	assert_string_equal(view(0).state, "backoff");
	rig_down();
}

/* deliver says itself that the session ended first: no attempt is spent. */
static void
a_word_instead_of_an_answer_is_no_attempt(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = post(1000, "a@example.com");
	connect_deliver(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	says_closed(&d, JOB_DEFERRED);
	assert_string_equal(office_list(&rig.o), QUEUED);
	assert_int_equal(attempts(id), 0);
	assert_string_equal(view(0).state, "backoff");
	rig_down();
}

static void
silence_before_the_end_costs_nothing(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = post_large();
	connect_deliver(&d);
	assert_string_equal(office_list(&rig.o), QUEUED);
	hangs_up(&d);
	assert_string_equal(office_list(&rig.o), QUEUED);
	assert_int_equal(attempts(id), 0);
	assert_string_equal(view(0).state, "backoff");
	assert_false(dispatch_has(rig.o.parts.dispatch, id));
	rig_down();
}

static void
a_large_body_comes_whole(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post_large();
	connect_deliver(&d);
	hears(&d, JOB_MESSAGE);
	assert_int_equal(hears_body(&d, JOB_BODY_END), RIG_LARGE);
	hangs_up(&d);
	rig_down();
}

/* Nothing is marked before it comes the second time. */
static void
one_that_may_be_encoded_comes_twice(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post_line();
	connect_deliver(&d);
	hears(&d, JOB_MESSAGE);
	assert_int_equal(hears_body(&d, JOB_BODY_AGAIN), RIG_LARGE / 4);
	assert_int_equal(hears_body(&d, JOB_BODY_END), RIG_LARGE / 4);
	hangs_up(&d);
	assert_string_equal(office_list(&rig.o), UNCERTAIN);
	rig_down();
}

static void
an_early_refusal_needs_no_body(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post_large();
	connect_deliver(&d);
	says_result(&d, 1, JOB_REJECTED, JOB_SCOPE_RECIPIENT, 550);
	says_done(&d);
	assert_string_equal(
	    office_list(&rig.o), "bounce <> to sender@example.com queued");
	hangs_up(&d);
	rig_down();
}

static void
the_session_s_end_is_no_trouble(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	connect_deliver(&d);
	takes_one(&d);
	says_closed(&d, JOB_UNTRIED);
	assert_string_equal(view(0).state, "ready");
	assert_int_equal(view(0).connections, 0);
	rig_down();
}

/* deliver may end before it has begun with a message: it goes by another. */
static void
a_message_not_begun_goes_by_the_next_connection(void **state)
{
	struct deliver d, next;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = post_large();
	connect_deliver(&d);
	will_start(&next);
	says_closed(&d, JOB_UNTRIED);
	asked(ASK_DELIVER);
	hears(&next, JOB_SESSION);
	assert_int_equal(attempts(id), 0);
	assert_string_equal(view(0).state, "ready");
	hangs_up(&next);
	rig_down();
}

static void
a_deferral_waits_and_is_an_attempt(void **state)
{
	struct store_message m;
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAIL "[queue]\nretry = 1h\n");
	id = post(1000, "a@example.com");
	connect_deliver(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_DEFERRED, JOB_SCOPE_RECIPIENT, 451);
	says_done(&d);
	assert_string_equal(office_list(&rig.o), QUEUED);
	assert_int_equal(attempts(id), 1);
	memset(&m, 0, sizeof(m));
	store_message_get(rig.o.parts.store, id, &m, &rig.o.e);
	assert_true(m.due_at >= rig.now + 48 * 60);
	store_message_clear(&m);
	assert_string_equal(view(0).state, "ready");
	hears_nothing(&d);
	hangs_up(&d);
	rig_down();
}

static void
an_account_s_fault_in_a_message_is_the_account_s(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = post(1000, "a@example.com");
	connect_deliver(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_REJECTED, JOB_SCOPE_ACCOUNT, 535);
	says_done(&d);
	assert_string_equal(office_list(&rig.o), QUEUED);
	assert_int_equal(attempts(id), 0);
	assert_string_equal(view(0).state, "held");
	/* The idle session is of no use to a held account. */
	hears(&d, JOB_QUIT);
	hangs_up(&d);
	rig_down();
}

static void
recipients_beyond_one_message_follow(void **state)
{
	struct job_message m;
	struct deliver d;
	struct frame f;

	(void)state;
	rig_up(MAIL "recipients_per_message = 2\n");
	office_post(&rig.o,
	    (struct office_mail){
		.to = { "a@example.com", "b@example.com", "c@example.com" },
		.at = rig.now - 1 });
	connect_deliver(&d);
	f = hears(&d, JOB_MESSAGE);
	assert_int_equal(job_get_message(&f, &m, &rig.o.e), 0);
	assert_int_equal(m.env.nrcpts, 2);
	assert_string_equal(m.env.sender, "sender@example.com");
	assert_string_equal(m.env.rcpts[1].address, "b@example.com");
	assert_false(m.is_notice);
	job_message_clear(&m);
	hears(&d, JOB_BODY);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_result(&d, 2, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(&d);
	f = hears(&d, JOB_MESSAGE);
	assert_int_equal(job_get_message(&f, &m, &rig.o.e), 0);
	assert_int_equal(m.env.nrcpts, 1);
	assert_string_equal(m.env.rcpts[0].address, "c@example.com");
	job_message_clear(&m);
	hangs_up(&d);
	rig_down();
}

static void
damaged_mail_is_not_sent(void **state)
{
	struct deliver d;
	char *path;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	path = xasprintf("%s/queue", rig.o.directory);
	fixture_tamper(path, "UPDATE chunk SET crc = crc + 1");
	free(path);
	connect_deliver(&d);
	hears(&d, JOB_MESSAGE);
	hears(&d, JOB_ABORT);
	says_closed(&d, JOB_DEFERRED);
	assert_string_equal(office_list(&rig.o), HELD);
	/* Our own fault is not the account's. */
	assert_string_equal(view(0).state, "ready");
	rig_down();
}

/* ---- a deliver that breaks the contract ---- */

static void
breaks_it(struct deliver *d, const void *p, size_t n)
{
	struct ask_request r;

	assert_int_equal(send(d->fd, p, n, MSG_NOSIGNAL), n);
	r = asked(ASK_KILL);
	assert_int_equal(r.pid, 4711);
	assert_string_equal(view(0).state, "backoff");
	hangs_up(d);
}

static void
what_is_no_frame_ends_the_process(void **state)
{
	static const unsigned char huge[] = { JOB_READY, 0xff, 0xff, 0xff,
		0xff };
	struct deliver d;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	breaks_it(&d, huge, sizeof(huge));
	assert_string_equal(office_list(&rig.o), QUEUED);
	rig_down();
}

static void
frames_out_of_order_end_the_process(void **state)
{
	static const unsigned char types[] = { JOB_SESSION, JOB_READY,
		JOB_FAILED, JOB_MESSAGE, JOB_BODY, JOB_QUIT, 0, 99 };
	unsigned char frame[FRAME_HEAD];
	struct deliver d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types); i++) {
		rig_up(MAIL);
		post(1000, "a@example.com");
		connect_deliver(&d);
		memset(frame, 0, sizeof(frame));
		frame[0] = types[i];
		breaks_it(&d, frame, sizeof(frame));
		rig_down();
	}
}

static void
a_result_for_nobody_ends_the_process(void **state)
{
	struct job_result r = { .rcpt = 77,
		.outcome = JOB_DELIVERED,
		.scope = JOB_SCOPE_RECIPIENT,
		.code = 250,
		.status = "2.0.0" };
	struct deliver d;
	struct buf b;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	connect_deliver(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_result(&b, &r), 0);
	breaks_it(&d, buf_data(&b), b.len);
	buf_clear(&b);
	assert_string_equal(office_list(&rig.o), UNCERTAIN);
	rig_down();
}

static void
results_without_a_message_end_the_process(void **state)
{
	struct deliver d;
	struct buf b;
	struct job_done done = { .octets = 1 };

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_done(&b, &done), 0);
	breaks_it(&d, buf_data(&b), b.len);
	buf_clear(&b);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_follow_what_leaves_and_what_comes),
		cmocka_unit_test(silence_after_the_end_is_uncertain),
		cmocka_unit_test(a_word_instead_of_an_answer_is_no_attempt),
		cmocka_unit_test(silence_before_the_end_costs_nothing),
		cmocka_unit_test(a_large_body_comes_whole),
		cmocka_unit_test(one_that_may_be_encoded_comes_twice),
		cmocka_unit_test(an_early_refusal_needs_no_body),
		cmocka_unit_test(the_session_s_end_is_no_trouble),
		cmocka_unit_test(
		    a_message_not_begun_goes_by_the_next_connection),
		cmocka_unit_test(a_deferral_waits_and_is_an_attempt),
		cmocka_unit_test(
		    an_account_s_fault_in_a_message_is_the_account_s),
		cmocka_unit_test(recipients_beyond_one_message_follow),
		cmocka_unit_test(damaged_mail_is_not_sent),
		cmocka_unit_test(what_is_no_frame_ends_the_process),
		cmocka_unit_test(frames_out_of_order_end_the_process),
		cmocka_unit_test(a_result_for_nobody_ends_the_process),
		cmocka_unit_test(results_without_a_message_end_the_process),
	};

	return cmocka_run_group_tests_name("lane_try", tests, NULL, NULL);
}
