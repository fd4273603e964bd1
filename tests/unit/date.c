/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/date.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
known_dates(void **state)
{
	static const struct {
		int64_t at;
		int offset;
		const char *text;
	} cases[] = {
		{ 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ 951827696, 0, "Tue, 29 Feb 2000 12:34:56 +0000" },
		{ 1795468834, 0, "Mon, 23 Nov 2026 21:20:34 +0000" },
		{ 1795468834, 60, "Mon, 23 Nov 2026 22:20:34 +0100" },
		{ 1795468834, 330, "Tue, 24 Nov 2026 02:50:34 +0530" },
		{ 1795468834, -570, "Mon, 23 Nov 2026 11:50:34 -0930" },
		{ 4107542399, 0, "Sun, 28 Feb 2100 23:59:59 +0000" },
		{ 4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000" },
		{ 1704067199, 0, "Sun, 31 Dec 2023 23:59:59 +0000" },
		/* beyond what a date can say */
		{ -1, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ 0, -60, "Thu, 1 Jan 1970 00:00:00 -0100" },
		{ INT64_MIN, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
		{ INT64_MAX, 0, "Thu, 30 Dec 9999 23:59:59 +0000" },
		{ 0, 100000, "Thu, 1 Jan 1970 23:59:00 +2359" },
		{ INT64_MAX, 100000, "Fri, 31 Dec 9999 23:58:59 +2359" },
	};
	char out[DATE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		date_format(out, cases[i].at, cases[i].offset);
		assert_string_equal(out, cases[i].text);
	}
}

/* Each day of 8,000 years follows the day before it. */
static void
days_follow_one_another(void **state)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	struct date_parts d;
	int year = 1970, month = 1, day = 1, weekday = 4, last;
	int64_t at;

	(void)state;
	for (at = 0; year < 9999; at += 86400) {
		date_split(at, &d);
		assert_true(d.year == year && d.month == month && d.day == day);
		assert_int_equal(d.weekday, weekday);
		assert_true(date_join(&d) == at);
		last = length[month - 1];
		if (month == 2 && year % 4 == 0 &&
		    (year % 100 != 0 || year % 400 == 0))
			last++;
		weekday = (weekday + 1) % 7;
		if (++day > last) {
			day = 1;
			month++;
		}
		if (month > 12) {
			month = 1;
			year++;
		}
	}
}

static void
what_is_no_time_is_none(void **state)
{
	static const struct date_parts wrong[] = {
		{ .year = 1969, .month = 12, .day = 31 },
		{ .year = 10000, .month = 1, .day = 1 },
		{ .year = 2026, .month = 0, .day = 1 },
		{ .year = 2026, .month = 13, .day = 1 },
		{ .year = 2026, .month = 1, .day = 0 },
		{ .year = 2026, .month = 1, .day = 32 },
		{ .year = 2026, .month = 2, .day = 29 },
		{ .year = 2026, .month = 11, .day = 31 },
		{ .year = 2026, .month = 1, .day = 1, .hour = 24 },
		{ .year = 2026, .month = 1, .day = 1, .minute = 60 },
		{ .year = 2026, .month = 1, .day = 1, .second = 61 },
		{ .year = 2026, .month = 1, .day = 1, .hour = -1 },
	};
	const struct date_parts leap = { .year = 2016,
		.month = 12,
		.day = 31,
		.hour = 23,
		.minute = 59,
		.second = 60 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(wrong); i++)
		assert_true(date_join(&wrong[i]) == -1);
	assert_true(date_join(&leap) == 1483228800);
	assert_int_equal(date_month("January"), 1);
	assert_int_equal(date_month("Dec"), 12);
	assert_int_equal(date_month("De"), 0);
	assert_int_equal(date_month("dec"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates),
		cmocka_unit_test(days_follow_one_another),
		cmocka_unit_test(what_is_no_time_is_none),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
