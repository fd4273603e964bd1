/* SPDX-License-Identifier: ISC */
/* What of the drop folder's odd things is told, and how often. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "queue/dropodd.h"

/* A round over n things; how many of them were told. */
static unsigned
go_round(struct dropodd *o, unsigned n, size_t *more)
{
	unsigned i, told = 0;
	char name[32];

	dropodd_begin(o);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%u", i);
		told += dropodd_note(o, name);
	}
	*more = dropodd_end(o);
	return told;
}

static void
each_is_told_once_while_it_is_there(void **state)
{
	struct dropodd *o = dropodd_new();
	size_t more;

	(void)state;
	assert_int_equal(go_round(o, 3, &more), 3);
	assert_int_equal(more, 0);
	assert_int_equal(go_round(o, 3, &more), 0);
	/* One more, noticed between two rounds. */
	assert_true(dropodd_note(o, "new"));
	assert_false(dropodd_note(o, "new"));
	assert_false(dropodd_note(o, "2"));
	/* Gone, and there again. */
	assert_int_equal(go_round(o, 1, &more), 0);
	assert_int_equal(go_round(o, 3, &more), 2);
	assert_true(dropodd_note(o, "new"));
	dropodd_free(o);
	dropodd_free(NULL);
}

static void
names_are_octets(void **state)
{
	struct dropodd *o = dropodd_new();

	(void)state;
	assert_true(dropodd_note(o, "Name"));
	assert_true(dropodd_note(o, "name"));
	assert_true(dropodd_note(o, "na"));
	assert_true(dropodd_note(o, "na\xff"));
	assert_false(dropodd_note(o, "name"));
	assert_false(dropodd_note(o, "Name"));
	dropodd_free(o);
}

static void
a_heap_is_told_as_a_number(void **state)
{
	struct dropodd *o = dropodd_new();
	size_t more;

	(void)state;
	assert_int_equal(go_round(o, 1500, &more), 1000);
	assert_int_equal(more, 500);
	assert_int_equal(go_round(o, 1500, &more), 0);
	assert_int_equal(more, 0);
	assert_int_equal(go_round(o, 1999, &more), 0);
	assert_int_equal(more, 0);
	assert_int_equal(go_round(o, 2000, &more), 0);
	assert_int_equal(more, 1000);
	assert_int_equal(go_round(o, 2000, &more), 0);
	assert_int_equal(more, 0);
	/* Away, and again. */
	assert_int_equal(go_round(o, 10, &more), 0);
	assert_int_equal(more, 0);
	assert_int_equal(go_round(o, 1010, &more), 990);
	assert_int_equal(more, 10);
	dropodd_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_told_once_while_it_is_there),
		cmocka_unit_test(names_are_octets),
		cmocka_unit_test(a_heap_is_told_as_a_number),
	};

	return cmocka_run_group_tests_name("dropodd", tests, NULL, NULL);
}
