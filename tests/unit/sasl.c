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
base64(void **state)
{
	/* RFC 4648 10 */
	static const char *const cases[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" } };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_truncate(&b, 0);
		assert_int_equal(
		    sasl_base64(&b, cases[i][0], strlen(cases[i][0])), 0);
		assert_string_equal(buf_data(&b), cases[i][1]);
	}
	buf_clear(&b);
}

static void
base64_stops_at_the_cap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 7);
	assert_int_equal(sasl_base64(&b, "abc", 3), 0);
	assert_int_equal(sasl_base64(&b, "abc", 3), -1);
	buf_clear(&b);
}

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
		cmocka_unit_test(base64),
		cmocka_unit_test(base64_stops_at_the_cap),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
