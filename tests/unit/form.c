/* SPDX-License-Identifier: ISC */
/* Forms. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/form.h"
static void
encodes_all_but_the_plainest(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(form_put(&b, "a", "x-._~Z9"), 0);
	assert_int_equal(form_put(&b, "b", "a+b&c=d/e?f g%h"), 0);
	assert_int_equal(form_put_octets(&b, "c", "\0\r\n\xff", 4), 0);
	assert_int_equal(form_put(&b, "d", ""), 0);
	assert_string_equal(b.data,
	    "a=x-._~Z9&b=a%2Bb%26c%3Dd%2Fe%3Ff%20g%25h&c=%00%0D%0A%FF&d=");
	buf_clear(&b);
}

static void
says_so_when_it_is_full(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(form_put(&b, "a", "xy"), 0);
	assert_int_equal(form_put(&b, "b", ""), -1);
	buf_clear(&b);
	assert_int_equal(form_put(&b, "a", " "), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_all_but_the_plainest),
		cmocka_unit_test(says_so_when_it_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
