/* SPDX-License-Identifier: ISC */
/* base64 of addresses and tokens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/base64url.h"
static const struct {
	const char *plain, *coded;
} pairs[] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg" }, { "\xfb\xff\xfe", "-__-" } };

static void
encodes_and_decodes(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(
		    base64url_put(&b, pairs[i].plain, strlen(pairs[i].plain)),
		    0);
		assert_string_equal(buf_data(&b), pairs[i].coded);
		buf_clear(&b);
		assert_int_equal(base64url_decode(&b, pairs[i].coded,
				     strlen(pairs[i].coded)),
		    0);
		assert_string_equal(buf_data(&b), pairs[i].plain);
		buf_clear(&b);
	}
}

static void
refuses_what_is_none(void **state)
{
	static const char *const wrong[] = { "Z", "Zg==", "Zm9v\n", "+/+/",
		"Zh", "Zm9", "Zm 8", "Zm9vY" };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (base64url_decode(&b, wrong[i], strlen(wrong[i])) == 0)
			fail_msg("%s", wrong[i]);
		buf_clear(&b);
	}
	assert_int_equal(base64url_decode(&b, "Zm\0v", 4), -1);
	buf_clear(&b);
	buf_init(&b, 2);
	assert_int_equal(base64url_decode(&b, "Zm9v", 4), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_and_decodes),
		cmocka_unit_test(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
