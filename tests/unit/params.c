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
#include "mail/params.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* "name=[value]|" of each; the segment itself where there is no name. */
static char *
read_all(const char *text)
{
	struct params w;
	struct param p;
	struct buf b, value;

	buf_init(&b, 10000);
	buf_init(&value, 10000);
	params_init(&w, text, strlen(text));
	while (params_next(&w, &p)) {
		if (p.name == 0) {
			buf_printf(&b, "%.*s|", (int)p.n, p.p);
			continue;
		}
		buf_truncate(&value, 0);
		assert_int_equal(param_value(&value, &p), 0);
		buf_printf(
		    &b, "%.*s=[%s]|", (int)p.name, p.p, buf_data(&value));
	}
	buf_clear(&value);
	return buf_steal(&b);
}

static void
what_people_write_is_read(void **state)
{
	static const char *const cases[][2] = {
		{ "", "|" },
		{ "text/plain", "text/plain|" },
		{ "text/plain;charset=utf-8", "text/plain|charset=[utf-8]|" },
		{ "text/plain; charset = \"utf-8\" ; x",
		    "text/plain|charset=[utf-8]|x|" },
		{ "a/b; n=\"a;b\\\"c\"; m=1", "a/b|n=[a;b\"c]|m=[1]|" },
		{ "a/b; n=my file.pdf; m=1", "a/b|n=[my file.pdf]|m=[1]|" },
		{ "text/plain; charset=us-ascii (Plain; text)",
		    "text/plain|charset=[us-ascii]|" },
		{ "text/plain (a; b); x=y", "text/plain (a; b)|x=[y]|" },
		{ "a/b; n=\"never closed; m=1", "a/b|n=[never closed; m=1]|" },
		{ "a/b; (never closed; m=1", "a/b|(never closed|m=[1]|" },
		{ "a/b; n=; m=\"\"", "a/b|n=[]|m=[]|" },
		{ "a/b; =x; ;", "a/b|=x||" },
		{ "a/b; \"x=y\"", "a/b|\"x=y\"|" },
		{ "a/b; n=a=b", "a/b|n=[a=b]|" },
		{ "a/b; n=\"a\" b", "a/b|n=[a]|" },
		{ "a/b; n=\"a\\", "a/b|n=[a\\]|" },
		{ "a/b; n=\"", "a/b|n=[]|" },
	};
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = read_all(cases[i][0]);
		if (strcmp(got, cases[i][1]) != 0)
			fail_msg("[%s]: %s", cases[i][0], got);
		free(got);
	}
}

static void
names_are_compared_whole(void **state)
{
	static const char text[] = "a/b; Name*=c; NAME=d";
	struct params w;
	struct param p;

	(void)state;
	params_init(&w, text, strlen(text));
	assert_true(params_next(&w, &p));
	assert_false(param_is(&p, "a"));
	assert_true(params_next(&w, &p));
	assert_false(param_is(&p, "name"));
	assert_true(params_next(&w, &p));
	assert_true(param_is(&p, "name"));
	assert_false(param_is(&p, "na"));
	assert_false(params_next(&w, &p));
}

static int
hex(char c)
{
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* Puts the sections together again; they must come in order. */
static void
decode(const char *text, const char *charset, struct buf *out)
{
	struct params w;
	struct param p;
	char name[32];
	unsigned section = 0;
	bool whole = false;
	size_t i, start;

	params_init(&w, text, strlen(text));
	for (; params_next(&w, &p); section++) {
		start = out->len;
		assert_true(p.n <= 76 - 2);
		assert_false(whole);
		whole = section == 0 && param_is(&p, "n*");
		snprintf(name, sizeof(name), "n*%u*", section);
		assert_true(whole || param_is(&p, name));
		if (section == 0) {
			assert_int_equal(
			    strncmp(p.value, charset, strlen(charset)), 0);
			p.value += strlen(charset);
			p.nvalue -= strlen(charset);
		}
		for (i = 0; i < p.nvalue; i++) {
			if (p.value[i] != '%') {
				buf_putc(out, p.value[i]);
				continue;
			}
			buf_putc(out, (char)(hex(p.value[i + 1]) << 4 |
					     hex(p.value[i + 2])));
			i += 2;
		}
		/* No character in two of them. */
		if (charset[0] == 'U')
			assert_true(
			    utf8_is_valid(out->data + start, out->len - start));
	}
}

static void
values_come_back(void **state)
{
	static const char *const cases[][2] = {
		{ "", "US-ASCII''" },
		{ "a b", "US-ASCII''" },
		{ "\xc3\x9c"
		  "bersicht (1).pdf",
		    "UTF-8''" },
		{ "\xdc"
		  "bersicht.pdf",
		    "ISO-8859-1''" },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
		  "\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
		  "\xe6\x9c\xac\xe8\xaa\x9e\xf0\x9f\x93\xae.txt",
		    "UTF-8''" },
		{ "'%*;\"\\=x", "US-ASCII''" },
	};
	struct buf b, back;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 10000);
		buf_init(&back, 10000);
		assert_int_equal(
		    param_put(&b, "n", 1, cases[i][0], strlen(cases[i][0])), 0);
		assert_true(utf8_is_ascii(b.data, b.len));
		decode(b.data, cases[i][1], &back);
		assert_string_equal(buf_data(&back), cases[i][0]);
		buf_clear(&b);
		buf_clear(&back);
	}
}

/* Any octets of any length, as one value. */
static void
random_octets_come_back(void **state)
{
	unsigned seed = 1;
	struct buf b, back;
	char text[300];
	size_t n, i;

	(void)state;
	for (n = 1; n < sizeof(text); n++) {
		for (i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = (char)(seed >> 16 | (i == 0 ? 0x80 : 0));
		}
		buf_init(&b, 10000);
		buf_init(&back, 10000);
		assert_int_equal(param_put(&b, "n", 1, text, n), 0);
		decode(b.data,
		    utf8_is_valid(text, n) ? "UTF-8''" : "ISO-8859-1''", &back);
		assert_int_equal(back.len, n);
		assert_memory_equal(back.data, text, n);
		buf_clear(&b);
		buf_clear(&back);
	}
}

static void
a_full_buffer_is_told(void **state)
{
	size_t cap, want = strlen(" n*=UTF-8''%C3%BC");
	struct buf b;

	(void)state;
	for (cap = 0; cap <= want; cap++) {
		buf_init(&b, cap);
		assert_int_equal(
		    param_put(&b, "n", 1, "\xc3\xbc", 2), cap == want ? 0 : -1);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write_is_read),
		cmocka_unit_test(names_are_compared_whole),
		cmocka_unit_test(values_come_back),
		cmocka_unit_test(random_octets_come_back),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
