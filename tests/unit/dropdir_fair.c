/* SPDX-License-Identifier: ISC */
/* What one user's heap in the drop folder does to another's mail: nothing. */
#include "config.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "tests/unit/drop_rig.h"

#define CROWD   12345 /* who has the heap */
#define OTHERS  10
#define HEAP    1100
#define EARLY   400 /* files replayed by when the others are through */
#define TURNS   100000
#define MESSAGE (100 * 1024)

static void
drop_heap(size_t octets, unsigned n)
{
	char name[32];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "heap%u", i);
		drop_put(name, (struct drop_mail){ .number = (uint8_t)(i % 256),
				   .owner = CROWD,
				   .octets = octets });
	}
}

static void
drop_others(void)
{
	char name[32];
	unsigned i;

	for (i = 0; i < OTHERS; i++) {
		snprintf(name, sizeof(name), "other%u", i);
		drop_put(name, (struct drop_mail){ .number = (uint8_t)i,
				   .owner = CROWD + 1 + i,
				   .octets = 100 });
	}
}

/* Of those replayed, which number is the last of the others'? */
static unsigned
last_of_others(void)
{
	char *path = xasprintf("%s/log", drop_rig.o.directory);
	char line[LOG_LINE_MAX];
	FILE *f = fopen(path, "r");
	unsigned n = 0, last = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "event=replayed") == NULL)
			continue;
		n++;
		if (strstr(line, "file=other") != NULL)
			last = n;
	}
	fclose(f);
	free(path);
	return last;
}

/* Wherever they stand in the folder; found by the walk over it. */
static void
others_have_their_turn_in_a_heap(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_heap(100, HEAP);
	drop_others();
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=replayed"), HEAP + OTHERS);
	assert_in_range(last_of_others(), OTHERS, EARLY);
	drop_down();
}

/* Noticed while the heap is worked off. */
static void
who_comes_later_waits_for_no_heap(void **state)
{
	unsigned turn;

	(void)state;
	if (geteuid() != 0)
		skip();
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_heap(MESSAGE, HEAP);
	dropdir_begin(drop_rig.d);
	for (turn = 0; turn < 20; turn++)
		drop_turn();
	assert_true(drop_files() > HEAP / 2);
	drop_others();
	for (turn = 0; last_of_others() == 0 ||
		       office_logged(&drop_rig.o, "file=other") < OTHERS;
	     turn++) {
		assert_true(turn < TURNS);
		drop_turn();
	}
	assert_true(drop_files() > HEAP / 2);
	drop_down();
}

/* No line, no share and no second round for what is not ready. */
static void
what_is_not_ready_is_walked_over_once(void **state)
{
	char name[32];
	unsigned i;
	size_t rounds;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "half%u", i);
		drop_write(name, "mailchute drop 1\n", i % 10);
	}
	drop_put("whole", (struct drop_mail){ .number = 1 });
	drop_round();
	assert_false(drop_is_there("whole"));
	/* Then there is silence until somebody asks again. */
	rounds = drop_rig.rounds;
	office_run(&drop_rig.o);
	assert_int_equal(drop_rig.rounds, rounds);
	assert_int_equal(drop_files(), 3000);
	drop_down();
}

/* The walk lets others go on: it takes so many names a slice. */
static void
a_walk_is_made_in_slices(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "half%u", i);
		drop_write(name, "mailchute drop 1\n", 5);
	}
	office_run(&drop_rig.o); /* they were noticed, too */
	dropdir_begin(drop_rig.d);
	for (i = 0; drop_rig.rounds == 0; i++)
		drop_turn();
	assert_in_range(i, 3000 / 256, 100);
	drop_down();
}

static void
odd_things_are_told_up_to_a_number(void **state)
{
	char *path;
	unsigned i;
	char name[32];

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 1200; i++) {
		snprintf(name, sizeof(name), "link%u", i);
		path = drop_path(name);
		assert_int_equal(symlink("/etc/shadow", path), 0);
		free(path);
	}
	drop_put("whole", (struct drop_mail){ .number = 1 });
	for (i = 0; i < 3; i++) {
		drop_round();
		assert_int_equal(
		    office_logged(&drop_rig.o, "is a symbolic link"), 1000);
		assert_int_equal(
		    office_logged(&drop_rig.o, "200 more things"), 1);
	}
	assert_int_equal(drop_files(), 1200);
	drop_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_have_their_turn_in_a_heap),
		cmocka_unit_test(who_comes_later_waits_for_no_heap),
		cmocka_unit_test(what_is_not_ready_is_walked_over_once),
		cmocka_unit_test(a_walk_is_made_in_slices),
		cmocka_unit_test(odd_things_are_told_up_to_a_number),
	};

	return cmocka_run_group_tests_name("dropdir_fair", tests, NULL, NULL);
}
