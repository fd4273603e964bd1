/* SPDX-License-Identifier: ISC */
/* What a sender asked to be told: delays, relays, the whole message. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/bounce.h"
#include "tests/unit/notice_rig.h"

#define HOUR  3600
#define AFTER (T0 + 4 * HOUR) /* queue.delay_notice at its default */
#define NEWS  "bounce <> to sender@example.com queued"

/* A try at that time which the server puts off. */
static void
defer_all(struct office *o, uint64_t id, int64_t at)
{
	struct job *j = settle_try_at(o, id, at);
	size_t i;

	for (i = 0; i < j->nrcpts; i++)
		settle_answer(j, i, JOB_DEFERRED, 451);
	settle_end(o, j, at);
}

static bool
has_news(struct office *o)
{
	return strstr(office_list(o), NEWS) != NULL;
}

static void
a_delay_is_told_once(void **state)
{
	struct office o;
	uint64_t id;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = office_post(&o, (struct office_mail){ .to = { "a@example.com" } });
	defer_all(&o, id, T0);
	defer_all(&o, id, AFTER - 1);
	assert_false(has_news(&o));
	defer_all(&o, id, AFTER);
	assert_string_equal(office_list(&o),
	    "mail <sender@example.com> to a@example.com queued\n" NEWS);
	text = notice_newest(&o);
	notice_holds(text, "Subject: Your mail is delayed\r\n");
	notice_holds(text, "X-Mailchute-Notice: delayed\r\n");
	notice_holds(text, "Action: delayed\r\n");
	notice_holds(text, "Status: 4.1.1\r\n");
	notice_holds(text, "smtp; 451 word 1 of the server");
	notice_holds(
	    text, "Will-Retry-Until: Sun, 19 Nov 2023 22:13:20 +0000\r\n");
	notice_holds(text, "Subject: test\r\n");
	free(text);
	defer_all(&o, id, AFTER + 40 * HOUR);
	assert_string_equal(office_list(&o),
	    "mail <sender@example.com> to a@example.com queued\n" NEWS);
	office_close(&o);
}

static void
a_delay_is_told_to_who_may_hear_of_it(void **state)
{
	static const struct {
		struct office_mail mail;
		const char *options;
		bool is_told;
	} cases[] = {
		{ { .to = { "a@b.c" } }, "", true },
		{ { .to = { "a@b.c" }, .notify = NOTIFY_DELAY }, "", true },
		{ { .to = { "a@b.c" }, .notify = NOTIFY_NEVER }, "", false },
		{ { .to = { "a@b.c" }, .notify = NOTIFY_FAILURE }, "", false },
		{ { .to = { "a@b.c" }, .notify = NOTIFY_SUCCESS }, "", false },
		{ { .to = { "a@b.c" }, .sender = "" }, "", false },
		{ { .to = { "a@b.c" },
		      .body = "X-Mailchute-Notice: failed\r\n\r\nx\r\n" },
		    "", false },
		{ { .to = { "a@b.c" }, .kind = KIND_BOUNCE, .sender = "" }, "",
		    false },
		{ { .to = { "a@b.c" } }, "[queue]\ndelay_notice = never\n",
		    false },
		{ { .to = { "a@b.c" } }, "[queue]\ndelay_notice = 5h\n",
		    false },
	};
	struct office o;
	uint64_t id;
	size_t i;
	char *options;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		options = xasprintf(
		    OFFICE_ADMIN OFFICE_ACCOUNT "%s", cases[i].options);
		office_open(&o, options);
		id = office_post(&o, cases[i].mail);
		defer_all(&o, id, AFTER);
		if ((strchr(office_list(&o), '\n') != NULL) != cases[i].is_told)
			fail_msg("case %zu: %s", i, office_list(&o));
		office_close(&o);
		free(options);
	}
}

/* Its last answer was forgotten as it was held and released. */
static void
a_delay_tells_of_what_was_released(void **state)
{
	const struct rcpt_change hold = { .to = RCPT_HELD,
		.text = "held by x" };
	const struct rcpt_change release = { .to = RCPT_QUEUED,
		.due_at = AFTER,
		.status = "",
		.text = "",
		.meaning = "",
		.fix = "" };
	struct office o;
	struct job *j;
	uint64_t id;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = office_post(
	    &o, (struct office_mail){ .to = { "late@b.c", "back@b.c" } });
	defer_all(&o, id, T0);
	fixture_begin(o.parts.store);
	assert_int_equal(
	    state_set(o.parts.store, id, 2, RCPT_QUEUED, &hold, &o.e), 0);
	fixture_commit(o.parts.store);
	j = settle_try_at(&o, id, AFTER); /* of the other one alone */
	fixture_begin(o.parts.store);
	assert_int_equal(
	    state_set(o.parts.store, id, 2, RCPT_HELD, &release, &o.e), 0);
	fixture_commit(o.parts.store);
	settle_answer(j, 0, JOB_DEFERRED, 451);
	settle_end(&o, j, AFTER);
	text = notice_newest(&o);
	notice_holds(text, "Final-Recipient: rfc822; back@b.c\r\n"
			   "Action: delayed\r\nStatus: 4.0.0\r\n");
	notice_holds(text, "x-mailchute; it was not tried again yet");
	notice_lacks(text, "held by");
	free(text);
	office_close(&o);
}

