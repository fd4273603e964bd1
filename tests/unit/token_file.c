/* SPDX-License-Identifier: ISC */
/* Names of the files of refresh tokens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/token_file.h"

static void
no_name_leads_elsewhere(void **state)
{
	static const struct {
		const char *account, *name;
	} cases[] = { { "", "account" }, { "alerts", "account.alerts" },
		{ "account", "account.account" },
		{ "../x", "account.%2e%2e%2fx" }, { "a b", "account.a%20b" },
		{ "a%20b", "account.a%2520b" },
		{ "\xc3\xbc", "account.%c3%bc" }, { ".", "account.%2e" } };
	char name[TOKEN_FILE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(token_file_name(cases[i].account, name), 0);
		assert_string_equal(name, cases[i].name);
	}
}

static void
too_long_a_name_has_no_file(void **state)
{
	char account[400], name[TOKEN_FILE_MAX];
	size_t n;

	(void)state;
	for (n = 200; n < sizeof(account) - 1; n++) {
		memset(account, n % 2 == 0 ? '/' : 'x', n);
		account[n] = '\0';
		if (token_file_name(account, name) == 0)
			assert_true(strlen(name) < TOKEN_FILE_MAX);
		else
			assert_true(n % 2 == 0 || n > 240);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_leads_elsewhere),
		cmocka_unit_test(too_long_a_name_has_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
