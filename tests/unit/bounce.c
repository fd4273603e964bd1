/* SPDX-License-Identifier: ISC */
/* Notices about mail that failed: to whom, about what, and when none goes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/bounce.h"
#include "tests/unit/notice_rig.h"

#define DAY (24 * 3600)

static void
one_notice_names_all_that_failed(void **state)
{
	struct office o;
	struct job *j;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	j = settle_try(&o,
	    office_post(&o,
		(struct office_mail){
		    .to = { "a@example.com", "b@example.com", "c@example.com" },
		    .envid = "E1" }));
	settle_answer(j, 0, JOB_REJECTED, 550);
	settle_answer(j, 1, JOB_DELIVERED, 250);
	settle_answer(j, 2, JOB_REJECTED, 553);
	settle_end(&o, j, T0 + 5);
	assert_string_equal(
	    office_list(&o), "bounce <> to sender@example.com queued");
	text = notice_newest(&o);
	notice_holds(
	    text, "From: Mail Delivery System <MAILER-DAEMON@contoso.com>");
	notice_holds(text, "To: <sender@example.com>\r\n");
	notice_holds(text, "Reporting-MTA: dns; web01.contoso.com\r\n");
	notice_holds(text, "Original-Envelope-Id: E1\r\n");
	notice_holds(text, "X-Mailchute-Notice: failed\r\n");
	notice_holds(text, "Final-Recipient: rfc822; a@example.com\r\n");
	notice_holds(text, "Status: 5.1.1\r\n");
	notice_holds(text, "smtp; 550 word 1 of the server");
	notice_holds(text, "Final-Recipient: rfc822; c@example.com\r\n");
	notice_holds(text, "smtp; 553 word 3 of the server");
	notice_holds(text, "Remote-MTA: dns; mx.example.com\r\n");
	notice_holds(text, "there is no such mailbox");
	notice_holds(text, "ask for the right address");
	notice_lacks(text, "b@example.com");
	/* The header of the original, and nothing of its body. */
	notice_holds(text, "Subject: test\r\n");
	notice_lacks(text, "a line");
	free(text);
	office_close(&o);
}

static void
the_next_notice_is_about_its_own_mail(void **state)
{
	struct office o;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	notice_reject_all(&o,
	    office_post(&o, (struct office_mail){ .sender = "one@example.com",
				.to = { "a@example.com" } }));
	notice_reject_all(&o,
	    office_post(&o, (struct office_mail){ .sender = "two@example.com",
				.to = { "b@example.com" } }));
	assert_string_equal(office_list(&o),
	    "bounce <> to one@example.com queued\n"
	    "bounce <> to two@example.com queued");
	text = notice_newest(&o);
	notice_holds(text, "b@example.com");
	notice_lacks(text, "a@example.com");
	free(text);
	office_close(&o);
}

static void
silence_that_was_asked_for_is_kept(void **state)
{
	static const struct {
		unsigned notify;
		bool is_told;
	} cases[] = {
		{ 0, true },
		{ NOTIFY_FAILURE, true },
		{ NOTIFY_FAILURE | NOTIFY_DELAY, true },
		{ NOTIFY_NEVER, false },
		{ NOTIFY_DELAY, false },
		{ NOTIFY_SUCCESS, false },
	};
	struct office o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		notice_reject_all(
		    &o, office_post(
			    &o, (struct office_mail){ .to = { "a@example.com" },
				    .notify = cases[i].notify }));
		assert_string_equal(office_list(&o),
		    cases[i].is_told ? "bounce <> to sender@example.com queued"
				     : "");
		office_close(&o);
	}
}

static void
the_null_sender_is_told_to_the_admin(void **state)
{
	struct office o;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){
				    .sender = "", .to = { "a@example.com" } }));
	assert_string_equal(
	    office_list(&o), "bounce <> to it@contoso.com queued");
	text = notice_newest(&o);
	notice_holds(text, "To: <it@contoso.com>\r\n");
	notice_holds(text, "X-Mailchute-Notice: last\r\n");
	notice_holds(text, "Final-Recipient: rfc822; a@example.com\r\n");
	free(text);
	office_close(&o);
}

