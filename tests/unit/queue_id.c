/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/queue_id.h"

static void
ids_are_twelve_upper_case_digits(void **state)
{
	static const struct {
		uint64_t id;
		const char *text;
	} cases[] = {
		{ 1, "000000000001" },
		{ 0x18bcfe56800, "018BCFE56800" },
		{ QUEUE_ID_MAX, "FFFFFFFFFFFF" },
	};
	char text[QUEUE_ID_TEXT];
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		queue_id_format(cases[i].id, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(queue_id_parse(text, &id), 0);
		assert_int_equal(id, cases[i].id);
	}
	assert_int_equal(queue_id_parse("018bcfe56800", &id), 0);
	assert_int_equal(id, 0x18bcfe56800);
}

static void
other_text_is_no_id(void **state)
{
	static const char *const bad[] = { "", "0", "000000000000",
		"18BCFE56800", "0018BCFE56800", "018BCFE5680G", "018BCFE5680 ",
		" 18BCFE56800", "-18BCFE56800", "+18BCFE56800", "0x8BCFE56800",
		"ALL", "018BCFE5680\n", "018BCFE5680\xc3\xa9" };
	uint64_t id = 77;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(queue_id_parse(bad[i], &id), -1);
	assert_int_equal(id, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_twelve_upper_case_digits),
		cmocka_unit_test(other_text_is_no_id),
	};

	return cmocka_run_group_tests_name("queue_id", tests, NULL, NULL);
}
