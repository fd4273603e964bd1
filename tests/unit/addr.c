/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "mail/addr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
check_admits(void **state)
{
	static const struct {
		const char *address;
		bool is_utf8;
	} cases[] = {
		{ "bob@example.com", false }, { "bob", false },
		{ "\\root", false }, { "root@localhost", false },
		{ "first.last+tag@sub.example.co.uk", false },
		{ "-dash@example.com", false },
		{ "!#$%&'*+-/=?^_`{|}~@example.com", false },
		{ "\"john doe\"@example.com", false },
		{ "\"a@b\"@example.com", false },
		{ "\"a\\\"b\\\\\"@example.com", false },
		{ "bob@[192.0.2.1]", false },
		{ "bob@[IPv6:2001:db8::1]", false },
		{ "bob@[ipv6:::1]", false },
		{ "bob@under_score.example", false },
		{ "m\xc3\xbcller@example.com", true },
		{ "bob@m\xc3\xbcller.example", true },
		{ "|pipe@example.com", false }, /* mail to a name, no command */
	};
	bool is_utf8;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		err_clear(&e);
		if (addr_check(cases[i].address, "5.1.3", &is_utf8, &e) == -1)
			fail_msg("%s: %s", cases[i].address, e.text);
		assert_int_equal(is_utf8, cases[i].is_utf8);
		assert_int_equal(e.class, ERR_NONE);
	}
}

static void
check_refuses_and_says_why(void **state)
{
	static const struct {
		const char *address, *why;
	} cases[] = {
		{ "", "empty" },
		{ "@example.com", "before the @" },
		{ "bob@", "behind the @" },
		{ "bob smith@example.com", "blank" },
		{ "bob@exam ple.com", "character that no domain" },
		{ "bob@example.com\r\nRCPT TO:<x@y>", "line break" },
		{ "bob\n@example.com", "line break" },
		{ "bob\x01@example.com", "control" },
		{ "bob\x7f@example.com", "control" },
		{ "bob\t@example.com", "control" },
		{ "bob\xc2\x85@example.com", "control" },
		{ "bob@example.com>", "character that no domain" },
		{ "<bob@example.com>", "must be quoted" },
		{ "a@b@example.com", "must be quoted" },
		{ "a,b@example.com", "must be quoted" },
		{ "\"a@example.com", "not closed" },
		{ "\"a\"b@example.com", "outside its quotes" },
		{ "\"a\\\"@example.com", "not closed" },
		{ ".a@example.com", "dot" },
		{ "a.@example.com", "dot" },
		{ "a..b@example.com", "dots" },
		{ "\\a@example.com", "must be quoted" },
		{ "a@example..com", "empty part" },
		{ "a@.example.com", "empty part" },
		{ "a@example.com.", "empty part" },
		{ "a@-x.example", "begins or ends" },
		{ "a@x-.example", "begins or ends" },
		{ "a@[300.1.1.1]", "no IP address" },
		{ "a@[IPv6:zz]", "no IP address" },
		{ "a@[192.0.2.1", "no IP address" },
		{ "a@[192.0.2.1]x", "no IP address" },
		{ "b\xff@example.com", "UTF-8" },
		{ "b\xc0\xaf@example.com", "UTF-8" },
		{ "b\xed\xa0\x80@example.com", "UTF-8" },
		{ "|/bin/sh", "not run" },
		{ "\"|/bin/sh\"", "not run" },
		{ "\\|/bin/sh", "not run" },
		{ "/etc/passwd", "not written" },
		{ ":include:/etc/passwd", "alias file" },
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		err_clear(&e);
		if (addr_check(cases[i].address, "5.1.7", NULL, &e) == 0)
			fail_msg("%s was admitted", cases[i].address);
		assert_int_equal(e.class, ERR_PERM);
		assert_string_equal(e.status, "5.1.7");
		if (strstr(e.text, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].address, e.text);
		assert_null(strpbrk(e.text, "\r\n\x01\x7f\t"));
	}
}

