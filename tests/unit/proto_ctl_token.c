/* SPDX-License-Identifier: ISC */
/* Tokens and what ends, on the control channel. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_ctl.h"

#define OUT_MAX 65536

static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
token_and_expiry_come_back(void **state)
{
	struct ctl_token in = { .account = (char *)(uintptr_t) "shop",
		.grant = (char *)(uintptr_t) "refresh_token",
		.until = 1800000000,
		.refreshed_at = 1799996400,
		.failures = 2,
		.text = (char *)(uintptr_t) "AADSTS50196",
		.roles = (char *)(uintptr_t) "SMTP.SendAsApp",
		.oid = (char *)(uintptr_t) "1-2",
		.server_at = 1799996500,
		.asked_at = 1799996400 };
	struct ctl_expiry x = { .account = (char *)(uintptr_t) "shop",
		.what = (char *)(uintptr_t) "client_secret",
		.at = 1800000000,
		.source = (char *)(uintptr_t) "configuration",
		.is_soon = true };
	struct ctl_expiry ends;
	struct ctl_token out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_token(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_token(&f, &out, &e), 0);
	assert_string_equal(out.grant, "refresh_token");
	assert_true(out.until == 1800000000 && out.refreshed_at == 1799996400);
	assert_int_equal(out.failures, 2);
	assert_string_equal(out.text, "AADSTS50196");
	assert_null(out.fix);
	assert_string_equal(out.roles, "SMTP.SendAsApp");
	assert_string_equal(out.oid, "1-2");
	assert_null(out.scp);
	assert_true(out.server_at - out.asked_at == 100);
	ctl_token_clear(&out);
	assert_int_equal(ctl_get_expiry(&f, &ends, &e), -1);
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_expiry(&b, &x), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_expiry(&f, &ends, &e), 0);
	assert_string_equal(ends.what, "client_secret");
	assert_string_equal(ends.source, "configuration");
	assert_true(ends.at == 1800000000 && ends.is_soon);
	ctl_expiry_clear(&ends);
	assert_int_equal(ctl_get_token(&f, &out, &e), -1);
	/* An end without a day is none. */
	buf_truncate(&b, 0);
	x.at = 0;
	assert_int_equal(ctl_put_expiry(&b, &x), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_expiry(&f, &ends, &e), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_and_expiry_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
