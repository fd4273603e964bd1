/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/strlist.h"

static void
holds_copies_in_order(void **state)
{
	struct strlist l = { 0 };
	char word[] = "Alpha";

	(void)state;
	strlist_add(&l, word);
	word[0] = 'X';
	strlist_add(&l, "beta");
	strlist_add(&l, "");
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0], "Alpha");
	assert_string_equal(l.v[2], "");
	strlist_clear(&l);
	assert_int_equal(l.n, 0);
	assert_null(l.v);
	strlist_clear(&l);
}

static void
grows_without_loss(void **state)
{
	struct strlist l = { 0 };
	char word[8];
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(word, sizeof(word), "%zu", i);
		strlist_add(&l, word);
	}
	assert_int_equal(l.n, 1000);
	for (i = 0; i < 1000; i++) {
		snprintf(word, sizeof(word), "%zu", i);
		assert_string_equal(l.v[i], word);
	}
	strlist_clear(&l);
}

static void
finds_whole_words_in_any_case(void **state)
{
	struct strlist l = { 0 };

	(void)state;
	assert_false(strlist_has(&l, ""));
	strlist_add(&l, "Alpha");
	assert_true(strlist_has(&l, "aLPHA"));
	assert_false(strlist_has(&l, "alp"));
	assert_false(strlist_has(&l, "alpha "));
	assert_false(strlist_has(&l, ""));
	strlist_clear(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_copies_in_order),
		cmocka_unit_test(grows_without_loss),
		cmocka_unit_test(finds_whole_words_in_any_case),
	};

	return cmocka_run_group_tests_name("strlist", tests, NULL, NULL);
}
