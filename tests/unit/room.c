/* SPDX-License-Identifier: ISC */
/* Whether there is room for mail; on a small disk: tests/func/test_disk.py. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/room.h"
#include "tests/unit/queue_fixture.h"

#define MIB (1024 * 1024)

static void
a_disk_with_room_is_enough(void **state)
{
	struct world *w = *state;
	struct conf_queue q = { .directory = w->directory,
		.free_space_min = 1 };

	assert_int_equal(room_check(&q, w->s, 0, &w->e), 0);
	assert_int_equal(room_check(&q, w->s, UINT64_MAX / 2, &w->e), -1);
	assert_int_equal(w->e.class, ERR_TEMP);
	assert_string_equal(w->e.status, "4.3.1");
	q.free_space_min = UINT64_MAX / 2;
	assert_int_equal(room_check(&q, w->s, 0, &w->e), -1);
}

static void
a_journal_is_given_back_when_there_is_little(void **state)
{
	struct world *w = *state;
	struct conf_queue q = { .directory = w->directory,
		.free_space_min = 1 };

	fixture_add(w->s, (struct fixture_message){ .octets = 4 * MIB });
	assert_true(store_journal_file(w->s) > 4 * MIB);
	assert_int_equal(room_check(&q, w->s, 0, &w->e), 0);
	assert_true(store_journal_file(w->s) > 4 * MIB);
	q.free_space_min = UINT64_MAX / 2;
	assert_int_equal(room_check(&q, w->s, 0, &w->e), -1);
	assert_int_equal(store_journal_file(w->s), 0);
	assert_int_equal(store_journal_size(w->s), 0);
}

static void
what_mail_leaves_in_the_file_is_room(void **state)
{
	struct world *w = *state;
	uint64_t id, before, after;

	id = fixture_add(w->s, (struct fixture_message){ .octets = 4 * MIB });
	assert_int_equal(store_room(w->s, &before, &w->e), 0);
	fixture_begin(w->s);
	assert_int_equal(store_message_delete(w->s, id, &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(store_room(w->s, &after, &w->e), 0);
	assert_true(after - before > 4 * MIB);
}

#define in_world(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_disk_with_room_is_enough),
		in_world(a_journal_is_given_back_when_there_is_little),
		in_world(what_mail_leaves_in_the_file_is_room),
	};

	return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
