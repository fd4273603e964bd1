/* SPDX-License-Identifier: ISC */
/* A server's words, and what must not be in them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/token_text.h"
static void
makes_one_clean_line(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = { { "", "" }, { "plain", "plain" },
		{ " a\r\n\r\n b\t ", "a b" }, { "a\x1b[31mb", "a [31mb" },
		{ "\xc3\xbc\xe2\x82\xac", "\xc3\xbc\xe2\x82\xac" },
		{ "a\xff\xfe"
		  "b",
		    "a??b" },
		{ "a\xc2\x9b"
		  "b",
		    "a??b" },
		{ "\xff", "?" } };
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		token_text_put(out, sizeof(out), cases[i].text, NULL);
		assert_string_equal(out, cases[i].shown);
	}
}

static void
cuts_between_characters(void **state)
{
	char out[8];

	(void)state;
	token_text_put(out, sizeof(out), "1234567890", NULL);
	assert_string_equal(out, "1234567");
	token_text_put(out, sizeof(out), "123456\xe2\x82\xac", NULL);
	assert_string_equal(out, "123456");
}

static void
hides_what_is_secret(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = { { "a hunter2+x~& b", "a [secret] b" },
		{ "a=hunter2%2Bx~%26&b", "a=[secret]&b" },
		{ "hunter2+x", "[secret]" }, /* cut, and long enough */
		{ "hunter2", "hunter2" },    /* too short to be one */
		{ "hunter2+x~&hunter2+x~&", "[secret][secret]" },
		{ "abc", "abc" }, { "abcd", "[secret]" } };
	struct buf secret, brief, tiny;
	struct token_hidden h = { { &secret, &brief, &tiny, NULL }, 4 };
	char out[64];
	size_t i;

	(void)state;
	buf_init(&secret, 100);
	buf_init(&brief, 100);
	buf_init(&tiny, 100);
	buf_puts(&secret, "hunter2+x~&");
	buf_puts(&brief, "abcd");
	buf_puts(&tiny, "a");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		token_text_put(out, sizeof(out), cases[i].text, &h);
		assert_string_equal(out, cases[i].shown);
	}
	/* Where the mark has no room the text ends: no gap closes. */
	token_text_put(out, 10, "hunthunter2+x~&er2+x", &h);
	assert_string_equal(out, "hunt");
	buf_clear(&secret);
	buf_clear(&brief);
	buf_clear(&tiny);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_one_clean_line),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(hides_what_is_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
