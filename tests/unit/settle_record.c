/* SPDX-License-Identifier: ISC */
/* What is kept of a try: the journal of each end, and the attempts. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/since.h"
#include "queue/tries.h"
#include "queue/figures.h"
#include "tests/unit/settle_rig.h"

#define DAY (24 * 3600)

static int64_t
number(const struct office *o, const char *sql)
{
	char *path = xasprintf("%s/queue", o->directory);
	int64_t n = fixture_number(path, sql);

	free(path);
	return n;
}

/* How each recipient ended outlives the message. */
static void
the_journal_says_how_each_ended(void **state)
{
	static const struct {
		enum job_outcome outcome;
		unsigned code;
		int64_t later;
		const char *sql;
	} cases[] = {
		{ JOB_DELIVERED, 250, 1,
		    "SELECT count(*) FROM event WHERE what = 'delivered'" },
		{ JOB_REJECTED, 550, 1,
		    "SELECT count(*) FROM event WHERE what = 'bounced'" },
		{ JOB_DEFERRED, 451, 6 * DAY,
		    "SELECT count(*) FROM event WHERE what = 'expired'" },
		{ JOB_UNCERTAIN, 0, 6 * DAY,
		    "SELECT count(*) FROM event WHERE what = 'expired'" },
	};
	struct office o;
	struct job *j;
	uint64_t id;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)state;
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		id = fixture_add(
		    o.parts.store, (struct fixture_message){ .recipients = 1 });
		j = settle_try(&o, id);
		j->times = (struct job_done){
			.wait_ms = 1, .envelope_ms = 20, .data_ms = 300
		};
		settle_answer(j, 0, cases[i].outcome, cases[i].code);
		assert_true(settle_end(&o, j, T0 + cases[i].later));
		assert_int_equal(number(&o, cases[i].sql), 1);
		office_close(&o);
	}
}

/* Each recipient of a try is kept, with the server's words and its time. */
static void
attempts_are_kept_with_their_time(void **state)
{
	static const char *const sql =
	    "SELECT elapsed_ms FROM attempt WHERE outcome = 'deferred'";
	struct office o;
	struct job *j;
	uint64_t id;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = fixture_add(
	    o.parts.store, (struct fixture_message){ .recipients = 2 });
	j = settle_try(&o, id);
	j->times = (struct job_done){
		.wait_ms = 1, .envelope_ms = 20, .data_ms = 300
	};
	settle_answer(j, 0, JOB_DELIVERED, 250);
	settle_answer(j, 1, JOB_DEFERRED, 451);
	assert_false(settle_end(&o, j, T0 + 1));
	assert_int_equal(number(&o, sql), 321);
	assert_int_equal(number(&o, "SELECT count(*) FROM attempt"), 2);
	assert_int_equal(number(&o, "SELECT count(*) FROM attempt WHERE"
				    " recipient = 1 AND outcome = 'delivered'"
				    " AND code = 250"),
	    1);
	assert_int_equal(number(&o, "SELECT attempts FROM message"), 1);
	office_close(&o);
}

/* Each try of a recipient, by what became of it. */
static void
results_are_counted(void **state)
{
	static const struct {
		enum job_outcome outcome;
		unsigned code;
		int64_t later;
		uint64_t n[STORE_RESULTS];
	} cases[] = {
		{ JOB_DELIVERED, 250, 1, { [RESULT_DELIVERED] = 1 } },
		{ JOB_REJECTED, 550, 1, { [RESULT_BOUNCED] = 1 } },
		{ JOB_DEFERRED, 451, 1, { [RESULT_DEFERRED] = 1 } },
		{ JOB_DEFERRED, 451, 6 * DAY, { [RESULT_EXPIRED] = 1 } },
		{ JOB_UNCERTAIN, 0, 1, { [RESULT_UNCERTAIN] = 1 } },
		{ JOB_UNCERTAIN, 0, 6 * DAY,
		    { [RESULT_UNCERTAIN] = 1, [RESULT_EXPIRED] = 1 } },
		/* The server never spoke of it. */
		{ JOB_UNTRIED, 0, 1, { 0 } },
	};
	struct store_tally t;
	struct office o;
	struct job *j;
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		id = fixture_add(
		    o.parts.store, (struct fixture_message){ .recipients = 1 });
		j = settle_try(&o, id);
		settle_answer(j, 0, cases[i].outcome, cases[i].code);
		settle_end(&o, j, T0 + cases[i].later);
		store_tally(o.parts.store, "", &t);
		assert_memory_equal(t.n, cases[i].n, sizeof(t.n));
		office_close(&o);
	}
}

