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

#include "common/xalloc.h"
#include "mail/fold.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Takes the line ends out again; fails on a line of blanks, or one too long. */
static char *
unfold(const char *raw, size_t longest)
{
	struct buf b;
	const char *end;

	buf_init(&b, strlen(raw));
	for (; *raw != '\0'; raw = end + 2) {
		end = strstr(raw, "\r\n");
		assert_non_null(end);
		assert_true((size_t)(end - raw) <= longest);
		assert_true(strspn(raw, " \t") < (size_t)(end - raw));
		buf_append(&b, raw, (size_t)(end - raw));
	}
	return buf_steal(&b);
}

static void
lines_end_in_front_of_gaps(void **state)
{
	static const struct {
		const char *name, *value, *raw;
	} cases[] = {
		{ "A", "", "A: \r\n" },
		{ "A", "b c", "A: b c\r\n" },
		/* 76 octets fit, 77 do not */
		{ "Subject",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "x"
		    "xxxxx yy",
		    "Subject: "
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "x"
		    "xxxxx yy\r\n" },
		{ "Subject",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "x"
		    "xxxxx\tyyy",
		    "Subject: "
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "x"
		    "xxxxx\r\n\tyyy\r\n" },
		/* an encoded word goes to a line of its own, others do not */
		{ "Subject",
		    "=?UTF-8?Q?"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxx?=",
		    "Subject:\r\n "
		    "=?UTF-8?Q?"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxx?=\r\n" },
		{ "Message-ID",
		    "<xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "x"
		    "xxxxxxxxxxxxx>",
		    "Message-ID: "
		    "<xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "x"
		    "xxxxxxxxxxxxx>\r\n" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(
		    fold_put(&b, cases[i].name, cases[i].value), 0);
		assert_string_equal(b.data, cases[i].raw);
		buf_clear(&b);
	}
}

/* Words and gaps of many lengths. */
static char *
make_value(unsigned seed)
{
	struct buf b;
	unsigned i, k;

	buf_init(&b, 1 << 20);
	for (i = 0; i < 60; i++) {
		seed = seed * 1103515245 + 12345;
		for (k = (seed >> 20) % 90; k > 0; k--)
			buf_putc(&b, "abc<>,;"[(seed >> k % 16) % 7]);
		buf_putc(&b, 'x');
		for (k = (seed >> 27) % 5; k > 0 && i < 59; k--)
			buf_putc(&b, k % 2 == 0 ? ' ' : '\t');
	}
	return buf_steal(&b);
}

static void
what_was_folded_unfolds(void **state)
{
	unsigned seed;
	char *value, *back;
	struct buf b;

	(void)state;
	for (seed = 1; seed < 500; seed++) {
		value = make_value(seed);
		buf_init(&b, 1 << 20);
		assert_int_equal(fold_put(&b, "X", value), 0);
		back = unfold(b.data, 400);
		assert_string_equal(back + 3, value);
		free(back);
		free(value);
		buf_clear(&b);
	}
}

static char *
repeat(const char *what, size_t n)
{
	struct buf b;

	buf_init(&b, strlen(what) * n + 1);
	while (n-- > 0)
		buf_puts(&b, what);
	return buf_steal(&b);
}

static void
long_words_are_cut_where_it_hurts_least(void **state)
{
	static const struct {
		const char *what;
		size_t n;
		const char *begins; /* of the outcome */
	} cases[] = {
		{ "<a@b>", 300, "<a@b> <a@b> <a@b> " },
		{ "a@b,", 300, "a@b, a@b, a@b, " },
		{ "k=v;", 300, "k=v; k=v; " },
		{ "ab", 400, "abababab" },
	};
	struct buf b;
	char *value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		value = repeat(cases[i].what, cases[i].n);
		buf_init(&b, 10000);
		assert_int_equal(fold_cut(&b, value), 0);
		assert_int_equal(
		    strncmp(b.data, cases[i].begins, strlen(cases[i].begins)),
		    0);
		assert_true(fold_longest(b.data, b.len) <= FOLD_WORD);
		free(value);
		buf_clear(&b);
	}
}

static void
what_fits_is_not_cut(void **state)
{
	char *value = repeat("<a,b;", FOLD_WORD / 5);
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	assert_int_equal(fold_cut(&b, value), 0);
	assert_string_equal(b.data, value);
	free(value);
	buf_clear(&b);
}

static void
where_nothing_is_better_it_is_cut_in_the_middle(void **state)
{
	char *value = repeat("\xe2\x82\xac", 1000); /* no character in two */
	const char *blank;
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	assert_int_equal(fold_cut(&b, value), 0);
	blank = strchr(b.data, ' ');
	assert_non_null(blank);
	assert_int_equal((blank - b.data) % 3, 0);
	assert_true(fold_longest(b.data, b.len) <= FOLD_WORD);
	free(value);
	buf_clear(&b);
}

static void
endless_gaps_become_one_blank(void **state)
{
	char *gap = repeat(" ", FOLD_GAP + 1), *value, *kept;
	struct buf b;

	(void)state;
	value = xasprintf("a%sb", gap);
	kept = xasprintf("a%sb", gap + 1);
	buf_init(&b, 1000);
	fold_cut(&b, value);
	assert_string_equal(b.data, "a b");
	buf_truncate(&b, 0);
	fold_cut(&b, kept);
	assert_string_equal(b.data, kept);
	free(gap);
	free(value);
	free(kept);
	buf_clear(&b);
}

static void
a_full_buffer_is_told(void **state)
{
	struct buf b;
	size_t cap;

	(void)state;
	for (cap = 0; cap <= 8; cap++) {
		buf_init(&b, cap);
		assert_int_equal(fold_put(&b, "A", "b c"), cap == 8 ? 0 : -1);
		buf_clear(&b);
	}
	for (cap = 0; cap <= 3; cap++) {
		buf_init(&b, cap);
		assert_int_equal(fold_cut(&b, "b c"), cap == 3 ? 0 : -1);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_in_front_of_gaps),
		cmocka_unit_test(what_was_folded_unfolds),
		cmocka_unit_test(long_words_are_cut_where_it_hurts_least),
		cmocka_unit_test(what_fits_is_not_cut),
		cmocka_unit_test(
		    where_nothing_is_better_it_is_cut_in_the_middle),
		cmocka_unit_test(endless_gaps_become_one_blank),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
