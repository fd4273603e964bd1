/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/chars.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
classes_hold_what_the_rfcs_say(void **state)
{
	int i;
	char c;

	(void)state;
	for (i = 0; i < 256; i++) {
		c = (char)i;
		assert_int_equal(char_is_control(c), i < 32 || i == 127);
		assert_int_equal(
		    char_is_ftext(c), i > 32 && i < 127 && i != ':');
		assert_int_equal(char_is_blank(c), i == 32 || i == 9);
		assert_int_equal(
		    char_is_white(c), i == 32 || i == 9 || i == 13 || i == 10);
		/* RFC 5322 3.2.3: printable, but for specials and blank */
		assert_int_equal(char_is_atext(c),
		    i >= 128 || (i > 32 && i < 127 &&
				    strchr("()<>[]:;@\\,.\"", i) == NULL));
	}
	assert_true(text_is_ascii("\x7f", 1));
	assert_false(text_is_ascii("a\x80", 2));
}

static void
utf8_is_strict(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\xae", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xc3", false },
		{ "\x80", false },
		{ "\xc0\x80", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x80\x80", false },
		{ "\xed\xa0\x80", false },
		{ "\xf0\x80\x80\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xe2\x82", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (chars_are_utf8(cases[i].text, strlen(cases[i].text)) !=
		    cases[i].valid)
			fail_msg("case %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_hold_what_the_rfcs_say),
		cmocka_unit_test(utf8_is_strict),
	};

	return cmocka_run_group_tests_name("chars", tests, NULL, NULL);
}
