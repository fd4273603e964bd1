/* SPDX-License-Identifier: ISC */
/* Addresses of token endpoints and proxies. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/url.h"

static const struct {
	const char *text, *host, *path;
	bool is_https, is_ipv6;
	unsigned port;
} right[] = {
	{ "https://login.example/t/token", "login.example", "/t/token", true,
	    false, 443 },
	{ "http://169.254.169.254/x?a=b", "169.254.169.254", "/x?a=b", false,
	    false, 80 },
	{ "https://h:8443", "h", "", true, false, 8443 },
	{ "https://[::1]:8443/x", "::1", "/x", true, true, 8443 },
	{ "https://[2001:db8::1]", "2001:db8::1", "", true, true, 443 },
	{ "http://proxy.example:3128/", "proxy.example", "/", false, false,
	    3128 },
	{ "https://h?q", "h", "?q", true, false, 443 },
};

static const struct {
	const char *text, *why;
} wrong[] = {
	{ "", "begins neither" },
	{ "ftp://h/", "begins neither" },
	{ "HTTPS://h/", "begins neither" },
	{ "https:/h", "begins neither" },
	{ "https://", "no name" },
	{ "https:///x", "no name" },
	{ "https://-h/", "no name" },
	{ "https://u@h/", "user or password" },
	{ "https://u:p@h/", "user or password" },
	{ "https://h/x#y", "fragment" },
	{ "https://h h/", "octets" },
	{ "https://h/\r\nHost: x", "octets" },
	{ "https://h/\xc3\xbc", "octets" },
	{ "https://h:0/", "port" },
	{ "https://h:65536/", "port" },
	{ "https://h:/", "port" },
	{ "https://h:1x/", "port" },
	{ "https://[::1/", "bracket" },
	{ "https://[127.0.0.1]/", "no IPv6 address" },
	{ "https://[::1]x/", "no port" },
	{ "https://::1/", "port" },
	{ "https://h\\x/", "octets" },
};

static void
takes_them_apart(void **state)
{
	struct url u;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(url_parse(right[i].text, &u, &e), 0);
		assert_string_equal(u.host, right[i].host);
		assert_string_equal(u.path, right[i].path);
		assert_int_equal(u.is_https, right[i].is_https);
		assert_int_equal(u.is_ipv6, right[i].is_ipv6);
		assert_int_equal(u.port, right[i].port);
	}
}

static void
refuses_the_rest(void **state)
{
	char text[600];
	struct url u;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(url_parse(wrong[i].text, &u, &e), -1);
		assert_int_equal(e.class, ERR_LOCAL);
		if (strstr(e.text, wrong[i].why) == NULL)
			fail_msg("%s: %s", wrong[i].text, e.text);
	}
	memset(text, 'h', sizeof(text));
	memcpy(text, "https://", 8);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(url_parse(text, &u, &e), -1);
	assert_non_null(strstr(e.text, "too long"));
}

static void
knows_what_is_near(void **state)
{
	static const struct {
		const char *text;
		bool is_local;
	} cases[] = { { URL_IMDS, true }, { "http://127.0.0.1:9/", true },
		{ "http://localhost/", true }, { "http://[::1]/", true },
		{ "http://169.254.169.253/", false },
		{ "http://169.254.169.254.example/", false },
		{ "http://localhost.example/", false } };
	struct url u;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(url_parse(cases[i].text, &u, &e), 0);
		if (url_is_local(&u) != cases[i].is_local)
			fail_msg("%s", cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_them_apart),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(knows_what_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
