/* SPDX-License-Identifier: ISC */
/* The health of an account: when its mail may go. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/account.h"
#include "tests/unit/queue_fixture.h"

#define HALF (1U << 31) /* dice in the middle */
#define DAY  (24 * 3600)

static char name_[] = "";
static char user_[] = "alerts@contoso.com";

static struct conf_account
options(void)
{
	struct conf_account c;

	memset(&c, 0, sizeof(c));
	c.name = name_;
	c.user = user_;
	c.connections = 2;
	c.rate = (struct rate){ 3, 60 };
	c.recipients_per_day = 10;
	c.backoff_min_s = 15;
	c.backoff_max_s = 900;
	return c;
}

struct rig {
	struct conf_account options;
	struct conf conf;
	struct account a;
};

static void
rig_up(struct rig *r, struct world *w)
{
	memset(r, 0, sizeof(*r));
	r->options = options();
	r->conf.accounts = &r->options;
	r->conf.naccounts = 1;
	assert_int_equal(account_load(&r->a, w->s, &r->conf, 0, T0, &w->e), 0);
}

static struct job_result
trouble(enum job_scope scope)
{
	struct job_result r = {
		.scope = scope, .outcome = JOB_DEFERRED, .code = 421
	};

	strlcpy(r.status, "4.3.2", sizeof(r.status));
	strlcpy(r.text, "Service not active", sizeof(r.text));
	return r;
}

static void
backs_off_twice_as_long_each_time(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	int64_t now = T0, longest = 15, wait;
	struct rig r;
	int i;

	rig_up(&r, *state);
	assert_int_equal(account_opens_at(&r.a, now), 0);
	for (i = 0; i < 12; i++) {
		assert_true(account_failed(&r.a, &why, now, UINT32_MAX));
		wait = account_opens_at(&r.a, now) - now;
		assert_true(wait <= longest && wait >= longest / 2);
		assert_string_equal(account_state(&r.a, now), "backoff");
		now += wait;
		longest = longest * 2 > 900 ? 900 : longest * 2;
	}
	assert_true(account_succeeded(&r.a, now));
	assert_string_equal(account_state(&r.a, now), "ready");
	assert_null(r.a.known.text);
	assert_false(account_succeeded(&r.a, now));
	account_clear(&r.a);
}

static void
failures_side_by_side_count_once(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct rig r;

	rig_up(&r, *state);
	assert_true(account_failed(&r.a, &why, T0, HALF));
	assert_false(account_failed(&r.a, &why, T0, HALF));
	assert_int_equal(r.a.known.failures, 1);
	account_clear(&r.a);
}

static bool
host_fails(struct rig *r, unsigned host, const char *relay, int64_t now)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct job_ready session = { .host = host };
	const struct host_trouble t = { &session, &why };
	bool is_news;

	strlcpy(session.relay, relay, sizeof(session.relay));
	return account_host_failed(&r->a, &t, now, HALF, &is_news);
}

static void
a_host_fails_and_not_the_account(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct job_ready none = { .host = 1, .passed = 2, .said = "a; b" };
	struct job_ready second = { .host = 1, .passed = 1, .said = "a: no" };
	struct rig r;

	rig_up(&r, *state);
	strlist_add(&r.options.hosts, "a.example");
	assert_false(host_fails(&r, 0, "a.example", T0));
	account_clear(&r.a);
	strlist_add(&r.options.hosts, "b.example");
	assert_int_equal(account_load(&r.a, ((struct world *)*state)->s,
			     &r.conf, 0, T0, &((struct world *)*state)->e),
	    0);
	assert_true(host_fails(&r, 0, "a.example", T0));
	assert_int_equal(hosts_first(&r.a.hosts, T0), 1);
	assert_string_equal(account_state(&r.a, T0), "ready");
	/* The second one as well: now it is the account that waits. */
	assert_false(host_fails(&r, 1, "b.example", T0));
	assert_true(account_failed(&r.a, &why, T0, HALF));
	assert_string_equal(r.a.known.text,
	    "a.example: Service not active; b.example: Service not active");
	hosts_forget(&r.a.hosts);
	/* Passed over on the way to the second, or both. */
	account_hosts_passed(&r.a, &second, T0, HALF);
	assert_int_equal(hosts_first(&r.a.hosts, T0), 1);
	assert_false(hosts_all_failing(&r.a.hosts));
	hosts_forget(&r.a.hosts);
	account_hosts_passed(&r.a, &none, T0, HALF);
	assert_true(hosts_all_failing(&r.a.hosts));
	/* A fault of the account's own goes to no other host. */
	hosts_forget(&r.a.hosts);
	why.scope = JOB_SCOPE_ACCOUNT;
	{
		const struct host_trouble t = { &second, &why };
		bool is_news;

		assert_false(account_host_failed(&r.a, &t, T0, HALF, &is_news));
		assert_false(is_news);
	}
	account_clear(&r.a);
	strlist_clear(&r.options.hosts);
}

