/* SPDX-License-Identifier: ISC */
/* Whose drop file is read next: turns, shares and pauses, without a folder. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dropturn.h"

#define MINUTE 60000

static struct dropturn *t;

static int
set_up(void **state)
{
	(void)state;
	t = dropturn_new();
	dropturn_renew(t, 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	dropturn_free(t);
	return 0;
}

static void
add(uid_t owner, const char *name)
{
	assert_int_equal(dropturn_may(t, owner, name, 0), DROPTURN_MAY);
	dropturn_add(t, owner, name);
}

static void
add_many(uid_t owner, unsigned n)
{
	char name[32];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%u-%u", (unsigned)owner, i);
		dropturn_add(t, owner, name);
	}
}

static void
next_is(size_t places, uid_t owner, const char *name)
{
	uid_t uid = (uid_t)-1;
	char *got = dropturn_next(t, places, &uid);

	assert_non_null(got);
	assert_string_equal(got, name);
	assert_int_equal(uid, owner);
	free(got);
}

static void
none_is_next(size_t places)
{
	uid_t uid;

	assert_null(dropturn_next(t, places, &uid));
}

static void
owners_take_turns(void **state)
{
	(void)state;
	add(1, "a1");
	add(1, "a2");
	add(1, "a3");
	add(1, "a4");
	add(2, "b1");
	add(2, "b2");
	add(3, "c1");
	next_is(16, 1, "a1");
	next_is(16, 2, "b1");
	next_is(16, 3, "c1");
	next_is(16, 1, "a2");
	/* Who comes later has his first turn before another's fourth. */
	add(4, "d1");
	next_is(16, 2, "b2");
	next_is(16, 1, "a3");
	next_is(16, 4, "d1");
	next_is(16, 1, "a4");
	none_is_next(16);
}

/* Who holds some places leaves as many free, so that one is always left. */
static void
nobody_holds_all_places(void **state)
{
	size_t free_places = 8;
	uid_t uid;
	char *name;

	(void)state;
	add_many(1, 20);
	while ((name = dropturn_next(t, free_places, &uid)) != NULL) {
		free_places--;
		free(name);
	}
	assert_int_equal(free_places, 4);
	add_many(2, 20);
	while ((name = dropturn_next(t, free_places, &uid)) != NULL) {
		assert_int_equal(uid, 2);
		free_places--;
		free(name);
	}
	assert_int_equal(free_places, 2);
	add(3, "c1");
	next_is(free_places, 3, "c1");
	none_is_next(1);
	/* His turn is over, so that he may have another. */
	assert_false(dropturn_accepted(t, 3, "c1"));
	add(3, "c2");
	next_is(1, 3, "c2");
	none_is_next(0);
}

static void
a_round_has_a_share_for_each(void **state)
{
	uid_t uid;
	char *name;
	unsigned n;

	(void)state;
	add_many(1, 1000);
	assert_int_equal(dropturn_may(t, 1, "x", 0), DROPTURN_SPENT);
	assert_int_equal(dropturn_may(t, 2, "x", 0), DROPTURN_MAY);
	for (n = 0; (name = dropturn_next(t, 1, &uid)) != NULL; n++) {
		dropturn_passed(t, uid);
		free(name);
	}
	assert_int_equal(n, 1000);
	assert_int_equal(dropturn_may(t, 1, "x", 0), DROPTURN_SPENT);
	dropturn_renew(t, 0);
	assert_int_equal(dropturn_may(t, 1, "x", 0), DROPTURN_MAY);
}

static void
the_lines_have_an_end(void **state)
{
	uid_t owner;

	(void)state;
	for (owner = 1; owner <= 8; owner++)
		add_many(owner, 1000);
	assert_false(dropturn_is_full(t));
	add_many(9, 192);
	assert_true(dropturn_is_full(t));
	assert_int_equal(dropturn_may(t, 10, "x", 0), DROPTURN_FULL);
	free(dropturn_next(t, 16, &owner));
	assert_int_equal(dropturn_may(t, 10, "x", 0), DROPTURN_MAY);
}

