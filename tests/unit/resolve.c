/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/resolve.h"

static void
hosts(void **state)
{
	static const struct {
		const char *text, *name;
		unsigned port;
	} cases[] = {
		{ "smtp.office365.com", "smtp.office365.com", 587 },
		{ "smtp.example:25", "smtp.example", 25 },
		{ "localhost", "localhost", 587 },
		{ "127.0.0.1:2525", "127.0.0.1", 2525 },
		{ "::1", "::1", 587 },
		{ "[::1]", "::1", 587 },
		{ "[2001:db8::1]:65535", "2001:db8::1", 65535 },
		{ "b\xc3\xbc\x63her.example:25", "xn--bcher-kva.example", 25 },
		{ "my_host", "my_host", 587 },
	};
	struct host h;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(host_parse(cases[i].text, 587, &h, &e), 0);
		assert_string_equal(h.name, cases[i].name);
		assert_int_equal(h.port, cases[i].port);
	}
}

static void
no_hosts(void **state)
{
	static const char *const cases[] = { "", ":25", "host:", "host:0",
		"host:65536", "host:25x", "host:-1", "host: 25", "a b", "[::1",
		"[::1]25", "[host]:25", "[::1]:", "host/path", "user@host",
		"-host", ".host", "\xff.example", "a:b:c", "host\n" };
	char longer[600];
	struct host h;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (host_parse(cases[i], 587, &h, &e) == 0)
			print_message("# %s was taken\n", cases[i]);
		assert_int_equal(host_parse(cases[i], 587, &h, &e), -1);
		assert_int_equal(e.class, ERR_LOCAL);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(host_parse(longer, 587, &h, &e), -1);
	longer[254] = '\0';
	assert_int_equal(host_parse(longer, 587, &h, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(no_hosts),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
