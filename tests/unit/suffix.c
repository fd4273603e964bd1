/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/suffix.h"

#define MARK(n) \
	"[SY5P282CA0097.AUSP282.PROD.OUTLOOK.COM 2026-11-23T11:12:2" #n \
	".123Z 08DE2A6028D26C2" #n "]"

static void
marks_do_not_count(void **state)
{
	static const struct {
		const char *a, *b;
	} same[] = {
		{ "", "" },
		{ "5.7.3 Authentication unsuccessful " MARK(1),
		    "5.7.3 Authentication unsuccessful " MARK(2) },
		{ "5.7.3 Authentication unsuccessful " MARK(1),
		    "5.7.3 Authentication unsuccessful" },
		{ "x [SY5P282CA0097.outlook.office365.com]",
		    "x [MR1P264CA0001.outlook.office365.com]" },
		{ "limit [Hostname=SY5P282MB0097.AUSP282.PROD.OUTLOOK.COM]",
		    "limit [Hostname=MR1P264MB0001.FRAP264.PROD.OUTLOOK.COM]" },
		{ "a " MARK(1) " " MARK(2) " b", "a b" },
		{ "Error: 535 no. " MARK(1) " " MARK(2),
		    "Error: 535 no. " MARK(3) " " MARK(4) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(suffix_same(same[i].a, same[i].b));
		assert_true(suffix_same(same[i].b, same[i].a));
	}
}

/* What stands in brackets and is no mark is what the reply says. */
static void
all_else_counts(void **state)
{
	static const struct {
		const char *a, *b;
	} differ[] = {
		{ "a", "b" },
		{ "a", "a b" },
		{ "a " MARK(1), "b " MARK(1) },
		{ "busy from [192.0.2.1]. (S1)",
		    "busy from [192.0.2.2]. (S1)" },
		{ "x [not a mark]", "x" },
		{ "x [a.b.c said: no]", "x" },
		{ "x [a.b.c", "x" },
		{ "x [Hostname=]", "x" },
		{ "[a.b", "[a.c" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(differ) / sizeof(differ[0]); i++) {
		assert_false(suffix_same(differ[i].a, differ[i].b));
		assert_false(suffix_same(differ[i].b, differ[i].a));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_do_not_count),
		cmocka_unit_test(all_else_counts),
	};

	return cmocka_run_group_tests_name("suffix", tests, NULL, NULL);
}
