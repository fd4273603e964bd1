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
	size_t len;         /* of the character at its start */
	unsigned long code; /* of that character */
	bool is_shown;      /* beyond ASCII, and no control */
} cases[] = {
	{ "a", 1, 'a', false },
	{ "\x7f", 1, 0x7f, false },
	{ "\xc2\x80", 2, 0x80, false },
	{ "\xc2\x9b", 2, 0x9b, false },
	{ "\xc2\xa0", 2, 0xa0, true },
	{ "\xc3\xa9", 2, 0xe9, true },
	{ "\xdf\xbf", 2, 0x7ff, true },
	{ "\xe0\xa0\x80", 3, 0x800, true },
	{ "\xe2\x82\xac", 3, 0x20ac, true },
	{ "\xed\x9f\xbf", 3, 0xd7ff, true },
	{ "\xee\x80\x80", 3, 0xe000, true },
	{ "\xf0\x90\x80\x80", 4, 0x10000, true },
	{ "\xf0\x9f\x93\xab", 4, 0x1f4eb, true },
	{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff, true },
	/* cut off, or gone astray */
	{ "", 0, 0, false },
	{ "\xc3", 0, 0, false },
	{ "\xc3z", 0, 0, false },
	{ "\xe2\x82", 0, 0, false },
	{ "\xe2\x82z", 0, 0, false },
	{ "\xf0\x9f\x93", 0, 0, false },
	{ "\x80", 0, 0, false },
	/* longer than need be */
	{ "\xc0\x80", 0, 0, false },
	{ "\xc1\xbf", 0, 0, false },
	{ "\xe0\x80\xaf", 0, 0, false },
	{ "\xe0\x9f\xbf", 0, 0, false },
	{ "\xf0\x80\x80\x80", 0, 0, false },
	{ "\xf0\x8f\xbf\xbf", 0, 0, false },
	/* surrogates, and what lies beyond U+10FFFF */
	{ "\xed\xa0\x80", 0, 0, false },
	{ "\xed\xbf\xbf", 0, 0, false },
	{ "\xf4\x90\x80\x80", 0, 0, false },
	{ "\xf5\x80\x80\x80", 0, 0, false },
	{ "\xf8\x88\x80\x80\x80", 0, 0, false },
	{ "\xff", 0, 0, false },
};

static void
a_character_is_what_rfc_3629_says(void **state)
{
	unsigned long code;
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = cases[i].text;
		code = 0;
		if (utf8_char(text, strlen(text), &code) != cases[i].len ||
		    code != cases[i].code ||
		    utf8_len(text) != (cases[i].is_shown ? cases[i].len : 0))
			fail_msg("case %zu", i);
		assert_int_equal(
		    utf8_char(text, strlen(text), NULL), cases[i].len);
		/* Nothing beyond the octets given is looked at. */
		if (cases[i].len > 0)
			assert_int_equal(
			    utf8_char(text, cases[i].len - 1, NULL), 0);
	}
}

static void
whole_texts(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("gr\xc3\xbcn\0 \xc2\x9b", 9));
	assert_false(utf8_is_valid("gr\xc3\xbcn", 3));
	assert_false(utf8_is_valid("gr\xfcn", 4));
	assert_true(utf8_is_ascii("\x7f\0", 2));
	assert_false(utf8_is_ascii("a\x80", 2));
	assert_true(utf8_is_text(""));
	assert_true(utf8_is_text("gr\xc3\xbc\xc3\x9f"
				 "e"));
	assert_false(utf8_is_text("gr\xfc\xdf"
				  "e"));
	assert_false(utf8_is_text("a\xc2\x9b"));
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
	/* A text that does not fit is cut where the cap is. */
	buf_init(&b, 5);
	utf8_put_safe(&b, "abc\033defghi");
	assert_string_equal(buf_data(&b), "abcde");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_character_is_what_rfc_3629_says),
		cmocka_unit_test(whole_texts),
		cmocka_unit_test(nothing_steers_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
