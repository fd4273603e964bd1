/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "mail/qp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
known_texts(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain\r\n", "plain\r\n" },
		{ "a=b\r\n", "a=3Db\r\n" },
		{ "\xc3\xbc\r\n", "=C3=BC\r\n" },
		{ "a \r\nb\t\r\nc ", "a=20\r\nb=09\r\nc=20" },
		{ "a b\tc", "a b\tc" },
		{ "a\rb\nc", "a=0Db=0Ac" },
		{ "\x01\x7f", "=01=7F" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(
		    qp_put(&b, cases[i].in, strlen(cases[i].in)), 0);
		assert_string_equal(buf_data(&b), cases[i].out);
		buf_clear(&b);
	}
}

static void
decode(const struct buf *in, struct buf *out)
{
	char hex[3] = "";
	size_t i;

	for (i = 0; i < in->len; i++) {
		if (in->data[i] != '=')
			buf_putc(out, in->data[i]);
		else if (memcmp(in->data + i, "=\r\n", 3) == 0)
			i += 2;
		else {
			memcpy(hex, in->data + i + 1, 2);
			buf_putc(out, (char)strtoul(hex, NULL, 16));
			i += 2;
		}
	}
}

/* Every octet, in runs that end at every column. */
static void
what_is_encoded_comes_back(void **state)
{
	char text[600];
	struct buf wire, back;
	size_t n, i, column;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		for (i = 0; i < n; i++)
			text[i] = (char)(i % 7 == 0 ? i : 'x');
		buf_init(&wire, 4 * sizeof(text));
		buf_init(&back, 4 * sizeof(text));
		assert_int_equal(qp_put(&wire, text, n), 0);
		for (i = 0, column = 0; i < wire.len; i++, column++) {
			assert_true(column <= 77); /* 76 and the CRLF */
			if (wire.data[i] == '\n')
				column = (size_t)-1;
		}
		assert_true(text_is_7bit(buf_data(&wire), wire.len));
		decode(&wire, &back);
		assert_int_equal(back.len, n);
		assert_memory_equal(buf_data(&back), text, n);
		buf_clear(&wire);
		buf_clear(&back);
	}
}

static void
what_needs_it_is_told(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{ "", true },
		{ "a\tb\r\nc", true },
		{ "\xc3\xbc", false },
		{ "a\rb", false },
		{ "a\nb", false },
		{ "a\x1b", false },
		{ "a\x7f", false },
	};
	char line[1001];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    text_is_7bit(cases[i].text, strlen(cases[i].text)),
		    cases[i].is);
	assert_false(text_is_7bit("a\0b", 3));
	memset(line, 'x', sizeof(line));
	assert_true(text_is_7bit(line, 998));
	assert_false(text_is_7bit(line, 999));
	memcpy(line + 998, "\r\n", 2);
	assert_true(text_is_7bit(line, sizeof(line)));
}

static void
a_full_buffer_is_told(void **state)
{
	struct buf b;
	size_t cap;

	(void)state;
	for (cap = 0; cap <= 6; cap++) {
		buf_init(&b, cap);
		assert_int_equal(qp_put(&b, "=a\r\n", 4), cap == 6 ? 0 : -1);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(what_is_encoded_comes_back),
		cmocka_unit_test(what_needs_it_is_told),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("qp", tests, NULL, NULL);
}
