/* SPDX-License-Identifier: ISC */
/* Changes that people ask for: what they do, and what is said of it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "queue/limits.h"
#include "tests/unit/control_rig.h"

static void
holding_and_releasing(void **state)
{
	uint64_t a = post(1000, "a@example.com"),
		 b = post(1000, "b@example.com");
	char id[QUEUE_ID_TEXT], want[64];

	(void)state;
	queue_id_format(a, id);
	ask_verb(geteuid(), CTL_HOLD, a, 0);
	snprintf(want, sizeof(want), "%s: held\n", id);
	assert_string_equal(rig.said, want);
	assert_int_equal(rig.status, 0);
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com held\n"
	    "mail <sender@example.com> to b@example.com queued");
	ask_verb(geteuid(), CTL_HOLD, a, 0);
	says(": is held already\n");
	/* Of all, what changes nothing is not named. */
	ask_verb(geteuid(), CTL_HOLD, 0, 0);
	says_not(id);
	says("1 message\n");
	ask_verb(geteuid(), CTL_RELEASE, a, b);
	says(": released\n");
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued\n"
	    "mail <sender@example.com> to b@example.com queued");
	ask_verb(geteuid(), CTL_RELEASE, a, 0);
	says(": is not held\n");
	ask_verb(geteuid(), CTL_RELEASE, 0, 0);
	assert_string_equal(rig.said, "nothing to release\n");
	ask_verb(geteuid(), CTL_HOLD, 0, 0);
	says("2 messages\n");
	ask_verb(geteuid(), CTL_HOLD, 0, 0);
	assert_string_equal(rig.said, "nothing to hold\n");
	/* What is left alone is named, and none is left to try. */
	ask_verb(geteuid(), CTL_RETRY, 0, 0);
	says(id);
	says("is held and was left alone");
	says("nothing to retry\n");
	ask_verb(geteuid(), CTL_REMOVE, 0, 0);
	says("2 messages\n");
	ask_verb(geteuid(), CTL_REMOVE, 0, 0);
	assert_string_equal(rig.said, "nothing to remove\n");
	assert_int_equal(rig.status, 0);
}

/* Of the one message, with its words as they are now. */
static void
looks(const char *text, const char *meaning, const char *fix)
{
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	if (strncmp(rig.last.text, text, strlen(text)) != 0)
		fail_msg("%s", rig.last.text);
	assert_string_equal(rig.last.meaning, meaning);
	assert_string_equal(rig.last.fix == NULL ? "" : rig.last.fix, fix);
	assert_int_equal(rig.last.code, 0);
	assert_true(rig.last.status == NULL || rig.last.status[0] == '\0');
}

/* As after a try that was put off, or whose answer was lost. */
static void
was_tried(uint64_t id, enum rcpt_state to)
{
	const struct rcpt_change tried = { .to = to,
		.due_at = T0,
		.attempted = true,
		.code = 451,
		.status = "4.3.0",
		.text = "Not now",
		.meaning = "It was put off.",
		.fix = "Nothing." };

	fixture_set(rig.o.parts.store, id, 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    state_set(rig.o.parts.store, id, 1, RCPT_ACTIVE, &tried, &rig.o.e),
	    0);
	fixture_commit(rig.o.parts.store);
}

/* Who, when, and the way out; released, nothing of it is left. */
static void
a_hold_says_by_whom_until_it_ends(void **state)
{
	char by[64] = "held by root at 20";
	uint64_t id = post(1000, "a@example.com");

	(void)state;
	if (geteuid() != 0)
		snprintf(by, sizeof(by), "held by uid %lu at 20",
		    (unsigned long)geteuid());
	was_tried(id, RCPT_QUEUED);
	ask_verb(geteuid(), CTL_HOLD, id, 0);
	looks(by, "It waits until somebody releases it.",
	    "Run \"mailchute release ID\", or \"mailchute remove ID\".");
	assert_int_equal(rig.last.next_at, 0);
	/* "2026-11-24T09:42:07Z" */
	assert_int_equal(strlen(rig.last.text), strlen(by) + 18);
	assert_true(rig.last.text[strlen(rig.last.text) - 1] == 'Z');
	ask_verb(geteuid(), CTL_RELEASE, id, 0);
	looks("not tried again yet",
	    "It waits for its turn, which comes at once.", "");
	assert_true(rig.last.next_at > 0);
}

