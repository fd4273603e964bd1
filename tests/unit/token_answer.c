/* SPDX-License-Identifier: ISC */
/* A token endpoint's JSON: what is taken, and what is not. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/token_answer.h"
#define BEARER "\"token_type\":\"Bearer\","

static int
parse(const char *body, struct token_answer *a)
{
	struct err e;

	token_answer_init(a);
	return token_answer_parse(body, strlen(body), a, &e);
}

static void
takes_a_token(void **state)
{
	struct token_answer a;

	(void)state;
	assert_int_equal(parse("{" BEARER "\"expires_in\":3599,"
			       "\"access_token\":\"aB9-._~+/==\"}",
			     &a),
	    0);
	assert_string_equal(a.access.data, "aB9-._~+/==");
	assert_int_equal(a.lifetime_s, 3599);
	assert_int_equal(a.refresh.len, 0);
	token_answer_wipe(&a);
	assert_int_equal(
	    parse("{\"token_type\":\"bearer\",\"expires_in\":\"86399\","
		  "\"refresh_token\":\"1.A!\",\"access_token\":\"t\",\"x\":[]}",
		&a),
	    0);
	assert_int_equal(a.lifetime_s, 86399);
	assert_string_equal(a.refresh.data, "1.A!");
	token_answer_wipe(&a);
}

static void
bounds_the_lifetime(void **state)
{
	struct token_answer a;

	(void)state;
	assert_int_equal(parse("{" BEARER "\"expires_in\":9223372036854775807,"
			       "\"access_token\":\"t\"}",
			     &a),
	    0);
	assert_int_equal(a.lifetime_s, TOKEN_LIFETIME_MAX_S);
	token_answer_wipe(&a);
}

/* In place of one field of an answer that is right. */
static const struct {
	const char *access, *type, *expires, *rest;
} wrong[] = {
	{ "", "\"Bearer\"", "1", "" },
	{ "\"\"", "\"Bearer\"", "1", "" },
	{ "7", "\"Bearer\"", "1", "" },
	{ "\"a b\"", "\"Bearer\"", "1", "" },
	{ "\"a\\r\\nb\"", "\"Bearer\"", "1", "" },
	{ "\"a\\u0001b\"", "\"Bearer\"", "1", "" },
	{ "\"a\\u0000b\"", "\"Bearer\"", "1", "" },
	{ "\"a=b\"", "\"Bearer\"", "1", "" },
	{ "\"\xc3\xbc\"", "\"Bearer\"", "1", "" },
	{ "\"t\"", "\"mac\"", "1", "" },
	{ "\"t\"", "1", "1", "" },
	{ "\"t\"", "\"Bearer\"", "0", "" },
	{ "\"t\"", "\"Bearer\"", "-1", "" },
	{ "\"t\"", "\"Bearer\"", "1.5", "" },
	{ "\"t\"", "\"Bearer\"", "true", "" },
	{ "\"t\"", "\"Bearer\"", "\"1x\"", "" },
	{ "\"t\"", "\"Bearer\"", "\"\"", "" },
	{ "\"t\"", "\"Bearer\"", "99999999999999999999", "" },
	{ "\"t\"", "\"Bearer\"", "\"99999999999999999999\"", "" },
	{ "\"t\"", "\"Bearer\"", "1", ",\"refresh_token\":\"a b\"" },
	{ "\"t\"", "\"Bearer\"", "1", ",\"expires_in\":1" },
};

static void
takes_nothing_else(void **state)
{
	struct token_answer a;
	char body[1000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(body, sizeof(body),
		    "{\"access_token\":%s,\"token_type\":%s,"
		    "\"expires_in\":%s%s}",
		    wrong[i].access, wrong[i].type, wrong[i].expires,
		    wrong[i].rest);
		if (parse(body, &a) == 0)
			fail_msg("%s", body);
		token_answer_wipe(&a);
	}
	assert_int_equal(parse("[]", &a), -1);
	assert_int_equal(parse("", &a), -1);
	assert_int_equal(parse("null", &a), -1);
	assert_int_equal(
	    parse("{\"access_token\":\"t\",\"token_type\":\"Bearer\","
		  "\"expires_in\":1}x",
		&a),
	    -1);
}

