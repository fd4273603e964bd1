/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf_syntax.h"

typedef bool is_what(const char *text);

static const struct {
	is_what *is;
	const char *yes[8];
	const char *no[12];
} shapes[] = {
	{ syntax_is_text, { "a b", "\xc3\xa9" }, { "", "\xff" } },
	{ syntax_is_word, { "a@b", "x" }, { "", "a b", "\"a\"", "<a@b>" } },
	{ syntax_is_domain,
	    { "a", "a.b", "a-b.c_d", "xn--p1ai", "\xc3\xa9.fr" },
	    { "", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a b", "a/b", "a:25",
		"\xe9.fr" } },
	{ syntax_is_literal, { "[127.0.0.1]", "[IPv6:::1]", "[ipv6:fe80::1]" },
	    { "", "[]", "127.0.0.1", "[::1]", "[127.0.0]", "[x]", "[IPv6:x]",
		"[127.0.0.1", "127.0.0.1]" } },
	{ syntax_is_address,
	    { "a@b", "a.b+c@d.example", "o'neil@x.example", "\xc3\xa9@x.fr" },
	    { "", "a", "@b", "a@", "a@b@c", "a b@c", ".a@b", "a.@b", "a..b@c",
		"\"a\"@b", "<a@b>", "a@b," } },
	{ syntax_is_pattern, { "*", "a@b", "@b.example", "*@*.b.example" },
	    { "", "**", "a", "@", "*@", "*@*", "*@b.example", "a*@b",
		"@*.b.example", "a@*.b", "*@*.", "b.example" } },
	{ syntax_is_sender,
	    { "@b.example", "10.0.0.0/8=@b.example", "2001:db8::/32=a@b",
		"SRS0=ab=a.example=c@b", "a1=b@c", "7=b@c", "/C=de/@b" },
	    { "10.0.0.1/8=@b.example", "10.0.0.0/33=a@b", "192.0.2.300=a@b",
		"192.0.2=a@b", "2001:db8=a@b", "10.0.0.0/8=", "10.0.0.0/8=b",
		"=a@b@c" } },
	{ syntax_is_account, { "root", "www-data", "EXAMPLE\\bob", "bob@ad" },
	    { "", "-x", "a b", "a:b", "a/b", "\xff" } },
	{ syntax_is_account_or_group, { "root", "@wheel" },
	    { "", "@", "@ x" } },
	{ syntax_is_absolute, { "/", "/a b" }, { "", "a", "./a", "/\xff" } },
	{ syntax_is_id, { "contoso.example", "01ab-23" },
	    { "", "a b", "a/b", "a?b" } },
	{ syntax_is_url, { "https://h/p?q=1", "http://h:80" },
	    { "", "h", "ftp://h", "https://", "https:///p", "https://:1",
		"https://h/a b", "HTTPS://h" } },
	{ syntax_is_hostport,
	    { "h", "h.example:25", "192.0.2.1", "192.0.2.1:25", "2001:db8::1",
		"[2001:db8::1]", "[2001:db8::1]:25" },
	    { "", ":25", "h:", "h:0", "h:65536", "h:x", "[h]:25", "[::1",
		"[::1]25", "::1::2", "a b:25", "[]" } },
	{ syntax_is_date, { "2026-12-31", "2028-02-29", "2000-02-29" },
	    { "", "2026-2-1", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-04-31", "2027-02-29", "2100-02-29", "31.12.2026",
		"2026-12-31 ", "2026-12-3x" } },
};

static void
shapes_are_told_apart(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (j = 0; j < 8 && shapes[i].yes[j] != NULL; j++)
			if (!shapes[i].is(shapes[i].yes[j]))
				fail_msg("row %zu refuses \"%s\"", i,
				    shapes[i].yes[j]);
		for (j = 0; j < 12 && shapes[i].no[j] != NULL; j++)
			if (shapes[i].is(shapes[i].no[j]))
				fail_msg(
				    "row %zu takes \"%s\"", i, shapes[i].no[j]);
	}
}

static void
lengths_have_bounds(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_true(syntax_is_domain(text));
	text[63] = 'a';
	text[64] = '\0';
	assert_false(syntax_is_domain(text));
	memset(text, 'a', sizeof(text));
	strlcpy(text + 64, "@b", 3);
	assert_true(syntax_is_address(text));
	memset(text, 'a', sizeof(text));
	strlcpy(text + 65, "@b", 3);
	assert_false(syntax_is_address(text));
}

static const struct {
	int (*read)(const char *text, uint64_t *v);
	const char *text;
	int rc;
	uint64_t v;
} numbers[] = {
	{ syntax_read_number, "0", 0, 0 },
	{ syntax_read_number, "18446744073709551615", 0, UINT64_MAX },
	{ syntax_read_number, "18446744073709551616", -1, 0 },
	{ syntax_read_number, "", -1, 0 },
	{ syntax_read_number, "+1", -1, 0 },
	{ syntax_read_number, " 1", -1, 0 },
	{ syntax_read_number, "1 ", -1, 0 },
	{ syntax_read_number, "0x1", -1, 0 },
	{ syntax_read_duration, "90s", 0, 90 },
	{ syntax_read_duration, "5m", 0, 300 },
	{ syntax_read_duration, "2h", 0, 7200 },
	{ syntax_read_duration, "1d", 0, 86400 },
	{ syntax_read_duration, "2w", 0, 1209600 },
	{ syntax_read_duration, "90", -1, 0 },
	{ syntax_read_duration, "s", -1, 0 },
	{ syntax_read_duration, "1M", -1, 0 },
	{ syntax_read_duration, "1h30m", -1, 0 },
	{ syntax_read_duration, "-1s", -1, 0 },
	{ syntax_read_duration, "1.5h", -1, 0 },
	{ syntax_read_duration, "9223372036854775807s", 0, INT64_MAX },
	{ syntax_read_duration, "9223372036854775808s", -1, 0 },
	{ syntax_read_duration, "153722867280912931m", -1, 0 },
	{ syntax_read_size, "1", 0, 1 },
	{ syntax_read_size, "2K", 0, 2048 },
	{ syntax_read_size, "35M", 0, 36700160 },
	{ syntax_read_size, "1G", 0, 1073741824 },
	{ syntax_read_size, "17179869183G", 0, UINT64_C(17179869183) << 30 },
	{ syntax_read_size, "17179869184G", -1, 0 },
	{ syntax_read_size, "1k", -1, 0 },
	{ syntax_read_size, "1KB", -1, 0 },
	{ syntax_read_size, "K", -1, 0 },
};

static void
numbers_are_read_exactly(void **state)
{
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		v = 0;
		if (numbers[i].read(numbers[i].text, &v) != numbers[i].rc)
			fail_msg("\"%s\"", numbers[i].text);
		if (numbers[i].rc == 0)
			assert_int_equal(v, numbers[i].v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_are_told_apart),
		cmocka_unit_test(lengths_have_bounds),
		cmocka_unit_test(numbers_are_read_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
