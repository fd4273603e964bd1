/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/lex.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The kinds of the tokens of a text: one letter each. */
static void
kinds(const char *text, char *out, size_t size)
{
	static const char letters[] = ".bcaqlsX";
	struct lexer lex;
	struct token t;
	size_t at = 0, n = 0;

	lexer_init(&lex, text, strlen(text));
	while ((t = lexer_next(&lex)).kind != TOKEN_END) {
		assert_int_equal(t.start, at); /* no gap */
		assert_true(t.end > t.start);
		at = t.end;
		assert_true(n + 1 < size);
		out[n++] = letters[t.kind];
	}
	assert_int_equal(at, strlen(text));
	out[n] = '\0';
}

static void
tokens_cover_the_text(void **state)
{
	static const struct {
		const char *text, *kinds;
	} cases[] = {
		{ "a b", "aba" },
		{ "\"a \\\" b\"@[x]", "qsl" },
		{ "(a (b) \\) c)<x>", "csas" },
		{ "a.b,c;d:e@f", "asasasasasa" },
		{ "\\root", "a" },
		{ "a\r\n b", "aba" },
		{ "", "" },
		{ "\"a", "Xa" },
		{ "(a", "Xa" },
		{ "((a)", "Xc" },
		{ "[a", "Xa" },
		{ "a)]", "aXX" },
		{ "\"a\\\"", "XaXX" },
		{ "\\", "X" },
		{ "\\@", "Xs" },
		{ "\x01\x7f", "XX" },
	};
	char got[40];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		kinds(cases[i].text, got, sizeof(got));
		if (strcmp(got, cases[i].kinds) != 0)
			fail_msg("[%s]: %s", cases[i].text, got);
	}
}

static void
text_of_a_token_is_one_line(void **state)
{
	static const struct {
		const char *token, *text;
	} cases[] = {
		{ "\"a \\\"b\\\\\"", "a \"b\\" },
		{ "(a (b) c)", "a (b) c" },
		{ "\"a\r\n b\"", "a b" },
		{ "\"a\r\n\tb\"", "a b" },
		{ "\"a\nb\"", "a b" },
		{ "\"\x1b\x07\"", "  " },
		{ "\"\"", "" },
	};
	struct token t = { TOKEN_QUOTED, 0, 0 };
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 100);
		t.end = strlen(cases[i].token);
		assert_int_equal(token_text(&b, cases[i].token, &t), 0);
		assert_string_equal(buf_data(&b), cases[i].text);
		buf_clear(&b);
	}
	buf_init(&b, 2);
	t.end = 5;
	assert_int_equal(token_text(&b, "\"abc\"", &t), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_cover_the_text),
		cmocka_unit_test(text_of_a_token_is_one_line),
	};

	return cmocka_run_group_tests_name("lex", tests, NULL, NULL);
}