/* That it may have been delivered must not be forgotten by that. */
static void
a_hold_of_what_is_uncertain_says_so(void **state)
{
	uint64_t id = post(1000, "a@example.com");

	(void)state;
	was_tried(id, RCPT_UNCERTAIN);
	ask_verb(geteuid(), CTL_HOLD, id, 0);
	looks("held by ", RCPT_UNCERTAIN_HELD, RCPT_UNCERTAIN_FIX);
}

/* Also of what was not held by hand. */
static void
a_release_forgets_what_was_said(void **state)
{
	uint64_t id = post(1000, "a@example.com");
	struct store_rcpt *v;
	size_t n;

	(void)state;
	was_tried(id, RCPT_UNCERTAIN);
	fixture_set(rig.o.parts.store, id, 1, RCPT_UNCERTAIN, RCPT_HELD, 0);
	ask_verb(geteuid(), CTL_RELEASE, id, 0);
	assert_int_equal(
	    store_rcpts_get(rig.o.parts.store, id, &v, &n, &rig.o.e), 0);
	assert_int_equal(v->state, RCPT_QUEUED);
	assert_int_equal(v->attempts, 1);
	assert_int_equal(v->code, 0);
	assert_string_equal(v->status, "");
	assert_string_equal(v->text, "");
	assert_string_equal(v->meaning, "");
	assert_string_equal(v->fix, "");
	store_rcpt_clear(v);
	free(v);
}

static void
another_administrator_is_named_by_his_uid(void **state)
{
	uint64_t id = post(1000, "a@example.com");

	(void)state;
	if (geteuid() != 0)
		skip();
	rig.o.identity.uid = STRANGER;
	ask_verb(STRANGER, CTL_HOLD, id, 0);
	looks("held by uid 12345 at 20", RCPT_HELD_MEANING, RCPT_HELD_FIX);
}

static int64_t
due_of(uint64_t id)
{
	struct store_message m;
	int64_t at;

	memset(&m, 0, sizeof(m));
	assert_int_equal(
	    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
	at = m.due_at;
	store_message_clear(&m);
	return at;
}

/*
 * Ten years, and nobody has looked at the clock since: what is due at once is
 * due by the queue's own time, which follows with all the rest.
 */
static void
a_clock_that_was_just_set_delays_nothing(void **state)
{
	static const enum ctl_verb verbs[] = { CTL_RELEASE, CTL_RETRY,
		CTL_FLUSH };
	const int64_t years_s = INT64_C(10) * 365 * 86400;
	struct times *t = &rig.o.parts.times;
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		id = post(1000, "a@example.com");
		if (verbs[i] == CTL_RELEASE)
			fixture_set(rig.o.parts.store, id, 1, RCPT_QUEUED,
			    RCPT_HELD, 0);
		t->offset_ms -= years_s * 1000;
		ask_verb(geteuid(), verbs[i], id, 0);
		assert_true(due_of(id) > 0);
		assert_true(due_of(id) <= times_now(t));
		/* A second less where the clocks were read apart. */
		assert_true(times_pending(t) >= years_s - 1);
		times_followed(t, times_pending(t));
	}
}

static void
removal_takes_the_message_away(void **state)
{
	uint64_t a = post(1000, "a@example.com"),
		 b = post(1000, "b@example.com");

	(void)state;
	fixture_set(rig.o.parts.store, b, 1, RCPT_QUEUED, RCPT_HELD, 0);
	ask_verb(geteuid(), CTL_REMOVE, a, 0);
	says(": removed\n");
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to b@example.com held");
	/* Its octets no longer count: what is left are 25 of one message. */
	limits_change(rig.o.parts.limits, 2, 50);
	assert_int_equal(
	    limits_check(rig.o.parts.limits, 1000, 25, &rig.o.e), 0);
	assert_int_equal(
	    limits_check(rig.o.parts.limits, 1000, 26, &rig.o.e), -1);
	ask_verb(geteuid(), CTL_REMOVE, 0, 0);
	says("1 message\n");
	assert_string_equal(office_list(&rig.o), "");
	ask_verb(geteuid(), CTL_REMOVE, a, 0);
	says("is not in the queue\n");
	assert_int_equal(rig.status, EX_NOINPUT);
}