static void
too_long_a_token_is_none(void **state)
{
	static char body[80 * 1024];
	struct token_answer a;
	size_t n;

	(void)state;
	n = (size_t)snprintf(body, sizeof(body),
	    "{" BEARER "\"expires_in\":1,\"access_token\":\"");
	memset(body + n, 'x', 70 * 1024);
	strlcat(body, "\"}", sizeof(body));
	assert_int_equal(parse(body, &a), -1);
	token_answer_wipe(&a);
}

static void
takes_a_device_code(void **state)
{
	static const char right[] =
	    "{\"device_code\":\"d\",\"user_code\":\"UC\","
	    "\"verification_uri\":\"https://x.example/\","
	    "\"expires_in\":900}";
	static const char *const none[] = {
		"{\"device_code\":\"d\",\"user_code\":\"UC\","
		"\"verification_uri\":\"http://x.example/\","
		"\"expires_in\":900}",
		"{\"device_code\":\"d d\",\"user_code\":\"UC\","
		"\"verification_uri\":\"https://x.example/\","
		"\"expires_in\":900}",
		"{\"device_code\":\"d\",\"user_code\":\"UC\","
		"\"verification_uri\":\"https://x.example/\","
		"\"expires_in\":900,\"interval\":0}",
		"{}"
	};
	struct token_device_answer a;
	struct err e;
	size_t i;

	(void)state;
	memset(&a, 0, sizeof(a));
	buf_init(&a.device_code, 100);
	assert_int_equal(
	    token_answer_parse_device(right, strlen(right), &a, &e), 0);
	assert_string_equal(a.device_code.data, "d");
	assert_string_equal(a.code.code, "UC");
	assert_string_equal(a.code.uri, "https://x.example/");
	assert_int_equal(a.code.expires_s, 900);
	assert_int_equal(a.code.interval_s, 5);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		buf_clear(&a.device_code);
		assert_int_equal(
		    token_answer_parse_device(none[i], strlen(none[i]), &a, &e),
		    -1);
	}
	buf_clear(&a.device_code);
}

static void
reads_a_refusal(void **state)
{
	static const struct {
		const char *body, *error, *text;
		uint64_t aadsts;
	} cases[] = {
		{ "{\"error\":\"e\",\"error_description\":\"AADSTS12: "
		  "a\\r\\nb\","
		  "\"error_codes\":[34]}",
		    "e", "AADSTS12: a b", 34 },
		{ "{\"error\":\"e\",\"error_description\":\"AADSTS12: a\"}",
		    "e", "AADSTS12: a", 12 },
		{ "{\"error\":\"e\",\"error_codes\":[\"x\"]}", "e", "e", 0 },
		{ "{\"error\":\"e\",\"error_codes\":[-1]}", "e", "e", 0 },
	};
	struct token_failed x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&x, 0, sizeof(x));
		assert_true(token_answer_parse_refusal(
		    cases[i].body, strlen(cases[i].body), &x, NULL));
		assert_string_equal(x.error, cases[i].error);
		assert_string_equal(x.text, cases[i].text);
		assert_int_equal(x.aadsts, cases[i].aadsts);
	}
	assert_false(token_answer_parse_refusal("{}", 2, &x, NULL));
	assert_false(token_answer_parse_refusal("<html>", 6, &x, NULL));
	assert_false(
	    token_answer_parse_refusal("{\"error\":{}}", 12, &x, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_token),
		cmocka_unit_test(bounds_the_lifetime),
		cmocka_unit_test(takes_nothing_else),
		cmocka_unit_test(too_long_a_token_is_none),
		cmocka_unit_test(takes_a_device_code),
		cmocka_unit_test(reads_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
