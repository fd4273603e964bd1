/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/utf8.h"

static const struct {
	const char *text;
	size_t len; /* of the sequence at its start */
} sequences[] = {
	{ "\xc3\xa9", 2 },
	{ "\xe2\x82\xac", 3 },
	{ "\xf0\x9f\x93\xab", 4 },
	{ "\xf4\x8f\xbf\xbf", 4 },
	/* ASCII is no sequence; the rest is malformed or a control */
	{ "", 0 },
	{ "a", 0 },
	{ "\xc3", 0 },
	{ "\xc3z", 0 },
	{ "\x80", 0 },
	{ "\xc0\xaf", 0 },
	{ "\xe0\x80\xaf", 0 },
	{ "\xed\xa0\x80", 0 },
	{ "\xf0\x80\x80\x80", 0 },
	{ "\xf4\x90\x80\x80", 0 },
	{ "\xf8\x88\x80\x80\x80", 0 },
	{ "\xff", 0 },
	{ "\xc2\x9b", 0 },
	{ "\xe2\x82", 0 },
};

static void
lengths(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		assert_int_equal(utf8_len(sequences[i].text), sequences[i].len);
	assert_true(utf8_is_text(""));
	assert_true(utf8_is_text("gr\xc3\xbc\xc3\x9f"
				 "e"));
	assert_false(utf8_is_text("gr\xfc\xdf"
				  "e"));
}

static void
nothing_steers_a_terminal(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	utf8_put_safe(&b, "a\033[2J\xc2\x9b\n\x7f\xff\xc3\xa9\"\\");
	assert_string_equal(
	    buf_data(&b), "a\\x1b[2J\\xc2\\x9b\\x0a\\x7f\\xff\xc3\xa9\"\\");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(nothing_steers_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
