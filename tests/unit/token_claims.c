/* SPDX-License-Identifier: ISC */
/* What an access token says of itself. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/base64url.h"
#include "delivery/token_claims.h"
static void
parse(const char *claims, struct token_claims *c)
{
	struct buf b;

	buf_init(&b, 10000);
	buf_puts(&b, "eyJ0.");
	base64url_put(&b, claims, strlen(claims));
	buf_puts(&b, ".sig");
	token_claims_parse(b.data, b.len, c);
	buf_clear(&b);
}

static void
reads_them(void **state)
{
	struct token_claims c;

	(void)state;
	parse("{\"aud\":\"https://"
	      "outlook.office365.com\",\"roles\":[\"a\",\"b\"],"
	      "\"appid\":\"1\",\"oid\":\"2\",\"tid\":\"3\",\"upn\":\"u\","
	      "\"scp\":\"x y\",\"exp\":17}",
	    &c);
	assert_string_equal(c.aud, "https://outlook.office365.com");
	assert_string_equal(c.roles, "a b");
	assert_string_equal(c.scp, "x y");
	assert_string_equal(c.appid, "1");
	assert_string_equal(c.oid, "2");
	assert_string_equal(c.tid, "3");
	assert_string_equal(c.upn, "u");
	assert_int_equal(c.exp, 17);
}

static void
reads_nothing_from_what_is_none(void **state)
{
	static const char *const none[] = { "", ".", "..", "EwB4A8l6BAAU",
		"a.b", "a.e30", "a.!!.c", "a.bnVsbA.c", "a.W10.c" };
	static const struct token_claims empty;
	struct token_claims c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		token_claims_parse(none[i], strlen(none[i]), &c);
		assert_memory_equal(&c, &empty, sizeof(c));
	}
	parse("{\"aud\":7,\"roles\":{},\"exp\":-5,\"oid\":null}", &c);
	assert_memory_equal(&c, &empty, sizeof(c));
}

static void
keeps_what_fits(void **state)
{
	struct token_claims c;
	char claims[4000];
	int i;

	(void)state;
	strlcpy(claims, "{\"roles\":[\"first\"", sizeof(claims));
	for (i = 0; i < 200; i++)
		strlcat(claims, ",\"0123456789\"", sizeof(claims));
	strlcat(claims, "],\"upn\":\"a\\u001b\\nb\"}", sizeof(claims));
	parse(claims, &c);
	assert_true(strncmp(c.roles, "first 0123456789 ", 17) == 0);
	assert_true(strlen(c.roles) < sizeof(c.roles));
	assert_string_equal(c.upn, "a b");
}

static const struct {
	enum provider provider;
	enum oauth_grant grant;
	const char *aud, *roles, *scp;
	const char *doubt; /* NULL: none */
} doubts[] = {
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS,
	    "https://outlook.office365.com", "SMTP.SendAsApp", "", NULL },
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS,
	    "https://outlook.office365.com/", "x SMTP.SendAsApp", "", NULL },
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS,
	    "00000002-0000-0ff1-ce00-000000000000", "Mail.Send", "", NULL },
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS, "https://outlook.office.com",
	    "", "", "no role SMTP.SendAsApp" },
	{ PROVIDER_OFFICE365, GRANT_MANAGED_IDENTITY,
	    "https://outlook.office.com", "SMTP.SendAsAppX", "",
	    "no role SMTP.SendAsApp" },
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS, "https://graph.microsoft.com",
	    "SMTP.SendAsApp", "", "but for https://graph.microsoft.com" },
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS,
	    "https://outlook.office.com.evil.example", "SMTP.SendAsApp", "",
	    "but for https://outlook.office.com.evil" },
	{ PROVIDER_OFFICE365, GRANT_REFRESH_TOKEN, "https://outlook.office.com",
	    "", "SMTP.Send", NULL },
	{ PROVIDER_OFFICE365, GRANT_REFRESH_TOKEN, "https://outlook.office.com",
	    "SMTP.SendAsApp", "Mail.Send", "no scope SMTP.Send" },
	{ PROVIDER_OFFICE365_CHINA, GRANT_CREDENTIALS,
	    "https://partner.outlook.cn", "SMTP.SendAsApp", "", NULL },
	{ PROVIDER_OFFICE365, GRANT_CREDENTIALS, "", "", "", NULL },
	{ PROVIDER_SMTP, GRANT_CREDENTIALS, "https://x.example", "", "", NULL },
};

static void
doubts_what_will_hardly_work(void **state)
{
	struct token_granted g;
	struct token_ask ask;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		memset(&g, 0, sizeof(g));
		memset(&ask, 0, sizeof(ask));
		ask.provider = doubts[i].provider;
		ask.grant = doubts[i].grant;
		strlcpy(g.claims.aud, doubts[i].aud, sizeof(g.claims.aud));
		strlcpy(
		    g.claims.roles, doubts[i].roles, sizeof(g.claims.roles));
		strlcpy(g.claims.scp, doubts[i].scp, sizeof(g.claims.scp));
		token_claims_doubt(&ask, &g);
		if (doubts[i].doubt == NULL) {
			assert_string_equal(g.doubt, "");
			assert_string_equal(g.fix, "");
			continue;
		}
		if (strstr(g.doubt, doubts[i].doubt) == NULL)
			fail_msg("%zu: %s", i, g.doubt);
		assert_string_not_equal(g.fix, "");
	}
	/* What is known to be wrong goes before what is likely. */
	strlcpy(g.doubt, "first", sizeof(g.doubt));
	ask.provider = PROVIDER_OFFICE365;
	token_claims_doubt(&ask, &g);
	assert_string_equal(g.doubt, "first");
}

/* The role is in Exchange, and its place in the token is to be empty. */
static void
a_role_in_exchange_is_none_in_the_token(void **state)
{
	static const struct {
		const char *aud, *roles, *doubt;
	} rows[] = {
		{ "https://outlook.office.com", "", "" },
		{ "https://outlook.office.com", "x", "" },
		{ "https://outlook.office.com", "x SMTP.SendAsApp",
		    "looks at no role assignment" },
		{ "https://graph.microsoft.com", "",
		    "but for https://graph.microsoft.com" },
	};
	const struct token_ask ask = { .provider = PROVIDER_OFFICE365,
		.grant = GRANT_CREDENTIALS,
		.app_rbac = true };
	struct token_granted g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&g, 0, sizeof(g));
		strlcpy(g.claims.aud, rows[i].aud, sizeof(g.claims.aud));
		strlcpy(g.claims.roles, rows[i].roles, sizeof(g.claims.roles));
		token_claims_doubt(&ask, &g);
		if (strstr(g.doubt, rows[i].doubt) == NULL)
			fail_msg("%zu: %s", i, g.doubt);
		assert_int_equal(g.doubt[0] == '\0', rows[i].doubt[0] == '\0');
		assert_int_equal(g.doubt[0] == '\0', g.fix[0] == '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_them),
		cmocka_unit_test(reads_nothing_from_what_is_none),
		cmocka_unit_test(keeps_what_fits),
		cmocka_unit_test(doubts_what_will_hardly_work),
		cmocka_unit_test(a_role_in_exchange_is_none_in_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
