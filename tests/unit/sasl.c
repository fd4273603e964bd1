/* SPDX-License-Identifier: ISC */
/* The dialogues of the mechanisms are in tests/dialog/auth-*.txt and tls-*. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/ehlo.h"
#include "delivery/sasl.h"

static void
names(void **state)
{
	(void)state;
	assert_string_equal(sasl_name(AUTH_XOAUTH2), "XOAUTH2");
	assert_int_equal(sasl_bit(AUTH_LOGIN), EHLO_LOGIN);
	assert_int_equal(sasl_bit(AUTH_PLAIN), EHLO_PLAIN);
	assert_int_equal(sasl_bit(AUTH_NONE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
