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
base64_is_read_strictly(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = { { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" },
		{ "Zm9v", "foo" }, { "Zm9vYmFy", "foobar" },
		{ "//79", "\xff\xfe\xfd" }, { "Zg", NULL }, { "Zg=", NULL },
		{ "Z===", NULL }, { "====", NULL }, { "Zh==", NULL },
		{ "Zm9=", NULL }, { "Zg==Zg==", NULL }, { "Zm9\n", NULL },
		{ "Zm-v", NULL }, { " m9v", NULL }, { "Zm\xe9v", NULL } };
	struct buf b;
	size_t i;
	int rc;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_truncate(&b, 0);
		rc = sasl_base64_decode(
		    &b, cases[i].text, strlen(cases[i].text));
		if ((rc == -1) != (cases[i].want == NULL))
			fail_msg("row %zu: %d", i, rc);
		if (cases[i].want != NULL)
			assert_string_equal(buf_data(&b), cases[i].want);
	}
	buf_clear(&b);
	buf_init(&b, 5);
	assert_int_equal(sasl_base64_decode(&b, "Zm9vYmFy", 8), -1);
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
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(base64_stops_at_the_cap),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
