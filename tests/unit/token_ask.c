/* SPDX-License-Identifier: ISC */
/* What an account's configuration asks for. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/proto_token.h"

#include "tests/unit/conf_help.h"

#define BOX  "[account]\nuser = a@contoso.com\ntenant = t.example\n"
#define GUID "00000000-0000-4000-8000-00000000000f"
#define ID   "client_id = " GUID "\n"

static const struct {
	const char *text;
	enum oauth_grant grant;
	enum token_proof proof;
	enum conf_assertion assertion;
} cases[] = {
	{ BOX ID "client_secret_file = s\n", GRANT_CREDENTIALS,
	    TOKEN_PROOF_SECRET, ASSERTION_PS256 },
	{ BOX ID "certificate_file = c\nkey_file = k\nassertion = rs256\n",
	    GRANT_CREDENTIALS, TOKEN_PROOF_CERTIFICATE, ASSERTION_RS256 },
	{ BOX ID "grant = refresh_token\n", GRANT_REFRESH_TOKEN,
	    TOKEN_PROOF_NONE, ASSERTION_PS256 },
	{ BOX ID "grant = refresh_token\nclient_secret_file = s\n",
	    GRANT_REFRESH_TOKEN, TOKEN_PROOF_SECRET, ASSERTION_PS256 },
	{ BOX ID "grant = federated\nfederated_token_file = f\n",
	    GRANT_FEDERATED, TOKEN_PROOF_FEDERATED, ASSERTION_PS256 },
	{ "[account]\nuser = a@contoso.com\ngrant = managed_identity\n",
	    GRANT_MANAGED_IDENTITY, TOKEN_PROOF_NONE, ASSERTION_PS256 },
};

static void
proofs_follow_from_what_is_given(void **state)
{
	struct token_ask a;
	struct conf *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = good(cases[i].text);
		token_ask_of(c, &c->accounts[0], &a);
		assert_int_equal(a.grant, cases[i].grant);
		assert_int_equal(a.proof, cases[i].proof);
		assert_int_equal(a.assertion, cases[i].assertion);
		assert_false(a.is_device_code);
		token_ask_clear(&a);
		conf_free(c);
	}
}

static void
takes_the_rest_along(void **state)
{
	struct token_ask a;
	struct conf *c = good(BOX ID
	    "client_secret_file = s\nproxy = http://p.example:3128\n"
	    "tls_ca_file = /etc/ca.pem\nfamily = ipv4\n"
	    "token_url = https://l.example/t/token\nscope = x y\n"
	    "app_rbac = yes\n"
	    "[sandbox]\nmode = log\n[log]\ntarget = stderr\nlevel = debug\n");

	(void)state;
	token_ask_of(c, &c->accounts[0], &a);
	assert_string_equal(a.account, "");
	assert_true(a.app_rbac);
	assert_string_equal(a.user, "a@contoso.com");
	assert_string_equal(a.tenant, "t.example");
	assert_string_equal(a.client_id, GUID);
	assert_string_equal(a.token_url, "https://l.example/t/token");
	assert_string_equal(a.scope, "x y");
	assert_string_equal(a.proxy, "http://p.example:3128");
	assert_string_equal(a.ca_file, "/etc/ca.pem");
	assert_int_equal(a.family, FAMILY_IPV4);
	assert_int_equal(a.sandbox, SANDBOX_LOG);
	assert_int_equal(a.log_target, CONF_LOG_STDERR);
	assert_int_equal(a.log_level, LOG_DEBUG);
	assert_int_equal(a.deadline_ms, TOKEN_DEADLINE_MS);
	assert_int_equal(a.connect_ms, TOKEN_CONNECT_MS);
	token_ask_clear(&a);
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_follow_from_what_is_given),
		cmocka_unit_test(takes_the_rest_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
