/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/textsource.h"

static void
gives_all_of_it_in_pieces(void **state)
{
	struct textsource t;
	struct source s;
	struct buf text;
	struct err e;
	char got[16];
	int round;

	(void)state;
	buf_init(&text, 100);
	buf_append(&text, "one\0two", 7);
	s = textsource_begin(&t, &text);
	for (round = 0; round < 2; round++) {
		assert_int_equal(s.read(s.arg, got, 5, &e), 5);
		assert_memory_equal(got, "one\0t", 5);
		assert_int_equal(s.read(s.arg, got, 5, &e), 2);
		assert_memory_equal(got, "wo", 2);
		assert_int_equal(s.read(s.arg, got, 5, &e), 0);
		assert_int_equal(s.rewind(s.arg, &e), 0);
	}
	buf_clear(&text);
}

static void
gives_nothing_of_nothing(void **state)
{
	struct textsource t;
	struct source s;
	struct buf text;
	struct err e;
	char got[1];

	(void)state;
	buf_init(&text, 100);
	s = textsource_begin(&t, &text);
	assert_int_equal(s.read(s.arg, got, 1, &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_all_of_it_in_pieces),
		cmocka_unit_test(gives_nothing_of_nothing),
	};

	return cmocka_run_group_tests_name("textsource", tests, NULL, NULL);
}