static void
holds(const char *text, const char *beginning)
{
	if (text == NULL || strncmp(text, beginning, strlen(beginning)) != 0)
		fail_msg("\"%s\" is not \"%s...\"", text == NULL ? "" : text,
		    beginning);
}

/* What settling itself makes wait has words for why, and for what to do. */
static void
what_waits_by_our_doing_says_why(void **state)
{
	static const struct {
		const char *options;
		bool damaged;
		enum rcpt_state to;
		const char *text, *meaning, *fix;
	} cases[] = {
		{ "", false, RCPT_UNCERTAIN, "the connection was lost",
		    RCPT_UNCERTAIN_MEANING, RCPT_UNCERTAIN_AGAIN },
		{ "[queue]\nuncertain = hold\n", false, RCPT_HELD,
		    "the connection was lost", RCPT_UNCERTAIN_HELD,
		    RCPT_UNCERTAIN_FIX },
		{ "", true, RCPT_HELD, "the stored message is damaged",
		    "The disk, or a program, has changed it",
		    "Check the disk; " },
	};
	struct store_rcpt *v;
	char options[256];
	struct office o;
	struct job *j;
	uint64_t id;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strlcpy(options, OFFICE_ADMIN OFFICE_ACCOUNT, sizeof(options));
		strlcat(options, cases[i].options, sizeof(options));
		office_open(&o, options);
		id = office_post(
		    &o, (struct office_mail){ .to = { "a@example.com" } });
		j = settle_try(&o, id);
		j->is_body_ended = !cases[i].damaged;
		j->is_damaged = cases[i].damaged;
		strlcpy(j->end.text, "the connection was lost",
		    sizeof(j->end.text));
		assert_false(settle_end(&o, j, T0 + 1));
		assert_int_equal(
		    store_rcpts_get(o.parts.store, id, &v, &n, &o.e), 0);
		assert_int_equal(n, 1);
		assert_int_equal(v->state, cases[i].to);
		holds(v->text, cases[i].text);
		holds(v->meaning, cases[i].meaning);
		holds(v->fix, cases[i].fix);
		store_rcpt_clear(v);
		free(v);
		office_close(&o);
	}
}

/* A try without any answer about the message. */
static struct job *
unanswered(struct office *o, uint64_t id, enum job_outcome end)
{
	struct job *j = settle_try(o, id);

	j->is_body_ended = false;
	j->end = (struct job_result){ .outcome = end,
		.scope = JOB_SCOPE_CONNECTION,
		.code = 421,
		.status = "4.3.2",
		.text = "Service not active" };
	return j;
}

/*
 * Trouble that spends no attempt of the message is one of its tries all the
 * same; the end of a session that never came to it is not.
 */
static void
tries_that_do_not_count_are_kept_too(void **state)
{
	static const char *const sql =
	    "SELECT count(*) FROM attempt WHERE outcome = 'untried'"
	    " AND code = 421 AND text = 'Service not active'";
	struct office o;
	struct job *j;
	uint64_t id;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	id = fixture_add(
	    o.parts.store, (struct fixture_message){ .recipients = 2 });
	settle_end(&o, unanswered(&o, id, JOB_UNTRIED), T0 + 1);
	assert_int_equal(number(&o, "SELECT count(*) FROM attempt"), 0);
	j = unanswered(&o, id, JOB_DEFERRED);
	j->is_aborted = true;
	settle_end(&o, j, T0 + 1);
	assert_int_equal(number(&o, "SELECT count(*) FROM attempt"), 0);
	settle_end(&o, unanswered(&o, id, JOB_DEFERRED), T0 + 1);
	assert_int_equal(number(&o, sql), 2);
	settle_end(&o, unanswered(&o, id, JOB_REJECTED), T0 + 1);
	assert_int_equal(number(&o, sql), 4);
	assert_int_equal(number(&o, "SELECT attempts FROM message"), 0);
	office_close(&o);
}

