/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/submitter.h"
#include "tests/unit/queue_fixture.h"

struct asked {
	int found;
	uint64_t id;
	uid_t uid;
	int64_t wake_at;
};

static struct asked
ask(struct world *w, const char *account, int64_t now, uid_t after,
    const uint64_t *skip, size_t nskip)
{
	struct store_due due = {
		.account = account,
		.now = now,
		.after = after,
		.skip = skip,
		.nskip = nskip,
	};
	struct asked a;

	a.found = store_due_next(w->s, &due, &w->e);
	assert_int_not_equal(a.found, -1);
	a.id = due.id;
	a.uid = due.uid;
	a.wake_at = due.wake_at;
	return a;
}

static uint64_t
add(struct world *w, uid_t uid, int64_t due_at)
{
	return fixture_add(
	    w->s, (struct fixture_message){ .uid = uid, .due_at = due_at });
}

static void
nothing_waits(void **state)
{
	struct world *w = *state;
	struct asked a = ask(w, "", T0, 0, NULL, 0);

	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, 0);
	add(w, 1000, T0);
	a = ask(w, "other", T0, 0, NULL, 0);
	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, 0);
}

static void
oldest_due_of_a_uid_goes_first(void **state)
{
	struct world *w = *state;
	uint64_t late = add(w, 5, T0 + 10), early = add(w, 5, T0 + 1), skip[2];
	struct asked a;

	a = ask(w, "", T0, 0, NULL, 0);
	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, T0 + 1);
	a = ask(w, "", T0 + 1, 0, NULL, 0);
	assert_int_equal(a.found, 1);
	assert_int_equal(a.id, early);
	assert_int_equal(a.uid, 5);
	skip[0] = early;
	a = ask(w, "", T0 + 9, 0, skip, 1);
	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, T0 + 10);
	a = ask(w, "", T0 + 10, 0, skip, 1);
	assert_int_equal(a.id, late);
	skip[1] = late;
	a = ask(w, "", T0 + 10, 0, skip, 2);
	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, 0);
}

static void
uids_take_turns(void **state)
{
	static const uid_t uids[] = { 7, 7, 7, 0, 1000, 4294967294U, 7 };
	static const uid_t expected[] = { 7, 1000, 4294967294U, 0, 7, 1000 };
	struct world *w = *state;
	uid_t after = 0;
	struct asked a;
	size_t i;

	for (i = 0; i < 7; i++)
		add(w, uids[i], T0);
	for (i = 0; i < 6; i++) {
		a = ask(w, "", T0, after, NULL, 0);
		assert_int_equal(a.found, 1);
		assert_int_equal(a.uid, expected[i]);
		after = a.uid;
	}
	/* After a uid that has nothing, or is the last of all. */
	assert_int_equal(ask(w, "", T0, 500, NULL, 0).uid, 1000);
	assert_int_equal(ask(w, "", T0, 4294967295U, NULL, 0).uid, 0);
}

/* One user's flood delays another's one message by one message. */
/* A device has a turn as a user has, among all that send as its uid. */
static void
devices_take_turns(void **state)
{
	static const struct {
		uid_t uid;
		uint32_t device;
	} who[] = { { 7, 0 }, { 7, 5 }, { 7, 0x7fffffff }, { 1000, 0 } };
	struct world *w = *state;
	struct store_due due = { .account = "", .now = T0 };
	struct store_message m;
	size_t i, n = sizeof(who) / sizeof(who[0]);

	for (i = 0; i < 3 * n; i++)
		fixture_add(
		    w->s, (struct fixture_message){ .uid = who[i % n].uid,
			      .device = who[i % n].device });
	for (i = 0; i < 2 * n; i++) {
		assert_int_equal(store_due_next(w->s, &due, &w->e), 1);
		assert_int_equal(due.uid, who[i % n].uid);
		assert_int_equal(due.device, who[i % n].device);
		assert_int_equal(store_message_get(w->s, due.id, &m, &w->e), 1);
		assert_int_equal(m.device, due.device);
		store_message_clear(&m);
		due.after = submitter_of(due.uid, due.device);
	}
	/* After one that has nothing any more. */
	due.after = submitter_of(7, 6);
	assert_int_equal(store_due_next(w->s, &due, &w->e), 1);
	assert_int_equal(due.device, 0x7fffffff);
	due.after = submitter_of(1000, 1);
	assert_int_equal(store_due_next(w->s, &due, &w->e), 1);
	assert_int_equal(due.uid, 7);
	assert_int_equal(due.device, 0);
}

