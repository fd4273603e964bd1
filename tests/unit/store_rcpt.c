/* SPDX-License-Identifier: ISC */
/* Changes of recipients, and what follows for their message. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/queue_fixture.h"

/* The first recipient, for store_rcpt_clear. */
static struct store_rcpt
first_rcpt(struct world *w, uint64_t id)
{
	struct store_rcpt *v, first;
	size_t n, i;

	assert_int_equal(store_rcpts_get(w->s, id, &v, &n, &w->e), 0);
	first = v[0];
	for (i = 1; i < n; i++)
		store_rcpt_clear(&v[i]);
	free(v);
	return first;
}

static void
answer_stays_until_the_next_one(void **state)
{
	struct world *w = *state;
	struct rcpt_change told = { .to = RCPT_QUEUED,
		.due_at = T0 + 60,
		.attempted = true,
		.code = 451,
		.status = "4.7.1",
		.text = "later",
		.meaning = "busy",
		.fix = "wait" };
	struct rcpt_change active = { .to = RCPT_ACTIVE };
	struct rcpt_change ours = { .to = RCPT_QUEUED,
		.due_at = T0 + 99,
		.status = "4.4.2",
		.text = "no answer" };
	struct store_rcpt r;
	uint64_t id = fixture_add(w->s, (struct fixture_message){ .uid = 1 });

	fixture_begin(w->s);
	assert_int_equal(
	    state_set(w->s, id, 1, RCPT_QUEUED, &active, &w->e), 0);
	assert_int_equal(state_set(w->s, id, 1, RCPT_ACTIVE, &told, &w->e), 0);
	assert_int_equal(
	    state_set(w->s, id, 1, RCPT_QUEUED, &active, &w->e), 0);
	fixture_commit(w->s);
	r = first_rcpt(w, id);
	assert_int_equal(r.state, RCPT_ACTIVE);
	assert_int_equal(r.due_at, 0);
	assert_int_equal(r.attempts, 1);
	assert_int_equal(r.code, 451);
	assert_string_equal(r.status, "4.7.1");
	assert_string_equal(r.text, "later");
	assert_string_equal(r.meaning, "busy");
	assert_string_equal(r.fix, "wait");
	fixture_begin(w->s);
	assert_int_equal(state_set(w->s, id, 1, RCPT_ACTIVE, &ours, &w->e), 0);
	fixture_commit(w->s);
	store_rcpt_clear(&r);
	r = first_rcpt(w, id);
	assert_int_equal(r.code, 0);
	assert_string_equal(r.text, "no answer");
	assert_string_equal(r.meaning, "busy");
	store_rcpt_clear(&r);
}

static void
assert_message(struct world *w, uint64_t id, enum rcpt_state state,
    int64_t due_at, int finished)
{
	struct store_message m;

	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	assert_int_equal(m.state, state);
	assert_int_equal(m.due_at, due_at);
	store_message_clear(&m);
	assert_int_equal(store_message_finished(w->s, id, &w->e), finished);
}

static void
put_off(struct world *w, uint64_t id, uint64_t rcpt, int64_t due_at)
{
	fixture_set(w->s, id, rcpt, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(w->s, id, rcpt, RCPT_ACTIVE, RCPT_QUEUED, due_at);
}

static void
message_follows_its_recipients(void **state)
{
	struct world *w = *state;
	uint64_t id =
	    fixture_add(w->s, (struct fixture_message){ .recipients = 3 });

	assert_message(w, id, RCPT_QUEUED, T0, 0);
	fixture_set(w->s, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	assert_message(w, id, RCPT_QUEUED, T0, 0);
	put_off(w, id, 2, T0 + 50);
	put_off(w, id, 3, T0 + 40);
	assert_message(w, id, RCPT_QUEUED, T0 + 40, 0);
	fixture_set(w->s, id, 3, RCPT_QUEUED, RCPT_ACTIVE, 0);
	assert_message(w, id, RCPT_ACTIVE, T0 + 50, 0);
	fixture_set(w->s, id, 3, RCPT_ACTIVE, RCPT_UNCERTAIN, T0 + 99);
	assert_message(w, id, RCPT_UNCERTAIN, T0 + 50, 0);
	fixture_set(w->s, id, 3, RCPT_UNCERTAIN, RCPT_REMOVED, 0);
	fixture_set(w->s, id, 2, RCPT_QUEUED, RCPT_EXPIRED, 0);
	assert_message(w, id, RCPT_HELD, 0, 0);
	fixture_set(w->s, id, 1, RCPT_HELD, RCPT_REMOVED, 0);
	assert_message(w, id, RCPT_EXPIRED, 0, 1);
}

/* Within a transaction, too, whoever asks sees what was changed. */
static void
stale_messages_are_seen_by_nobody(void **state)
{
	struct world *w = *state;
	struct rcpt_change hold = { .to = RCPT_HELD };
	uint64_t id[100];
	size_t i;

	for (i = 0; i < 100; i++)
		id[i] = fixture_add(w->s, (struct fixture_message){ .uid = 1 });
	fixture_begin(w->s);
	for (i = 0; i < 100; i++)
		assert_int_equal(
		    state_set(w->s, id[i], 1, RCPT_QUEUED, &hold, &w->e), 0);
	for (i = 0; i < 100; i++)
		assert_message(w, id[i], RCPT_HELD, 0, 0);
	store_rollback(w->s);
	for (i = 0; i < 100; i++)
		assert_message(w, id[i], RCPT_QUEUED, T0, 0);
	fixture_begin(w->s);
	for (i = 0; i < 100; i++)
		assert_int_equal(
		    state_set(w->s, id[i], 1, RCPT_QUEUED, &hold, &w->e), 0);
	assert_int_equal(store_message_delete(w->s, id[99], &w->e), 0);
	fixture_commit(w->s);
	w->s = fixture_reopen(w->s, w->directory);
	for (i = 0; i < 99; i++)
		assert_message(w, id[i], RCPT_HELD, 0, 0);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(answer_stays_until_the_next_one),
		CASE(message_follows_its_recipients),
		CASE(stale_messages_are_seen_by_nobody),
	};

	return cmocka_run_group_tests_name("store_rcpt", tests, NULL, NULL);
}