/* One lost answer is an accident; a success in between starts anew. */
static void
the_third_lost_answer_is_a_failure(void **state)
{
	struct rig r;

	rig_up(&r, *state);
	assert_false(account_lost_answer(&r.a));
	assert_false(account_lost_answer(&r.a));
	account_succeeded(&r.a, T0);
	assert_false(account_lost_answer(&r.a));
	assert_false(account_lost_answer(&r.a));
	assert_true(account_lost_answer(&r.a));
	assert_true(account_lost_answer(&r.a));
	account_succeeded(&r.a, T0);
	assert_false(account_lost_answer(&r.a));
	account_clear(&r.a);
}

static void
a_refused_sign_in_waits_a_quarter_of_an_hour(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_ACCOUNT);
	struct rig r;

	rig_up(&r, *state);
	assert_true(account_failed(&r.a, &why, T0, HALF));
	assert_string_equal(account_state(&r.a, T0), "held");
	assert_int_equal(account_opens_at(&r.a, T0), T0 + 15 * 60);
	/* A connection that fails beside it does not shorten the hold. */
	why.scope = JOB_SCOPE_CONNECTION;
	assert_false(account_failed(&r.a, &why, T0 + 1, HALF));
	why.scope = JOB_SCOPE_ACCOUNT;
	assert_false(account_failed(&r.a, &why, T0 + 1, HALF));
	assert_string_equal(account_state(&r.a, T0), "held");
	assert_int_equal(account_opens_at(&r.a, T0), T0 + 15 * 60);
	/* Refused again after it: longer, up to four hours. */
	assert_true(account_failed(&r.a, &why, T0 + 900, HALF));
	assert_int_equal(account_opens_at(&r.a, T0 + 900), T0 + 900 + 30 * 60);
	account_clear(&r.a);
}

static void
a_probe_is_one_attempt(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_ACCOUNT);
	struct rig r;

	rig_up(&r, *state);
	assert_false(account_allow_probe(&r.a, T0));
	account_failed(&r.a, &why, T0, HALF);
	assert_true(account_allow_probe(&r.a, T0 + 1));
	assert_int_equal(account_opens_at(&r.a, T0 + 1), 0);
	assert_false(account_allow_probe(&r.a, T0 + 1));
	assert_true(pace_allows(&r.a.pace, 0));
	assert_false(pace_allows(&r.a.pace, 1));
	account_clear(&r.a);
}

/* The two connections were open when the account failed; one goes on. */
static void
what_was_under_way_ends_no_wait(void **state)
{
	static const enum job_scope scopes[] = { JOB_SCOPE_CONNECTION,
		JOB_SCOPE_ACCOUNT };
	struct job_result why;
	struct rig r;
	int64_t opens;
	size_t i;

	for (i = 0; i < 2; i++) {
		rig_up(&r, *state);
		why = trouble(scopes[i]);
		account_failed(&r.a, &why, T0, HALF);
		opens = account_opens_at(&r.a, T0);
		assert_true(account_waits(&r.a, opens - 1));
		assert_false(account_succeeded(&r.a, opens - 1));
		assert_false(account_answered(&r.a, opens - 1));
		assert_int_equal(account_opens_at(&r.a, T0), opens);
		assert_false(pace_allows(&r.a.pace, 1));
		assert_int_equal(r.a.known.last_success_at, opens - 1);
		/* The probe's word counts. */
		assert_false(account_waits(&r.a, opens));
		assert_true(account_succeeded(&r.a, opens));
		assert_string_equal(account_state(&r.a, opens), "ready");
		assert_true(pace_allows(&r.a.pace, 1));
		account_clear(&r.a);
	}
}

