/* SPDX-License-Identifier: ISC */
/* The token contract: what is written comes back, and nothing else does. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_token.h"
#include "common/xalloc.h"

#define OUT_MAX (2 * (FRAME_MAX + FRAME_HEAD))

/* The only frame of b. */
static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
sample_ask(struct token_ask *a)
{
	memset(a, 0, sizeof(*a));
	a->account = xstrdup("alerts");
	a->provider = PROVIDER_OFFICE365_CHINA;
	a->grant = GRANT_FEDERATED;
	a->proof = TOKEN_PROOF_FEDERATED;
	a->assertion = ASSERTION_RS256;
	a->is_device_code = true;
	a->token_url = xstrdup("https://l.example/token");
	a->scope = xstrdup("x y");
	a->client_id = xstrdup("id");
	a->tenant = xstrdup("t.example");
	a->user = xstrdup("a@t.example");
	a->proxy = xstrdup("http://p.example");
	a->ca_file = xstrdup("/etc/ca.pem");
	a->family = FAMILY_IPV6;
	a->sandbox = SANDBOX_OFF;
	a->deadline_ms = 1000;
	a->connect_ms = 500;
	a->log_target = CONF_LOG_FILE;
	a->log_level = 7;
	a->app_rbac = true;
}

static void
assert_ask(const struct token_ask *a)
{
	assert_string_equal(a->account, "alerts");
	assert_int_equal(a->provider, PROVIDER_OFFICE365_CHINA);
	assert_int_equal(a->grant, GRANT_FEDERATED);
	assert_int_equal(a->proof, TOKEN_PROOF_FEDERATED);
	assert_int_equal(a->assertion, ASSERTION_RS256);
	assert_true(a->is_device_code);
	assert_string_equal(a->token_url, "https://l.example/token");
	assert_string_equal(a->scope, "x y");
	assert_string_equal(a->client_id, "id");
	assert_string_equal(a->tenant, "t.example");
	assert_string_equal(a->user, "a@t.example");
	assert_string_equal(a->proxy, "http://p.example");
	assert_string_equal(a->ca_file, "/etc/ca.pem");
	assert_int_equal(a->family, FAMILY_IPV6);
	assert_int_equal(a->sandbox, SANDBOX_OFF);
	assert_int_equal(a->deadline_ms, 1000);
	assert_int_equal(a->connect_ms, 500);
	assert_int_equal(a->log_target, CONF_LOG_FILE);
	assert_int_equal(a->log_level, 7);
	assert_true(a->app_rbac);
}

static void
ask_comes_back(void **state)
{
	struct token_ask in, out;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, OUT_MAX);
	sample_ask(&in);
	assert_int_equal(token_put_ask(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_ask(&f, &out, &e), 0);
	assert_ask(&out);
	token_ask_clear(&in);
	token_ask_clear(&out);
	buf_clear(&b);
}