static void
many_are_removed_in_slices(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 600; i++)
		post(1000, "a@example.com");
	ask_verb(geteuid(), CTL_REMOVE, 0, 0);
	says("600 messages\n");
	assert_string_equal(office_list(&rig.o), "");
}

static void
unknown_ids_are_named_and_the_rest_done(void **state)
{
	struct ctl_request r = { .verb = CTL_HOLD };
	uint64_t a = post(1000, "a@example.com");
	char id[QUEUE_ID_TEXT];

	(void)state;
	queue_id_format(a, id);
	strlist_add(&r.ids, "bob");
	strlist_add(&r.ids, "0123456789AB");
	strlist_add(&r.ids, id);
	ask_request(geteuid(), &r);
	says("bob is no queue id\n");
	says("0123456789AB: is not in the queue\n");
	says(": held\n");
	says("done: not every id is one of the queue");
	assert_int_equal(rig.status, EX_NOINPUT);
	strlist_clear(&r.ids);
}

static void
nobody_else_changes_the_queue(void **state)
{
	static const enum ctl_verb verbs[] = { CTL_HOLD, CTL_RELEASE, CTL_RETRY,
		CTL_REMOVE, CTL_PAUSE, CTL_RESUME };
	uint64_t mine;
	size_t i;

	(void)state;
	if (geteuid() != 0)
		skip();
	mine = post(STRANGER, "a@example.com");
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		ask_verb(STRANGER, verbs[i], mine, 0);
		says("done: only root, queue.user and queue.admin_group");
		assert_int_equal(rig.status, EX_NOPERM);
	}
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued");
	assert_false(dispatch_is_paused(rig.o.parts.dispatch));
}

static void
a_reader_changes_nothing(void **state)
{
	uint64_t a = post(1000, "a@example.com");

	(void)state;
	rig.is_reader = true;
	ask_verb(geteuid(), CTL_HOLD, a, 0);
	says("done: no mailchuted runs, and without one only root and "
	     "queue.user may change the queue");
	assert_int_equal(rig.status, EX_UNAVAILABLE);
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	assert_int_equal(rig.status, 0);
	ask_verb(geteuid(), CTL_SHOW, a, 0);
	assert_int_equal(rig.status, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	assert_int_equal(rig.status, 0);
}

static void
a_pause_is_kept_until_it_is_over(void **state)
{
	char *value = NULL;

	(void)state;
	ask_verb(geteuid(), CTL_PAUSE, 0, 0);
	says("delivery is paused");
	assert_true(dispatch_is_paused(rig.o.parts.dispatch));
	assert_int_equal(
	    store_fact_get(rig.o.parts.store, "paused", &value, &rig.o.e), 1);
	assert_string_equal(value, "yes");
	free(value);
	ask_verb(geteuid(), CTL_RESUME, 0, 0);
	says("delivery goes on");
	assert_false(dispatch_is_paused(rig.o.parts.dispatch));
	assert_int_equal(
	    store_fact_get(rig.o.parts.store, "paused", &value, &rig.o.e), 1);
	assert_string_equal(value, "no");
	free(value);
	rig.is_daemon = false;
	ask_verb(geteuid(), CTL_RESUME, 0, 0);
	says("mail goes once mailchuted runs");
	rig.o.conf->queue.delivery = false;
	ask_verb(geteuid(), CTL_RESUME, 0, 0);
	says("delivery is off all the same");
}

/* "now" only where it is so. */
static void
retry_says_when_it_will_be_tried(void **state)
{
	uint64_t a = post(1000, "a@example.com");

	(void)state;
	ask_verb(geteuid(), CTL_RETRY, a, 0);
	says(": due now\n");
	dispatch_set_paused(rig.o.parts.dispatch, T0);
	ask_verb(geteuid(), CTL_RETRY, a, 0);
	says(": due when delivery goes on (mailchute resume)\n");
	says_not("now");
	rig.o.conf->queue.delivery = false;
	ask_verb(geteuid(), CTL_RETRY, a, 0);
	says(": due when delivery is on (queue.delivery)\n");
	rig.is_daemon = false;
	ask_verb(geteuid(), CTL_RETRY, a, 0);
	says(": due when mailchuted runs\n");
	rig.is_daemon = rig.o.conf->queue.delivery = true;
	dispatch_set_paused(rig.o.parts.dispatch, 0);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_budget_add(rig.o.parts.store, "", clock_wall(),
			     1, 10000, &rig.o.e),
	    0);
	fixture_commit(rig.o.parts.store);
	rig.o.conf->accounts[0].recipients_per_day = 9;
	control_reopen();
	ask_verb(geteuid(), CTL_RETRY, a, 0);
	says(": due when the account's budget allows it\n");
}