static void
who_is_refused_has_one_try_after_each_pause(void **state)
{
	/* When each pause is over, in minutes since the refusal. */
	static const int64_t pauses[] = { 1, 2, 4, 7, 7, 7 };
	int64_t now = 0;
	char name[32];
	size_t i;

	(void)state;
	add(1, "f");
	add(1, "waits");
	next_is(16, 1, "f");
	dropturn_refused(t, 1, "f", now);
	/* Those behind it are found again when he may be tried. */
	none_is_next(16);
	for (i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		snprintf(name, sizeof(name), "g%zu", i);
		dropturn_renew(t, now);
		assert_int_equal(
		    dropturn_may(t, 1, name, now + (pauses[i] - 1) * MINUTE),
		    DROPTURN_WAITS);
		assert_int_equal(dropturn_may(t, 2, name, now), DROPTURN_MAY);
		now += pauses[i] * MINUTE;
		dropturn_renew(t, now);
		assert_int_equal(dropturn_may(t, 1, name, now), DROPTURN_MAY);
		dropturn_add(t, 1, name);
		assert_int_equal(
		    dropturn_may(t, 1, "more", now), DROPTURN_WAITS);
		next_is(16, 1, name);
		assert_int_equal(
		    dropturn_may(t, 1, "more", now), DROPTURN_WAITS);
		dropturn_refused(t, 1, name, now);
	}
	now += 8 * MINUTE;
	assert_int_equal(dropturn_may(t, 1, "h", now), DROPTURN_MAY);
	dropturn_add(t, 1, "h");
	next_is(16, 1, "h");
	/* It was he, not the file: all of his come now. */
	assert_true(dropturn_accepted(t, 1, "h"));
	assert_int_equal(dropturn_may(t, 1, "more", now), DROPTURN_MAY);
	/* And the next refusal is a first one. */
	dropturn_add(t, 1, "i");
	next_is(16, 1, "i");
	dropturn_refused(t, 1, "i", now);
	assert_int_equal(
	    dropturn_may(t, 1, "more", now + MINUTE), DROPTURN_MAY);
}

/* Read side by side, refused by one cause: one pause. */
static void
refusals_beside_one_another_are_one(void **state)
{
	(void)state;
	add(1, "a");
	add(1, "b");
	add(1, "c");
	next_is(16, 1, "a");
	next_is(16, 1, "b");
	next_is(16, 1, "c");
	dropturn_refused(t, 1, "a", 0);
	dropturn_refused(t, 1, "b", 10);
	dropturn_refused(t, 1, "c", 20);
	assert_int_equal(dropturn_may(t, 1, "d", MINUTE), DROPTURN_MAY);
}

static void
a_refused_file_waits_longer_than_its_owner(void **state)
{
	(void)state;
	add(1, "bad");
	next_is(16, 1, "bad");
	dropturn_refused(t, 1, "bad", 0);
	assert_int_equal(dropturn_may(t, 1, "bad", MINUTE), DROPTURN_WAITS);
	assert_int_equal(dropturn_may(t, 1, "good", MINUTE), DROPTURN_MAY);
	dropturn_add(t, 1, "good");
	next_is(16, 1, "good");
	assert_true(dropturn_accepted(t, 1, "good"));
	assert_int_equal(dropturn_may(t, 1, "bad", MINUTE), DROPTURN_WAITS);
	assert_int_equal(dropturn_may(t, 1, "bad", 2 * MINUTE), DROPTURN_MAY);
	dropturn_add(t, 1, "bad");
	next_is(16, 1, "bad");
	dropturn_refused(t, 1, "bad", 2 * MINUTE);
	assert_int_equal(dropturn_may(t, 1, "bad", 5 * MINUTE), DROPTURN_WAITS);
	assert_int_equal(dropturn_may(t, 1, "bad", 6 * MINUTE), DROPTURN_MAY);
	/* Nor does it come in a round that begins after it was gone. */
	dropturn_renew(t, 200 * (int64_t)MINUTE);
	assert_int_equal(
	    dropturn_may(t, 1, "bad", 200 * (int64_t)MINUTE), DROPTURN_MAY);
}

/* As many owners as there are uids: none is remembered without a reason. */
static void
many_owners_are_no_burden(void **state)
{
	uid_t owner;
	unsigned i;
	char name[32];

	(void)state;
	for (owner = 1; owner <= 20000; owner++) {
		snprintf(name, sizeof(name), "f%u", (unsigned)owner);
		add(owner, name);
		next_is(16, owner, name);
		dropturn_refused(t, owner, name, 0);
		for (i = 0; owner == 1 && i < 100; i++) {
			snprintf(name, sizeof(name), "g%u", i);
			dropturn_refused(t, owner, name, 0);
		}
	}
	dropturn_renew(t, 0);
	for (i = 0, owner = 1; owner <= 20000; owner++)
		i += dropturn_may(t, owner, "x", 0) == DROPTURN_WAITS;
	assert_int_equal(i, 4096);
	/* Somebody new comes first. */
	add(30000, "x");
	next_is(16, 30000, "x");
	dropturn_free(NULL);
}

#define in_turn(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_turn(owners_take_turns),
		in_turn(nobody_holds_all_places),
		in_turn(a_round_has_a_share_for_each),
		in_turn(the_lines_have_an_end),
		in_turn(who_is_refused_has_one_try_after_each_pause),
		in_turn(refusals_beside_one_another_are_one),
		in_turn(a_refused_file_waits_longer_than_its_owner),
		in_turn(many_owners_are_no_burden),
	};

	return cmocka_run_group_tests_name("dropturn", tests, NULL, NULL);
}
