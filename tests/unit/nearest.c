/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/nearest.h"

static void
nearest_names(void **state)
{
	struct nearest n;

	(void)state;
	assert_int_equal(nearest_distance("", "abc"), 3);
	assert_int_equal(nearest_distance("user", "users"), 1);
	assert_int_equal(nearest_distance("suer", "user"), 1);
	assert_int_equal(nearest_distance("ABC", "abc"), 0);
	nearest_init(&n, "zzzzzz");
	nearest_try(&n, "account");
	assert_null(n.best);
	nearest_init(&n, "hots");
	nearest_try(&n, "port");
	nearest_try(&n, "host");
	nearest_try(&n, "users");
	assert_string_equal(n.best, "host");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
