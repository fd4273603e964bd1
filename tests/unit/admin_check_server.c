/* SPDX-License-Identifier: ISC */
/* What the doctor says of a server that does not answer, and of clocks. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/check.h"

static struct {
	struct check k;
	char *text;
	size_t n;
} here;

static int
set_up(void **state)
{
	(void)state;
	memset(&here, 0, sizeof(here));
	here.k.out = open_memstream(&here.text, &here.n);
	return here.k.out == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fclose(here.k.out);
	free(here.text);
	return 0;
}

/* ---- the clock ---- */

static void
the_clock_is_compared(void **state)
{
	static const struct {
		int whose;
		int64_t ahead_s;
		int status;
		const char *text;
	} cases[] = {
		{ CLOCK_OF_ENDPOINT, 3600, 2,
		    "it is 1h behind the token endpoint's" },
		{ CLOCK_OF_ENDPOINT, -3600, 2,
		    "it is 1h ahead of the token endpoint's" },
		{ CLOCK_OF_ENDPOINT, 301, 2, "behind" },
		{ CLOCK_OF_ENDPOINT, 300, 1, "behind" },
		{ CLOCK_OF_ENDPOINT, -61, 1, "ahead" },
		{ CLOCK_OF_ENDPOINT, 60, -1, "token endpoint's" },
		/* Of a greeting it is never more than a warning. */
		{ CLOCK_OF_GREETING, 3600, 1,
		    "it is 1h behind the mail server's" },
		{ CLOCK_OF_GREETING, -3600, 1,
		    "it is 1h ahead of the mail server's" },
		{ CLOCK_OF_GREETING, 301, 1, "behind" },
		{ CLOCK_OF_GREETING, -300, -1, "with the mail server's" },
		{ CLOCK_OF_NOBODY, 3600, -1, "right" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rewind(here.k.out);
		memset(here.k.seen, 0, sizeof(here.k.seen));
		here.k.ahead_s = cases[i].ahead_s;
		here.k.whose_clock = cases[i].whose;
		check_clock(&here.k);
		fputc('\0', here.k.out);
		fflush(here.k.out);
		if (strstr(here.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].text, here.text);
		/* Of one that is right the kernel may say that none keeps it.
		 */
		if (cases[i].status != -1)
			assert_int_equal(
			    check_status(&here.k), cases[i].status);
		else
			assert_int_not_equal(check_status(&here.k), 2);
	}
}

/* Who has proved who he is counts, whoever comes first. */
static void
a_greeting_s_clock_is_the_second_best(void **state)
{
	struct ctl_session s = { .server_at = 1000, .greeted_at = 400 };
	struct ctl_token t = { .server_at = 1000, .asked_at = 990 };

	(void)state;
	check_greeting(&here.k, &s);
	assert_int_equal(here.k.whose_clock, CLOCK_OF_GREETING);
	assert_true(here.k.ahead_s == 600);
	check_token_known(&here.k, &t);
	assert_int_equal(here.k.whose_clock, CLOCK_OF_ENDPOINT);
	assert_true(here.k.ahead_s == 10);
	check_greeting(&here.k, &s);
	assert_true(here.k.ahead_s == 10);
	/* It told none. */
	here.k.whose_clock = CLOCK_OF_NOBODY;
	s.server_at = 0;
	check_greeting(&here.k, &s);
	assert_int_equal(here.k.whose_clock, CLOCK_OF_NOBODY);
}

/* ---- the way to the server ---- */

#define TEXT(s) ((char *)(uintptr_t)(s))

static void
it_says_what_stops_a_connection(void **state)
{
	static const struct {
		const char *account, *phase, *text, *said, *next;
	} cases[] = {
		{ "a", "connect",
		    "connecting to m, 192.0.2.1:587: Connection timed out",
		    "nothing answers at all", "nc -vz m 587" },
		{ "a", "connect",
		    "connecting to m, 192.0.2.1:587: Connection refused",
		    "nothing takes connections", "nc -vz m 587" },
		{ "a", "connect",
		    "connecting to m, 192.0.2.1:587: No route to host",
		    "has no way there", "nc -vz m 587" },
		{ "a", "connect",
		    "connecting to m, 192.0.2.1:587: Network is unreachable",
		    "has no way there", "nc -vz m 587" },
		{ "a", "greeting",
		    "timed out while waiting for the greeting at m",
		    "nobody says a word", "nc m 587 (a line" },
		{ "a", "greeting",
		    "m closed the connection while waiting for the greeting",
		    "for the greeting\n", "nc m 587 (a line" },
		{ "a", "TLS handshake", "timed out in the TLS handshake at m",
		    "a smaller MTU",
		    "s_client -starttls smtp -connect m:587 <" },
		{ "a", "TLS handshake", "TLS: wrong version number",
		    "version number\n",
		    "s_client -starttls smtp -connect m:587 <" },
		/* Of the plain account, which is shown by its mailbox. */
		{ "alerts@contoso.com", "TLS handshake",
		    "timed out in the TLS handshake at m", "a smaller MTU",
		    "s_client -connect m:587 <" },
		{ "a", "AUTH", "timed out while signing in at m", "at m\n",
		    "do: mailchute status" },
	};
	struct conf_account accounts[] = { { .name = TEXT("a") },
		{ .name = TEXT(""),
		    .user = TEXT("alerts@contoso.com"),
		    .tls = TLS_IMPLICIT } };
	const struct conf c = { .accounts = accounts, .naccounts = 2 };
	size_t i;

	(void)state;
	here.k.conf = &c;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ctl_session s = { .account =
						   TEXT(cases[i].account),
			.relay = TEXT("m"),
			.address = TEXT("192.0.2.1:587"),
			.phase = TEXT(cases[i].phase),
			.status = TEXT("4.4.1"),
			.text = TEXT(cases[i].text) };

		rewind(here.k.out);
		memset(here.k.seen, 0, sizeof(here.k.seen));
		check_session(&here.k, &s);
		fputc('\0', here.k.out);
		fflush(here.k.out);
		if (strstr(here.text, cases[i].said) == NULL ||
		    strstr(here.text, cases[i].next) == NULL)
			fail_msg("%s: %s", cases[i].text, here.text);
		assert_int_equal(check_status(&here.k), 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_clock_is_compared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_greeting_s_clock_is_the_second_best, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    it_says_what_stops_a_connection, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
