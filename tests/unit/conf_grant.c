/* SPDX-License-Identifier: ISC */
/* What a grant of OAuth needs: defaults, and what is refused in which words. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"

#include "tests/unit/conf_help.h"

#define BOX   "[account]\nuser = a@contoso.com\n"
#define GUID  "0aA1b2c3-0000-4000-8000-00000000000f"
#define OURS  "tenant = contoso.onmicrosoft.com\nclient_id = " GUID "\n"
#define PROOF "client_secret_file = s\n"
#define WHOLE BOX OURS PROOF

static const struct conf_case refusals[] = {
	{ BOX "tenant = t.example\n" PROOF,
	    "grant client_credentials needs client_id" },
	{ BOX "client_id = " GUID "\n" PROOF,
	    "grant client_credentials needs tenant" },
	{ BOX OURS, "needs client_secret_file, or certificate_file and" },
	{ BOX OURS "certificate_file = c\n",
	    "certificate_file needs key_file" },
	{ BOX OURS "grant = federated\n",
	    "grant federated needs federated_token_file" },
	{ BOX "grant = refresh_token\n", "grant refresh_token needs tenant" },
	{ BOX "tenant = common\nclient_id = " GUID "\n" PROOF,
	    "f:3: [account]: tenant = common does not work with "
	    "client_credentials" },
	{ BOX "tenant = contoso\nclient_id = " GUID "\n" PROOF,
	    "f:3: [account]: \"contoso\" is no tenant" },
	{ BOX "tenant = " GUID "0\nclient_id = " GUID "\n" PROOF,
	    "is no tenant" },
	{ BOX "tenant = t.example\nclient_id = 1234\n" PROOF,
	    "f:4: [account]: \"1234\" is no client id: give the Application "
	    "(client) ID" },
	{ BOX "tenant = t.example\nclient_id = "
	      "gggggggg-0000-4000-8000-00000000000f\n" PROOF,
	    "is no client id" },
	{ WHOLE "token_url = http://x/y\n",
	    "f:6: [account]: token_url must begin with https" },
	{ WHOLE "token_url = http://localhost/y\n",
	    "token_url must begin with https" },
	{ WHOLE "token_url = https://u:p@x/y\n",
	    "token_url: a user or password does not belong in it" },
	{ WHOLE "proxy = http://u:p@x:3128\n",
	    "proxy: a user or password does not belong in it" },
	{ WHOLE "proxy = http://x:99999\n", "proxy: the port is no number" },
	{ BOX "grant = managed_identity\ntoken_url = http://x.example/y\n",
	    "token_url must begin with https" },
	{ SMTP "user = a@contoso.com\nclient_id = x\nscope = y\n" PROOF,
	    "grant client_credentials needs token_url with this provider" },
	{ SMTP "user = a@contoso.com\nclient_id = x\n"
	       "token_url = https://x/y\n" PROOF,
	    "grant client_credentials needs scope" },
};

static const struct conf_case warnings[] = {
	{ WHOLE "key_file = k\n", "key_file has no effect with no "
				  "certificate_file" },
	{ WHOLE "assertion = rs256\n", "assertion has no effect" },
	{ WHOLE "certificate_file = c\nkey_file = k\n",
	    "client_secret_file has no effect with certificate_file" },
	{ WHOLE "federated_token_file = f\n",
	    "federated_token_file has no effect with client_credentials" },
	{ BOX OURS "grant = refresh_token\napp_rbac = yes\n",
	    "app_rbac has no effect with refresh_token" },
	{ BOX "grant = managed_identity\n" PROOF,
	    "client_secret_file has no effect with managed_identity" },
};

static void
refuses_what_cannot_work(void **state)
{
	(void)state;
	refuses_each(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void
warns_of_what_has_no_effect(void **state)
{
	(void)state;
	warns_of_each(warnings, sizeof(warnings) / sizeof(warnings[0]));
}

static const struct {
	const char *text, *url, *scope;
} defaults[] = {
	{ WHOLE,
	    "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/"
	    "v2.0/token",
	    "https://outlook.office365.com/.default" },
	{ WHOLE "provider = office365-gcc-high\n",
	    "https://login.microsoftonline.us/contoso.onmicrosoft.com/oauth2/"
	    "v2.0/token",
	    "https://outlook.office365.us/.default" },
	{ WHOLE "provider = office365-china\n",
	    "https://login.partner.microsoftonline.cn/"
	    "contoso.onmicrosoft.com/oauth2/v2.0/token",
	    "https://partner.outlook.cn/.default" },
	{ BOX OURS "grant = refresh_token\n",
	    "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/"
	    "v2.0/token",
	    "https://outlook.office.com/SMTP.Send offline_access" },
	{ BOX OURS "grant = refresh_token\nprovider = office365-dod\n",
	    "https://login.microsoftonline.us/contoso.onmicrosoft.com/oauth2/"
	    "v2.0/token",
	    "https://outlook-dod.office365.us/SMTP.Send offline_access" },
	{ BOX "tenant = common\nclient_id = " GUID "\ngrant = refresh_token\n",
	    "https://login.microsoftonline.com/common/oauth2/v2.0/token",
	    "https://outlook.office.com/SMTP.Send offline_access" },
	{ BOX "grant = managed_identity\n",
	    "http://169.254.169.254/metadata/identity/oauth2/token",
	    "https://outlook.office365.com/.default" },
	{ BOX "grant = managed_identity\ntoken_url = http://127.0.0.1:9/x\n",
	    "http://127.0.0.1:9/x", "https://outlook.office365.com/.default" },
	{ SMTP "user = a@contoso.com\nclient_id = x.y\nscope = z\n"
	       "token_url = https://x.example/y\n" PROOF,
	    "https://x.example/y", "z" },
};

static void
fills_in_endpoint_and_scope(void **state)
{
	struct conf *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		c = good(defaults[i].text);
		assert_string_equal(c->accounts[0].token_url, defaults[i].url);
		assert_string_equal(c->accounts[0].scope, defaults[i].scope);
		assert_int_equal(c->accounts[0].auth, AUTH_XOAUTH2);
		assert_true(conf_asks_tokens(&c->accounts[0]));
		conf_free(c);
	}
}

static void
reads_the_assertion(void **state)
{
	struct conf *c = good(
	    BOX OURS "certificate_file = c\nkey_file = k\nassertion = rs256\n");

	(void)state;
	assert_int_equal(c->accounts[0].assertion, ASSERTION_RS256);
	conf_free(c);
	c = good(BOX OURS "certificate_file = c\nkey_file = k\n");
	assert_int_equal(c->accounts[0].assertion, ASSERTION_PS256);
	conf_free(c);
}

static void
others_ask_no_tokens(void **state)
{
	struct conf *c = good(BOX "token_file = t\n");

	(void)state;
	assert_false(conf_asks_tokens(&c->accounts[0]));
	conf_free(c);
	c = good(MAILBOX);
	assert_false(conf_asks_tokens(&c->accounts[0]));
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_cannot_work),
		cmocka_unit_test(warns_of_what_has_no_effect),
		cmocka_unit_test(fills_in_endpoint_and_scope),
		cmocka_unit_test(reads_the_assertion),
		cmocka_unit_test(others_ask_no_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
