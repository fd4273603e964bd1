/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/fold.h"
#include "mail/tidy_priv.h"
#include "mail/words.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
texts_become_words_where_they_must(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e an euch",
		    "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= an euch" },
		/* a gap between words that are encoded is encoded, too */
		{ "\xc3\xa4  \xc3\xb6 \xc3\xbc a",
		    "=?UTF-8?Q?=C3=A4__=C3=B6_=C3=BC?= a" },
		{ "a\t\xc3\xa4\tb", "a\t=?UTF-8?Q?=C3=A4?=\tb" },
		/* and beside words that came so */
		{ "=?utf-8?Q?a,b?= \xc3\xbc =?x?b?QQ==?= c",
		    "=?utf-8?Q?a,b?= =?UTF-8?Q?_=C3=BC_?= =?x?b?QQ==?= c" },
		{ "=? \xc3\xbc ?=", "=? =?UTF-8?Q?=C3=BC?= ?=" },
		{ "gr\xfcn \xc3\xbc", "=?ISO-8859-1?Q?gr=FCn_=C3=BC?=" },
		{ "gr\xfcn x \xc3\xbc",
		    "=?ISO-8859-1?Q?gr=FCn?= x =?UTF-8?Q?=C3=BC?=" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(tidy_text(&b, cases[i][0], true), 0);
		if (strcmp(buf_data(&b), cases[i][1]) != 0)
			fail_msg("[%s]: %s", cases[i][0], buf_data(&b));
		buf_truncate(&b, 0);
		assert_int_equal(tidy_text(&b, cases[i][0], false), 0);
		assert_string_equal(buf_data(&b), cases[i][0]);
		buf_clear(&b);
	}
}

static void
put_hex(struct buf *out, const char *p)
{
	char pair[3] = { p[0], p[1], '\0' };

	buf_putc(out, (char)strtoul(pair, NULL, 16));
}

/* As a reader of mail does it: RFC 2047 6.2. */
static char *
decode(const char *p)
{
	struct buf b;
	bool after = false; /* an encoded word */
	size_t gap;

	buf_init(&b, 1 << 20);
	while (*p != '\0') {
		gap = strspn(p, " \t");
		if (!(after && strncmp(p + gap, "=?", 2) == 0))
			buf_append(&b, p, gap);
		p += gap;
		after = strncmp(p, "=?", 2) == 0;
		if (!after) {
			gap = strcspn(p, " \t");
			buf_append(&b, p, gap);
			p += gap;
			continue;
		}
		for (p = strstr(p, "?Q?") + 3; strncmp(p, "?=", 2) != 0; p++)
			if (*p == '=') {
				put_hex(&b, p + 1);
				p += 2;
			} else
				buf_putc(&b, *p == '_' ? ' ' : *p);
		p += 2;
	}
	return buf_steal(&b);
}

/* Texts of any octets, words of any length. */
static void
what_was_encoded_comes_back(void **state)
{
	static const char *const pieces[] = { "a", "Gr\303\274\303\237e",
		"\xfc", " ", "  ", "\t", "=", "?", "\xf0\x9f\x93\xae", "word" };
	unsigned seed, i, s;
	struct buf text, b;
	const char *word;
	char *back;

	(void)state;
	for (seed = 1; seed < 2000; seed++) {
		buf_init(&text, 1 << 20);
		buf_init(&b, 1 << 20);
		for (i = 0, s = seed; i < seed % 97; i++) {
			s = s * 1103515245 + 12345;
			buf_puts(&text, pieces[(s >> 16) % COUNT(pieces)]);
		}
		assert_int_equal(tidy_text(&b, buf_data(&text), true), 0);
		assert_true(utf8_is_ascii(buf_data(&b), b.len));
		for (word = buf_data(&b); (word = strstr(word, "=?")) != NULL &&
					  strstr(word, "?Q?") != NULL;
		     word += 2)
			if (word == b.data || word[-1] == ' ')
				assert_true(strcspn(word, " \t") <= WORD_MAX);
		/* "=?" in the text itself is another story. */
		if (strstr(buf_data(&text), "=?") == NULL) {
			back = decode(buf_data(&b));
			assert_string_equal(back, buf_data(&text));
			free(back);
		}
		buf_clear(&text);
		buf_clear(&b);
	}
}