/* A connection that ended before the message was handed over. */
static void
a_connection_that_failed_is_kept(void **state)
{
	struct job_ready session = { .relay = "mx.example.com" };
	struct job_result why = { .outcome = JOB_REJECTED,
		.scope = JOB_SCOPE_ACCOUNT,
		.code = 535,
		.text = "no" };
	struct tries_failure f = {
		.max = 2, .now = T0, .session = &session, .why = &why
	};
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	f.message = fixture_add(
	    o.parts.store, (struct fixture_message){ .recipients = 3 });
	fixture_set(o.parts.store, f.message, 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_begin(o.parts.store);
	assert_int_equal(tries_write_failure(o.parts.store, &f, &o.e), 0);
	/* No more than would have gone along. */
	f.max = 1;
	assert_int_equal(tries_write_failure(o.parts.store, &f, &o.e), 0);
	f.message++; /* removed meanwhile */
	assert_int_equal(tries_write_failure(o.parts.store, &f, &o.e), 0);
	fixture_commit(o.parts.store);
	assert_int_equal(number(&o, "SELECT count(*) FROM attempt"), 3);
	assert_int_equal(
	    number(&o, "SELECT count(*) FROM attempt WHERE recipient > 1"
		       " AND outcome = 'untried' AND code = 535"
		       " AND relay = 'mx.example.com'"),
	    3);
	office_close(&o);
}

/* An outage of months: the last tries are kept, and no more and more. */
static void
the_history_of_a_message_is_bounded(void **state)
{
	struct job_ready session = { .relay = "mx.example.com" };
	struct job_result why = { .outcome = JOB_DEFERRED, .text = "no" };
	struct tries_failure f = {
		.max = 10, .now = T0, .session = &session, .why = &why
	};
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	f.message = fixture_add(
	    o.parts.store, (struct fixture_message){ .recipients = 3 });
	fixture_begin(o.parts.store);
	for (why.code = 1; why.code <= 400; why.code++)
		assert_int_equal(
		    tries_write_failure(o.parts.store, &f, &o.e), 0);
	fixture_commit(o.parts.store);
	assert_int_equal(number(&o, "SELECT count(*) FROM attempt"), 1000);
	assert_int_equal(number(&o, "SELECT max(code) FROM attempt"), 400);
	assert_int_equal(number(&o, "SELECT min(code) FROM attempt"), 67);
	office_close(&o);
}

/* Since when there has been mail of which nobody knows. */
static void
the_first_uncertain_one_is_dated(void **state)
{
	struct office o;
	uint64_t id[2];
	int64_t since;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 2; i++) {
		id[i] = fixture_add(
		    o.parts.store, (struct fixture_message){ .recipients = 1 });
		settle_end(&o, settle_try(&o, id[i]), T0 + 500 + (int64_t)i);
	}
	assert_int_equal(
	    since_get(o.parts.store, RCPT_UNCERTAIN, &since, &o.e), 0);
	assert_int_equal(since, T0 + 500);
	assert_int_equal(since_get(o.parts.store, RCPT_HELD, &since, &o.e), 0);
	assert_int_equal(since, 0);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_journal_says_how_each_ended),
		cmocka_unit_test(what_waits_by_our_doing_says_why),
		cmocka_unit_test(attempts_are_kept_with_their_time),
		cmocka_unit_test(results_are_counted),
		cmocka_unit_test(tries_that_do_not_count_are_kept_too),
		cmocka_unit_test(a_connection_that_failed_is_kept),
		cmocka_unit_test(the_history_of_a_message_is_bounded),
		cmocka_unit_test(the_first_uncertain_one_is_dated),
	};

	return cmocka_run_group_tests_name("settle_record", tests, NULL, NULL);
}