/* What cannot be told to the admin, since he is the one not reached, stays. */
static void
the_null_sender_s_mail_to_the_admin_is_held(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .sender = "",
				    .to = { "IT@contoso.com" } }));
	assert_string_equal(office_list(&o), "mail <> to IT@contoso.com held");
	assert_int_equal(office_logged(&o, "event=bounce-nowhere"), 1);
	office_close(&o);
}

/* A notice of ours that some server forwarded back to us. */
static void
our_mark_makes_it_a_notice(void **state)
{
	static const struct {
		const char *body, *left;
	} cases[] = {
		{ "X-Mailchute-Notice: failed\r\n\r\nx\r\n",
		    "bounce <> to it@contoso.com queued" },
		{ "x-mailchute-notice: delayed\r\n\r\nx\r\n",
		    "bounce <> to it@contoso.com queued" },
		{ "X-Mailchute-Notice: last\r\n\r\nx\r\n",
		    "mail <sender@example.com> to a@example.com held" },
		{ "Subject: x\r\n\r\nX-Mailchute-Notice: failed\r\n",
		    "bounce <> to sender@example.com queued" },
	};
	struct office o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		notice_reject_all(
		    &o, office_post(
			    &o, (struct office_mail){ .to = { "a@example.com" },
				    .body = cases[i].body }));
		assert_string_equal(office_list(&o), cases[i].left);
		office_close(&o);
	}
}

static void
a_local_sender_is_found_by_the_aliases(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&o, "aliases", "cron: a@contoso.com, b@contoso.com\n");
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .sender = "cron",
				    .to = { "x@example.com" } }));
	assert_string_equal(office_list(&o),
	    "bounce <> to a@contoso.com queued\n"
	    "bounce <> to b@contoso.com queued");
	office_close(&o);
}

static void
the_admin_gets_what_fails_of_a_notice_once(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	notice_reject_all(&o,
	    office_post(&o, (struct office_mail){ .kind = KIND_BOUNCE,
				.sender = "",
				.to = { "a@contoso.com", "b@contoso.com" } }));
	assert_string_equal(office_list(&o),
	    "bounce <> to a@contoso.com failed\n"
	    "bounce <> to b@contoso.com failed\n"
	    "bounce <> to it@contoso.com queued");
	office_close(&o);
}

static void
an_admin_who_has_it_is_not_told_again(void **state)
{
	struct office o;
	struct job *j;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	j = settle_try(&o,
	    office_post(&o, (struct office_mail){ .kind = KIND_BOUNCE,
				.sender = "",
				.to = { "IT@contoso.com", "b@contoso.com" } }));
	settle_answer(j, 0, JOB_DEFERRED, 451);
	settle_answer(j, 1, JOB_REJECTED, 550);
	settle_end(&o, j, T0 + 5);
	assert_string_equal(office_list(&o),
	    "bounce <> to IT@contoso.com queued\n"
	    "bounce <> to b@contoso.com failed");
	office_close(&o);
}

/* A staging host sends nothing anywhere else, whatever fails there. */
static void
a_redirect_is_the_admin_s_address_too(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, "[local]\nadmin = it@contoso.com\n"
			"redirect = staging@contoso.com\n" OFFICE_ACCOUNT);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){
				    .sender = "", .to = { "a@example.com" } }));
	assert_string_equal(
	    office_list(&o), "bounce <> to staging@contoso.com queued");
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .kind = KIND_BOUNCE,
				    .sender = "",
				    .to = { "staging@contoso.com" } }));
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .sender = "",
				    .to = { "staging@contoso.com" } }));
	assert_string_equal(office_list(&o),
	    "bounce <> to staging@contoso.com queued\n"
	    "bounce <> to staging@contoso.com held\n"
	    "mail <> to staging@contoso.com held");
	office_close(&o);
}

/*
 * Where the configuration names nobody who could be told, mail that failed
 * stays: neither may it vanish nor may it end the daemon.
 */
static void
what_nobody_can_be_told_is_held(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ACCOUNT);
	assert_null(o.conf->local.admin);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .sender = "cron",
				    .to = { "x@example.com" } }));
	assert_string_equal(
	    office_list(&o), "mail <cron> to x@example.com held");
	assert_int_equal(office_logged(&o, "event=bounce-nowhere"), 1);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .kind = KIND_BOUNCE,
				    .sender = "",
				    .to = { "a@contoso.com" } }));
	assert_string_equal(office_list(&o),
	    "mail <cron> to x@example.com held\n"
	    "bounce <> to a@contoso.com held");
	office_close(&o);
}

