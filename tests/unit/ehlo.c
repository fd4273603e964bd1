/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/ehlo.h"

static void
capabilities(void **state)
{
	static const struct {
		const char *text;
		unsigned offers, mechs;
		uint64_t size_max;
	} cases[] = {
		{ "", 0, 0, 0 },
		/* the first line is a greeting, whatever it says */
		{ "PIPELINING", 0, 0, 0 },
		{ "host\nPIPELINING", EHLO_PIPELINING, 0, 0 },
		{ "host\npipelining\nDsn", EHLO_PIPELINING | EHLO_DSN, 0, 0 },
		{ "host\nPIPELININGS\nXPIPELINING\nPIPE", 0, 0, 0 },
		{ "host\nSTARTTLS \n8BITMIME\nSMTPUTF8\nCHUNKING",
		    EHLO_STARTTLS | EHLO_8BITMIME | EHLO_SMTPUTF8 |
			EHLO_CHUNKING,
		    0, 0 },
		{ "host\nSIZE 157286400", EHLO_SIZE, 0, 157286400 },
		{ "host\nSIZE", EHLO_SIZE, 0, 0 },
		{ "host\nSIZE x", EHLO_SIZE, 0, 0 },
		{ "host\nSIZE -1", EHLO_SIZE, 0, 0 },
		{ "host\nSIZE 99999999999999999999", EHLO_SIZE, 0, 0 },
		{ "host\nSIZE 18446744073709551615", EHLO_SIZE, 0, UINT64_MAX },
		{ "host\nAUTH LOGIN XOAUTH2", EHLO_AUTH,
		    EHLO_LOGIN | EHLO_XOAUTH2, 0 },
		{ "host\nAUTH=PLAIN login", EHLO_AUTH, EHLO_PLAIN | EHLO_LOGIN,
		    0 },
		{ "host\nAUTH", EHLO_AUTH, 0, 0 },
		{ "host\nAUTH  LOGINX  NTLM", EHLO_AUTH, 0, 0 },
		{ "host\nAUTHLOGIN", 0, 0, 0 },
		{ "host\n\n \nDSN", EHLO_DSN, 0, 0 },
	};
	struct ehlo out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ehlo_parse(cases[i].text, strlen(cases[i].text), &out);
		assert_int_equal(out.offers, cases[i].offers);
		assert_int_equal(out.mechs, cases[i].mechs);
		assert_true(out.size_max == cases[i].size_max);
	}
}

static void
all_of_it_for_people(void **state)
{
	static const char odd[] = "host hello\nSIZE 10\n\nX\tY\xc3\nDSN";
	char text[4096] = "host";
	struct ehlo out;

	(void)state;
	ehlo_parse(odd, strlen(odd), &out);
	assert_string_equal(out.words, "SIZE 10, X?Y?, DSN");
	/* What does not fit is left out, whole. */
	while (strlen(text) < 4000)
		strlcat(text, "\nABCDEFGHIJKLMNOPQRSTUVWXYZ", sizeof(text));
	ehlo_parse(text, strlen(text), &out);
	assert_true(strlen(out.words) < sizeof(out.words));
	assert_string_equal(
	    out.words + strlen(out.words) - 26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static void
mechanisms_for_people(void **state)
{
	char text[2048] = "host\nAUTH";
	struct ehlo out;
	int i;

	(void)state;
	ehlo_parse("host\nAUTH  LOGIN   XOAUTH2", 26, &out);
	assert_string_equal(out.mech_names, "LOGIN XOAUTH2");
	for (i = 0; i < 100; i++)
		strlcat(text, " MECHANISM", sizeof(text));
	strlcat(text, " PLAIN", sizeof(text));
	ehlo_parse(text, strlen(text), &out);
	assert_true(strlen(out.mech_names) < sizeof(out.mech_names));
	assert_int_equal(out.mechs, EHLO_PLAIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(all_of_it_for_people),
		cmocka_unit_test(mechanisms_for_people),
	};

	return cmocka_run_group_tests_name("ehlo", tests, NULL, NULL);
}