/* It shows that the server is there and lets us in, and no more. */
static void
a_verdict_about_a_message_ends_the_wait_alone(void **state)
{
	static const enum job_scope scopes[] = { JOB_SCOPE_CONNECTION,
		JOB_SCOPE_ACCOUNT };
	struct job_result why;
	struct rig r;
	int64_t opens;
	size_t i;

	for (i = 0; i < 2; i++) {
		rig_up(&r, *state);
		why = trouble(scopes[i]);
		account_failed(&r.a, &why, T0, HALF);
		opens = account_opens_at(&r.a, T0);
		assert_true(account_answered(&r.a, opens));
		assert_string_equal(account_state(&r.a, opens), "ready");
		assert_null(r.a.known.text);
		assert_int_equal(r.a.known.last_success_at, 0);
		assert_true(pace_allows(&r.a.pace, 0));
		assert_false(pace_allows(&r.a.pace, 1));
		/* One after the other, and still no second connection. */
		assert_false(account_answered(&r.a, opens));
		assert_false(pace_allows(&r.a.pace, 1));
		account_clear(&r.a);
	}
}

/* It fails, and waits for so long: the end of that. */
static int64_t
fail_for(struct rig *r, enum job_scope scope, int64_t now, int64_t wait)
{
	struct job_result why = trouble(scope);

	assert_true(account_failed(&r->a, &why, now, UINT32_MAX));
	assert_int_equal(account_opens_at(&r->a, now), now + wait);
	return now + wait;
}

/* By its own waits no lock-out is fed; what follows begins at backoff_min. */
static void
holds_and_back_offs_count_apart(void **state)
{
	struct rig r;
	int64_t now;

	rig_up(&r, *state);
	now = fail_for(&r, JOB_SCOPE_ACCOUNT, T0, 900);
	now = fail_for(&r, JOB_SCOPE_ACCOUNT, now, 1800);
	assert_true(account_answered(&r.a, now));
	now = fail_for(&r, JOB_SCOPE_CONNECTION, now, 15);
	now = fail_for(&r, JOB_SCOPE_ACCOUNT, now, 900);
	now = fail_for(&r, JOB_SCOPE_CONNECTION, now, 15);
	assert_true(account_answered(&r.a, now));
	fail_for(&r, JOB_SCOPE_ACCOUNT, now, 900);
	account_clear(&r.a);
}

static void
no_wait_is_longer_than_the_longest(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct rig r;
	int i;

	rig_up(&r, *state);
	assert_int_equal(account_longest_wait(&r.options), 6 * 3600);
	why.wait_s = JOB_WAIT_MAX_S;
	for (i = 0; i < 20; i++) {
		why.scope = i < 10 ? JOB_SCOPE_CONNECTION : JOB_SCOPE_ACCOUNT;
		account_failed(&r.a, &why, T0 + i * DAY, UINT32_MAX);
		assert_true(r.a.known.next_at <=
			    T0 + i * DAY + account_longest_wait(&r.options));
	}
	r.options.backoff_max_s = 2 * DAY;
	assert_int_equal(account_longest_wait(&r.options), 2 * DAY);
	account_clear(&r.a);
}

static void
a_wait_follows_the_clock(void **state)
{
	static const int64_t by_s[] = { 3650 * DAY, -3650 * DAY };
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct rig r;
	int64_t opens;
	size_t i;

	for (i = 0; i < 2; i++) {
		rig_up(&r, *state);
		account_succeeded(&r.a, T0 - 5);
		account_failed(&r.a, &why, T0, HALF);
		opens = account_opens_at(&r.a, T0);
		account_move_times(&r.a, by_s[i]);
		assert_int_equal(
		    account_opens_at(&r.a, T0 + by_s[i]), opens + by_s[i]);
		assert_int_equal(r.a.known.since, T0 + by_s[i]);
		assert_int_equal(r.a.known.last_success_at, T0 - 5 + by_s[i]);
		account_clear(&r.a);
	}
	/* What never was does not come to be. */
	rig_up(&r, *state);
	account_move_times(&r.a, DAY);
	assert_int_equal(r.a.known.next_at, 0);
	account_clear(&r.a);
}

static void
the_server_s_own_wait_is_kept(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct rig r;

	rig_up(&r, *state);
	why.wait_s = 3600;
	account_failed(&r.a, &why, T0, HALF);
	assert_int_equal(account_opens_at(&r.a, T0), T0 + 3600);
	account_clear(&r.a);
}

static void
budgets_hold_and_open_again(void **state)
{
	struct rig r;
	int i;

	rig_up(&r, *state);
	for (i = 0; i < 3; i++)
		budget_note(r.a.budget, T0 + i, 1, 1);
	assert_true(account_opens_at(&r.a, T0 + 3) > T0 + 3);
	assert_string_equal(account_state(&r.a, T0 + 3), "budget");
	assert_int_equal(account_opens_at(&r.a, T0 + 61), 0);
	/* Of the day's recipients so many are left, until it is over. */
	assert_int_equal(budget_rcpts_left(r.a.budget, T0 + 61), 7);
	budget_note(r.a.budget, T0 + 61, 1, 7);
	assert_int_equal(budget_rcpts_left(r.a.budget, T0 + 61), 0);
	assert_true(account_opens_at(&r.a, T0 + 61) >= T0 + DAY);
	assert_int_equal(budget_rcpts_left(r.a.budget, T0 + 2 * DAY), 10);
	account_clear(&r.a);
}

