/* SPDX-License-Identifier: ISC */
/* Mail with a From that the server refuses to the mailbox. */
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

#define BOX  "alerts@contoso.com"
#define SHOP "shop@contoso.com"
#define HOUR 3600

#define MAILBOX \
	OFFICE_ADMIN "[account]\nprovider = smtp\nhost = 127.0.0.1\n" \
		     "tls = implicit\nuser = " BOX "\npassword_file = pw\n" \
		     "senders = " BOX " @contoso.com\n"

#define DENIED(from) \
	"SendAsDenied; " BOX " not allowed to send as " from "; STOREDRV"

static uint64_t
post_as(const char *sender)
{
	return office_post(&rig.o, (struct office_mail){ .sender = sender,
				       .to = { "a@example.com" },
				       .at = rig.now - 1 });
}

static void
connect_deliver(struct deliver *d)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

/* It comes, to go under the mailbox's own address or not. */
static void
comes(struct deliver *d, uint64_t id, bool is_own)
{
	struct frame f = hears(d, JOB_MESSAGE);
	struct job_message m;
	uint64_t got;

	assert_int_equal(job_get_message(&f, &m, &rig.o.e), 0);
	assert_int_equal(queue_id_parse(m.queue_id, &got), 0);
	assert_true(got == id);
	if (is_own)
		assert_string_equal(m.instead_of, SHOP);
	else
		assert_null(m.instead_of);
	job_message_clear(&m);
	hears(d, JOB_BODY);
	hears(d, JOB_BODY_END);
}

static void
is_denied(struct deliver *d, const char *text)
{
	says_refusal(d, 1, 554, "5.2.252", text);
	says_done(d);
}

static void
is_taken(struct deliver *d)
{
	says_result(d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(d);
}

static void
it_goes_once_more_under_the_mailbox_s_own(void **state)
{
	uint64_t first, second;
	struct deliver d;

	(void)state;
	rig_up(MAILBOX);
	first = post_as(SHOP);
	connect_deliver(&d);
	comes(&d, first, false);
	is_denied(&d, DENIED(SHOP));
	/* It waits by queue.retry; later mail of the same does not. */
	hears_nothing(&d);
	second = post_as(SHOP);
	kick();
	comes(&d, second, true);
	is_taken(&d);
	dispatch_probe(rig.o.parts.dispatch, 0, true, 0);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    store_message_due(rig.o.parts.store, first, rig.now, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
	kick();
	comes(&d, first, true);
	is_taken(&d);
	assert_string_equal(office_list(&rig.o), "");
	assert_int_equal(office_logged(&rig.o, "event=from-denied"), 1);
	assert_int_equal(office_logged(&rig.o, "event=from-replaced"), 2);
	hangs_up(&d);
	rig_down();
}

/* Refused even so, it bounces: its own fault, once. */
static void
a_second_refusal_is_the_last(void **state)
{
	uint64_t id;
	struct deliver d;

	(void)state;
	rig_up(MAILBOX);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_fact_put(rig.o.parts.store,
			     "denied " BOX " " SHOP, "1", &rig.o.e),
	    0);
	fixture_commit(rig.o.parts.store);
	id = post_as(SHOP);
	/* That was long ago. */
	connect_deliver(&d);
	comes(&d, id, false);
	is_denied(&d, DENIED(SHOP));
	id = post_as(SHOP);
	kick();
	comes(&d, id, true);
	is_denied(&d, "STOREDRV.Submission.Exception:SendAsDenied");
	assert_int_equal(office_logged(&rig.o, "event=bounced"), 1);
	hangs_up(&d);
	rig_down();
}

static void
side_by_side_it_is_asked_once(void **state)
{
	uint64_t own, first, second;
	struct deliver d[2];

	(void)state;
	rig_up(MAILBOX "connections = 2\n");
	own = post_as(BOX);
	connect_deliver(&d[0]);
	comes(&d[0], own, false);
	is_taken(&d[0]);
	/* Two connections are allowed now. */
	first = post_as(SHOP);
	second = post_as(SHOP);
	kick();
	not_asked();
	comes(&d[0], first, false);
	hears_nothing(&d[0]);
	is_taken(&d[0]);
	/* Taken once, it needs no more waiting. */
	comes(&d[0], second, false);
	first = post_as(SHOP);
	connect_deliver(&d[1]);
	comes(&d[1], first, false);
	is_taken(&d[1]);
	is_taken(&d[0]);
	hangs_up(&d[0]);
	hangs_up(&d[1]);
	rig_down();
}

/* What waits for the answer to another keeps no other user's mail waiting. */
static void
others_do_not_wait_for_that_answer(void **state)
{
	uint64_t first, other;
	struct deliver d[2];

	(void)state;
	rig_up(MAILBOX "connections = 2\n");
	first = post_as(BOX);
	connect_deliver(&d[0]);
	comes(&d[0], first, false);
	is_taken(&d[0]);
	first = post_as(SHOP);
	kick();
	comes(&d[0], first, false);
	office_post(&rig.o, (struct office_mail){ .uid = 1000,
				.sender = SHOP,
				.to = { "b@example.com" },
				.at = rig.now - 1 });
	other = post(1001, "z@example.com");
	connect_deliver(&d[1]); /* at the first look */
	assert_true(takes_one(&d[1]) == other);
	hears_nothing(&d[1]);
	hangs_up(&d[0]);
	hangs_up(&d[1]);
	rig_down();
}

static void
without_rewriting_it_fails_here(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	rig_up(MAILBOX "rewrite = never\n");
	id = post_as(SHOP);
	connect_deliver(&d);
	comes(&d, id, false);
	is_denied(&d, DENIED(SHOP));
	assert_int_equal(office_logged(&rig.o, "event=bounced"), 1);
	assert_true(takes_one(&d) != id); /* the notice */
	says_closed(&d, JOB_UNTRIED);
	/* Another needs no connection to fail; its notice has one. */
	will_start(&d);
	id = post_as(SHOP);
	kick();
	assert_int_equal(office_logged(&rig.o, "event=bounced"), 2);
	assert_int_equal(
	    office_logged(&rig.o, "not sent: the server has refused"), 1);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_true(takes_one(&d) != id);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&d);
	rig_down();
}

static void
a_mailbox_that_may_not_be_itself_is_held(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	/* Without a secret that the queue would watch. */
	rig_up(OFFICE_ADMIN OFFICE_ACCOUNT "user = " BOX "\nauth = none\n");
	id = post_as(BOX);
	connect_deliver(&d);
	comes(&d, id, false);
	is_denied(&d, DENIED(BOX));
	assert_string_equal(view(0).state, "held");
	assert_true(view(0).next_at >= rig.now + 6 * HOUR);
	assert_string_equal(
	    office_list(&rig.o), "mail <" BOX "> to a@example.com queued");
	assert_int_equal(attempts(id), 0);
	hangs_up(&d);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_once_more_under_the_mailbox_s_own),
		cmocka_unit_test(a_second_refusal_is_the_last),
		cmocka_unit_test(side_by_side_it_is_asked_once),
		cmocka_unit_test(others_do_not_wait_for_that_answer),
		cmocka_unit_test(without_rewriting_it_fails_here),
		cmocka_unit_test(a_mailbox_that_may_not_be_itself_is_held),
	};

	return cmocka_run_group_tests_name("lane_denied", tests, NULL, NULL);
}
