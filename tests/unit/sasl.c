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
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