static void
all_of_it_survives_a_restart(void **state)
{
	struct job_result why = trouble(JOB_SCOPE_CONNECTION);
	struct world *w = *state;
	struct rig r;
	int64_t opens;

	rig_up(&r, w);
	account_failed(&r.a, &why, T0, HALF);
	opens = account_opens_at(&r.a, T0);
	fixture_begin(w->s);
	assert_int_equal(account_save(&r.a, w->s, &w->e), 0);
	assert_int_equal(
	    store_budget_add(w->s, r.a.budget_key, T0, 3, 9, &w->e), 0);
	fixture_commit(w->s);
	account_clear(&r.a);
	w->s = fixture_reopen(w->s, w->directory);

	rig_up(&r, w);
	assert_string_equal(account_state(&r.a, T0), "backoff");
	assert_int_equal(account_opens_at(&r.a, T0), opens);
	assert_string_equal(r.a.known.text, "Service not active");
	account_succeeded(&r.a, opens);
	assert_string_equal(account_state(&r.a, opens), "budget");
	account_clear(&r.a);
}

static void
save_and_load(struct rig *r, struct world *w)
{
	fixture_begin(w->s);
	assert_int_equal(account_save(&r->a, w->s, &w->e), 0);
	fixture_commit(w->s);
	account_clear(&r->a);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(account_load(&r->a, w->s, &r->conf, 0, T0, &w->e), 0);
}

/* Held, backing off after that, and proved; with a restart after each. */
static void
what_has_seen_a_hold_is_remembered(void **state)
{
	struct job_result hold = trouble(JOB_SCOPE_ACCOUNT);
	struct job_result busy = trouble(JOB_SCOPE_CONNECTION);
	struct world *w = *state;
	uint64_t before, during, after;
	struct rig r;

	before = fixture_add(w->s, (struct fixture_message){ .octets = 1 });
	rig_up(&r, w);
	save_and_load(&r, w);
	account_failed(&r.a, &busy, T0, HALF);
	account_succeeded(&r.a, T0 + 1);
	save_and_load(&r, w);
	assert_false(account_has_stood(&r.a, before));

	account_failed(&r.a, &hold, T0 + 2, HALF);
	assert_true(account_has_stood(&r.a, before));
	save_and_load(&r, w);
	during = fixture_add(w->s, (struct fixture_message){ .octets = 1 });
	assert_true(account_has_stood(&r.a, during));
	account_failed(&r.a, &busy, T0 + 1000, HALF);
	save_and_load(&r, w);
	assert_true(account_has_stood(&r.a, during));
	account_succeeded(&r.a, T0 + 2000);
	save_and_load(&r, w);
	assert_string_equal(account_state(&r.a, T0 + 2000), "ready");
	after = fixture_add(w->s, (struct fixture_message){ .octets = 1 });
	assert_true(account_has_stood(&r.a, before));
	assert_true(account_has_stood(&r.a, during));
	assert_false(account_has_stood(&r.a, after));
	/* Trouble of the connection alone changes nothing of it. */
	account_failed(&r.a, &busy, T0 + 3000, HALF);
	account_succeeded(&r.a, T0 + 3001);
	save_and_load(&r, w);
	assert_true(account_has_stood(&r.a, during));
	assert_false(account_has_stood(&r.a, after));
	account_clear(&r.a);
}

#define in_world(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(backs_off_twice_as_long_each_time),
		in_world(failures_side_by_side_count_once),
		in_world(a_host_fails_and_not_the_account),
		in_world(the_third_lost_answer_is_a_failure),
		in_world(a_refused_sign_in_waits_a_quarter_of_an_hour),
		in_world(a_probe_is_one_attempt),
		in_world(what_was_under_way_ends_no_wait),
		in_world(a_verdict_about_a_message_ends_the_wait_alone),
		in_world(holds_and_back_offs_count_apart),
		in_world(no_wait_is_longer_than_the_longest),
		in_world(a_wait_follows_the_clock),
		in_world(the_server_s_own_wait_is_kept),
		in_world(budgets_hold_and_open_again),
		in_world(all_of_it_survives_a_restart),
		in_world(what_has_seen_a_hold_is_remembered),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
