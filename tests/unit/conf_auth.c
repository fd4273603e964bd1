/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"

#include "tests/unit/conf_help.h"

static const struct conf_case refusals[] = {
	{ "[account]\nuser = a@contoso.com\n",
	    "f:1: [account]: there is nothing to sign in with" },
	{ "[account]\npassword_file = pw\n", "there is no user" },
	{ MAILBOX "token_file = t\n", "both a password and a token" },
	{ MAILBOX "password_command = /bin/x\n", "are both given" },
	{ MAILBOX "auth = plain\n",
	    "f:4: [account]: Exchange Online does not offer PLAIN" },
	{ MAILBOX "auth = none\n", "needs a sign-in" },
	{ MAILBOX "auth = xoauth2\n",
	    "auth = xoauth2 needs tenant, client_id" },
	{ "[account]\nuser = a@contoso.com\ntoken_file = t\nauth = login\n",
	    "auth needs password_file or password_command" },
	{ "[account]\nuser = alerts\npassword_file = p\n",
	    "\"alerts\" is not an address" },
	{ SMTP "user = key\npassword_file = p\n", "use rewrite = never" },
	{ "[account]\nuser = a@contoso.com\nclient_secret_expires = 2026-02-30",
	    "is not a date" },
};

static void
refuses_what_cannot_sign_in(void **state)
{
	(void)state;
	refuses_each(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

/* What an application's sign-in needs, beside what is used. */
static const struct {
	const char *name, *value;
} others[] = {
	{ "grant", "federated" },
	{ "tenant", "t.example" },
	{ "client_id", "00-1" },
	{ "client_secret_file", "s" },
	{ "assertion", "rs256" },
	{ "app_rbac", "yes" },
	{ "client_secret_expires", "2027-01-31" },
	{ "certificate_file", "c" },
	{ "key_file", "k" },
	{ "federated_token_file", "f" },
	{ "token_url", "https://t.example/token" },
	{ "scope", "x" },
	{ "proxy", "http://p.example:3128" },
};
#define OTHERS (sizeof(others) / sizeof(others[0]))

/* Each is named, at its own line: line 5 and those after it. */
static void
warns_of_each_option_without_use(void **state)
{
	static const struct {
		const char *begin, *why;
	} cases[] = {
		{ "[account]\nuser = a@b.example\nauth = xoauth2\n"
		  "token_file = t\n",
		    "has no effect: token_file is used" },
		{ "[account]\nuser = a@b.example\nauth = login\n"
		  "password_file = p\n",
		    "has no effect with this auth" },
		{ "[account]\nprovider = smtp\nhost = a.example\n"
		  "auth = none\n",
		    "has no effect with auth = none" },
	};
	char text[2048], want[128];
	struct conf_problems p;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strlcpy(text, cases[i].begin, sizeof(text));
		for (j = 0; j < OTHERS; j++) {
			strlcat(text, others[j].name, sizeof(text));
			strlcat(text, " = ", sizeof(text));
			strlcat(text, others[j].value, sizeof(text));
			strlcat(text, "\n", sizeof(text));
		}
		conf_free(parse_as(text, CONF_FULL, &p));
		assert_int_equal(p.errors.n, 0);
		for (j = 0; j < OTHERS; j++) {
			snprintf(want, sizeof(want),
			    "f:%zu: warning: [account]: %s %s", j + 5,
			    others[j].name, cases[i].why);
			if (!has(&p.warnings, want))
				fail_msg("there is no \"%s\"", want);
		}
		conf_problems_clear(&p);
	}
}

/* "proxy = none" asks for nothing. */
static void
no_proxy_is_nothing_to_warn_of(void **state)
{
	(void)state;
	conf_free(good("[local]\nadmin = it@contoso.com\n" MAILBOX
		       "auth = login\nproxy = none\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_cannot_sign_in),
		cmocka_unit_test(warns_of_each_option_without_use),
		cmocka_unit_test(no_proxy_is_nothing_to_warn_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
