/* SPDX-License-Identifier: ISC */
/* Users' shares of a day: how much each has, and when he has more. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queue/share.h"
#include "queue/submitter.h"

#define T0  1700000000
#define DAY (24 * 3600)

/* A mailbox's day with its users. */
static struct {
	struct budget *day;
	struct shares *shares;
} box;

static void
open_box(unsigned percent, uint64_t recipients_per_day)
{
	const struct rate none = { 0, 0 };

	box.day = budget_new(none, recipients_per_day);
	box.shares = shares_new(percent, recipients_per_day);
}

static void
close_box(void)
{
	shares_free(box.shares);
	budget_free(box.day);
}

static struct share
look(uint64_t uid, int64_t now)
{
	struct share share;

	shares_look(box.shares, box.day, uid, now, &share);
	return share;
}

static void
sends(uint64_t uid, int64_t at, unsigned recipients)
{
	budget_note(box.day, at, 1, recipients);
	shares_note(box.shares, uid, at, recipients);
}

/* As many as he may: how many. */
static uint64_t
floods(uint64_t uid, int64_t at)
{
	uint64_t left = look(uid, at).left;

	sends(uid, at, (unsigned)left);
	assert_int_equal(look(uid, at).left, 0);
	return left;
}

static void
one_alone_leaves_a_part(void **unused)
{
	static const struct {
		unsigned percent;
		uint64_t day, share;
	} cases[] = {
		{ 75, 10000, 7500 },
		{ 90, 10000, 9000 },
		{ 50, 10000, 5000 },
		{ 1, 10000, 100 },
		{ 99, 10000, 9900 },
		{ 75, 1000000000, 750000000 },
		/* Too few for a part of them. */
		{ 75, 1, 1 },
		{ 75, 2, 2 },
		{ 75, 3, 2 },
		{ 75, 4, 3 },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(share_left(cases[i].percent, cases[i].day, 0),
		    cases[i].share);
	assert_int_equal(share_left(75, 0, 0), 0);
	assert_int_equal(share_left(75, 2500, 7500), 0);
	/* In any steps. */
	assert_int_equal(share_left(75, 9900, 100), 7400);
	assert_int_equal(share_left(75, 2501, 7499), 1);
}

static void
however_many_flood_it_the_next_finds_some(void **unused)
{
	uint64_t got, before = 10000;
	uint64_t uid;

	(void)unused;
	open_box(75, 10000);
	for (uid = 0; uid < 6; uid++) {
		got = floods(uid, T0);
		assert_true(got > 0 && got < before);
		before = got;
	}
	/* Those who took much have nothing of what came free since. */
	assert_int_equal(look(0, T0).left, 0);
	assert_true(look(100, T0).left > 0);
	close_box();
}

/* Side by side, one recipient a turn. */
static void
two_at_once_have_equal_parts(void **unused)
{
	uint64_t sent[2] = { 0, 0 };
	uint64_t uid;
	int turn;

	(void)unused;
	open_box(75, 700);
	for (turn = 0; turn < 2000; turn++) {
		uid = (uid_t)(turn % 2);
		if (look(uid, T0).left == 0)
			continue;
		sends(uid, T0, 1);
		sent[uid]++;
	}
	assert_in_range(sent[0], 299, 301);
	assert_in_range(sent[1], 299, 301);
	assert_int_equal(look(0, T0).used, sent[0]);
	close_box();
}

static void
a_share_comes_back_as_mail_grows_old(void **unused)
{
	struct share share;

	(void)unused;
	open_box(75, 100);
	sends(5, T0, 40);
	sends(5, T0 + 3600, 35);
	share = look(5, T0 + 3600);
	assert_int_equal(share.left, 0);
	assert_int_equal(share.used, 75);
	assert_int_equal(share.next_at, T0 + DAY + 1);
	/* What others send puts it off, if it is enough. */
	sends(6, T0 + 3700, 18);
	assert_int_equal(look(5, T0 + 3700).next_at, share.next_at);
	sends(7, T0 + 3800, 35);
	share = look(5, T0 + 3800);
	assert_int_equal(share.next_at, T0 + 3600 + DAY + 1);
	assert_int_equal(look(5, share.next_at - 1).left, 0);
	assert_int_equal(look(5, share.next_at).left, 35);
	assert_int_equal(look(5, share.next_at).next_at, 0);
	close_box();
}

/* Asked again within the second, of what has changed since. */
static void
an_answer_is_of_now(void **unused)
{
	(void)unused;
	open_box(75, 100);
	sends(5, T0, 40);
	sends(5, T0 + 3600, 35);
	assert_int_equal(look(5, T0 + 3600).next_at, T0 + DAY + 1);
	sends(5, T0 + 3600, 60);
	assert_int_equal(look(5, T0 + 3600).next_at, T0 + 3600 + DAY + 1);
	shares_shift(box.shares, -1000);
	budget_shift(box.day, -1000);
	assert_int_equal(look(5, T0 + 3600).next_at, T0 + 2600 + DAY + 1);
	close_box();
}

static void
the_clock_is_followed(void **unused)
{
	(void)unused;
	open_box(75, 100);
	sends(5, T0, 75);
	assert_int_equal(look(5, T0).next_at, T0 + DAY + 1);
	shares_shift(box.shares, 1000);
	budget_shift(box.day, 1000);
	assert_int_equal(look(5, T0 + 1000).next_at, T0 + 1000 + DAY + 1);
	close_box();
}

static void
without_a_limit_there_are_no_shares(void **unused)
{
	uint64_t uid;

	(void)unused;
	open_box(75, 0);
	sends(5, T0, 1000000);
	assert_true(look(5, T0).left == UINT64_MAX);
	assert_false(shares_next(box.shares, -1, &uid));
	close_box();
	open_box(100, 10);
	sends(5, T0, 10);
	assert_true(look(5, T0).left == UINT64_MAX);
	close_box();
}

static void
half_a_share_is_news_once(void **unused)
{
	struct share share;

	(void)unused;
	open_box(75, 100);
	sends(5, T0, 37);
	share = look(5, T0);
	assert_false(shares_is_news(box.shares, &share));
	sends(5, T0 + 3600, 1);
	share = look(5, T0 + 3600);
	assert_true(shares_is_news(box.shares, &share));
	assert_false(shares_is_news(box.shares, &share));
	/* And again when it was less meanwhile. */
	share = look(5, T0 + DAY + 1);
	assert_int_equal(share.used, 1);
	assert_false(shares_is_news(box.shares, &share));
	sends(5, T0 + DAY + 2, 50);
	share = look(5, T0 + DAY + 2);
	assert_true(shares_is_news(box.shares, &share));
	close_box();
	/* to the last recipient */
	open_box(50, 100);
	sends(5, T0, 24);
	share = look(5, T0);
	assert_false(shares_is_news(box.shares, &share));
	sends(5, T0, 1);
	share = look(5, T0);
	assert_int_equal(share.left, 25);
	assert_true(shares_is_news(box.shares, &share));
	close_box();
}

/* Users are listed in their order; one of the day before is forgotten. */
static void
those_of_the_day_are_known(void **unused)
{
	static const uint64_t order[] = { 0, 7, 33, 4294967294U };
	int64_t after = -1;
	size_t i;
	uint64_t uid;

	(void)unused;
	open_box(75, 100000);
	sends(33, T0, 1);
	sends(4294967294U, T0, 1);
	sends(0, T0, 1);
	sends(7, T0, 1);
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_true(shares_next(box.shares, after, &uid));
		assert_int_equal(uid, order[i]);
		after = uid;
	}
	assert_false(shares_next(box.shares, after, &uid));
	for (i = 100; i < 200; i++)
		sends((uid_t)i, T0 + 2 * DAY, 1);
	assert_true(shares_next(box.shares, -1, &uid));
	assert_int_equal(uid, 100);
	assert_true(shares_next(box.shares, 198, &uid));
	assert_int_equal(uid, 199);
	close_box();
	shares_free(NULL);
}