/* sendmail -q and its variants: what waits later is due at once. */
static void
a_queue_run_makes_due_what_matches(void **state)
{
	static const struct {
		const char *id, *rcpt, *sender;
		bool is_match;
	} cases[] = {
		{ NULL, NULL, NULL, true },
		{ NULL, "example", NULL, true },
		{ NULL, "A@EXAMPLE", NULL, true },
		{ NULL, "b@", NULL, true },
		{ NULL, "c@", NULL, false },
		{ NULL, NULL, "cron", true },
		{ NULL, NULL, "root", false },
		{ "0", NULL, NULL, true },
		{ "X", NULL, NULL, false },
		{ NULL, "a@", "root", false },
		{ NULL, "c@", "cron", false },
		{ "0", "a@", "cron", true },
	};
	struct ctl_request r = { .verb = CTL_FLUSH };
	struct store_message m;
	uint64_t id;
	size_t i;

	(void)state;
	id = office_post(
	    &rig.o, (struct office_mail){ .sender = "cron",
			.to = { "a@example.com", "b@example.com" } });
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_begin(rig.o.parts.store);
		assert_int_equal(store_message_due(rig.o.parts.store, id,
				     INT32_MAX, &rig.o.e),
		    0);
		fixture_commit(rig.o.parts.store);
		r.match_id = cases[i].id == NULL ? NULL : xstrdup(cases[i].id);
		r.match_rcpt =
		    cases[i].rcpt == NULL ? NULL : xstrdup(cases[i].rcpt);
		r.match_sender =
		    cases[i].sender == NULL ? NULL : xstrdup(cases[i].sender);
		ask_request(geteuid(), &r);
		assert_string_equal(rig.said, "");
		assert_int_equal(rig.status, 0);
		free(r.match_id);
		free(r.match_rcpt);
		free(r.match_sender);
		memset(&m, 0, sizeof(m));
		assert_int_equal(
		    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
		if ((m.due_at < INT32_MAX) != cases[i].is_match)
			fail_msg("case %zu", i);
		store_message_clear(&m);
	}
}

static void
anyone_s_queue_run_is_about_his_own(void **state)
{
	struct store_message m;
	uint64_t id[2];
	int i;

	(void)state;
	if (geteuid() != 0)
		skip();
	id[0] = post(STRANGER, "a@example.com");
	id[1] = post(1000, "b@example.com");
	fixture_begin(rig.o.parts.store);
	for (i = 0; i < 2; i++)
		assert_int_equal(store_message_due(rig.o.parts.store, id[i],
				     INT32_MAX, &rig.o.e),
		    0);
	fixture_commit(rig.o.parts.store);
	ask_verb(STRANGER, CTL_FLUSH, 0, 0);
	assert_int_equal(rig.status, 0);
	for (i = 0; i < 2; i++) {
		memset(&m, 0, sizeof(m));
		assert_int_equal(
		    store_message_get(rig.o.parts.store, id[i], &m, &rig.o.e),
		    1);
		assert_int_equal(m.due_at < INT32_MAX, i == 0);
		store_message_clear(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(holding_and_releasing),
		in_rig(a_hold_says_by_whom_until_it_ends),
		in_rig(a_hold_of_what_is_uncertain_says_so),
		in_rig(a_release_forgets_what_was_said),
		in_rig(another_administrator_is_named_by_his_uid),
		in_rig(a_clock_that_was_just_set_delays_nothing),
		in_rig(removal_takes_the_message_away),
		in_rig(many_are_removed_in_slices),
		in_rig(unknown_ids_are_named_and_the_rest_done),
		in_rig(nobody_else_changes_the_queue),
		in_rig(a_reader_changes_nothing),
		in_rig(a_pause_is_kept_until_it_is_over),
		in_rig(retry_says_when_it_will_be_tried),
		in_rig(a_queue_run_makes_due_what_matches),
		in_rig(anyone_s_queue_run_is_about_his_own),
	};

	return cmocka_run_group_tests_name("control_act", tests, NULL, NULL);
}
