/* SPDX-License-Identifier: ISC */
/* Where a recipient goes after a try, by what the server said. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/settle.h"
#include "tests/unit/queue_fixture.h"

#define DAY (24 * 3600)

static int64_t retry[] = { 60, 600 };

/* A job as it comes back: one recipient, this outcome. */
static struct verdict
judge(enum uncertain_mode uncertain, const struct job *template,
    enum job_outcome outcome, enum job_scope scope, int64_t now)
{
	struct conf_queue q = { .retry_s = retry,
		.nretry = 2,
		.lifetime_s = 5 * DAY,
		.uncertain = uncertain };
	struct store_rcpt rcpt = {
		.id = 1, .state = RCPT_ACTIVE, .due_at = T0
	};
	struct job_result result = {
		.rcpt = 1, .outcome = outcome, .scope = scope
	};
	struct job j = *template;

	rcpt.attempts = template->msg.attempts;
	j.rcpts = &rcpt;
	j.nrcpts = 1;
	j.results = &result;
	j.msg.arrived_at = T0;
	return settle_judge(&q, &j, 0, now, 1U << 31);
}

static void
each_outcome_has_its_state(void **state)
{
	static const struct {
		enum job_outcome outcome;
		enum job_scope scope;
		enum rcpt_state to;
		bool attempt;
	} cases[] = {
		{ JOB_DELIVERED, JOB_SCOPE_MESSAGE, RCPT_DELIVERED, true },
		{ JOB_REJECTED, JOB_SCOPE_RECIPIENT, RCPT_FAILED, true },
		{ JOB_REJECTED, JOB_SCOPE_MESSAGE, RCPT_FAILED, true },
		{ JOB_DEFERRED, JOB_SCOPE_RECIPIENT, RCPT_QUEUED, true },
		{ JOB_DEFERRED, JOB_SCOPE_MESSAGE, RCPT_QUEUED, true },
		{ JOB_UNCERTAIN, JOB_SCOPE_CONNECTION, RCPT_UNCERTAIN, true },
		/* Not the message's fault: nothing is spent, nothing bounces.
		 */
		{ JOB_REJECTED, JOB_SCOPE_ACCOUNT, RCPT_QUEUED, false },
		{ JOB_REJECTED, JOB_SCOPE_CONNECTION, RCPT_QUEUED, false },
		{ JOB_DEFERRED, JOB_SCOPE_ACCOUNT, RCPT_QUEUED, false },
		{ JOB_DEFERRED, JOB_SCOPE_CONNECTION, RCPT_QUEUED, false },
		{ JOB_UNTRIED, JOB_SCOPE_CONNECTION, RCPT_QUEUED, false },
	};
	struct job plain = { .is_claimed = true, .is_body_ended = true };
	struct verdict v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		v = judge(UNCERTAIN_RETRY, &plain, cases[i].outcome,
		    cases[i].scope, T0 + 10);
		assert_int_equal(v.to, cases[i].to);
		assert_int_equal(v.is_attempt, cases[i].attempt);
		if (v.to == RCPT_QUEUED && !cases[i].attempt)
			assert_int_equal(v.due_at, T0);
	}
}

static void
deferral_waits_by_the_list(void **state)
{
	struct job plain = { .is_claimed = true };
	struct verdict v = judge(UNCERTAIN_RETRY, &plain, JOB_DEFERRED,
	    JOB_SCOPE_RECIPIENT, T0 + 10);

	(void)state;
	assert_true(v.due_at >= T0 + 10 + 48 && v.due_at <= T0 + 10 + 72);
	/* So does what may have been taken; held, it waits for somebody. */
	v = judge(
	    UNCERTAIN_RETRY, &plain, JOB_UNCERTAIN, JOB_SCOPE_MESSAGE, T0 + 10);
	assert_true(v.due_at >= T0 + 10 + 48 && v.due_at <= T0 + 10 + 72);
	v = judge(
	    UNCERTAIN_HOLD, &plain, JOB_UNCERTAIN, JOB_SCOPE_MESSAGE, T0 + 10);
	assert_int_equal(v.to, RCPT_HELD);
	assert_int_equal(v.due_at, 0);
	/* The second by the second, those beyond the list by its last. */
	for (plain.msg.attempts = 1; plain.msg.attempts < 10;
	     plain.msg.attempts += 4) {
		v = judge(UNCERTAIN_RETRY, &plain, JOB_DEFERRED,
		    JOB_SCOPE_RECIPIENT, T0 + 10);
		assert_true(
		    v.due_at >= T0 + 10 + 480 && v.due_at <= T0 + 10 + 720);
	}
}

static void
silence_depends_on_the_body(void **state)
{
	struct job before = { .is_claimed = true };
	struct job after = { .is_claimed = true, .is_body_ended = true };

	(void)state;
	assert_int_equal(
	    judge(UNCERTAIN_RETRY, &before, 0, 0, T0).to, RCPT_QUEUED);
	assert_int_equal(
	    judge(UNCERTAIN_RETRY, &after, 0, 0, T0).to, RCPT_UNCERTAIN);
	assert_int_equal(judge(UNCERTAIN_HOLD, &after, 0, 0, T0).to, RCPT_HELD);
}

static void
lifetime_ends_only_what_was_judged(void **state)
{
	struct job plain = { .is_claimed = true };
	int64_t late = T0 + 5 * DAY;

	(void)state;
	assert_int_equal(judge(UNCERTAIN_RETRY, &plain, JOB_DEFERRED,
			     JOB_SCOPE_RECIPIENT, late)
			     .to,
	    RCPT_EXPIRED);
	assert_int_equal(judge(UNCERTAIN_RETRY, &plain, JOB_DEFERRED,
			     JOB_SCOPE_RECIPIENT, late - 1)
			     .to,
	    RCPT_QUEUED);
	assert_int_equal(judge(UNCERTAIN_RETRY, &plain, JOB_DEFERRED,
			     JOB_SCOPE_CONNECTION, late)
			     .to,
	    RCPT_QUEUED);
	/* An answer that is lost each time is no reason to go on for ever. */
	assert_int_equal(judge(UNCERTAIN_RETRY, &plain, JOB_UNCERTAIN,
			     JOB_SCOPE_MESSAGE, late)
			     .to,
	    RCPT_EXPIRED);
	assert_int_equal(judge(UNCERTAIN_RETRY, &plain, JOB_UNCERTAIN,
			     JOB_SCOPE_MESSAGE, late - 1)
			     .to,
	    RCPT_UNCERTAIN);
	assert_int_equal(judge(UNCERTAIN_HOLD, &plain, JOB_UNCERTAIN,
			     JOB_SCOPE_MESSAGE, late)
			     .to,
	    RCPT_HELD);
}

static void
damaged_mail_is_held(void **state)
{
	struct job damaged = { .is_damaged = true };

	(void)state;
	assert_int_equal(
	    judge(UNCERTAIN_RETRY, &damaged, 0, 0, T0).to, RCPT_HELD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_outcome_has_its_state),
		cmocka_unit_test(deferral_waits_by_the_list),
		cmocka_unit_test(silence_depends_on_the_body),
		cmocka_unit_test(lifetime_ends_only_what_was_judged),
		cmocka_unit_test(damaged_mail_is_held),
	};

	return cmocka_run_group_tests_name("settle_judge", tests, NULL, NULL);
}
