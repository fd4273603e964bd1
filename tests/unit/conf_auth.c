/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
	{ MAILBOX "auth = xoauth2\n", "auth = xoauth2 needs token_file" },
	{ "[account]\nuser = a@contoso.com\ntoken_file = t\nauth = login\n",
	    "auth needs password_file or password_command" },
	{ "[account]\nuser = alerts\npassword_file = p\n",
	    "\"alerts\" is not an address" },
	{ SMTP "user = key\npassword_file = p\n", "use rewrite = never" },
	{ "[account]\nuser = a@contoso.com\ntenant = t.example\n"
	  "client_id = 00-1\nclient_secret_file = s\n",
	    "f:3: [account]: sign-in by OAuth grant is not in this version; "
	    "let another program keep an access token fresh and name its file "
	    "with token_file" },
	{ "[account]\nuser = a@contoso.com\ntenant = t.example\n",
	    "grant client_credentials needs client_id" },
	{ "[account]\nuser = a@contoso.com\ngrant = federated\n",
	    "grant federated needs federated_token_file" },
	{ "[account]\nuser = a@contoso.com\ntenant = common\n",
	    "tenant = common does not work" },
	{ "[account]\nuser = a@contoso.com\ntoken_url = http://x/y\n",
	    "token_url must begin with https" },
	{ "[account]\nuser = a@contoso.com\nclient_secret_expires = 2026-02-30",
	    "is not a date" },
};

static void
refuses_what_cannot_sign_in(void **state)
{
	(void)state;
	refuses_each(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_cannot_sign_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
