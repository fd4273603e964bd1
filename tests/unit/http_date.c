/* SPDX-License-Identifier: ISC */
/* Times in HTTP answers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/http_date.h"
#define NOV_1994 784111777

static void
reads_three_forms(void **state)
{
	(void)state;
	/* RFC 9110 5.6.7 has these. */
	assert_int_equal(
	    http_date_parse("Sun, 06 Nov 1994 08:49:37 GMT"), NOV_1994);
	assert_int_equal(
	    http_date_parse("Sunday, 06-Nov-94 08:49:37 GMT"), NOV_1994);
	assert_int_equal(http_date_parse("Sun Nov  6 08:49:37 1994"), NOV_1994);
	assert_int_equal(http_date_parse("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
	assert_int_equal(
	    http_date_parse("Tue, 29 Feb 2028 12:00:00 GMT"), 1835438400);
	assert_int_equal(
	    http_date_parse("Monday, 01-Jan-69 00:00:00 GMT"), 3124224000);
}

static void
takes_nothing_else(void **state)
{
	static const char *const wrong[] = { "", "now", "1994-11-06T08:49:37Z",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 94 08:49:37 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 No" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (http_date_parse(wrong[i]) != -1)
			fail_msg("%s", wrong[i]);
}

static void
reads_a_wait(void **state)
{
	(void)state;
	assert_int_equal(http_date_wait("120", NOV_1994), 120);
	assert_int_equal(http_date_wait("0", NOV_1994), 0);
	assert_int_equal(http_date_wait("", NOV_1994), 0);
	assert_int_equal(http_date_wait("soon", NOV_1994), 0);
	assert_int_equal(http_date_wait("-5", NOV_1994), 0);
	assert_int_equal(http_date_wait("1.5", NOV_1994), 0);
	assert_int_equal(
	    http_date_wait("99999999999999999999", NOV_1994), INT32_MAX);
	assert_int_equal(
	    http_date_wait("Sun, 06 Nov 1994 08:50:37 GMT", NOV_1994), 60);
	assert_int_equal(
	    http_date_wait("Sun, 06 Nov 1994 08:49:37 GMT", NOV_1994), 0);
	assert_int_equal(
	    http_date_wait("Sun, 06 Nov 1994 08:48:37 GMT", NOV_1994), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_three_forms),
		cmocka_unit_test(takes_nothing_else),
		cmocka_unit_test(reads_a_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
