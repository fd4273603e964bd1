/* SPDX-License-Identifier: ISC */
/* Who was refused, in a table that no flood outgrows. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/knocks.h"

static struct knock
knock(const char *listener, const char *client, const char *text, int64_t at)
{
	struct knock k = { .at = at, .trouble.count = 1 };

	strlcpy(k.listener, listener, sizeof(k.listener));
	strlcpy(k.client, client, sizeof(k.client));
	strlcpy(k.trouble.text, text, sizeof(k.trouble.text));
	return k;
}

static void
note(struct knocks *k, const char *client, uint64_t n)
{
	struct knock one = knock("floor", client, "no", 1);

	one.trouble.count = n;
	knocks_note(k, &one);
}

static void
one_client_is_one_row(void **state)
{
	struct knocks *k = knocks_new();
	struct knock one = knock("floor", "10.0.0.1", "first", 5), got;
	struct knock other = knock("attic", "10.0.0.1", "else", 6);

	(void)state;
	knocks_note(k, &one);
	knocks_note(k, &other);
	one = knock("floor", "10.0.0.1", "second", 9);
	one.trouble.count = 3;
	knocks_note(k, &one);

	/* who has signed in is somebody else */
	strlcpy(other.login, "scanner", sizeof(other.login));
	knocks_note(k, &other);

	assert_true(knocks_take(k, &got));
	assert_string_equal(got.login, "scanner");
	assert_int_equal(got.trouble.count, 1);
	assert_true(knocks_take(k, &got));
	assert_string_equal(got.listener, "attic");
	assert_string_equal(got.login, "");
	assert_true(knocks_take(k, &got));
	assert_string_equal(got.listener, "floor");
	assert_string_equal(got.trouble.text, "second");
	assert_int_equal(got.trouble.count, 4);
	assert_int_equal(got.at, 9);
	assert_false(knocks_take(k, &got));
	knocks_free(k);
	knocks_free(NULL);
}

static void
a_flood_fills_the_table_and_no_more(void **state)
{
	struct knocks *k = knocks_new();
	struct knock got;
	char client[32];
	int i;
	size_t n = 0;

	(void)state;
	for (i = 0; i < KNOCKS_MAX + 1000; i++) {
		snprintf(
		    client, sizeof(client), "10.0.%d.%d", i / 250, i % 250);
		note(k, client, 1);
	}
	/* Who has a place is counted still. */
	note(k, "10.0.0.0", 1);
	while (knocks_take(k, &got)) {
		if (strcmp(got.client, "10.0.0.0") == 0)
			assert_int_equal(got.trouble.count, 2);
		n++;
	}
	assert_int_equal(n, KNOCKS_MAX);
	knocks_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_client_is_one_row),
		cmocka_unit_test(a_flood_fills_the_table_and_no_more),
	};

	return cmocka_run_group_tests_name("knocks", tests, NULL, NULL);
}
