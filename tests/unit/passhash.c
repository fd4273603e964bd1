/* SPDX-License-Identifier: ISC */
/* Hashes: one of ours is known again, and nothing else is. */
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

#include "common/passhash.h"
#include "common/users.h"

static bool
is_right(const char *password, const char *hash)
{
	bool right = true;
	struct err e;

	assert_int_equal(passhash_check(password, hash, &right, &e), 0);
	return right;
}

static void
there_and_back(void **state)
{
	char one[PASSHASH_MAX], other[PASSHASH_MAX], line[PASSHASH_MAX + 8];
	struct users_entry entry;
	struct err e;

	(void)state;
	assert_int_equal(passhash_make("correct horse", one, &e), 0);
	assert_int_equal(passhash_make("correct horse", other, &e), 0);
	assert_string_not_equal(one, other); /* the salt */
	assert_true(is_right("correct horse", one));
	assert_true(is_right("correct horse", other));
	assert_false(is_right("correct hors", one));
	assert_false(is_right("correct horsee", one));
	assert_false(is_right("Correct horse", one));
	assert_false(is_right("", one));
	snprintf(line, sizeof(line), "a:%s", one);
	assert_int_equal(users_parse_line(line, strlen(line), &entry, &e), 1);
}

/* Whoever made them: mkpasswd, a Linux system, another program. */
static void
hashes_of_others(void **state)
{
	static const char sha512[] =
	    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjn"
	    "QJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";

	(void)state;
	assert_true(is_right("Hello world!", sha512));
	assert_false(is_right("Hello world", sha512));
	assert_false(is_right("anything", passhash_nobody()));
}

static void
what_crypt_does_not_know(void **state)
{
	static const char *const hashes[] = { "$y$", "$y$x", "$6", "*0", "*",
		"", "$unknown$x$y" };
	char too_long[PASSHASH_MAX + 8], out[PASSHASH_MAX];
	char password[USERS_PASSWORD_MAX + 2];
	bool right;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		right = true;
		assert_int_equal(
		    passhash_check("*0", hashes[i], &right, &e), -1);
		assert_false(right);
	}
	memset(too_long, 'x', sizeof(too_long));
	memcpy(too_long, "$6$s$", 5);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(passhash_check("x", too_long, &right, &e), -1);
	memset(password, 'x', sizeof(password));
	password[sizeof(password) - 1] = '\0';
	assert_int_equal(passhash_make(password, out, &e), -1);
	password[USERS_PASSWORD_MAX] = '\0';
	assert_int_equal(passhash_make(password, out, &e), 0);
	assert_true(is_right(password, out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(hashes_of_others),
		cmocka_unit_test(what_crypt_does_not_know),
	};

	return cmocka_run_group_tests_name("passhash", tests, NULL, NULL);
}
