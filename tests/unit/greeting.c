/* SPDX-License-Identifier: ISC */
/* The time that a greeting tells. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/greeting.h"

#define NOV_23 INT64_C(1795468834) /* 2026-11-23 21:20:34 */

static void
the_time_is_found(void **state)
{
	static const char *const texts[] = {
		"MRXP264CA0042.outlook.office365.com Microsoft ESMTP MAIL "
		"Service ready at Mon, 23 Nov 2026 21:20:34 +0000 "
		"[8661B083688CD963]",
		"mail.example.com ESMTP Exim 4.96 Mon, 23 Nov 2026 22:20:34 "
		"+0100",
		"mail.example.com ESMTP Sendmail 8.17.1/8.17.1; Mon, 23 Nov "
		"2026 21:20:34 GMT",
		"Mon, 23 Nov 2026 11:50:34 -0930",
		"x, Mon, 23 Nov 2026 21:20:34 UT (x)",
		"Mon, Mon, 23 Nov 2026 21:20:34 UTC",
		"two of them: Mon, 23 Nov 2026 21:20:34 +0000 Sun, 1 Feb 1970 "
		"00:00:00 +0000",
		/* what is none, and then one that is */
		"Tue, 23 Nov 2026 21:20:34 +0000 Mon, 23 Nov 2026 21:20:34 "
		"+0000",
		"several\nlines: Mon, 23 Nov 2026 21:20:34 +0000\nof text",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (greeting_time(texts[i]) != NOV_23)
			fail_msg("%s: %lld", texts[i],
			    (long long)greeting_time(texts[i]));
	/* A day of one digit, with a nought and without. */
	assert_true(
	    greeting_time("Sun, 01 Feb 2026 00:00:00 +0000") == 1769904000);
	assert_true(
	    greeting_time("Sun, 1 Feb 2026 00:00:00 +0000") == 1769904000);
	/* A leap second is no reason to find none. */
	assert_true(
	    greeting_time("Sat, 31 Dec 2016 23:59:60 +0000") == 1483228800);
}

static void
what_is_no_date_is_none(void **state)
{
	static const char *const texts[] = { "", ",", "Mon,", "Mon, ",
		"mail.example.com ESMTP Postfix", "Mon, 23", "Mon, 23 Nov",
		"Mon, 23 Nov 2026 21:20:34", "Mon, 23 Nov 2026 21:20:34 ",
		"Mon, 23 Nov 2026 21:20:34 +000",
		"Mon, 23 Nov 2026 21:20:34 +00000",
		"Mon, 23 Nov 2026 21:20:34 +0060",
		"Mon, 23 Nov 2026 21:20:34 +2400",
		"Mon, 23 Nov 2026 21:20:34 CET",
		"Mon, 23 Nov 2026 21:20:34 GMTX",
		"Mon, 23 Nov 2026 21:20:34+0000",
		"Mon,23 Nov 2026 21:20:34 +0000",
		"Mon, 23 Nov 26 21:20:34 +0000", "Mon, 23 Nov 2026 21:20 +0000",
		"Mon, 23 nov 2026 21:20:34 +0000",
		"Mon, 23 Noc 2026 21:20:34 +0000",
		"Mon, 123 Nov 2026 21:20:34 +0000",
		"Mon, 0 Nov 2026 21:20:34 +0000",
		"Mon, 23 Nov 20260 21:20:34 +0000",
		"Mon, 23 Nov 2026 24:20:34 +0000",
		"Mon, 23 Nov 2026 21:60:34 +0000",
		"Mon, 23 Nov 2026 21:20:61 +0000",
		"xMon, 23 Nov 2026 21:20:34 +0000",
		/* of another weekday, and of no day at all */
		"Tue, 23 Nov 2026 21:20:34 +0000",
		"Tue, 31 Feb 2026 21:20:34 +0000",
		"Tue, 29 Feb 2100 21:20:34 +0000",
		"Thu, 1 Jan 1970 00:00:00 +0100",
		"Wed, 31 Dec 1969 23:59:59 +0000" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (greeting_time(texts[i]) != 0)
			fail_msg("%s: %lld", texts[i],
			    (long long)greeting_time(texts[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_is_found),
		cmocka_unit_test(what_is_no_date_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
