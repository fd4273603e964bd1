/* SPDX-License-Identifier: ISC */
/* Values of RFC 3461. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/envelope.h"
#include "mail/dsn_value.h"

static const struct {
	const char *value;
	unsigned bits; /* 0: refused */
} notify[] = {
	{ "never", NOTIFY_NEVER },
	{ "NEVER", NOTIFY_NEVER },
	{ "success", NOTIFY_SUCCESS },
	{ "Failure,DELAY", NOTIFY_FAILURE | NOTIFY_DELAY },
	{ "delay,success,failure",
	    NOTIFY_DELAY | NOTIFY_SUCCESS | NOTIFY_FAILURE },
	{ "delay,delay", NOTIFY_DELAY },
	{ "", 0 },
	{ "never,delay", 0 },
	{ "delay,never", 0 },
	{ "delay,", 0 },
	{ ",delay", 0 },
	{ "delay failure", 0 },
	{ "delayed", 0 },
	{ "dela", 0 },
};

static void
when_to_notify(void **state)
{
	unsigned bits;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(notify) / sizeof(notify[0]); i++) {
		bits = 1000;
		assert_int_equal(dsn_value_notify(notify[i].value, &bits),
		    notify[i].bits != 0);
		/* What is refused changes nothing. */
		assert_int_equal(
		    bits, notify[i].bits == 0 ? 1000 : notify[i].bits);
	}
}

static void
xtext(void **state)
{
	static const char *const good[] = { "a", "QQ314159", "a+2Bb", "+3D",
		"~!", "<a@b>" };
	static const char *const bad[] = { "a=b", "a b", "+", "+2", "+2b",
		"a+GG", "\t", "\303\244", "a\177" };
	char orcpt[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(dsn_value_is_envid(good[i]));
		strlcpy(orcpt, "rfc822;", sizeof(orcpt));
		strlcat(orcpt, good[i], sizeof(orcpt));
		assert_true(dsn_value_is_orcpt(orcpt));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(dsn_value_is_envid(bad[i]));
		strlcpy(orcpt, "rfc822;", sizeof(orcpt));
		strlcat(orcpt, bad[i], sizeof(orcpt));
		assert_false(dsn_value_is_orcpt(orcpt));
	}
}

static void
types_of_addresses(void **state)
{
	static const char *const bad[] = { "", ";", ";a", "rfc822", "rfc822;",
		"rfc 822;a", "rfc+822;a", "a@b" };
	size_t i;

	(void)state;
	assert_true(dsn_value_is_orcpt("RFC822;a@b"));
	assert_true(dsn_value_is_orcpt("x-local;a;b"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(dsn_value_is_orcpt(bad[i]));
}

static void
lengths(void **state)
{
	char text[600];

	(void)state;
	assert_false(dsn_value_is_envid(""));
	memset(text, 'x', sizeof(text));
	text[100] = '\0';
	assert_true(dsn_value_is_envid(text));
	text[100] = 'x';
	text[101] = '\0';
	assert_false(dsn_value_is_envid(text));
	text[101] = 'x';
	text[1] = ';';
	text[500] = '\0';
	assert_true(dsn_value_is_orcpt(text));
	text[500] = 'x';
	text[501] = '\0';
	assert_false(dsn_value_is_orcpt(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_to_notify),
		cmocka_unit_test(xtext),
		cmocka_unit_test(types_of_addresses),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
