/* SPDX-License-Identifier: ISC */
/* How many connections an account has, and when it is to blame after all. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/account.h"
#include "tests/unit/queue_fixture.h"

static char name_[] = "";

struct rig {
	struct conf_account options;
	struct conf conf;
	struct account a;
};

static void
rig_up(struct rig *r, struct world *w)
{
	memset(r, 0, sizeof(*r));
	r->options.name = name_;
	r->options.connections = 2;
	r->options.backoff_min_s = 15;
	r->options.backoff_max_s = 900;
	r->conf.accounts = &r->options;
	r->conf.naccounts = 1;
	assert_int_equal(account_load(&r->a, w->s, &r->conf, 0, T0, &w->e), 0);
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

static struct job_result
failure(unsigned code, const char *text)
{
	struct job_result r = { .scope = JOB_SCOPE_CONNECTION,
		.outcome = JOB_DEFERRED,
		.code = code };

	strlcpy(r.status, "4.3.2", sizeof(r.status));
	strlcpy(r.text, text, sizeof(r.text));
	return r;
}

static struct job_result
crowded(void)
{
	return failure(432, "4.3.2 Concurrent connections limit exceeded.");
}

static void
too_many_connections_are_fewer_for_an_hour(void **state)
{
	struct job_result why = crowded(), busy = failure(421, "4.3.2 x");
	struct world *w = *state;
	struct rig r;
	int64_t at;

	rig_up(&r, w);
	account_failed(&r.a, &busy, T0, 0);
	assert_int_equal(account_connections(&r.a, T0), 2);
	account_succeeded(&r.a, T0 + 60);
	account_succeeded(&r.a, T0 + 60);
	assert_true(account_may_connect(&r.a, 1, T0 + 60));
	account_failed(&r.a, &why, T0 + 60, 0);
	/* Those that fail side by side count once. */
	account_failed(&r.a, &why, T0 + 60, 0);
	save_and_load(&r, w);
	at = account_opens_at(&r.a, T0 + 60);
	account_succeeded(&r.a, at);
	account_succeeded(&r.a, at);
	assert_int_equal(account_connections(&r.a, at), 1);
	assert_true(account_may_connect(&r.a, 0, at));
	assert_false(account_may_connect(&r.a, 1, at));
	/* Once the hour is over the next success opens a second one. */
	assert_int_equal(account_connections(&r.a, T0 + 60 + 3600), 2);
	assert_false(account_may_connect(&r.a, 1, T0 + 60 + 3600));
	account_succeeded(&r.a, T0 + 60 + 3600);
	assert_true(account_may_connect(&r.a, 1, T0 + 60 + 3600));
	account_clear(&r.a);
}

static void
the_third_doubt_in_a_row_is_a_failure(void **state)
{
	struct rig r;

	rig_up(&r, *state);
	assert_false(account_doubted(&r.a, true));
	assert_false(account_doubted(&r.a, true));
	assert_false(account_doubted(&r.a, false));
	assert_false(account_doubted(&r.a, true));
	assert_false(account_doubted(&r.a, true));
	account_succeeded(&r.a, T0);
	assert_false(account_doubted(&r.a, true));
	assert_false(account_doubted(&r.a, true));
	assert_true(account_doubted(&r.a, true));
	assert_true(account_doubted(&r.a, true));
	account_clear(&r.a);
}

static void
too_many_recipients_are_halved(void **state)
{
	struct rig r;

	rig_up(&r, *state);
	r.options.recipients_per_message = 100;
	assert_int_equal(account_max_rcpts(&r.a), 100);
	account_refused_many(&r.a, 60);
	assert_int_equal(account_max_rcpts(&r.a), 30);
	/* One that was under way before says nothing new. */
	account_refused_many(&r.a, 60);
	assert_int_equal(account_max_rcpts(&r.a), 30);
	account_refused_many(&r.a, 30);
	assert_int_equal(account_max_rcpts(&r.a), 15);
	account_refused_many(&r.a, 1);
	assert_int_equal(account_max_rcpts(&r.a), 1);
	r.a.rcpts_max = 500;
	assert_int_equal(account_max_rcpts(&r.a), 100);
	account_clear(&r.a);
}

#define in_world(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(too_many_connections_are_fewer_for_an_hour),
		in_world(the_third_doubt_in_a_row_is_a_failure),
		in_world(too_many_recipients_are_halved),
	};

	return cmocka_run_group_tests_name("account_crowd", tests, NULL, NULL);
}