static void
flood_delays_nobody_else(void **state)
{
	struct world *w = *state;
	uint64_t one;
	int i;

	for (i = 0; i < 50; i++)
		add(w, 1000, T0 - 100);
	one = add(w, 1001, T0);
	assert_int_equal(ask(w, "", T0, 1000, NULL, 0).id, one);
}

static void
alarms_go_before_all(void **state)
{
	struct world *w = *state;
	uint64_t alarm;

	add(w, 1, T0 - 1000);
	add(w, 2, T0 - 1000);
	fixture_add(
	    w->s, (struct fixture_message){ .uid = 3, .kind = KIND_BOUNCE });
	alarm = fixture_add(
	    w->s, (struct fixture_message){ .uid = 9, .kind = KIND_ALARM });
	assert_int_equal(ask(w, "", T0, 1, NULL, 0).id, alarm);
	/* One that is not due holds up nothing. */
	fixture_begin(w->s);
	assert_int_equal(store_message_due(w->s, alarm, T0 + 5, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(ask(w, "", T0, 1, NULL, 0).uid, 2);
	assert_int_equal(ask(w, "", T0, 2, NULL, 0).uid, 3);
	assert_int_equal(ask(w, "", T0 + 5, 1, NULL, 0).id, alarm);
}

static void
only_queued_and_uncertain_wait(void **state)
{
	struct world *w = *state;
	uint64_t id = add(w, 1, T0);
	struct asked a;

	fixture_set(w->s, id, 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	assert_int_equal(ask(w, "", T0 + 9, 0, NULL, 0).found, 0);
	fixture_set(w->s, id, 1, RCPT_ACTIVE, RCPT_UNCERTAIN, T0 + 5);
	a = ask(w, "", T0, 0, NULL, 0);
	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, T0 + 5);
	assert_int_equal(ask(w, "", T0 + 5, 0, NULL, 0).id, id);
	fixture_set(w->s, id, 1, RCPT_UNCERTAIN, RCPT_HELD, 0);
	a = ask(w, "", T0 + 9, 0, NULL, 0);
	assert_int_equal(a.found, 0);
	assert_int_equal(a.wake_at, 0);
}

static void
one_waiting_recipient_is_enough(void **state)
{
	struct world *w = *state;
	uint64_t id =
	    fixture_add(w->s, (struct fixture_message){ .recipients = 3 });

	fixture_set(w->s, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_set(w->s, id, 3, RCPT_QUEUED, RCPT_REMOVED, 0);
	assert_int_equal(ask(w, "", T0, 0, NULL, 0).id, id);
	fixture_set(w->s, id, 2, RCPT_QUEUED, RCPT_REMOVED, 0);
	assert_int_equal(ask(w, "", T0, 0, NULL, 0).found, 0);
}

/* What is held, or being delivered, is nobody's to make due. */
static void
waiting_mail_is_made_due(void **state)
{
	struct world *w = *state;
	uint64_t one = add(w, 1, T0 + 100), two = add(w, 2, T0 + 200),
		 held = add(w, 3, T0 + 300), past = add(w, 4, T0 - 50);
	struct asked a;

	fixture_set(w->s, held, 1, RCPT_QUEUED, RCPT_HELD, 0);
	assert_int_equal(ask(w, "", T0, 0, NULL, 0).id, past);
	fixture_begin(w->s);
	assert_int_equal(store_message_due(w->s, two, T0, &w->e), 0);
	assert_int_equal(store_message_due(w->s, held, T0, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(ask(w, "", T0, 1, NULL, 0).id, two);
	a = ask(w, "", T0, 2, &past, 1);
	assert_int_equal(a.id, two);

	fixture_begin(w->s);
	assert_int_equal(store_all_due(w->s, T0 - 10, &w->e), 0);
	fixture_commit(w->s);
	a = ask(w, "", T0 - 10, 0, NULL, 0);
	assert_int_equal(a.id, one);
	assert_int_equal(ask(w, "", T0 - 10, 1, NULL, 0).id, two);
	/* What was due stays the oldest, and is in step with its message. */
	assert_int_equal(ask(w, "", T0 - 50, 0, NULL, 0).id, past);
	assert_int_equal(ask(w, "", T0 - 51, 0, NULL, 0).wake_at, T0 - 50);
}

/*
 * Against a plain reading of the rule: random messages, each asked for in
 * turn, skipping the last few.
 */
static void
answers_are_those_of_the_rule(void **state)
{
	enum {
		N = 120
	};
	struct world *w = *state;
	struct {
		uint64_t id;
		uid_t uid;
		int64_t due_at;
	} all[N];
	uint64_t skip[3] = { 0, 0, 0 };
	uint32_t dice = 12345;
	uid_t after = 3;
	size_t i, best, round;
	struct asked a;
	int64_t now;
	uint64_t turn, best_turn;

	for (i = 0; i < N; i++) {
		dice = dice * 1664525 + 1013904223;
		all[i].uid = dice >> 24 & 7;
		all[i].due_at = T0 + (dice >> 16 & 63);
		all[i].id = add(w, all[i].uid, all[i].due_at);
	}
	for (round = 0; round < 200; round++) {
		now = T0 + (int64_t)(round % 70);
		best = N;
		best_turn = UINT64_MAX;
		for (i = 0; i < N; i++) {
			if (all[i].due_at > now || all[i].id == skip[0] ||
			    all[i].id == skip[1] || all[i].id == skip[2])
				continue;
			turn = (uint64_t)(all[i].uid + 8 - after - 1) % 8;
			turn = turn << 32 | (uint64_t)(all[i].due_at - T0);
			if (turn < best_turn) {
				best_turn = turn;
				best = i;
			}
		}
		a = ask(w, "", now, after, skip, 3);
		assert_int_equal(a.found, best < N);
		if (a.found == 0)
			continue;
		assert_int_equal(a.id, all[best].id);
		assert_int_equal(a.uid, all[best].uid);
		after = a.uid;
		skip[round % 3] = a.id;
	}
}

static void
accounts_are_apart(void **state)
{
	struct world *w = *state;
	struct strlist names = { NULL, 0 };
	uint64_t n = 99, a, b;

	a = fixture_add(w->s, (struct fixture_message){ .account = "" });
	b = fixture_add(w->s, (struct fixture_message){ .account = "b" });
	fixture_add(w->s, (struct fixture_message){ .account = "b", .uid = 4 });
	assert_int_equal(ask(w, "", T0, 0, NULL, 0).id, a);
	assert_int_equal(ask(w, "b", T0, 4, NULL, 0).id, b);
	assert_int_equal(store_account_waiting(w->s, "b", &n, &w->e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(store_account_waiting(w->s, "c", &n, &w->e), 0);
	assert_int_equal(n, 0);
	/* Held mail waits for nobody, but belongs to its account. */
	fixture_set(w->s, a, 1, RCPT_QUEUED, RCPT_HELD, 0);
	assert_int_equal(store_account_waiting(w->s, "", &n, &w->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_account_names(w->s, &names, &w->e), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "");
	assert_string_equal(names.v[1], "b");
	strlist_clear(&names);
	fixture_begin(w->s);
	assert_int_equal(store_account_move(w->s, "b", "new", &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(ask(w, "b", T0, 0, NULL, 0).found, 0);
	assert_int_equal(store_account_waiting(w->s, "new", &n, &w->e), 0);
	assert_int_equal(n, 2);
}

struct usage {
	uint64_t messages[10], octets[10];
};

static void
note_usage(void *arg, uint64_t who, uint64_t messages, uint64_t octets)
{
	struct usage *u = arg;

	u->messages[who] += messages;
	u->octets[who] += octets;
}

static void
usage_is_told_by_uid(void **state)
{
	struct world *w = *state;
	char empty[] = "";
	struct store_message staging = {
		.id = 5, .uid = 3, .account = empty, .sender = empty
	};
	struct usage u;
	uint64_t id;

	fixture_add(w->s, (struct fixture_message){ .uid = 1, .octets = 10 });
	fixture_add(w->s, (struct fixture_message){ .uid = 1, .octets = 200 });
	id = fixture_add(
	    w->s, (struct fixture_message){ .uid = 2, .octets = 3000 });
	fixture_set(w->s, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_begin(w->s);
	assert_int_equal(store_message_add(w->s, &staging, &w->e), 0);
	fixture_commit(w->s);
	memset(&u, 0, sizeof(u));
	assert_int_equal(store_usage_each(w->s, note_usage, &u, &w->e), 0);
	assert_int_equal(u.messages[1], 2);
	assert_int_equal(u.octets[1], 210);
	assert_int_equal(u.messages[2], 1);
	assert_int_equal(u.octets[2], 3000);
	assert_int_equal(u.messages[3], 0);
}

static bool
is_even(void *arg, uint64_t who)
{
	(void)arg;
	return who % 2 == 0;
}

static struct store_due
ask_allowed(struct world *w, int64_t now)
{
	struct store_due due = { .account = "", .now = now, .may = is_even };

	assert_int_not_equal(store_due_next(w->s, &due, &w->e), -1);
	return due;
}

static void
release(struct world *w, uid_t uid, uint64_t id)
{
	fixture_begin(w->s);
	assert_int_equal(store_release(w->s, uid, id, &w->e), 0);
	fixture_commit(w->s);
}

static bool
is_no_seventh(void *arg, uint64_t who)
{
	(void)arg;
	return submitter_device(who) != 7;
}

/* Of one uid, a device that may not stands in no other's way. */
static void
a_device_may_not(void **state)
{
	struct world *w = *state;
	uint64_t of_seventh = fixture_add(
	    w->s, (struct fixture_message){ .uid = 3, .device = 7 });
	uint64_t of_eighth = fixture_add(
	    w->s, (struct fixture_message){ .uid = 3, .device = 8 });
	struct store_due due = {
		.account = "", .now = T0, .may = is_no_seventh
	};

	assert_int_equal(store_due_next(w->s, &due, &w->e), 1);
	assert_int_equal(due.id, of_eighth);
	assert_int_equal(
	    store_waits_unreleased(w->s, "", submitter_of(3, 7), &w->e), 1);
	assert_int_equal(
	    store_waits_unreleased(w->s, "", submitter_of(3, 6), &w->e), 0);
	release(w, 3, of_seventh);
	assert_int_equal(
	    store_waits_unreleased(w->s, "", submitter_of(3, 7), &w->e), 0);
	due.after = submitter_of(3, 8);
	assert_int_equal(store_due_next(w->s, &due, &w->e), 1);
	assert_int_equal(due.id, of_seventh);
	assert_true(due.is_free);
}

/* Of a user who may not, what was released goes, in his turn. */
static void
who_may_not_is_passed_over(void **state)
{
	struct world *w = *state;
	uint64_t odd = add(w, 3, T0), later = add(w, 3, T0 + 5);
	uint64_t even;

	assert_int_equal(ask_allowed(w, T0).id, 0);
	even = add(w, 4, T0);
	assert_int_equal(ask_allowed(w, T0).id, even);
	assert_false(ask_allowed(w, T0).is_free);
	/* Of another user, and of none: nothing. */
	release(w, 5, odd);
	release(w, 31, odd);
	release(w, 3, odd + 1000);
	assert_int_equal(ask_allowed(w, T0).id, even);
	release(w, 3, later);
	assert_int_equal(ask_allowed(w, T0).id, even);
	assert_int_equal(ask_allowed(w, T0 + 5).id, later);
	assert_true(ask_allowed(w, T0 + 5).is_free);
	assert_int_equal(store_waits_unreleased(w->s, "", 3, &w->e), 1);
	release(w, 3, odd);
	assert_int_equal(store_waits_unreleased(w->s, "", 3, &w->e), 0);
	assert_int_equal(ask_allowed(w, T0).id, odd);
	fixture_begin(w->s);
	assert_int_equal(store_message_delete(w->s, odd, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(store_is_released(w->s, 3, odd, &w->e), 0);
	assert_int_equal(store_is_released(w->s, 3, later, &w->e), 1);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_waits),
		CASE(oldest_due_of_a_uid_goes_first),
		CASE(uids_take_turns),
		CASE(devices_take_turns),
		CASE(flood_delays_nobody_else),
		CASE(alarms_go_before_all),
		CASE(a_device_may_not),
		CASE(who_may_not_is_passed_over),
		CASE(only_queued_and_uncertain_wait),
		CASE(one_waiting_recipient_is_enough),
		CASE(waiting_mail_is_made_due),
		CASE(answers_are_those_of_the_rule),
		CASE(accounts_are_apart),
		CASE(usage_is_told_by_uid),
	};

	return cmocka_run_group_tests_name("store_due", tests, NULL, NULL);
}
