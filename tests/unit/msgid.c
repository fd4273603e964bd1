/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/msgid.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
ids_are_well_formed_whatever_the_host(void **state)
{
	static const struct {
		const char *hostname, *id;
	} cases[] = {
		{ "web01.example.com",
		    "<20261123212034.000102030405060708FF@web01.example.com>" },
		{ "[192.0.2.1]",
		    "<20261123212034.000102030405060708FF@[192.0.2.1]>" },
		{ "", "<20261123212034.000102030405060708FF@localhost>" },
		{ "a b\r\n>x",
		    "<20261123212034.000102030405060708FF@a-b---x>" },
		{ "\xc3\xbc@x", "<20261123212034.000102030405060708FF@---x>" },
	};
	const uint8_t random[MSGID_RANDOM] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 255 };
	char *id, longest[1000];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		id = msgid_make(random, 1795468834, cases[i].hostname);
		assert_string_equal(id, cases[i].id);
		free(id);
	}
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	id = msgid_make(random, 1795468834, longest);
	assert_int_equal(id[strlen(id) - 1], '>');
	assert_true(strlen(id) < 320);
	free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_well_formed_whatever_the_host),
	};

	return cmocka_run_group_tests_name("msgid", tests, NULL, NULL);
}