/* All come by one uid; a device is told apart from another and from a user. */
static void
devices_have_their_own(void **state)
{
	const uint64_t mad = submitter_of(7, 1), other = submitter_of(7, 2),
		       last = submitter_of(7, 0x7fffffff);
	uint64_t who;

	(void)state;
	open_box(75, 1000);
	assert_int_equal(floods(mad, T0), 750);
	assert_int_equal(look(other, T0).left, 188);
	assert_int_equal(look(7, T0).left, 188);
	sends(last, T0, 1);
	assert_true(shares_next(box.shares, (int64_t)mad, &who));
	assert_true(who == last);
	assert_int_equal(look(last, T0).used, 1);
	close_box();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_have_their_own),
		cmocka_unit_test(one_alone_leaves_a_part),
		cmocka_unit_test(however_many_flood_it_the_next_finds_some),
		cmocka_unit_test(two_at_once_have_equal_parts),
		cmocka_unit_test(a_share_comes_back_as_mail_grows_old),
		cmocka_unit_test(an_answer_is_of_now),
		cmocka_unit_test(the_clock_is_followed),
		cmocka_unit_test(without_a_limit_there_are_no_shares),
		cmocka_unit_test(half_a_share_is_news_once),
		cmocka_unit_test(those_of_the_day_are_known),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
