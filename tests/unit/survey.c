/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_job.h"
#include "queue/survey.h"

#include "tests/unit/queue_fixture.h"

/* Goes on to the end; how many slices it took. */
static unsigned
survey(struct world *w, struct survey *s, uint64_t id)
{
	struct store_message m;
	unsigned slices = 1;

	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	survey_init(s);
	while (survey_slice(s, w->s, &m))
		slices++;
	store_message_clear(&m);
	return slices;
}

/* One line of so many octets. */
static uint64_t
add(struct world *w, size_t octets)
{
	return fixture_add(w->s, (struct fixture_message){ .octets = octets });
}

static void
a_large_message_is_looked_over_in_slices(void **state)
{
	struct world *w = *state;
	size_t size = 2 * 1024 * 1024 + 5;
	struct survey s;

	assert_int_equal(survey(w, &s, add(w, size)), 3);
	assert_int_equal(s.look.at, size);
	assert_int_equal(s.look.long_at, size);
	assert_int_equal(s.look.eight_at, 0);
}

static void
places_are_those_in_the_whole(void **state)
{
	struct world *w = *state;
	uint64_t id = add(w, 200000);
	struct survey s;

	/* The second chunk begins with a line end and two odd octets. */
	fixture_tamper(w->directory,
	    "UPDATE chunk SET data = CAST(x'0d0ac3bcfc' || substr(data, 6) AS "
	    "BLOB) WHERE id & 32767 = 1");
	assert_int_equal(survey(w, &s, id), 1);
	assert_int_equal(s.look.at, 200000);
	assert_int_equal(s.look.eight_at, CHUNK_SIZE + 5);
	assert_int_equal(s.look.wrong_at, CHUNK_SIZE + 5);
	assert_int_equal(s.look.long_at, 200000);
}

static void
of_a_small_message_it_tells_nothing(void **state)
{
	struct world *w = *state;
	struct survey s;

	assert_int_equal(survey(w, &s, add(w, JOB_WHOLE_MAX)), 1);
	assert_int_equal(s.look.at, 0);
	assert_int_equal(s.look.long_at, 0);
	assert_int_equal(survey(w, &s, add(w, JOB_WHOLE_MAX + 1)), 1);
	assert_int_equal(s.look.at, JOB_WHOLE_MAX + 1);
}

static void
a_missing_chunk_ends_it(void **state)
{
	struct world *w = *state;
	uint64_t id = add(w, 3 * 1024 * 1024);
	struct survey s;

	fixture_tamper(w->directory, "DELETE FROM chunk WHERE id & 32767 = 20");
	assert_int_equal(survey(w, &s, id), 2);
	assert_int_equal(s.look.at, 20 * CHUNK_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_large_message_is_looked_over_in_slices, world_set_up,
		    world_tear_down),
		cmocka_unit_test_setup_teardown(places_are_those_in_the_whole,
		    world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    of_a_small_message_it_tells_nothing, world_set_up,
		    world_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_missing_chunk_ends_it, world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
