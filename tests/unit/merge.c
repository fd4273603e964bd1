/* SPDX-License-Identifier: ISC */
/* Notices that become one report: which of them, and what is left of each. */
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
#include "tests/unit/merge_rig.h"

static void
a_report_holds_each_of_them_whole(void **state)
{
	static const char *const subjects[] = { "one", "two", "three" };
	struct office o;
	struct merge m;
	uint64_t id[3];
	char *text[3], *report, body[64];
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 3; i++) {
		snprintf(body, sizeof(body), "Subject: %s\r\n\r\nx\r\n",
		    subjects[i]);
		id[i] = merge_notice_of(
		    &o, (struct office_mail){ .uid = 1000, .body = body });
		text[i] = merge_text(&o, id[i]);
	}
	/* Whosever turn it is. */
	m = merge_begin(&o, id[1]);
	fixture_begin(o.parts.store);
	assert_int_equal(merge_work(&m, &o.e), 0);
	fixture_commit(o.parts.store);
	assert_int_equal(m.ngone, 3);
	assert_string_equal(office_list(&o), MERGE_NOTICE);
	report = merge_text(&o, m.report);
	assert_int_equal(m.octets, strlen(report));
	assert_int_equal(m.uid, 1000);
	notice_holds(report, "To: <sender@example.com>\r\n");
	notice_holds(report,
	    "From: Mail Delivery System <MAILER-DAEMON@contoso.com>\r\n");
	notice_holds(report, "Subject: 3 messages were not delivered\r\n");
	notice_holds(report, "X-Mailchute-Notice: report\r\n");
	for (i = 0; i < 3; i++) {
		assert_int_equal(m.gone[i].id, id[i]);
		assert_int_equal(m.gone[i].octets, strlen(text[i]));
		notice_holds(report, text[i]);
		snprintf(body, sizeof(body), "\"%s\", sent on", subjects[i]);
		notice_holds(report, body);
		free(text[i]);
	}
	free(report);
	assert_int_equal(
	    merge_ask(
		&o, "SELECT count(*) FROM fact WHERE name LIKE 'notice %'"),
	    0);
	office_close(&o);
}

static void
the_journal_says_where_they_are(void **state)
{
	struct office o;
	struct merge m;
	uint64_t id[2];
	char report[QUEUE_ID_TEXT], *sql;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id[0] = merge_notice(&o);
	id[1] = merge_notice(&o);
	m = merge_begin(&o, id[0]);
	fixture_begin(o.parts.store);
	assert_int_equal(merge_work(&m, &o.e), 0);
	fixture_commit(o.parts.store);
	merge_log(&m);
	queue_id_format(m.report, report);
	sql = xasprintf("SELECT count(*) FROM event WHERE what = 'merged' AND"
			" text = 'merged into %s' AND uid = 1000 AND"
			" recipient = 'sender@example.com' AND"
			" message IN (%llu, %llu)",
	    report, (unsigned long long)id[0], (unsigned long long)id[1]);
	assert_int_equal(merge_ask(&o, sql), 2);
	free(sql);
	sql = xasprintf("notice=%s", report);
	assert_int_equal(office_logged(&o, "event=merged id="), 2);
	assert_int_equal(office_logged(&o, sql), 2);
	free(sql);
	office_close(&o);
}

/* Nobody else reads them: other readers, users and accounts have their own. */
static void
only_those_of_one_reader_are_merged(void **state)
{
	struct office o;
	uint64_t first;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "[account other]\nprovider = smtp\nhost = 127.0.0.1\n"
	    "tls = none\n");
	office_write(&o, "aliases",
	    "list: a@contoso.com, b@contoso.com\n"
	    "same: B@contoso.com, A@contoso.com\n"
	    "less: a@contoso.com\n");
	first = merge_notice_of(
	    &o, (struct office_mail){ .uid = 1000, .sender = "list" });
	merge_notice_of(
	    &o, (struct office_mail){ .uid = 1000, .sender = "same" });
	merge_notice_of(
	    &o, (struct office_mail){ .uid = 1000, .sender = "less" });
	merge_notice_of(
	    &o, (struct office_mail){ .uid = 1001, .sender = "list" });
	merge_notice_of(
	    &o, (struct office_mail){
		    .uid = 1000, .account = "other", .sender = "list" });
	assert_int_equal(merge_now(&o, first), 2);
	assert_string_equal(office_list(&o),
	    "bounce <> to a@contoso.com queued\n"
	    "bounce <> to a@contoso.com queued\n"
	    "bounce <> to b@contoso.com queued\n"
	    "bounce <> to a@contoso.com queued\n"
	    "bounce <> to b@contoso.com queued\n"
	    "bounce <> to a@contoso.com queued\n"
	    "bounce <> to b@contoso.com queued");
	office_close(&o);
}

static void
one_alone_stays_as_it_is(void **state)
{
	struct office o;
	uint64_t id;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = merge_notice(&o);
	assert_int_equal(merge_now(&o, id), 0);
	assert_string_equal(office_list(&o), MERGE_NOTICE);
	/* One that is gone, and mail of others, are no notices either. */
	assert_int_equal(merge_now(&o, 4711), 0);
	office_close(&o);
}

static bool
is_it(const void *arg, uint64_t message)
{
	return *(const uint64_t *)arg == message;
}

