/* SPDX-License-Identifier: ISC */
/* Listeners, on the control channel. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_ctl.h"

#define OUT_MAX 65536
#define S(text) ((char *)(uintptr_t)(text))

static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
a_listener_comes_back(void **state)
{
	const struct ctl_listener in = { .name = S("copier"),
		.address = S("192.0.2.10"),
		.port = 587,
		.is_lent = true,
		.state = S("stuck"),
		.since = 1,
		.text = S("why"),
		.fix = S("mend"),
		.tls = S("required"),
		.tls_min = S("1.0"),
		.auth = S("optional"),
		.connections = 2,
		.connections_max = 3,
		.messages = 4,
		.turned_away = 5,
		.refused = 6,
		.pair = S("kept"),
		.pair_since = 7,
		.pair_text = S("half"),
		.pair_fix = S("whole"),
		.ends_at = 8,
		.is_soon = true,
		.ends = S("soon"),
		.ends_fix = S("renew") };
	struct ctl_listener out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_listener(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_listener(&f, &out, &e), 0);
	assert_string_equal(out.name, "copier");
	assert_string_equal(out.address, "192.0.2.10");
	assert_string_equal(out.state, "stuck");
	assert_string_equal(out.text, "why");
	assert_string_equal(out.fix, "mend");
	assert_string_equal(out.tls, "required");
	assert_string_equal(out.tls_min, "1.0");
	assert_string_equal(out.auth, "optional");
	assert_string_equal(out.pair, "kept");
	assert_string_equal(out.pair_text, "half");
	assert_string_equal(out.pair_fix, "whole");
	assert_string_equal(out.ends, "soon");
	assert_string_equal(out.ends_fix, "renew");
	assert_true(out.is_lent && out.is_soon);
	assert_true(out.port == 587 && out.since == 1 && out.connections == 2);
	assert_true(out.connections_max == 3 && out.messages == 4);
	assert_true(out.turned_away == 5 && out.refused == 6);
	assert_true(out.pair_since == 7 && out.ends_at == 8);
	ctl_listener_clear(&out);
	assert_null(out.name);
	/* Cut off within the last field; and another type. */
	f.len -= 2;
	assert_int_equal(ctl_get_listener(&f, &out, &e), -1);
	f.type = CTL_DEVICE;
	assert_int_equal(ctl_get_listener(&f, &out, &e), -1);
	buf_clear(&b);
}

static void
what_there_is_not_is_left_out(void **state)
{
	struct ctl_listener in = { .name = S("scan"),
		.address = S("::1"),
		.port = 25,
		.state = S("open"),
		.tls = S("none"),
		.auth = S("off") };
	struct ctl_listener out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_listener(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_listener(&f, &out, &e), 0);
	assert_null(out.text);
	assert_null(out.tls_min);
	assert_null(out.pair);
	assert_null(out.ends);
	ctl_listener_clear(&out);
	/* Nobody listens on port 0. */
	in.port = 0;
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_listener(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_listener(&f, &out, &e), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_comes_back),
		cmocka_unit_test(what_there_is_not_is_left_out),
	};

	return cmocka_run_group_tests_name(
	    "proto_ctl_listener", tests, NULL, NULL);
}