/* It says nothing of who has it, who was refused it, and who was not tried. */
static void
a_delay_names_those_who_wait(void **state)
{
	struct office o;
	struct job *j;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	j = settle_try_at(&o,
	    office_post(&o,
		(struct office_mail){
		    .to = { "has@b.c", "late@b.c", "gone@b.c", "odd@b.c" } }),
	    AFTER);
	settle_answer(j, 0, JOB_DELIVERED, 250);
	settle_answer(j, 1, JOB_DEFERRED, 451);
	settle_answer(j, 2, JOB_REJECTED, 550);
	settle_answer(j, 3, JOB_UNTRIED, 0);
	settle_end(&o, j, AFTER);
	assert_non_null(strstr(office_list(&o), NEWS "\n" NEWS));
	text = notice_newest(&o);
	notice_holds(text, "Action: delayed\r\n");
	notice_holds(text, "late@b.c");
	notice_lacks(text, "has@b.c");
	notice_lacks(text, "gone@b.c");
	notice_lacks(text, "odd@b.c");
	free(text);
	office_close(&o);
}

/* The account's trouble is not the message's: it was not judged. */
static void
no_delay_is_told_for_the_account(void **state)
{
	struct office o;
	struct job *j;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	j = settle_try_at(&o,
	    office_post(&o, (struct office_mail){ .to = { "a@b.c" } }), AFTER);
	settle_answer(j, 0, JOB_DEFERRED, 451);
	j->results[0].scope = JOB_SCOPE_ACCOUNT;
	settle_end(&o, j, AFTER);
	assert_false(has_news(&o));
	office_close(&o);
}

static void
a_relay_is_told_where_the_server_will_not(void **state)
{
	static const struct {
		const char *sender;
		unsigned notify;
		bool has_dsn, is_told;
	} cases[] = {
		{ "sender@example.com", NOTIFY_SUCCESS, false, true },
		{ "sender@example.com", NOTIFY_SUCCESS | NOTIFY_FAILURE, false,
		    true },
		{ "sender@example.com", NOTIFY_SUCCESS, true, false },
		{ "sender@example.com", NOTIFY_FAILURE, false, false },
		{ "sender@example.com", NOTIFY_NEVER, false, false },
		{ "sender@example.com", 0, false, false },
		{ "", NOTIFY_SUCCESS, false, false },
	};
	struct office o;
	struct job *j;
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		j = settle_try(
		    &o, office_post(
			    &o, (struct office_mail){ .to = { "a@example.com" },
				    .sender = cases[i].sender,
				    .notify = cases[i].notify,
				    .ret = RET_FULL }));
		settle_answer(j, 0, JOB_DELIVERED, 250);
		j->session.dsn = cases[i].has_dsn;
		settle_end(&o, j, T0 + 5);
		assert_string_equal(
		    office_list(&o), cases[i].is_told ? NEWS : "");
		if (cases[i].is_told) {
			text = notice_newest(&o);
			notice_holds(text, "Action: relayed\r\n");
			notice_holds(text, "Status: 2.1.1\r\n");
			notice_holds(text, "Remote-MTA: dns; mx.example.com");
			/* RET is about failures. */
			notice_lacks(text, "message/rfc822");
			free(text);
		}
		office_close(&o);
	}
}

static void
ret_chooses_how_much_comes_back(void **state)
{
	static const char seven[] = "Subject: test\r\n\r\na line\r\n";
	static const char eight[] = "Subject: test\r\n\r\na l\xc3\xaf"
				    "ne\r\n";
	char *large = xmalloc(100001);
	const struct {
		enum dsn_ret ret;
		const char *body;
		bool is_whole;
	} cases[] = {
		{ RET_FULL, seven, true },
		{ RET_HDRS, seven, false },
		{ RET_UNSET, seven, false },
		{ RET_FULL, eight, false },
		{ RET_FULL, large, false },
	};
	struct office o;
	size_t i;
	char *text;

	(void)state;
	strlcpy(large, "Subject: test\r\n\r\n", 100001);
	for (i = strlen(large); i + 10 < 100000; i += 8)
		memcpy(large + i, "a line\r\n", 9);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		notice_reject_all(
		    &o, office_post(
			    &o, (struct office_mail){ .to = { "a@example.com" },
				    .body = cases[i].body,
				    .ret = cases[i].ret }));
		text = notice_newest(&o);
		notice_holds(text, "Subject: test\r\n");
		if (cases[i].is_whole) {
			notice_holds(text, "Content-Type: message/rfc822\r\n"
					   "\r\nSubject: test\r\n\r\na line");
		} else {
			notice_holds(text, "text/rfc822-headers");
			notice_lacks(text, "a l");
		}
		free(text);
		office_close(&o);
	}
	free(large);
}

static void
envid_and_orcpt_come_back_decoded(void **state)
{
	struct office o;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	notice_reject_all(
	    &o, office_post(&o, (struct office_mail){ .to = { "a@example.com" },
				    .envid = "QQ+2B1",
				    .orcpt = "rfc822;joe+2Bx@example.net" }));
	text = notice_newest(&o);
	notice_holds(text, "Original-Envelope-Id: QQ+1\r\n");
	notice_holds(text, "Original-Recipient: rfc822;joe+x@example.net\r\n");
	free(text);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delay_is_told_once),
		cmocka_unit_test(a_delay_is_told_to_who_may_hear_of_it),
		cmocka_unit_test(a_delay_tells_of_what_was_released),
		cmocka_unit_test(a_delay_names_those_who_wait),
		cmocka_unit_test(no_delay_is_told_for_the_account),
		cmocka_unit_test(a_relay_is_told_where_the_server_will_not),
		cmocka_unit_test(ret_chooses_how_much_comes_back),
		cmocka_unit_test(envid_and_orcpt_come_back_decoded),
	};

	return cmocka_run_group_tests_name("bounce_asked", tests, NULL, NULL);
}
