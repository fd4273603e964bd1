/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/addr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
takes_the_plainest_form(void **state)
{
	static const struct {
		const char *display, *phrase;
	} cases[] = {
		{ "Cron Daemon", "Cron Daemon" },
		{ "Cron Daemon (root@web01)", "\"Cron Daemon (root@web01)\"" },
		{ "root@web01", "\"root@web01\"" },
		{ "O\"Hara \\ Co", "\"O\\\"Hara \\\\ Co\"" },
		{ "Smith, John", "\"Smith, John\"" },
		{ "John Q. Public", "\"John Q. Public\"" },
		{ "two  blanks", "\"two  blanks\"" },
		{ "  outer  ", "outer" },
		{ "", "\"\"" },
		{ "a\r\nBcc: x@y", "\"a  Bcc: x@y\"" },
		{ "M\xc3\xbcller", "=?UTF-8?Q?M=C3=BCller?=" },
		{ "M\xfcller", "=?ISO-8859-1?Q?M=FCller?=" },
		{ "M\xc3\xbcller (root@web01)",
		    "=?UTF-8?Q?M=C3=BCller_=28root=40web01=29?=" },
		{ "=?utf-8?Q?M=C3=BCller?=", "=?utf-8?Q?M=C3=BCller?=" },
		{ "=?utf-8?B?TcO8bGxlcg==?= (root@web01)",
		    "=?utf-8?B?TcO8bGxlcg==?= \"(root@web01)\"" },
		{ "The =?x?Q?y?= One, =?x?q?z?=",
		    "The =?x?Q?y?= \"One,\" =?x?q?z?=" },
		{ "=?x?Q?y?= \xc3\xbc =?x?Q?z?=",
		    "=?x?Q?y?= =?UTF-8?Q?_=C3=BC_?= =?x?Q?z?=" },
		{ "=?x?Q?y?= \xc3\xbc", "=?x?Q?y?= =?UTF-8?Q?_=C3=BC?=" },
		{ "\xc3\xbc =?x?Q?z?=", "=?UTF-8?Q?=C3=BC_?= =?x?Q?z?=" },
		/* would end the phrase, or be none: so it is quoted */
		{ "=?x?Q?a,b?=", "\"=?x?Q?a,b?=\"" },
		{ "=?x?Q?<evil@x>?=", "\"=?x?Q?<evil@x>?=\"" },
		{ "=?x?Q?a(?=", "\"=?x?Q?a(?=\"" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(addr_put_phrase(&b, cases[i].display), 0);
		assert_string_equal(buf_data(&b), cases[i].phrase);
		buf_clear(&b);
	}
}

static void
a_full_buffer_is_told(void **state)
{
	static const char *const displays[] = { "two words", "(quoted)", "a\"b",
		"\xc3\xbc =?x?Q?y?= (z)", "" };
	struct buf whole, b;
	size_t i, cap;

	(void)state;
	for (i = 0; i < COUNT(displays); i++) {
		buf_init(&whole, 1000);
		assert_int_equal(addr_put_phrase(&whole, displays[i]), 0);
		for (cap = 0; cap <= whole.len; cap++) {
			buf_init(&b, cap);
			assert_int_equal(addr_put_phrase(&b, displays[i]),
			    cap == whole.len ? 0 : -1);
			buf_clear(&b);
		}
		buf_clear(&whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_plainest_form),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("phrase", tests, NULL, NULL);
}