static void
silence_needs_nobody_to_tell(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ACCOUNT);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .sender = "",
				    .to = { "x@example.com" },
				    .notify = NOTIFY_NEVER }));
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .sender = "cron",
				    .to = { "x@example.com" },
				    .notify = NOTIFY_NEVER }));
	assert_string_equal(office_list(&o), "");
	assert_int_equal(office_logged(&o, "event=bounce-nowhere"), 0);
	office_close(&o);
}

/* More than a chunk, each of 400 recipients in it. */
static void
a_long_notice_is_whole(void **state)
{
	struct office o;
	uint64_t id;
	char *text, name[48];
	int i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = fixture_add(
	    o.parts.store, (struct fixture_message){ .recipients = 400 });
	notice_reject_all(&o, id);
	text = notice_newest(&o);
	assert_true(strlen(text) > CHUNK_SIZE);
	for (i = 1; i <= 400; i++) {
		snprintf(name, sizeof(name),
		    "Final-Recipient: rfc822; r%d@example.com\r\n", i);
		notice_holds(text, name);
	}
	assert_string_equal(text + strlen(text) - 4, "--\r\n");
	free(text);
	office_close(&o);
}

static void
delivered_mail_needs_nobody_to_tell(void **state)
{
	struct office o;
	struct job *j;

	(void)state;
	office_open(&o, OFFICE_ACCOUNT);
	/* After one that somebody was told of. */
	notice_reject_all(&o,
	    office_post(&o, (struct office_mail){ .to = { "x@example.com" } }));
	j = settle_try(
	    &o, office_post(&o, (struct office_mail){ .sender = "cron",
				    .to = { "x@example.com" } }));
	settle_answer(j, 0, JOB_DELIVERED, 250);
	settle_end(&o, j, T0 + 5);
	assert_string_equal(
	    office_list(&o), "bounce <> to sender@example.com queued");
	office_close(&o);
}

static void
a_long_header_is_cut_and_a_damaged_one_left_out(void **state)
{
	char *body = xmalloc(400 * 1024), *text;
	struct office o;
	uint64_t id;
	size_t n;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (n = 0; n < 200000; n += 20)
		memcpy(body + n, "X-Long: 0123456789\r\n", 20);
	strlcpy(body + n, "X-Last: 1\r\n\r\nbody\r\n", 100);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){
				    .to = { "a@example.com" }, .body = body }));
	text = notice_newest(&o);
	notice_holds(text, "X-Long: 0123456789");
	notice_lacks(text, "body\r\n");
	free(text);
	free(body);

	id = office_post(&o, (struct office_mail){ .to = { "a@example.com" } });
	text = xasprintf("%s/queue", o.directory);
	fixture_tamper(text, "UPDATE chunk SET crc = crc + 1");
	free(text);
	notice_reject_all(&o, id);
	text = notice_newest(&o);
	notice_lacks(text, "Subject: test");
	free(text);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_notice_names_all_that_failed),
		cmocka_unit_test(the_next_notice_is_about_its_own_mail),
		cmocka_unit_test(silence_that_was_asked_for_is_kept),
		cmocka_unit_test(the_null_sender_is_told_to_the_admin),
		cmocka_unit_test(the_null_sender_s_mail_to_the_admin_is_held),
		cmocka_unit_test(our_mark_makes_it_a_notice),
		cmocka_unit_test(a_local_sender_is_found_by_the_aliases),
		cmocka_unit_test(the_admin_gets_what_fails_of_a_notice_once),
		cmocka_unit_test(an_admin_who_has_it_is_not_told_again),
		cmocka_unit_test(a_redirect_is_the_admin_s_address_too),
		cmocka_unit_test(what_nobody_can_be_told_is_held),
		cmocka_unit_test(silence_needs_nobody_to_tell),
		cmocka_unit_test(a_long_notice_is_whole),
		cmocka_unit_test(delivered_mail_needs_nobody_to_tell),
		cmocka_unit_test(
		    a_long_header_is_cut_and_a_damaged_one_left_out),
	};

	return cmocka_run_group_tests_name("bounce", tests, NULL, NULL);
}