static void
what_is_not_given_is_none(void **state)
{
	struct token_ask in, out;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	memset(&in, 0, sizeof(in));
	in.account = xstrdup("");
	in.token_url = xstrdup("u");
	in.scope = xstrdup("s");
	in.deadline_ms = in.connect_ms = TOKEN_DEADLINE_MIN_MS;
	buf_init(&b, OUT_MAX);
	assert_int_equal(token_put_ask(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_ask(&f, &out, &e), 0);
	assert_null(out.client_id);
	assert_null(out.proxy);
	assert_null(out.ca_file);
	token_ask_clear(&in);
	token_ask_clear(&out);
	buf_clear(&b);
}

/* A version that is not ours is told as that, whatever else comes. */
static void
another_version_is_named(void **state)
{
	struct token_ask out;
	struct frame f;
	struct buf b;
	struct err e;
	ssize_t start;

	(void)state;
	buf_init(&b, OUT_MAX);
	start = frame_begin(&b, TOKEN_ASK);
	field_put_u64(&b, 1, TOKEN_VERSION + 1);
	field_put_str(&b, 200, "new");
	frame_end(&b, start);
	f = only_frame(&b);
	assert_int_equal(token_get_ask(&f, &out, &e), -1);
	assert_non_null(strstr(e.text, "restart mailchuted"));
	buf_clear(&b);
}

static void
refused_comes_back(void **state)
{
	char text[ERR_TEXT_MAX], long_one[2 * ERR_TEXT_MAX];
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	buf_init(&b, OUT_MAX);
	assert_int_equal(token_put_refused(&b, long_one), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_refused(&f, text, &e), 0);
	assert_int_equal(strlen(text), ERR_TEXT_MAX - 1);
	buf_clear(&b);
}

static void
granted_comes_back(void **state)
{
	struct token_granted in, out;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	memset(&in, 0, sizeof(in));
	in.lifetime_s = 3599;
	in.asked_at = 1;
	in.until = 3600;
	in.server_at = 2;
	in.has_refresh = in.is_rotated = true;
	in.refresh_since = 3;
	in.cert_until = 4;
	strlcpy(in.doubt, "doubt", sizeof(in.doubt));
	strlcpy(in.fix, "fix", sizeof(in.fix));
	strlcpy(in.claims.aud, "aud", sizeof(in.claims.aud));
	strlcpy(in.claims.roles, "a b", sizeof(in.claims.roles));
	strlcpy(in.claims.scp, "scp", sizeof(in.claims.scp));
	strlcpy(in.claims.appid, "appid", sizeof(in.claims.appid));
	strlcpy(in.claims.oid, "oid", sizeof(in.claims.oid));
	strlcpy(in.claims.tid, "tid", sizeof(in.claims.tid));
	strlcpy(in.claims.upn, "upn", sizeof(in.claims.upn));
	in.claims.exp = 5;
	buf_init(&b, OUT_MAX);
	assert_int_equal(token_put_granted(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_granted(&f, &out, &e), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(
	    token_get_failed(&f, &(struct token_failed){ 0 }, &e), -1);
	buf_clear(&b);
}

static void
failed_comes_back(void **state)
{
	struct token_failed in, out;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	memset(&in, 0, sizeof(in));
	in.class = TOKEN_NEVER;
	in.ended = TOKEN_ENDED_REFRESH;
	in.http = 401;
	in.aadsts = 7000222;
	strlcpy(in.status, "5.7.8", sizeof(in.status));
	strlcpy(in.error, "invalid_client", sizeof(in.error));
	strlcpy(in.text, "AADSTS7000222: x", sizeof(in.text));
	strlcpy(in.phase, "answer", sizeof(in.phase));
	strlcpy(in.meaning, "m", sizeof(in.meaning));
	strlcpy(in.fix, "f", sizeof(in.fix));
	in.wait_s = 17;
	in.server_at = 1;
	in.asked_at = 2;
	in.cert_until = 3;
	buf_init(&b, OUT_MAX);
	assert_int_equal(token_put_failed(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_failed(&f, &out, &e), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	buf_clear(&b);

	in.class = 0;
	assert_int_equal(token_put_failed(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_failed(&f, &out, &e), -1);
	buf_clear(&b);
}

static void
code_comes_back(void **state)
{
	struct token_code in, out;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	memset(&in, 0, sizeof(in));
	strlcpy(in.uri, "https://x.example/", sizeof(in.uri));
	strlcpy(in.code, "ABC", sizeof(in.code));
	in.expires_s = 900;
	in.interval_s = 5;
	buf_init(&b, OUT_MAX);
	assert_int_equal(token_put_code(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(token_get_code(&f, &out, &e), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ask_comes_back),
		cmocka_unit_test(what_is_not_given_is_none),
		cmocka_unit_test(another_version_is_named),
		cmocka_unit_test(refused_comes_back),
		cmocka_unit_test(granted_comes_back),
		cmocka_unit_test(failed_comes_back),
		cmocka_unit_test(code_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
