/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/base64.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
known_texts(void **state)
{
	/* RFC 4648 10 */
	static const char *const cases[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" } };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < COUNT(cases); i++) {
		buf_truncate(&b, 0);
		assert_int_equal(
		    base64_put(&b, cases[i][0], strlen(cases[i][0])), 0);
		assert_string_equal(buf_data(&b), cases[i][1]);
	}
	buf_clear(&b);
}

/* A reader of ours alone: four digits at a time, line ends passed over. */
static void
decode(const struct buf *in, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	uint32_t v = 0;
	size_t i, n = 0, pad = 0;

	for (i = 0; i < in->len; i++) {
		if (in->data[i] == '\r' || in->data[i] == '\n')
			continue;
		v <<= 6;
		if (in->data[i] == '=')
			pad++;
		else
			v |= (uint32_t)(strchr(digits, in->data[i]) - digits);
		if (++n % 4 != 0)
			continue;
		buf_putc(out, (char)(v >> 16 & 0xff));
		buf_putc(out, (char)(v >> 8 & 0xff));
		buf_putc(out, (char)(v & 0xff));
	}
	assert_int_equal(n % 4, 0);
	buf_truncate(out, out->len - pad);
}

static void
assert_lines(const struct buf *b)
{
	const char *p = buf_data(b), *end;

	for (; (end = strstr(p, "\r\n")) != NULL; p = end + 2)
		assert_int_equal(end - p, BASE64_LINE);
	assert_true(strlen(p) <= BASE64_LINE);
	assert_true(b->len == 0 || *p != '\0');
}

/* Every length, in pieces of every size. */
static void
what_is_encoded_comes_back(void **state)
{
	struct base64 s;
	struct buf wire, back;
	char text[250];
	size_t n, i, piece;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (n = 0; n < sizeof(text); n++)
		for (piece = 1; piece < 70; piece += 1 + piece / 4) {
			buf_init(&wire, BASE64_ROOM(sizeof(text)));
			buf_init(&back, BASE64_ROOM(sizeof(text)));
			base64_init(&s);
			for (i = 0; i < n; i += piece)
				assert_int_equal(
				    base64_write(&s, text + i,
					n - i < piece ? n - i : piece, &wire),
				    0);
			assert_int_equal(base64_end(&s, &wire), 0);
			assert_lines(&wire);
			decode(&wire, &back);
			assert_int_equal(back.len, n);
			assert_memory_equal(buf_data(&back), text, n);
			buf_clear(&wire);
			buf_clear(&back);
		}
}

static void
lines_are_made_anew(void **state)
{
	struct base64 s;
	struct buf long_line, b, back;
	char text[300];

	(void)state;
	memset(text, 'q', sizeof(text));
	buf_init(&long_line, 1000);
	buf_init(&b, 1000);
	buf_init(&back, 1000);
	base64_put(&long_line, text, sizeof(text) - 1);
	buf_puts(&long_line, "\r\n \x80\r\n");
	base64_init(&s);
	assert_int_equal(base64_rewrap(&s, "", 0, &b), 0);
	assert_int_equal(base64_rewrap(&s, long_line.data, 100, &b), 0);
	assert_int_equal(
	    base64_rewrap(&s, long_line.data + 100, long_line.len - 100, &b),
	    0);
	assert_int_equal(base64_end(&s, &b), 0);
	assert_lines(&b);
	decode(&b, &back);
	assert_int_equal(back.len, sizeof(text) - 1);
	assert_memory_equal(back.data, text, back.len);
	buf_clear(&long_line);
	buf_clear(&b);
	buf_clear(&back);
}

static void
a_full_buffer_is_told(void **state)
{
	struct base64 s;
	struct buf b;
	size_t cap;
	int rc;

	(void)state;
	buf_init(&b, 7);
	assert_int_equal(base64_put(&b, "abc", 3), 0);
	assert_int_equal(base64_put(&b, "abc", 3), -1);
	buf_clear(&b);
	for (cap = 0; cap <= 82; cap++) {
		char text[60] = "";

		buf_init(&b, cap);
		base64_init(&s);
		rc = base64_write(&s, text, sizeof(text), &b);
		if (rc == 0)
			rc = base64_end(&s, &b);
		assert_int_equal(rc, cap == 82 ? 0 : -1);
		buf_clear(&b);
	}
}

static void
base64_is_read_strictly(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = { { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" },
		{ "Zm9v", "foo" }, { "Zm9vYmFy", "foobar" },
		{ "//79", "\xff\xfe\xfd" }, { "Zg", NULL }, { "Zg=", NULL },
		{ "Z===", NULL }, { "====", NULL }, { "Zh==", NULL },
		{ "Zm9=", NULL }, { "Zg==Zg==", NULL }, { "Zm9\n", NULL },
		{ "Zm-v", NULL }, { " m9v", NULL }, { "Zm\xe9v", NULL } };
	struct buf b;
	size_t i;
	int rc;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_truncate(&b, 0);
		rc = base64_decode(&b, cases[i].text, strlen(cases[i].text));
		if ((rc == -1) != (cases[i].want == NULL))
			fail_msg("row %zu: %d", i, rc);
		if (cases[i].want != NULL)
			assert_string_equal(buf_data(&b), cases[i].want);
	}
	buf_clear(&b);
	buf_init(&b, 5);
	assert_int_equal(base64_decode(&b, "Zm9vYmFy", 8), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(what_is_encoded_comes_back),
		cmocka_unit_test(lines_are_made_anew),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
