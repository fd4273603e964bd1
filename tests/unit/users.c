/* SPDX-License-Identifier: ISC */
/* The users' file: what is an entry, and what makes all of it useless. */
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

#include "common/buf.h"
#include "common/users.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HASH     "$y$j9T$salt$hash"

static bool
is_part(const struct users_part *part, const char *text)
{
	return text == NULL ? part->p == NULL
			    : part->p != NULL && part->n == strlen(text) &&
				  memcmp(part->p, text, part->n) == 0;
}

static void
entries(void **state)
{
	static const struct {
		const char *line, *login, *hash, *senders;
	} cases[] = {
		{ "scanner:" HASH, "scanner", HASH, NULL },
		{ "a b\xc3\xa4:" HASH " \t\r", "a b\xc3\xa4", HASH, NULL },
		{ "x:$6$s$h:a@b.example", "x", "$6$s$h", "a@b.example" },
		{ "x:$2b$s:@b.example, *@*.c.example ,", "x", "$2b$s",
		    "@b.example, *@*.c.example ," },
		{ "a=b@contoso.com:$5$s$h:*", "a=b@contoso.com", "$5$s$h",
		    "*" },
	};
	struct users_entry one;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(users_parse_line(cases[i].line,
				     strlen(cases[i].line), &one, &e),
		    1);
		assert_true(is_part(&one.login, cases[i].login));
		assert_true(is_part(&one.hash, cases[i].hash));
		assert_true(is_part(&one.senders, cases[i].senders));
	}
}

static void
comments(void **state)
{
	static const char *const lines[] = { "", " ", "\t\r", "# a:b", ";x",
		"#" };
	struct users_entry one;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++)
		assert_int_equal(
		    users_parse_line(lines[i], strlen(lines[i]), &one, NULL),
		    0);
}

/* None of the errors repeats what stands where a hash should. */
static void
slips(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "SECRET", "no line of login:hash" },
		{ ":" HASH, "login before the colon" },
		{ " a:" HASH, "login before the colon" },
		{ "a :" HASH, "login before the colon" },
		{ "a\xff:" HASH, "login before the colon" },
		{ "a:", "no hash" },
		{ "a:SECRET", "no hash" },
		{ "a:$1$SECRET$x", "no hash" },
		{ "a:$y$", "no hash" },
		{ "a:$y$ SECRET", "no hash" },
		{ "a:$y$SECRET\xc3\xa4", "no hash" },
		{ "a:" HASH ":", "no sender" },
		{ "a:" HASH ": ,", "no sender" },
		{ "a:" HASH ":b", "no address pattern" },
		{ "a:" HASH ":a@b.example:c", "no address pattern" },
		{ "a:$y$SE\x01"
		  "CRET",
		    "control character" },
	};
	struct users_entry one;
	char many[USERS_LINE_MAX + 2];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (users_parse_line(
			cases[i].line, strlen(cases[i].line), &one, &e) != -1)
			fail_msg("row %zu is taken", i);
		if (strstr(e.text, cases[i].error) == NULL ||
		    strstr(e.text, "SE") != NULL)
			fail_msg("row %zu: %s", i, e.text);
	}
	memset(many, 'x', sizeof(many));
	assert_int_equal(users_parse_line(many, sizeof(many), &one, &e), -1);
	assert_non_null(strstr(e.text, "4096 octets"));
	assert_int_equal(users_parse_line("a:$y$x\0y", 8, &one, &e), -1);
}

static void
logins(void **state)
{
	char longest[USERS_LOGIN_MAX + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_true(users_is_login(longest, USERS_LOGIN_MAX));
	assert_false(users_is_login(longest, USERS_LOGIN_MAX + 1));
	assert_false(users_is_login("", 0));
	assert_false(users_is_login("a:b", 3));
	assert_false(users_is_login("a\0b", 3));
	assert_false(users_is_login("#a", 2));
	assert_false(users_is_login(";a", 2));
	assert_false(users_is_login("a\x7f", 2));
}

static void
whole(void **state)
{
	static const char text[] = "# who\n\nzoe:" HASH "\r\nAnn:$6$x$y:"
				   "a@b.example\nbob:" HASH;
	struct users u = { NULL, 0 };
	const struct users_entry *one;
	unsigned line;
	struct err e;

	(void)state;
	assert_int_equal(users_parse(&u, text, strlen(text), &line, &e), 0);
	assert_int_equal(u.n, 3);
	one = users_find(&u, "aNN", 3);
	assert_non_null(one);
	assert_true(is_part(&one->login, "Ann"));
	assert_int_equal(one->line, 4);
	assert_true(is_part(&users_find(&u, "bob", 3)->hash, HASH));
	assert_int_equal(users_find(&u, "zoe", 3)->line, 3);
	assert_null(users_find(&u, "an", 2));
	assert_null(users_find(&u, "anna", 4));
	users_clear(&u);
	assert_int_equal(users_parse(&u, "", 0, &line, &e), 0);
	assert_int_equal(u.n, 0);
}

static void
half(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *error;
	} cases[] = {
		{ "a:" HASH "\n#\nnonsense\nb:" HASH "\n", 3, "login:hash" },
		{ "a:" HASH "\nb:" HASH "\nc:" HASH "\nA:" HASH "\n", 4,
		    "A stands on line 1 already" },
		{ "a:" HASH "\n\nb:x\n", 3, "no hash" },
		{ "\xef\xbb\xbf"
		  "a:" HASH "\n",
		    1, "byte order mark" },
		{ "\xef\xbb\xbf# who\n", 1, "byte order mark" },
	};
	struct users u = { NULL, 0 };
	unsigned line;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(users_parse(&u, cases[i].text,
				     strlen(cases[i].text), &line, &e),
		    -1);
		assert_int_equal(line, cases[i].line);
		assert_non_null(strstr(e.text, cases[i].error));
		assert_null(u.v);
	}
}

static void
too_many(void **state)
{
	struct users u = { NULL, 0 };
	struct buf b;
	unsigned line, i;
	struct err e;

	(void)state;
	buf_init(&b, USERS_FILE_MAX);
	for (i = 0; i < USERS_MAX; i++)
		assert_int_equal(buf_printf(&b, "u%u:" HASH "\n", i), 0);
	assert_int_equal(users_parse(&u, b.data, b.len, &line, &e), 0);
	assert_int_equal(u.n, USERS_MAX);
	users_clear(&u);
	buf_puts(&b, "one:" HASH);
	assert_int_equal(users_parse(&u, b.data, b.len, &line, &e), -1);
	assert_int_equal(line, USERS_MAX + 1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(comments),
		cmocka_unit_test(slips),
		cmocka_unit_test(logins),
		cmocka_unit_test(whole),
		cmocka_unit_test(half),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
