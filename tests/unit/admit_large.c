/* SPDX-License-Identifier: ISC */
/* Messages that do not wait in memory: staged in parts, whole or not at all. */
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
#include "tests/unit/admit_rig.h"

/* Lines of 64 octets that tell where they belong. */
static void
fill(char *p, size_t at, size_t n)
{
	char line[65];
	size_t i;

	for (i = 0; i < n; i += 64) {
		snprintf(line, sizeof(line), "%061zu.\r\n", (at + i) / 64);
		memcpy(p + i, line, 64);
	}
}

static void
a_large_message_is_staged(void **state)
{
	char *piece = xmalloc(CHUNK_SIZE), *text;
	struct parcel p;
	struct office o;
	size_t at, i, n, head;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	begin_plain(&o, &p, 1);
	for (at = 0; at < 3 * MIB; at += CHUNK_SIZE) {
		fill(piece, at, CHUNK_SIZE);
		data(&o, &p, piece, CHUNK_SIZE);
		if (!admission_is_busy(p.m))
			continue;
		/* Nothing shows of what may still be given up. */
		office_run(&o);
		assert_string_equal(office_list(&o), "");
		assert_false(admission_is_busy(p.m));
	}
	assert_true(p.rooms >= 2);
	finish(&o, &p, 3 * MIB);
	assert_int_equal(p.why.class, ERR_NONE);
	text = stored(&o, p.id, &n);
	head = n - 3 * MIB;
	for (i = 0; i < 3 * MIB; i += CHUNK_SIZE) {
		fill(piece, i, CHUNK_SIZE);
		assert_memory_equal(text + head + i, piece, CHUNK_SIZE);
	}
	free(text);
	free(piece);
	office_close(&o);
}

/* What the next start would have to sweep away. */
static uint64_t
left_over(struct office *o)
{
	char *path = xasprintf("%s/queue", o->directory);
	struct store_opened what;

	parts_close(&o->parts);
	store_close(fixture_open(path, &what));
	free(path);
	return what.swept;
}

static void
a_large_message_given_up_leaves_nothing(void **state)
{
	char *piece = xmalloc(CHUNK_SIZE);
	struct parcel p;
	struct office o;
	size_t at;
	int when;

	(void)state;
	fill(piece, 0, CHUNK_SIZE);
	/* Dropped when its part is stored, and while that is under way. */
	for (when = 0; when < 2; when++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		begin_plain(&o, &p, 1);
		for (at = 0; !admission_is_busy(p.m); at += CHUNK_SIZE)
			data(&o, &p, piece, CHUNK_SIZE);
		assert_int_equal(at, MIB);
		if (when == 0)
			office_run(&o);
		admission_drop(p.m);
		office_run(&o);
		assert_false(p.has_ended);
		assert_int_equal(left_over(&o), 0);
		office_close(&o);
	}
	free(piece);
}

static void
a_large_repeat_leaves_one_message(void **state)
{
	char *piece = xmalloc(CHUNK_SIZE);
	struct parcel p, again;
	struct office o;
	size_t at;

	(void)state;
	fill(piece, 0, CHUNK_SIZE);
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	begin_plain(&o, &p, 7);
	finish(&o, &p, 0);
	begin_plain(&o, &again, 7);
	for (at = 0; !admission_is_busy(again.m); at += CHUNK_SIZE)
		data(&o, &again, piece, CHUNK_SIZE);
	office_run(&o);
	finish(&o, &again, at);
	assert_int_equal(again.why.class, ERR_NONE);
	assert_true(again.id == p.id);
	assert_string_equal(office_list(&o),
	    "mail <sender@example.com> to r@example.com queued");
	assert_int_equal(left_over(&o), 0);
	free(piece);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_message_is_staged),
		cmocka_unit_test(a_large_message_given_up_leaves_nothing),
		cmocka_unit_test(a_large_repeat_leaves_one_message),
	};

	return cmocka_run_group_tests_name("admit_large", tests, NULL, NULL);
}
