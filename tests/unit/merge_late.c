/* SPDX-License-Identifier: ISC */
/* How large a report is, and when notices beyond the limit become one. */
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
#include "queue/waiting.h"
#include "tests/unit/merge_rig.h"

static void
a_report_has_so_many_notices(void **state)
{
	struct office o;
	uint64_t id[MERGE_NOTICES + 3];
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < MERGE_NOTICES + 3; i++)
		id[i] = merge_notice(&o);
	/* The one whose turn it is is in it, though not of the oldest. */
	assert_int_equal(merge_now(&o, id[MERGE_NOTICES + 1]), MERGE_NOTICES);
	assert_int_equal(merge_now(&o, id[MERGE_NOTICES]), 3);
	office_close(&o);
}

static void
a_report_has_so_many_octets(void **state)
{
	const size_t octets = 60 * 1024;
	char *body = xmalloc(octets + 1);
	struct office o;
	uint64_t id = 0;
	size_t i, n;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	strlcpy(body, "Subject: x\r\n\r\n", octets);
	for (n = strlen(body); n + 10 < octets; n += 8)
		memcpy(body + n, "a line\r\n", 9);
	for (i = 0; i < MERGE_NOTICES; i++)
		id = merge_notice_of(
		    &o, (struct office_mail){
			    .uid = 1000, .body = body, .ret = RET_FULL });
	n = merge_now(&o, id);
	assert_true(n > 10 && n < MERGE_OCTETS / octets + 1);
	assert_true(merge_ask(&o, "SELECT max(size) FROM message") <
		    MERGE_OCTETS + 64 * 1024);
	free(body);
	office_close(&o);

	/* What no server would take is no report, however many wait. */
	office_open(
	    &o, "[queue]\nmessage_size_max = 1K\n" OFFICE_ADMIN OFFICE_ACCOUNT);
	id = merge_notice(&o);
	merge_notice(&o);
	assert_int_equal(merge_now(&o, id), 0);
	office_close(&o);
}

/* ---- the limit ---- */

static uint64_t
first_late(struct office *o, size_t late)
{
	uint64_t id = 0;
	size_t i;

	for (i = 0; i < WAITING_SINGLY; i++)
		merge_notice(o);
	for (i = 0; i < late; i++)
		id = i == 0 ? merge_notice(o) : (merge_notice(o), id);
	return id;
}

static bool
is_wanted(struct office *o, uint64_t id, bool has_stood)
{
	struct store_message m;
	int wanted;

	memset(&m, 0, sizeof(m));
	assert_int_equal(store_message_get(o->parts.store, id, &m, &o->e), 1);
	wanted = merge_is_wanted(o->parts.store, &m, has_stood, &o->e);
	store_message_clear(&m);
	assert_int_not_equal(wanted, -1);
	return wanted == 1;
}

static void
late_ones_are_due_when_the_hour_is_over(void **state)
{
	struct office o;
	struct store_rcpt *v;
	uint64_t id;
	size_t n;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = first_late(&o, 2);
	assert_int_equal(store_rcpts_get(o.parts.store, id, &v, &n, &o.e), 0);
	assert_int_equal(v[0].due_at, T0 + 5 + WAITING_HOUR_S + 1);
	notice_holds(v[0].text, "too many notices");
	notice_holds(v[0].meaning, "20 have gone");
	notice_holds(v[0].fix, "mailchute retry");
	store_rcpt_clear(&v[0]);
	free(v);
	assert_int_equal(
	    merge_ask(&o, "SELECT count(*) FROM message WHERE due_at = "
			  "1700003606"),
	    2);
	office_close(&o);
}

static void
late_ones_are_merged_and_singles_after_a_hold(void **state)
{
	struct office o;
	uint64_t late, single, mail;
	struct job *j;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	single = merge_notice(&o);
	late = first_late(&o, 2);
	assert_true(is_wanted(&o, late, false));
	assert_true(is_wanted(&o, late, true));
	assert_false(is_wanted(&o, single, false));
	assert_true(is_wanted(&o, single, true));
	mail = office_post(&o, (struct office_mail){ .to = { "a@b.cc" } });
	assert_false(is_wanted(&o, mail, true));
	j = settle_try_at(&o, single, T0 + 6);
	settle_answer(j, 0, JOB_DEFERRED, 451);
	settle_end(&o, j, T0 + 6);
	assert_false(is_wanted(&o, single, true));
	office_close(&o);
}

static void
a_report_of_late_ones_fills_the_next_hour(void **state)
{
	struct office o;
	struct merge m;
	uint64_t late;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	late = first_late(&o, 2);
	m = merge_begin(&o, late);
	m.now = T0 + WAITING_HOUR_S + 100;
	fixture_begin(o.parts.store);
	assert_int_equal(merge_work(&m, &o.e), 0);
	fixture_commit(o.parts.store);
	assert_true(m.ngone > 2);
	text = merge_text(&o, m.report);
	notice_holds(text, "More than 20 notices");
	free(text);
	assert_int_equal(
	    merge_ask(
		&o, "SELECT sum(messages) FROM budget WHERE at = 1700003700"),
	    WAITING_SINGLY);
	assert_false(is_wanted(&o, m.report, true));
	office_close(&o);
}

static void
a_late_one_alone_goes_as_one_of_the_singles(void **state)
{
	struct office o;
	uint64_t late;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	late = first_late(&o, 1);
	/* The others have left. */
	merge_tamper(&o,
	    "UPDATE recipient SET attempts = 1 WHERE message < (SELECT"
	    " max(id) FROM message)");
	assert_int_equal(merge_now(&o, late), 0);
	assert_false(is_wanted(&o, late, false));
	assert_int_equal(
	    merge_ask(
		&o, "SELECT sum(messages) FROM budget WHERE at = 1700000060"),
	    1);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_has_so_many_notices),
		cmocka_unit_test(a_report_has_so_many_octets),
		cmocka_unit_test(late_ones_are_due_when_the_hour_is_over),
		cmocka_unit_test(late_ones_are_merged_and_singles_after_a_hold),
		cmocka_unit_test(a_report_of_late_ones_fills_the_next_hour),
		cmocka_unit_test(a_late_one_alone_goes_as_one_of_the_singles),
	};

	return cmocka_run_group_tests_name("merge_late", tests, NULL, NULL);
}