static void
what_is_held_or_on_its_way_is_left_out(void **state)
{
	struct office o;
	struct merge m;
	uint64_t id[4];
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 4; i++)
		id[i] = merge_notice(&o);
	fixture_set(o.parts.store, id[1], 1, RCPT_QUEUED, RCPT_HELD, 0);
	m = merge_begin(&o, id[0]);
	m.is_busy = is_it;
	m.arg = &id[2];
	fixture_begin(o.parts.store);
	assert_int_equal(merge_work(&m, &o.e), 0);
	fixture_commit(o.parts.store);
	assert_int_equal(m.ngone, 2);
	assert_int_equal(m.gone[0].id, id[0]);
	assert_int_equal(m.gone[1].id, id[3]);
	/* Later they may be part of another report. */
	fixture_set(o.parts.store, id[1], 1, RCPT_HELD, RCPT_QUEUED, T0);
	assert_int_equal(merge_now(&o, id[1]), 2);
	office_close(&o);
}

static void
what_was_tried_leaves_as_it_is(void **state)
{
	struct office o;
	struct job *j;
	uint64_t id[3];
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 3; i++)
		id[i] = merge_notice(&o);
	j = settle_try_at(&o, id[1], T0 + 6);
	settle_answer(j, 0, JOB_DEFERRED, 451);
	settle_end(&o, j, T0 + 6);
	/* The account's fault is none of the notice's. */
	j = settle_try_at(&o, id[2], T0 + 6);
	settle_answer(j, 0, JOB_REJECTED, 535);
	j->results[0].scope = JOB_SCOPE_ACCOUNT;
	settle_end(&o, j, T0 + 6);
	assert_int_equal(
	    merge_ask(
		&o, "SELECT count(*) FROM fact WHERE name LIKE 'notice %'"),
	    2);
	assert_int_equal(merge_now(&o, id[0]), 2);
	assert_string_equal(office_list(&o), MERGE_NOTICE "\n" MERGE_NOTICE);
	assert_int_equal(merge_now(&o, id[1]), 0);
	office_close(&o);
}

/* It must come to an administrator's eyes, not into a report. */
static void
what_is_damaged_goes_its_own_way(void **state)
{
	struct office o;
	uint64_t id[3];
	char *sql;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 3; i++)
		id[i] = merge_notice(&o);
	sql = xasprintf("UPDATE chunk SET crc = crc + 1 WHERE id >> 15 = %llu",
	    (unsigned long long)id[1]);
	merge_tamper(&o, sql);
	free(sql);
	assert_int_equal(merge_now(&o, id[0]), 2);
	assert_int_equal(merge_now(&o, id[1]), 0);
	assert_string_equal(office_list(&o), MERGE_NOTICE "\n" MERGE_NOTICE);
	office_close(&o);
}

/* Whoever loses its place in the queue loses its line here, too. */
static void
a_hint_that_is_stale_does_no_harm(void **state)
{
	struct office o;
	uint64_t id[3];
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 3; i++)
		id[i] = merge_notice(&o);
	fixture_begin(o.parts.store);
	assert_int_equal(store_message_delete(o.parts.store, id[1], &o.e), 0);
	fixture_commit(o.parts.store);
	/* And those of another reader, user and account, under this name. */
	merge_notice_of(&o,
	    (struct office_mail){ .uid = 1000, .sender = "other@example.com" });
	merge_notice_of(&o, (struct office_mail){ .uid = 1001 });
	merge_notice_of(
	    &o, (struct office_mail){ .uid = 1000, .account = "other" });
	merge_tamper(&o,
	    "UPDATE fact SET name = 'notice  1000 sender@example.com'"
	    " || substr(name, -13) WHERE name LIKE 'notice %'");
	assert_int_equal(merge_now(&o, id[0]), 2);
	assert_string_equal(office_list(&o),
	    "bounce <> to other@example.com queued\n" MERGE_NOTICE
	    "\n" MERGE_NOTICE "\n" MERGE_NOTICE);
	assert_int_equal(
	    merge_ask(
		&o, "SELECT count(*) FROM fact WHERE name LIKE 'notice %'"),
	    3);
	office_close(&o);
}

static void
a_rollback_leaves_them_all(void **state)
{
	struct office o;
	struct merge m;
	uint64_t id;
	int64_t facts;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = merge_notice(&o);
	merge_notice(&o);
	facts = merge_ask(&o, "SELECT count(*) FROM fact");
	m = merge_begin(&o, id);
	fixture_begin(o.parts.store);
	assert_int_equal(merge_work(&m, &o.e), 0);
	store_rollback(o.parts.store);
	assert_string_equal(office_list(&o), MERGE_NOTICE "\n" MERGE_NOTICE);
	assert_int_equal(merge_ask(&o, "SELECT count(*) FROM fact"), facts);
	/* Done again, as a batch does, it is done once. */
	assert_int_equal(merge_now(&o, id), 2);
	assert_string_equal(office_list(&o), MERGE_NOTICE);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_holds_each_of_them_whole),
		cmocka_unit_test(the_journal_says_where_they_are),
		cmocka_unit_test(only_those_of_one_reader_are_merged),
		cmocka_unit_test(one_alone_stays_as_it_is),
		cmocka_unit_test(what_is_held_or_on_its_way_is_left_out),
		cmocka_unit_test(what_was_tried_leaves_as_it_is),
		cmocka_unit_test(what_is_damaged_goes_its_own_way),
		cmocka_unit_test(a_hint_that_is_stale_does_no_harm),
		cmocka_unit_test(a_rollback_leaves_them_all),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