/* "xxx...@yyy...": local parts and domains of a given length. */
static char *
make_address(size_t local, size_t domain)
{
	char *a = xmalloc(local + domain + 2);
	size_t i;

	memset(a, 'x', local);
	a[local] = '@';
	for (i = 0; i < domain; i++)
		a[local + 1 + i] = i % 60 == 50 && i + 1 < domain ? '.' : 'y';
	a[local + 1 + domain] = '\0';
	return a;
}

static void
check_knows_the_limits(void **state)
{
	static const struct {
		size_t local, domain;
		int rc;
	} cases[] = {
		{ 64, 100, 0 },
		{ 65, 100, -1 },
		{ 1, 252, 0 },
		{ 1, 253, -1 },
		{ 64, 189, 0 },
		{ 64, 190, -1 },
	};
	struct err e;
	char *a, label[80];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		a = make_address(cases[i].local, cases[i].domain);
		if (addr_check(a, "5.1.3", NULL, &e) != cases[i].rc)
			fail_msg("%zu@%zu", cases[i].local, cases[i].domain);
		free(a);
	}
	memset(label, 'x', sizeof(label));
	label[1] = '@';
	label[2 + 63] = '\0';
	assert_int_equal(addr_check(label, "5.1.3", NULL, &e), 0);
	label[2 + 63] = 'x';
	label[2 + 64] = '\0';
	assert_int_equal(addr_check(label, "5.1.3", NULL, &e), -1);
}

static void
domain_is_found_outside_quotes(void **state)
{
	(void)state;
	assert_string_equal(addr_domain("a@b"), "b");
	assert_string_equal(addr_domain("\"x@y\"@b"), "b");
	assert_string_equal(addr_domain("a@"), "");
	assert_null(addr_domain("a"));
	assert_null(addr_domain("\"a@b\""));
	assert_null(addr_domain("\"a\\\"@b"));
	assert_null(addr_domain(""));
}

static void
patterns(void **state)
{
	static const struct {
		const char *pattern, *address;
		bool matches;
	} cases[] = {
		{ "alerts@contoso.com", "Alerts@CONTOSO.com", true },
		{ "@contoso.com", "anyone@contoso.com", true },
		{ "*@contoso.com", "anyone@Contoso.com", true },
		{ "*@*.contoso.com", "x@sub.contoso.com", true },
		{ "*@*.contoso.com", "x@a.b.contoso.com", true },
		{ "@*.contoso.com", "x@sub.contoso.com", true },
		{ "*", "x@anywhere.example", true },
		{ "*", "root", true },
		{ "root", "ROOT", true },
		{ "*@*", "x@anywhere.example", true },
		{ "*@contoso.com", "\"a@b\"@contoso.com", true },
		{ "alerts@contoso.com", "alert@contoso.com", false },
		{ "alerts@contoso.com", "alerts@contoso.com.evil", false },
		{ "alerts@contoso.com", "xalerts@contoso.com", false },
		{ "@contoso.com", "x@sub.contoso.com", false },
		{ "@contoso.com", "x@evilcontoso.com", false },
		{ "*@*.contoso.com", "x@contoso.com", false },
		{ "*@*.contoso.com", "x@evilcontoso.com", false },
		{ "*@*.contoso.com", "x@.contoso.com", false },
		{ "@contoso.com", "contoso.com", false },
		{ "@contoso.com", "\"x@contoso.com\"", false },
		{ "@contoso.com", "x@contoso.com@evil.example", false },
		{ "contoso.com", "x@contoso.com", false },
		{ "root", "root@contoso.com", false },
		{ "@contoso.com", "", false },
	};
	struct strlist all = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (addr_match(cases[i].pattern, cases[i].address) !=
		    cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].address);
	assert_false(addr_match_any(&all, "a@b"));
	strlist_add(&all, "c@d");
	assert_false(addr_match_any(&all, "a@b"));
	strlist_add(&all, "@b");
	assert_true(addr_match_any(&all, "a@b"));
	strlist_clear(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_admits),
		cmocka_unit_test(check_refuses_and_says_why),
		cmocka_unit_test(check_knows_the_limits),
		cmocka_unit_test(domain_is_found_outside_quotes),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
