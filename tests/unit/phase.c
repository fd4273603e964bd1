/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/phase.h"

static void
a_phase_is_found_by_its_name_or_the_first_word(void **state)
{
	static const struct {
		const char *word;
		enum phase phase;
	} cases[] = {
		{ "greeting", PHASE_GREETING },
		{ "ehlo", PHASE_EHLO },
		{ "auth", PHASE_AUTH },
		{ "MAIL FROM", PHASE_MAIL },
		{ "mail", PHASE_MAIL },
		{ "rcpt", PHASE_RCPT },
		{ "end of data", PHASE_FINAL },
		{ "end", PHASE_FINAL },
	};
	static const char *const strangers[] = { "", " ", "mai", "MAIL FR",
		"endof", "helo" };
	enum phase p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(phase_find(cases[i].word, &p), 0);
		assert_int_equal(p, cases[i].phase);
	}
	for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		assert_int_equal(phase_find(strangers[i], &p), -1);
}

/* Exchange Online holds a refusal back for about five seconds. */
static void
each_has_words_and_a_limit(void **state)
{
	int p;

	(void)state;
	for (p = PHASE_CONNECT; p <= PHASE_QUIT; p++) {
		assert_true(phase_name((enum phase)p)[0] != '\0');
		assert_true(phase_doing((enum phase)p)[0] != '\0');
		assert_true(phase_limit_ms((enum phase)p) >= 10000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_phase_is_found_by_its_name_or_the_first_word),
		cmocka_unit_test(each_has_words_and_a_limit),
	};

	return cmocka_run_group_tests_name("phase", tests, NULL, NULL);
}
