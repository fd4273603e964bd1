/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/prose.h"

static void
cleans_what_strangers_say(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a\r\nBcc: b\tc\x7f", "a  Bcc: b c " },
		{ "\x1b[31mred", " [31mred" },
		{ "M\xc3\xbcller", "M\xc3\xbcller" },
		{ "M\xfcller\xff", "M?ller?" },
	};
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = prose_clean(cases[i].text);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void
breaks_lines_at_blanks(void **state)
{
	static const char *const word = "123456789012345678901234567890";
	struct buf b;
	char text[200];

	(void)state;
	buf_init(&b, 1000);
	prose_put(&b, 2, "one  two\nthree ");
	assert_string_equal(buf_data(&b), "  one two three\r\n");
	buf_truncate(&b, 0);
	snprintf(text, sizeof(text), "%s %s %s", word, word, word);
	prose_put(&b, 4, text);
	snprintf(
	    text, sizeof(text), "    %s %s\r\n    %s\r\n", word, word, word);
	assert_string_equal(buf_data(&b), text);
	buf_truncate(&b, 0);
	prose_put(&b, 4, "");
	assert_string_equal(buf_data(&b), "\r\n");
	buf_clear(&b);
}

static void
a_label_without_a_text_is_left_out(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	prose_put_labelled(&b, "Why:", NULL);
	prose_put_labelled(&b, "Why:", "");
	assert_int_equal(b.len, 0);
	prose_put_labelled(&b, "Why:", "so");
	assert_string_equal(buf_data(&b), "    Why: so\r\n");
	buf_clear(&b);
}

static void
a_part_is_of_7_bits(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "plain\r\n", "Content-Type: text/plain\r\n\r\nplain\r\n" },
		{ "no end", "Content-Type: text/plain\r\n\r\nno end\r\n" },
		{ "", "Content-Type: text/plain\r\n\r\n\r\n" },
		{ "\xc3\xbc\r\n",
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		    "=C3=BC\r\n" },
		{ "\xfc\r\n",
		    "Content-Type: text/plain; charset=iso-8859-1\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		    "=FC\r\n" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&b, 1000);
		prose_put_part(
		    &b, "text/plain", cases[i].text, strlen(cases[i].text));
		assert_string_equal(buf_data(&b), cases[i].want);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans_what_strangers_say),
		cmocka_unit_test(breaks_lines_at_blanks),
		cmocka_unit_test(a_label_without_a_text_is_left_out),
		cmocka_unit_test(a_part_is_of_7_bits),
	};

	return cmocka_run_group_tests_name("prose", tests, NULL, NULL);
}
