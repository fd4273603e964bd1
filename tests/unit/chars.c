/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/chars.h"

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
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_hold_what_the_rfcs_say),
	};

	return cmocka_run_group_tests_name("chars", tests, NULL, NULL);
}
