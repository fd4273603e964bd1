/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "common/network.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage ss;
	struct sockaddr_in six_or_four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	memset(&ss, 0, sizeof(ss));
	if (inet_pton(AF_INET, text, &six_or_four.sin_addr) == 1)
		memcpy(&ss, &six_or_four, sizeof(six_or_four));
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		memcpy(&ss, &six, sizeof(six));
	else
		fail_msg("%s is no address", text);
	return ss;
}

static const struct {
	const char *network, *inside, *outside;
} cases[] = {
	{ "192.0.2.1", "192.0.2.1", "192.0.2.2" },
	{ "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
	{ "192.0.2.0/31", "192.0.2.1", "192.0.2.2" },
	{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
	{ "10.128.0.0/9", "10.128.0.0", "10.127.255.255" },
	{ "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
	{ "::/0", "2001:db8::1", "203.0.113.9" },
	{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
	{ "2001:db8::1", "2001:db8::1", "2001:db8::2" },
	{ "::1", "::1", "127.0.0.1" },
	/* one in the other */
	{ "192.0.2.0/24", "::ffff:192.0.2.7", "::ffff:192.0.3.7" },
	{ "::ffff:192.0.2.0/120", "192.0.2.7", "192.0.3.7" },
};

static bool
network_has(const struct network *n, const struct sockaddr *address)
{
	struct network one = network_of(address);

	return network_covers(n, &one);
}

static void
what_is_in_a_network(void **state)
{
	struct sockaddr_storage in, out;
	struct network n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		if (network_parse(cases[i].network, &n) == -1)
			fail_msg("%s", cases[i].network);
		in = address(cases[i].inside);
		out = address(cases[i].outside);
		if (!network_has(&n, (struct sockaddr *)&in))
			fail_msg("%s, %s", cases[i].network, cases[i].inside);
		if (network_has(&n, (struct sockaddr *)&out))
			fail_msg("%s, %s", cases[i].network, cases[i].outside);
	}
}

static void
what_is_no_network(void **state)
{
	static const char *const bad[] = { "", "/", "/24", "192.0.2.0/",
		"192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/-1",
		"192.0.2.0/24 ", " 192.0.2.0", "192.0.2", "192.0.2.1/24",
		"192.0.2.0/255.255.255.0", "192.0.2.0/24/24", "::/129",
		"2001:db8::1/64", "[::1]", "example.com", "all",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
		"192.0.2.0/4294967320" };
	struct network n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (network_parse(bad[i], &n) != -1)
			fail_msg("%s", bad[i]);
}

static void
kinds(void **state)
{
	static const struct {
		const char *network;
		bool is_loopback, is_world;
	} of[] = {
		{ "127.0.0.1", true, false },
		{ "127.0.0.0/8", true, false },
		{ "126.0.0.0/7", false, true },
		{ "::1", true, false },
		{ "::/127", false, false },
		{ "::ffff:127.0.0.1", true, false },
		{ "0.0.0.0", false, false },
		{ "0.0.0.0/0", false, true },
		{ "0.0.0.0/1", false, true },
		{ "128.0.0.0/1", false, true },
		{ "10.0.0.0/8", false, false },
		{ "::/0", false, true },
		{ "2000::/3", false, true },
		{ "2a00::/16", false, false },
		{ "2a00::/15", false, true },
		{ "fc00::/7", false, false },
		{ "fc00::/6", false, true },
		{ "fe80::/10", false, false },
		{ "fe00::/9", false, true },
		{ "::ffff:0.0.0.0/96", false, true },
	};
	struct network n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(of); i++) {
		assert_int_equal(network_parse(of[i].network, &n), 0);
		if (network_is_loopback(&n) != of[i].is_loopback ||
		    network_is_world(&n) != of[i].is_world)
			fail_msg("%s", of[i].network);
	}
}

static void
as_text(void **state)
{
	static const char *const of[][2] = { { "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "2001:DB8:0::/32", "2001:db8::/32" },
		{ "::ffff:192.0.2.1", "192.0.2.1" } };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[NETWORK_TEXT];
	struct network n;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(of); i++) {
		assert_int_equal(network_parse(of[i][0], &n), 0);
		network_format(&n, text);
		assert_string_equal(text, of[i][1]);
	}
	n = network_of((struct sockaddr *)&un);
	network_format(&n, text);
	assert_string_equal(text, "unknown");
	assert_int_equal(network_parse("0.0.0.0/0", &n), 0);
	assert_false(network_has(&n, (struct sockaddr *)&un));
}

/* Who has a part of a network has not the whole. */
static void
a_network_in_another(void **state)
{
	struct network all, part;

	(void)state;
	assert_int_equal(network_parse("192.0.2.0/24", &all), 0);
	assert_int_equal(network_parse("192.0.2.0/25", &part), 0);
	assert_true(network_covers(&all, &part));
	assert_true(network_covers(&all, &all));
	assert_false(network_covers(&part, &all));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_a_network),
		cmocka_unit_test(what_is_no_network),
		cmocka_unit_test(kinds),
		cmocka_unit_test(as_text),
		cmocka_unit_test(a_network_in_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
