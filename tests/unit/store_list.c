/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/figures.h"
#include "tests/unit/queue_fixture.h"

#define ROWS_MAX 64

struct rows {
	size_t n;
	uint64_t message[ROWS_MAX], rcpt[ROWS_MAX];
	enum rcpt_state state[ROWS_MAX];
};

static void
note_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	struct rows *rows = arg;

	assert_true(rows->n < ROWS_MAX);
	assert_string_equal(m->sender, "sender@example.com");
	assert_non_null(strstr(r->address, "@example.com"));
	rows->message[rows->n] = m->id;
	rows->rcpt[rows->n] = r->id;
	rows->state[rows->n++] = r->state;
}

static struct rows
list(struct world *w, uint64_t after, bool own, uid_t uid, size_t max,
    uint64_t *last)
{
	struct store_walk walk = {
		.last = after,
		.own = own,
		.uid = uid,
		.max = max,
	};
	struct rows rows;

	memset(&rows, 0, sizeof(rows));
	assert_int_equal(store_list(w->s, &walk, note_row, &rows, &w->e), 0);
	*last = walk.last;
	return rows;
}

static void
empty_queue_has_no_row(void **state)
{
	struct world *w = *state;
	uint64_t last = 42;

	assert_int_equal(list(w, last, false, 0, 10, &last).n, 0);
	assert_int_equal(last, 42);
}

static void
slices_meet_without_gap_or_overlap(void **state)
{
	struct world *w = *state;
	uint64_t id[20], last = 0;
	struct rows rows;
	size_t i, seen = 0, slice;

	for (i = 0; i < 20; i++)
		id[i] = fixture_add(w->s, (struct fixture_message){ .uid = 1,
					      .recipients = i % 3 + 1 });
	for (slice = 0; slice < 7; slice++) {
		rows = list(w, last, false, 0, 3, &last);
		for (i = 0; i < rows.n; i++) {
			if (rows.rcpt[i] == 1)
				assert_int_equal(rows.message[i], id[seen]);
			else
				assert_int_equal(
				    rows.message[i], rows.message[i - 1]);
			if (rows.rcpt[i] == seen % 3 + 1)
				seen++;
		}
	}
	assert_int_equal(seen, 20);
	assert_int_equal(list(w, last, false, 0, 3, &last).n, 0);
	assert_int_equal(list(w, 0, false, 0, 0, &last).n, 0);
}

static void
own_mail_is_ones_own(void **state)
{
	struct world *w = *state;
	uint64_t mine[2], last = 0;
	struct rows rows;

	mine[0] = fixture_add(w->s, (struct fixture_message){ .uid = 7 });
	fixture_add(w->s, (struct fixture_message){ .uid = 8 });
	fixture_add(w->s, (struct fixture_message){ .uid = 0 });
	mine[1] = fixture_add(w->s, (struct fixture_message){ .uid = 7 });
	rows = list(w, 0, true, 7, 10, &last);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.message[0], mine[0]);
	assert_int_equal(rows.message[1], mine[1]);
	rows = list(w, mine[0], true, 7, 10, &last);
	assert_int_equal(rows.n, 1);
	assert_int_equal(list(w, 0, true, 9, 10, &last).n, 0);
}

