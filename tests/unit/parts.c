/* SPDX-License-Identifier: ISC */
/* What opening the queue puts right, and what its parts tell one another. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/dispatch.h"
#include "tests/unit/admit_rig.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL    OFFICE_ADMIN OFFICE_ACCOUNT
#define YEARS_S (INT64_C(14) * 365 * 86400)

static void
fresh_mail_is_tried_without_a_kick(void **state)
{
	struct deliver d;
	struct parcel p;

	(void)state;
	rig_up(MAIL);
	kick();
	parts_try_at_once(&rig.o.parts);
	not_asked();
	will_start(&d);
	begin_plain(&rig.o, &p, 1);
	not_asked();
	finish(&rig.o, &p, 0);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	assert_true(takes_one(&d) == p.id);
	hangs_up(&d);
	rig_down();
}

/* An account as it was left, until the queue is opened again. */
static void
reopen_with(
    enum account_state to, unsigned failures, int64_t since, int64_t next_at)
{
	char name[] = "";
	struct store_account a = { .name = name,
		.state = to,
		.since = since,
		.next_at = next_at,
		.failures = failures,
		.last_success_at = since - 60 };

	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_account_put(rig.o.parts.store, &a, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
	office_reopen(&rig.o);
	/* On disk as well, or the next start would begin anew. */
	assert_int_equal(
	    store_account_get(rig.o.parts.store, "", &a, &rig.o.e), 1);
	assert_true(a.since == view(0).since);
	assert_true(a.next_at == view(0).next_at);
	assert_true(a.last_success_at <= clock_wall());
	store_account_clear(&a);
}

static void
waits(int64_t delay_s)
{
	assert_true(view(0).next_at >= rig.now + delay_s);
	assert_true(view(0).next_at <= clock_wall() + delay_s);
}

/* The clock was in 2040 when the account failed, and is right again. */
static void
an_account_waits_no_longer_than_its_delay(void **state)
{
	static const struct {
		enum account_state state;
		unsigned failures;
		int64_t delay_s;
	} cases[] = {
		{ ACCOUNT_BACKOFF, 1, 10 },
		{ ACCOUNT_BACKOFF, 3, 40 },
		{ ACCOUNT_BACKOFF, 20, 300 },
		{ ACCOUNT_HELD, 1, 15 * 60 },
		{ ACCOUNT_HELD, 3, 3600 },
		{ ACCOUNT_HELD, 20, 4 * 3600 },
	};
	const int64_t then = clock_wall() + YEARS_S;
	size_t i;

	(void)state;
	rig_up(MAIL "backoff_min = 10s\nbackoff_max = 5m\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reopen_with(
		    cases[i].state, cases[i].failures, then, then + 4 * 3600);
		waits(cases[i].delay_s);
		assert_true(view(0).since >= rig.now);
		assert_true(view(0).since <= clock_wall());
		/* One that is due before then is so still. */
		reopen_with(
		    cases[i].state, cases[i].failures, then, rig.now + 5);
		assert_true(view(0).next_at == rig.now + 5);
	}
	/* What the server asked for with the clock right is kept, */
	reopen_with(ACCOUNT_HELD, 1, rig.now - 60, rig.now + 4 * 3600);
	assert_true(view(0).next_at == rig.now + 4 * 3600);
	/* and nothing asks for more than a Send As refusal. */
	reopen_with(ACCOUNT_HELD, 1, rig.now - 60, then);
	waits(6 * 3600);
	rig_down();
}

static int64_t
due_of(uint64_t id, uint64_t rcpt)
{
	struct store_rcpt *v;
	size_t i, n;
	int64_t at = 0;

	assert_int_equal(
	    store_rcpts_get(rig.o.parts.store, id, &v, &n, &rig.o.e), 0);
	for (i = 0; i < n; i++) {
		if (v[i].id == rcpt)
			at = v[i].due_at;
		store_rcpt_clear(&v[i]);
	}
	free(v);
	return at;
}

/* The recipient was put off so often, and is due then. */
static void
defer(uint64_t id, uint64_t rcpt, int times, int64_t due_at)
{
	struct rcpt_change active = { .to = RCPT_ACTIVE };
	struct rcpt_change queued = {
		.to = RCPT_QUEUED, .due_at = due_at, .attempted = true
	};
	struct store *s = rig.o.parts.store;

	fixture_begin(s);
	while (times-- > 0) {
		assert_int_equal(
		    state_set(s, id, rcpt, RCPT_QUEUED, &active, &rig.o.e), 0);
		assert_int_equal(
		    state_set(s, id, rcpt, RCPT_ACTIVE, &queued, &rig.o.e), 0);
	}
	fixture_commit(s);
}

static void
is_due_in(uint64_t id, uint64_t rcpt, int64_t delay_s)
{
	assert_true(due_of(id, rcpt) >= rig.now + delay_s);
	assert_true(due_of(id, rcpt) <= clock_wall() + delay_s);
}

/* So with mail: each recipient by its own delay, of which it is a fifth more.
 */
static void
mail_waits_no_longer_than_its_delay(void **state)
{
	struct store_message m;
	uint64_t id, young;

	(void)state;
	rig_up(MAIL "[queue]\nretry = 10m 2h\n");
	id = post_to_many(1000, 4);
	defer(id, 1, 1, rig.now + YEARS_S);
	defer(id, 2, 1, rig.now + 700);
	defer(id, 3, 2, rig.now + YEARS_S);
	defer(id, 4, 9, rig.now + YEARS_S);
	young =
	    office_post(&rig.o, (struct office_mail){ .to = { "a@example.com" },
				    .at = rig.now + YEARS_S });
	office_reopen(&rig.o);
	is_due_in(id, 1, 720);
	assert_true(due_of(id, 2) == rig.now + 700);
	is_due_in(id, 3, 2 * 3600 + 24 * 60);
	is_due_in(id, 4, 2 * 3600 + 24 * 60);
	is_due_in(young, 1, 0);
	memset(&m, 0, sizeof(m));
	assert_int_equal(
	    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
	assert_true(m.due_at == rig.now + 700);
	store_message_clear(&m);
	/* Its age counts from now, not from 2040. */
	assert_int_equal(
	    store_message_get(rig.o.parts.store, young, &m, &rig.o.e), 1);
	assert_true(m.arrived_at <= clock_wall());
	store_message_clear(&m);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_mail_is_tried_without_a_kick),
		cmocka_unit_test(an_account_waits_no_longer_than_its_delay),
		cmocka_unit_test(mail_waits_no_longer_than_its_delay),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
