/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/utf8.h"
#include "mail/words.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Reads "=?UTF-8?Q?...?=" words back; a reader of ours alone.  A word holds
 * whole characters (RFC 2047 5).
 */
static void
decode(const char *p, struct buf *out)
{
	unsigned hex;
	char pair[3] = "";
	size_t start;

	while (*p != '\0') {
		start = out->len;
		assert_int_equal(strncmp(p, "=?UTF-8?Q?", 10), 0);
		for (p += 10; strncmp(p, "?=", 2) != 0; p++) {
			if (*p != '=') {
				buf_putc(out, *p == '_' ? ' ' : *p);
				continue;
			}
			memcpy(pair, p + 1, 2);
			hex = (unsigned)strtoul(pair, NULL, 16);
			buf_putc(out, (char)hex);
			p += 2;
		}
		assert_true(
		    utf8_is_valid(buf_data(out) + start, out->len - start));
		p += 2;
		p += strspn(p, " ");
	}
}

static void
long_text_comes_back_from_words_of_75(void **state)
{
	static const char *const texts[] = {
		"M\xc3\xbcller",
		"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 "
		"\xd0\xbc\xd0\xb8\xd1\x80, \xd0\xbf\xd1\x80\xd0\xb8",
		"a plain text that is long enough to need more than one word "
		"by far, with \xf0\x9f\x93\xae and =?x?Q?y?= in it",
		"",
	};
	struct buf b, back;
	const char *p;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		buf_init(&b, 4000);
		buf_init(&back, 4000);
		assert_int_equal(words_put(&b, texts[i], strlen(texts[i])), 0);
		for (p = b.data; *p != '\0'; p += len + strspn(p + len, " ")) {
			len = strcspn(p, " ");
			assert_in_range(len, 12, WORD_MAX);
		}
		decode(b.data, &back);
		assert_string_equal(buf_data(&back), texts[i]);
		buf_clear(&b);
		buf_clear(&back);
	}
}

/* A field's name stands before the first of them. */
static void
the_first_word_is_short(void **state)
{
	char text[200], *end;
	struct buf b;

	(void)state;
	memset(text, '\xfc', sizeof(text));
	buf_init(&b, 4000);
	assert_int_equal(words_put(&b, text, sizeof(text)), 0);
	assert_int_equal(strncmp(b.data, "=?ISO-8859-1?Q?=FC", 18), 0);
	end = strchr(b.data, ' ');
	assert_in_range(end - b.data, WORD_FIRST - 5, WORD_FIRST);
	assert_in_range(strcspn(end + 1, " "), WORD_MAX - 5, WORD_MAX);
	buf_clear(&b);
}

static void
a_full_buffer_is_told(void **state)
{
	struct buf b;
	size_t cap;

	(void)state;
	for (cap = 0; cap <= strlen("=?UTF-8?Q?M=C3=BCller?="); cap++) {
		buf_init(&b, cap);
		assert_int_equal(words_put(&b, "M\xc3\xbcller", 7),
		    cap == strlen("=?UTF-8?Q?M=C3=BCller?=") ? 0 : -1);
		buf_clear(&b);
	}
}

static void
encoded_words_are_told_from_others(void **state)
{
	static const struct {
		const char *word;
		bool is;
	} cases[] = {
		{ "=?utf-8?Q?a=20b?=", true },
		{ "=?ISO-8859-15?b?QUJD?=", true },
		{ "=?x?q?a_b.c?=", true },
		{ "=?utf-8?X?abc?=", false },
		{ "=?utf-8?Q?abc", false },
		{ "=?utf-8?Q?abc?", false },
		{ "=??Q?abc?=", false },
		{ "=?\xc3\xbc?Q?abc?=", false },
		{ "=?x:?Q?abc?=", false },
		{ "=?utf-8?Q?a b?=", false },
		{ "=?utf-8?Q?a?b?=", false },
		{ "=?utf-8?Q?a\"b?=", false },
		{ "=?utf-8?Q?a(b?=", false },
		{ "=?utf-8?Q?a@b?=", false },
		{ "=?utf-8?Q?a\xc3\xbc?=", false },
		{ "=?utf-8?QQ?ab?=", false },
		{ "=?=", false },
		{ "=?x?Q?=", false },
		{ "", false },
		{ "=?utf-8?Q?"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaa?=",
		    false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (words_is_encoded(cases[i].word, strlen(cases[i].word)) !=
		    cases[i].is)
			fail_msg("%s", cases[i].word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_text_comes_back_from_words_of_75),
		cmocka_unit_test(the_first_word_is_short),
		cmocka_unit_test(a_full_buffer_is_told),
		cmocka_unit_test(encoded_words_are_told_from_others),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