static void
what_is_not_mail_yet_is_not_listed(void **state)
{
	struct world *w = *state;
	char empty[] = "", address[] = "r@example.com";
	struct store_message m = { .id = 5, .account = empty, .sender = empty };
	struct store_rcpt r = { .address = address };
	struct store_totals t;
	uint64_t last = 0;

	fixture_begin(w->s);
	assert_int_equal(store_message_add(w->s, &m, &w->e), 0);
	assert_int_equal(store_rcpt_add(w->s, 5, &r, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(list(w, 0, false, 0, 10, &last).n, 0);
	assert_int_equal(store_totals(w->s, &t, &w->e), 0);
	assert_int_equal(t.messages, 0);
	assert_int_equal(t.oldest_at, 0);
}

static void
list_and_totals_see_changes_of_the_transaction(void **state)
{
	struct world *w = *state;
	struct rcpt_change hold = { .to = RCPT_HELD };
	struct store_totals t;
	uint64_t last = 0, id;
	struct rows rows;

	id = fixture_add(w->s, (struct fixture_message){ .uid = 7 });
	assert_int_equal(store_totals(w->s, &t, &w->e), 0);
	fixture_begin(w->s);
	assert_int_equal(state_set(w->s, id, 1, RCPT_QUEUED, &hold, &w->e), 0);
	rows = list(w, 0, false, 0, 10, &last);
	assert_int_equal(rows.state[0], RCPT_HELD);
	assert_int_equal(store_totals(w->s, &t, &w->e), 0);
	assert_int_equal(t.held, 1);
	assert_int_equal(t.waiting, 0);
	store_rollback(w->s);
	assert_int_equal(store_totals(w->s, &t, &w->e), 0);
	assert_int_equal(t.held, 0);
	assert_int_equal(t.waiting, 1);
}

static void
totals_tell_each_message_once(void **state)
{
	struct world *w = *state;
	struct store_totals t;
	uint64_t id[6];
	size_t i;

	for (i = 0; i < 6; i++)
		id[i] =
		    fixture_add(w->s, (struct fixture_message){
					  .recipients = 2, .octets = 100 + i });
	fixture_set(w->s, id[0], 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(w->s, id[1], 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(w->s, id[1], 1, RCPT_ACTIVE, RCPT_UNCERTAIN, T0);
	fixture_set(w->s, id[2], 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_set(w->s, id[3], 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_set(w->s, id[3], 2, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_set(w->s, id[4], 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(w->s, id[4], 1, RCPT_ACTIVE, RCPT_FAILED, 0);
	fixture_set(w->s, id[4], 2, RCPT_QUEUED, RCPT_REMOVED, 0);
	fixture_set(w->s, id[5], 1, RCPT_QUEUED, RCPT_REMOVED, 0);
	fixture_set(w->s, id[5], 2, RCPT_QUEUED, RCPT_REMOVED, 0);
	assert_int_equal(store_totals(w->s, &t, &w->e), 0);
	assert_int_equal(t.messages, 6);
	assert_int_equal(t.octets, 615);
	assert_int_equal(t.waiting, 2);
	assert_int_equal(t.uncertain, 1);
	assert_int_equal(t.held, 1);
	assert_int_equal(t.oldest_at, T0);
}

static void
change_at_random(
    struct world *w, uint64_t *id, enum rcpt_state *now, uint32_t dice)
{
	enum rcpt_state to = (enum rcpt_state)((dice >> 16) % RCPT_STATES);
	struct rcpt_change c = { .to = to,
		.due_at = to == RCPT_QUEUED ? T0 : 0 };
	bool gone = dice >> 27 == 3, undone = dice >> 28 == 0;

	if (!gone && !state_is_legal(*now, to))
		return;
	fixture_begin(w->s);
	if (gone)
		assert_int_equal(store_message_delete(w->s, *id, &w->e), 0);
	else
		assert_int_equal(state_set(w->s, *id, 1, *now, &c, &w->e), 0);
	if (undone) {
		store_rollback(w->s);
		return;
	}
	fixture_commit(w->s);
	*now = to;
	if (gone) {
		*id = fixture_add(w->s, (struct fixture_message){
					    .uid = 1, .octets = dice & 0xfff });
		*now = RCPT_QUEUED;
	}
}

/* A long life at random; what is carried along must be what one counts. */
static uint64_t
waiting_by(struct world *w, const char *account)
{
	uint64_t n = 99;

	assert_int_equal(store_account_waiting(w->s, account, &n, &w->e), 0);
	return n;
}

static void
waiting_mail_is_told_by_account(void **state)
{
	struct world *w = *state;
	struct rcpt_change hold = { .to = RCPT_HELD };
	uint64_t b;

	assert_int_equal(waiting_by(w, ""), 0);
	b = fixture_add(w->s, (struct fixture_message){ .account = "b" });
	fixture_add(w->s, (struct fixture_message){ .account = "" });
	assert_int_equal(waiting_by(w, "b"), 1);
	fixture_begin(w->s);
	assert_int_equal(state_set(w->s, b, 1, RCPT_QUEUED, &hold, &w->e), 0);
	assert_int_equal(waiting_by(w, "b"), 0);
	store_rollback(w->s);
	assert_int_equal(waiting_by(w, "b"), 1);
	/* A move that is taken back, and one that is not. */
	fixture_begin(w->s);
	assert_int_equal(store_account_move(w->s, "b", "c", &w->e), 0);
	assert_int_equal(waiting_by(w, "c"), 1);
	store_rollback(w->s);
	assert_int_equal(waiting_by(w, "b"), 1);
	assert_int_equal(waiting_by(w, "c"), 0);
	fixture_begin(w->s);
	assert_int_equal(store_account_move(w->s, "b", "", &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(waiting_by(w, "b"), 0);
	assert_int_equal(waiting_by(w, ""), 2);
}

static void
is_deep(struct world *w, const char *account, enum rcpt_state state,
    uint64_t messages, uint64_t octets)
{
	struct store_depth d;

	assert_int_equal(store_depth(w->s, account, &d, &w->e), 0);
	assert_int_equal(d.messages[state], messages);
	assert_int_equal(d.octets[state], octets);
}

/* By what they are in, whole and of each account. */
static void
depth_is_told_by_state_and_account(void **state)
{
	struct world *w = *state;
	uint64_t a, b;

	is_deep(w, NULL, RCPT_QUEUED, 0, 0);
	a = fixture_add(w->s, (struct fixture_message){ .octets = 10 });
	b = fixture_add(
	    w->s, (struct fixture_message){ .account = "b", .octets = 7 });
	fixture_add(
	    w->s, (struct fixture_message){ .account = "b", .octets = 5 });
	is_deep(w, NULL, RCPT_QUEUED, 3, 22);
	fixture_set(w->s, b, 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_set(w->s, a, 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	is_deep(w, NULL, RCPT_HELD, 1, 7);
	is_deep(w, NULL, RCPT_QUEUED, 1, 5);
	is_deep(w, "b", RCPT_HELD, 1, 7);
	is_deep(w, "b", RCPT_QUEUED, 1, 5);
	is_deep(w, "", RCPT_ACTIVE, 1, 10);
	is_deep(w, "", RCPT_QUEUED, 0, 0);
	is_deep(w, "c", RCPT_QUEUED, 0, 0);
	fixture_begin(w->s);
	assert_int_equal(store_message_delete(w->s, b, &w->e), 0);
	is_deep(w, "b", RCPT_HELD, 0, 0);
	store_rollback(w->s);
	is_deep(w, "b", RCPT_HELD, 1, 7);
	is_deep(w, NULL, RCPT_HELD, 1, 7);
	/* Counted anew by the next start; nobody knows how a went. */
	w->s = fixture_reopen(w->s, w->directory);
	is_deep(w, "b", RCPT_HELD, 1, 7);
	is_deep(w, "", RCPT_UNCERTAIN, 1, 10);
}

static void
totals_never_drift(void **state)
{
	struct world *w = *state;
	struct store_totals carried, counted;
	enum rcpt_state now[30];
	uint64_t id[30], by_account[2];
	uint32_t dice = 99;
	size_t i, round;

	assert_int_equal(store_totals(w->s, &carried, &w->e), 0);
	for (i = 0; i < 30; i++) {
		id[i] =
		    fixture_add(w->s, (struct fixture_message){ .uid = 1,
					  .account = i % 3 == 0 ? "b" : "" });
		now[i] = RCPT_QUEUED;
	}
	for (round = 0; round < 2000; round++) {
		dice = dice * 1664525 + 1013904223;
		i = (dice >> 8) % 30;
		change_at_random(w, &id[i], &now[i], dice);
	}
	assert_int_equal(store_totals(w->s, &carried, &w->e), 0);
	by_account[0] = waiting_by(w, "");
	by_account[1] = waiting_by(w, "b");
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_totals(w->s, &counted, &w->e), 0);
	/* Active ones have become uncertain meanwhile. */
	assert_int_equal(counted.messages, 30);
	assert_int_equal(counted.octets, carried.octets);
	assert_int_equal(counted.held, carried.held);
	assert_int_equal(counted.waiting + counted.uncertain,
	    carried.waiting + carried.uncertain);
	assert_int_equal(waiting_by(w, ""), by_account[0]);
	assert_int_equal(waiting_by(w, "b"), by_account[1]);
	assert_int_equal(
	    by_account[0] + by_account[1], carried.waiting + carried.uncertain);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(empty_queue_has_no_row),
		CASE(slices_meet_without_gap_or_overlap),
		CASE(own_mail_is_ones_own),
		CASE(what_is_not_mail_yet_is_not_listed),
		CASE(list_and_totals_see_changes_of_the_transaction),
		CASE(totals_tell_each_message_once),
		CASE(waiting_mail_is_told_by_account),
		CASE(depth_is_told_by_state_and_account),
		CASE(totals_never_drift),
	};

	return cmocka_run_group_tests_name("store_list", tests, NULL, NULL);
}
