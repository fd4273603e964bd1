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

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/look.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In pieces of that size. */
static struct look
look_at(const char *p, size_t n, size_t piece)
{
	struct look l;
	size_t len;

	look_init(&l);
	for (; n > 0; p += len, n -= len) {
		len = n < piece ? n : piece;
		look_put(&l, p, len);
	}
	look_end(&l);
	return l;
}

static void
octets_are_found_where_they_are(void **state)
{
	static const struct {
		const char *text;
		size_t eight, wrong;
	} cases[] = {
		{ "", 0, 0 }, { "plain\r\n", 0, 0 },
		{ "gr\xc3\xbcn\r\n", 4, 0 },
		{ "\xe2\x82\xac and \xf0\x9f\x93\xae.", 12, 0 },
		{ "gr\xfcn", 3, 3 }, { "\xc3", 1, 1 }, { "a\xe2\x82", 3, 3 },
		{ "\xe2\x82 a", 2, 2 }, { "\xc3\xc3\xbc", 3, 1 },
		{ "\x80 \xc3\xbc", 4, 1 },
		{ "\xc0\x80", 2, 2 },         /* too long a form */
		{ "\xed\xa0\x80", 3, 3 },     /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, 4 }, /* beyond U+10FFFF */
	};
	struct look l;
	size_t i, n, piece;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		n = strlen(cases[i].text);
		for (piece = 1; piece <= n + 1; piece++) {
			l = look_at(cases[i].text, n, piece);
			assert_int_equal(l.at, n);
			assert_int_equal(l.eight_at, cases[i].eight);
			if (l.wrong_at != cases[i].wrong)
				fail_msg("case %zu, pieces of %zu: wrong at "
					 "%zu",
				    i, piece, (size_t)l.wrong_at);
		}
	}
}

/* By the definition, octet for octet. */
static struct look
look_slowly(const char *p, size_t n)
{
	struct look l = { .at = n };
	size_t i, line = 0, len;

	for (i = 0; i < n; i++) {
		if (((unsigned char)p[i] & 0x80) != 0)
			l.eight_at = i + 1;
		line++;
		if (p[i] == '\n' || i == n - 1) {
			if (p[i] == '\n')
				line -= 2;
			if (line > LINE_OCTETS_MAX)
				l.long_at = i + 1;
			line = 0;
		}
	}
	for (i = 0; i < n; i += len)
		if ((len = utf8_char(p + i, n - i, NULL)) == 0) {
			len = 1;
			l.wrong_at = i + 1;
		}
	return l;
}

/* Lines around the limit, with octets of all kinds, at every cut. */
static void
it_finds_what_a_slow_look_finds(void **state)
{
	static const size_t lengths[] = { 0, 1, 75, 997, 998, 999, 1000, 1001,
		2500 };
	static const char *const marks[] = { "", "\xfc", "\xc3\xbc",
		"\xf0\x9f\x93" };
	char *text = xmalloc(20000);
	struct look l, slow;
	size_t i, k, m, n, piece;

	(void)state;
	for (i = 0; i < COUNT(lengths); i++)
		for (m = 0; m < COUNT(marks); m++) {
			n = 0;
			for (k = 0; k < 3; k++) {
				memset(text + n, 'x', lengths[(i + k) % 9]);
				n += lengths[(i + k) % 9];
				if (n >= strlen(marks[m]) && k == 1)
					memcpy(text + n - strlen(marks[m]),
					    marks[m], strlen(marks[m]));
				memcpy(text + n, "\r\n", 2);
				n += 2;
			}
			slow = look_slowly(text, n);
			for (piece = 1; piece < n; piece += 1 + piece / 3) {
				l = look_at(text, n, piece);
				assert_int_equal(l.eight_at, slow.eight_at);
				assert_int_equal(l.wrong_at, slow.wrong_at);
				assert_int_equal(l.long_at, slow.long_at);
			}
		}
	free(text);
}

static void
a_last_line_without_an_end_counts(void **state)
{
	char text[1001];
	struct look l;

	(void)state;
	memset(text, 'x', sizeof(text));
	l = look_at(text, 998, 100);
	assert_int_equal(l.long_at, 0);
	l = look_at(text, 999, 100);
	assert_int_equal(l.long_at, 999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_found_where_they_are),
		cmocka_unit_test(it_finds_what_a_slow_look_finds),
		cmocka_unit_test(a_last_line_without_an_end_counts),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
