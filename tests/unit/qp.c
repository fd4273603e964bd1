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

/* An escape fits or begins a line, wherever the line is. */
static void
escapes_are_not_cut(void **state)
{
	char text[200];
	struct buf b;
	size_t n, i, column;

	(void)state;
	for (n = 0; n < 80; n++) {
		memset(text, '\xfc', sizeof(text));
		memset(text, 'x', n);
		buf_init(&b, QP_ROOM(sizeof(text)));
		qp_put(&b, text, sizeof(text));
		for (i = 0, column = 0; i < b.len; i++, column++) {
			assert_true(column < 78);
			if (b.data[i] == '=' && b.data[i + 1] != '\r')
				assert_memory_equal(b.data + i, "=FC", 3);
			if (b.data[i] == '\n')
				column = (size_t)-1;
		}
		buf_clear(&b);
	}
}

/* The same text, however it is cut. */
static void
pieces_make_no_difference(void **state)
{
	static const char text[] = "a \r\nb\t\r\r\n\r \r\n =\xc3\xbc\r\n"
				   " \r\n\r\n-- x \r";
	struct buf whole, b;
	struct qp q;
	size_t cut, n = sizeof(text) - 1;

	(void)state;
	buf_init(&whole, QP_ROOM(n));
	qp_put(&whole, text, n);
	for (cut = 0; cut <= n; cut++) {
		buf_init(&b, QP_ROOM(n));
		qp_init(&q);
		assert_int_equal(qp_write(&q, text, cut, &b), 0);
		assert_int_equal(qp_write(&q, text + cut, n - cut, &b), 0);
		assert_int_equal(qp_end(&q, &b), 0);
		assert_string_equal(buf_data(&b), buf_data(&whole));
		buf_clear(&b);
	}
	buf_clear(&whole);
}

/* Else the middle of a line could become the boundary of a multipart. */
static void
no_line_that_we_begin_looks_like_a_boundary(void **state)
{
	char text[400];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, QP_ROOM(sizeof(text)));
	for (i = 0; i < sizeof(text); i++)
		text[i] = '-';
	qp_put(&b, text, sizeof(text));
	assert_int_equal(strncmp(b.data, "--", 2), 0);
	assert_null(strstr(b.data, "\n-"));
	assert_non_null(strstr(b.data, "\n=2D-"));
	buf_clear(&b);
}

static void
rewrap(const char *text, size_t cut, struct buf *b)
{
	struct qp q;

	buf_init(b, QP_ROOM(strlen(text)));
	qp_init(&q);
	assert_int_equal(qp_rewrap(&q, text, cut, b), 0);
	assert_int_equal(qp_rewrap(&q, text + cut, strlen(text) - cut, b), 0);
	assert_int_equal(qp_rewrap_end(&q, b), 0);
}

static void
encoded_text_keeps_its_meaning(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "a=3Db=3d\r\nc", "a=3Db=3d\r\nc" },
		{ "a=\r\nb\r\n", "a=\r\nb\r\n" },
		{ "a= \t\r\nb", "a=\r\nb" }, /* 6.7: transport padding */
		{ "a=\r\n-b", "a=\r\n=2Db" },
		{ "a \r\nb", "a \r\nb" }, /* nobody sees that blank */
		{ "\xc3\xbc=C3=BC", "=C3=BC=C3=BC" },
		{ "a=xy=4", "a=3Dxy=3D4" }, /* is no encoding: is text */
		{ "a= b", "a=3D b" },
		{ "a==3D=\r=\rb", "a=3D=3D=3D=0D=3D=0Db" },
		{ "a\rb\nc\r", "a=0Db=0Ac=0D" },
		{ "a=", "a" },
	};
	struct buf b;
	size_t i, cut;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (cut = 0; cut <= strlen(cases[i][0]); cut++) {
			rewrap(cases[i][0], cut, &b);
			if (strcmp(buf_data(&b), cases[i][1]) != 0)
				fail_msg("[%s] became [%s]", cases[i][0],
				    buf_data(&b));
			buf_clear(&b);
		}
}

static void
long_encoded_lines_become_short(void **state)
{
	struct buf text, plain, b, back;
	size_t i, column;

	(void)state;
	buf_init(&text, 20000);
	buf_init(&plain, 20000);
	buf_init(&back, 20000);
	for (i = 0; i < 2000; i++) {
		buf_puts(&text, i % 3 == 0 ? "=C3" : "x");
		buf_puts(&plain, i % 3 == 0 ? "\xc3" : "x");
	}
	rewrap(text.data, 777, &b);
	for (i = 0, column = 0; i < b.len; i++, column++) {
		assert_true(column <= 77);
		if (b.data[i] == '\n')
			column = (size_t)-1;
	}
	decode(&b, &back);
	assert_string_equal(buf_data(&back), plain.data);
	buf_clear(&text);
	buf_clear(&plain);
	buf_clear(&b);
	buf_clear(&back);
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
		cmocka_unit_test(escapes_are_not_cut),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(no_line_that_we_begin_looks_like_a_boundary),
		cmocka_unit_test(encoded_text_keeps_its_meaning),
		cmocka_unit_test(long_encoded_lines_become_short),
		cmocka_unit_test(what_needs_it_is_told),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("qp", tests, NULL, NULL);
}