static void
a_long_word_becomes_many(void **state)
{
	char word[FOLD_WORD + 2], *back;
	struct buf b;

	(void)state;
	memset(word, 'x', sizeof(word));
	word[FOLD_WORD] = '\0';
	buf_init(&b, 10000);
	assert_int_equal(tidy_text(&b, word, false), 0);
	assert_string_equal(b.data, word);
	buf_truncate(&b, 0);
	word[FOLD_WORD] = 'x';
	word[FOLD_WORD + 1] = '\0';
	assert_int_equal(tidy_text(&b, word, false), 0);
	assert_true(fold_longest(b.data, b.len) <= WORD_MAX);
	back = decode(b.data);
	assert_string_equal(back, word);
	free(back);
	buf_clear(&b);
}

static void
tokens_and_comments(void **state)
{
	static const char *const cases[][2] = {
		{ "<f\xc3\xbcr@host>", "<f=C3=BCr@host>" },
		{ "from x (gr\xc3\xbcn (a\\)b)) by y; now",
		    "from x (=?UTF-8?Q?gr=C3=BCn_=28a=29b=29?=) by y; now" },
		{ "\"\xfc\" [\xfc] (plain)", "\"=FC\" [=FC] (plain)" },
		{ "(\xfc", "(=FC" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(
		    tidy_tokens(&b, cases[i][0], strlen(cases[i][0])), 0);
		assert_string_equal(buf_data(&b), cases[i][1]);
		buf_clear(&b);
	}
	buf_init(&b, 1000);
	assert_int_equal(tidy_comment(&b, "a(b)\\c", 6), 0);
	assert_string_equal(b.data, "(a\\(b\\)\\\\c)");
	buf_clear(&b);
}

static void
parameters(void **state)
{
	static const char *const cases[][2] = {
		{ "text/plain", "text/plain" },
		{ "a/b;n=\"\xc3\xbc x\";m=\"a;b\"",
		    "a/b; n*=UTF-8''%C3%BC%20x; m=\"a;b\"" },
		{ "attachment; filename=gr\xfcn.txt",
		    "attachment; filename*=ISO-8859-1''gr%FCn.txt" },
		/* the better of two stays */
		{ "a/b; n=\xc3\xbc; n*=UTF-8''%C3%BC; m=1",
		    "a/b; n*=UTF-8''%C3%BC; m=1" },
		{ "a/b; n=\xc3\xbc; n*0*=UTF-8''%C3%BC",
		    "a/b; n*0*=UTF-8''%C3%BC" },
		{ "a/b; n*=UTF-8''\xc3\xbc", "a/b; n*=UTF-8''%C3%BC" },
		{ "a/\xc3\xbc (\xc3\xbc); \xc3\xbc; \xc3\xbc=1",
		    "a/=C3=BC (=?UTF-8?Q?=C3=BC?=); =C3=BC; =C3=BC=1" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(tidy_params(&b, cases[i][0], true), 0);
		if (strcmp(buf_data(&b), cases[i][1]) != 0)
			fail_msg("[%s]: %s", cases[i][0], buf_data(&b));
		buf_clear(&b);
	}
}

static void
a_long_parameter_becomes_sections(void **state)
{
	char *name = xmalloc(FOLD_WORD + 2), *text;
	struct buf b;

	(void)state;
	memset(name, 'x', FOLD_WORD + 1);
	name[FOLD_WORD + 1] = '\0';
	text = xasprintf("a/b; n=\"%s\"; m=\xc3\xbc", name);
	buf_init(&b, 10000);
	assert_int_equal(tidy_params(&b, text, false), 0);
	assert_int_equal(strncmp(b.data, "a/b; n*0*=US-ASCII''xxx", 23), 0);
	assert_non_null(strstr(b.data, "x; m=\xc3\xbc"));
	assert_true(fold_longest(b.data, b.len) <= 76);
	free(name);
	free(text);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_words_where_they_must),
		cmocka_unit_test(what_was_encoded_comes_back),
		cmocka_unit_test(a_long_word_becomes_many),
		cmocka_unit_test(tokens_and_comments),
		cmocka_unit_test(parameters),
		cmocka_unit_test(a_long_parameter_becomes_sections),
	};

	return cmocka_run_group_tests_name("tidy_text", tests, NULL, NULL);
}
