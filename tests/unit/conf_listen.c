/* SPDX-License-Identifier: ISC */
/* What a listener may be: who may come in, and what that needs. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"

#include "tests/unit/conf_help.h"

#define DOOR  MAILBOX "[listen scan]\n" /* line 4 */
#define OPEN  DOOR "address = 0.0.0.0\n"
#define LOCAL OPEN "allow = 10.0.0.0/8\n"
#define PAIR  "certificate_file = c\nkey_file = k\n"

static const struct conf_case refusals[] = {
	{ OPEN, "f:5: [listen scan]: address 0.0.0.0 is not loopback" },
	{ DOOR "address = ::\n", "so that allow has to name the networks" },
	{ DOOR "address = 192.0.2.1\n", "allow has to name" },
	{ OPEN "allow = 0.0.0.0/0\n",
	    "f:6: [listen scan]: 0.0.0.0/0 is the world" },
	{ OPEN "allow = 0.0.0.0/1 128.0.0.0/1\n", "128.0.0.0/1 is the world" },
	{ OPEN "allow = 10.0.0.0/8 ::/0\n", "::/0 is the world" },
	{ OPEN "allow = ::ffff:0.0.0.0/96\n", "is the world" },
	{ OPEN "allow = 0.0.0.0/0\nauth = optional\nusers_file = u\n",
	    "is the world" },
	/* behind a proxy loopback is the world, too */
	{ DOOR "allow = 0.0.0.0/0\n", "is the world" },
	{ OPEN "allow = 10.0.0.1/8\n", "\"10.0.0.1/8\" is not a network" },
	{ OPEN "allow = all\n", "\"all\" is not a network" },
	{ DOOR "address = localhost\n", "\"localhost\" is not an address" },
	{ DOOR "address = 10.0.0.0/8\n", "is not an address" },
	{ DOOR "tls = starttls\n",
	    "f:5: [listen scan]: tls needs certificate_file" },
	{ DOOR "tls = implicit\ncertificate_file = c\n", "tls needs key_file" },
	{ DOOR "tls = yes\n", "none, starttls, required or implicit" },
	{ DOOR "tls_min = 1.4\n", "1.0, 1.1, 1.2 or 1.3" },
	{ DOOR "auth = required\n", "auth needs users_file" },
	{ DOOR "account = other\n", "f:5: [listen scan]: there is no [account "
				    "other]" },
	{ DOOR "max_size = 36M\n", "more than queue.message_size_max" },
	{ DOOR "client_connections = 33\n", "than the connections of all" },
	{ DOOR "[listen b]\n", "[listen scan] has port 25 of 127.0.0.1" },
	{ DOOR "[listen b]\naddress = 0.0.0.0\nallow = 10.0.0.0/8\n",
	    "[listen scan] has port 25 of 127.0.0.1" },
	{ OPEN "allow = 10.0.0.0/8\n[listen b]\n",
	    "[listen scan] has port 25" },
	{ DOOR "address = ::1\n[listen b]\naddress = 0:0::1\n",
	    "[listen scan] has port 25 of ::1" },
	{ DOOR "from = root\n", "\"root\" is not an address such as" },
	{ DOOR "bare_newline = keep\n", "normalise or refuse" },
	{ DOOR "max_recipients = 0\n", "not between 1 and 100000" },
	{ DOOR "rate = 60\n", "is not a rate" },
};

static void
refuses_what_is_too_open(void **state)
{
	(void)state;
	refuses_each(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void
guesses_no_number(void **state)
{
	struct conf_problems p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_null(parse_as(DOOR "tls_min = 1.4\n", CONF_FULL, &p));
	assert_null(strstr(p.errors.v[0], "did you mean"));
	conf_problems_clear(&p);
}

static const struct conf_case oddities[] = {
	{ DOOR "certificate_file = c\n",
	    "f:5: warning: [listen scan]: certificate_file has no effect with "
	    "tls = none" },
	{ DOOR "key_file = k\n", "key_file has no effect" },
	{ DOOR "tls_min = 1.0\n", "tls_min has no effect" },
	{ DOOR "users_file = u\n", "users_file has no effect with auth = off" },
	{ LOCAL "auth = required\nusers_file = u\n",
	    "passwords may cross the network in the clear" },
	{ LOCAL "tls = starttls\n" PAIR "auth = optional\nusers_file = u\n",
	    "passwords may cross the network in the clear" },
	{ OPEN "allow = ::/0\ntls = required\ntls_min = 1.1\n" PAIR
	       "auth = required\nusers_file = u\n",
	    "TLS below 1.2 protects no password" },
};

static void
warns_of_what_has_no_effect(void **state)
{
	(void)state;
	warns_of_each(oddities, sizeof(oddities) / sizeof(oddities[0]));
}

static void
takes_what_is_fenced(void **state)
{
	static const char *const texts[] = {
		DOOR,
		LOCAL,
		DOOR "address = ::1\nauth = required\nusers_file = u\n",
		LOCAL "tls = required\n" PAIR
		      "tls_min = 1.0\nauth = required\nusers_file = u\n",
		OPEN "allow = 0.0.0.0/0 ::/0\ntls = implicit\n" PAIR
		     "auth = required\nusers_file = u\n",
		DOOR "[listen b]\nport = 26\n[listen c]\naddress = ::1\n",
		/* one port for each of the two protocols */
		LOCAL "[listen b]\naddress = ::\nallow = 2001:db8::/32\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		conf_free(good(texts[i]));
}

static void
loopback_alone_by_default(void **state)
{
	struct conf *c = good("[queue]\nmessage_size_max = 7M\n" DOOR);
	const struct conf_listen *l = &c->listeners[0];

	(void)state;
	assert_int_equal(c->nlisteners, 1);
	assert_string_equal(l->name, "scan");
	assert_string_equal(l->address, "127.0.0.1");
	assert_int_equal(l->allow.n, 2);
	assert_string_equal(l->allow.v[0], "127.0.0.0/8");
	assert_string_equal(l->allow.v[1], "::1");
	assert_int_equal(l->max_size, 7 << 20);
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_too_open),
		cmocka_unit_test(guesses_no_number),
		cmocka_unit_test(warns_of_what_has_no_effect),
		cmocka_unit_test(takes_what_is_fenced),
		cmocka_unit_test(loopback_alone_by_default),
	};

	return cmocka_run_group_tests_name("conf_listen", tests, NULL, NULL);
}
