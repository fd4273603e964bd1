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
#include "common/xalloc.h"
#include "mail/alias.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char file[] = "# /etc/aliases\n"
			   "mailer-daemon: postmaster\n"
			   "postmaster:\troot\n"
			   "Root : alice@example.com,\n"
			   "\tbob@example.com   # two of them\n"
			   "\n"
			   "\"odd name\": carol\n"
			   "\"a:b\": dave\n"
			   "+plus: x\n"
			   "last: one";

static size_t
items_of(const struct aliases *a, const char *name)
{
	size_t place = aliases_find(a, name);

	assert_int_not_equal(place, ALIAS_NONE);
	return aliases_items(a, place)->n;
}

static void
names_are_found_whatever_their_case(void **state)
{
	struct strlist bad = { 0 };
	struct aliases *a = aliases_parse(file, sizeof(file) - 1, &bad);

	(void)state;
	assert_int_equal(bad.n, 0);
	assert_int_equal(aliases_count(a), 7);
	assert_int_equal(items_of(a, "root"), 2);
	assert_int_equal(items_of(a, "ROOT"), 2);
	assert_int_equal(items_of(a, "Postmaster"), 1);
	assert_int_equal(items_of(a, "odd name"), 1);
	assert_int_equal(items_of(a, "a:b"), 1);
	assert_int_equal(items_of(a, "last"), 1);
	assert_int_equal(aliases_find(a, "roo"), ALIAS_NONE);
	assert_int_equal(aliases_find(a, "roots"), ALIAS_NONE);
	assert_int_equal(aliases_find(a, ""), ALIAS_NONE);
	assert_int_equal(aliases_find(a, "\"odd name\""), ALIAS_NONE);
	aliases_free(a);
}

/* A colon within quotes is part of the name, an escaped quote ends none. */
static void
odd_names_stand_in_quotes(void **state)
{
	static const char text[] = "\"a:b\": 1\n\"c\\\":d\": 1, 2\n";
	struct strlist bad = { 0 };
	struct aliases *a = aliases_parse(text, sizeof(text) - 1, &bad);

	(void)state;
	assert_int_equal(bad.n, 0);
	assert_int_equal(items_of(a, "a:b"), 1);
	assert_int_equal(items_of(a, "c\":d"), 2);
	aliases_free(a);
	strlist_clear(&bad);
}

static void
a_bad_line_is_told_and_stops_nothing(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "no colon here\n", "line 1: no colon" },
		{ "\n\n: nobody\n", "line 3: no name" },
		{ "\"\": nobody\n", "line 1: no name" },
		{ "two words: x\n", "line 1: a name with blanks" },
		{ "a@b: x\n", "line 1: an alias is a name without a domain" },
		{ "\"unclosed: x\n", "line 1: no colon" },
		{ "empty:\n", "line 1: nothing stands behind" },
		{ "a: b@, c\n", "line 1: \"b@\" is no address" },
		{ "a: b\n  c: d\n", "line 1: \"b  c: d\" holds a colon" },
		{ "a: b\nx: y\nA: c\n", "line 3: \"A\" is an alias on line 1" },
		{ "a: :include:x\n", "line 1: \"x\" is no absolute path" },
	};
	struct strlist bad;
	struct aliases *a;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&bad, 0, sizeof(bad));
		text = xasprintf("%sgood: x\n", cases[i].text);
		a = aliases_parse(text, strlen(text), &bad);
		assert_int_equal(bad.n, 1);
		if (strncmp(bad.v[0], cases[i].fault, strlen(cases[i].fault)) !=
		    0)
			fail_msg("[%s]: %s", cases[i].text, bad.v[0]);
		assert_int_equal(items_of(a, "good"), 1);
		aliases_free(a);
		strlist_clear(&bad);
		free(text);
	}
}

static void
of_two_lines_the_first_counts(void **state)
{
	static const char text[] = "b: 1\na: 1\nA: 1, 2\na: 1, 2, 3\n";
	struct strlist bad = { 0 };
	struct aliases *a = aliases_parse(text, sizeof(text) - 1, &bad);

	(void)state;
	assert_int_equal(aliases_count(a), 2);
	assert_int_equal(items_of(a, "a"), 1);
	assert_int_equal(bad.n, 2);
	aliases_free(a);
	strlist_clear(&bad);
}

static void
many_faults_are_not_told_one_by_one(void **state)
{
	struct strlist bad = { 0 };
	struct aliases *a;
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 100000);
	for (i = 0; i < 1000; i++)
		buf_puts(&b, "nonsense\n");
	a = aliases_parse(b.data, b.len, &bad);
	assert_int_equal(bad.n, ALIAS_BAD_MAX + 1);
	assert_int_equal(aliases_count(a), 0);
	assert_int_equal(aliases_find(a, "nonsense"), ALIAS_NONE);
	aliases_free(a);
	strlist_clear(&bad);
	buf_clear(&b);
	a = aliases_parse("", 0, &bad);
	assert_int_equal(aliases_count(a), 0);
	aliases_free(a);
	aliases_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_whatever_their_case),
		cmocka_unit_test(odd_names_stand_in_quotes),
		cmocka_unit_test(a_bad_line_is_told_and_stops_nothing),
		cmocka_unit_test(of_two_lines_the_first_counts),
		cmocka_unit_test(many_faults_are_not_told_one_by_one),
	};

	return cmocka_run_group_tests_name("alias", tests, NULL, NULL);
}
