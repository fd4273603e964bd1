/* SPDX-License-Identifier: ISC */
/* Judging a token endpoint's refusal. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/token_error.h"
static void
finds_the_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
	} cases[] = { { "AADSTS7000222: x", 7000222 }, { "", 0 },
		{ "x AADSTS50034", 50034 }, { "AADSTS: x", 0 },
		{ "AADSTS99999999999: x AADSTS12: y", 12 }, { "aadsts12", 0 },
		{ "AADSTS-12", 0 }, { "AADSTS999999999", 999999999 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    token_error_number(cases[i].text), cases[i].number);
}

static struct token_failed
judge(unsigned http, uint64_t aadsts, const char *error)
{
	struct token_failed x;

	memset(&x, 0, sizeof(x));
	x.http = http;
	x.aadsts = aadsts;
	strlcpy(x.error, error, sizeof(x.error));
	token_error_judge(&x);
	assert_int_not_equal(x.meaning[0], '\0');
	assert_int_not_equal(x.fix[0], '\0');
	return x;
}

static void
the_number_goes_before_the_word(void **state)
{
	(void)state;
	/* invalid_grant alone would end the refresh token. */
	assert_int_equal(judge(400, 50053, "invalid_grant").class, TOKEN_LATER);
	assert_int_equal(
	    judge(400, 999999, "invalid_grant").ended, TOKEN_ENDED_REFRESH);
	assert_int_equal(judge(401, 7000222, "").ended, TOKEN_ENDED_SECRET);
}

static void
the_unknown_may_pass(void **state)
{
	(void)state;
	assert_int_equal(judge(400, 0, "").class, TOKEN_LATER);
	assert_int_equal(judge(400, 999999, "odd").class, TOKEN_LATER);
	assert_string_equal(judge(403, 0, "").status, "4.7.0");
	assert_string_equal(judge(401, 7000215, "").status, "5.7.8");
}

/* What a server says while it is broken or busy does not hold an account. */
static void
a_busy_server_ends_nothing(void **state)
{
	struct token_failed x = judge(503, 7000222, "invalid_client");

	(void)state;
	assert_int_equal(x.class, TOKEN_LATER);
	assert_int_equal(x.ended, TOKEN_ENDED_NOTHING);
	x = judge(429, 0, "invalid_client");
	assert_int_equal(x.class, TOKEN_LATER);
	assert_non_null(strstr(x.meaning, "too often"));
	/* One that says how long is believed. */
	assert_int_equal(judge(429, 50196, "").wait_s, 3600);
}

static void
a_longer_wait_stays(void **state)
{
	struct token_failed x;

	(void)state;
	memset(&x, 0, sizeof(x));
	x.http = 400;
	x.aadsts = 50196;
	x.wait_s = 7200;
	token_error_judge(&x);
	assert_int_equal(x.wait_s, 7200);
}

static void
names_take_their_places(void **state)
{
	struct token_failed x = judge(400, 700016, "");

	(void)state;
	token_error_name(&x, "t.example", "00-1", "a@t.example");
	assert_non_null(strstr(x.fix, "account.client_id (00-1)"));
	assert_non_null(strstr(x.fix, "account.tenant (t.example)"));
	x = judge(400, 50034, "");
	token_error_name(&x, "$(x)", NULL, "a@t.example");
	assert_non_null(strstr(x.fix, "(a@t.example)"));
	assert_non_null(strstr(x.fix, "(TENANT)"));
	x = judge(400, 700016, "");
	token_error_name(&x, "-rf", "", "no address");
	assert_non_null(strstr(x.fix, "(TENANT)"));
	assert_non_null(strstr(x.fix, "(APP)"));
}

static void
actions_have_names(void **state)
{
	(void)state;
	assert_string_equal(
	    token_error_action(token_error_find(7000215, "")), "hold");
	assert_string_equal(
	    token_error_action(token_error_find(50196, "")), "wait");
	assert_string_equal(
	    token_error_action(token_error_find(90055, "")), "backoff");
	assert_null(token_error_find(1, "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_number),
		cmocka_unit_test(the_number_goes_before_the_word),
		cmocka_unit_test(the_unknown_may_pass),
		cmocka_unit_test(a_busy_server_ends_nothing),
		cmocka_unit_test(a_longer_wait_stays),
		cmocka_unit_test(names_take_their_places),
		cmocka_unit_test(actions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
