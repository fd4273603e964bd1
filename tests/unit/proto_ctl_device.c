/* SPDX-License-Identifier: ISC */
/* Devices, on the control channel. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_ctl.h"

#define OUT_MAX 65536
#define LENT(s) ((char *)(uintptr_t)(s))

static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
a_device_comes_back(void **state)
{
	const struct ctl_device in = { .listener = LENT("floor"),
		.address = LENT("10.0.0.5"),
		.login = LENT(""),
		.name = LENT("copier"),
		.tls = LENT("TLSv1"),
		.cipher = LENT("AES256-SHA"),
		.is_old = true,
		.old_at = 4,
		.first_at = 1,
		.last_at = 5,
		.messages = 3,
		.failures = 2,
		.error_at = 2,
		.error = LENT("no") };
	struct ctl_expiry other;
	struct ctl_device out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_device(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_device(&f, &out, &e), 0);
	assert_string_equal(out.listener, "floor");
	assert_string_equal(out.address, "10.0.0.5");
	assert_string_equal(out.login, "");
	assert_string_equal(out.name, "copier");
	assert_string_equal(out.tls, "TLSv1");
	assert_string_equal(out.cipher, "AES256-SHA");
	assert_string_equal(out.error, "no");
	assert_true(out.is_old);
	assert_true(out.old_at == 4 && out.first_at == 1 && out.last_at == 5);
	assert_true(out.messages == 3 && out.failures == 2);
	assert_true(out.error_at == 2);
	ctl_device_clear(&out);
	assert_null(out.listener);
	assert_int_equal(ctl_get_expiry(&f, &other, &e), -1);
	/* Cut off within the last field. */
	f.len -= 3;
	assert_int_equal(ctl_get_device(&f, &out, &e), -1);
	f.type = CTL_EXPIRY;
	assert_int_equal(ctl_get_device(&f, &out, &e), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_comes_back),
	};

	return cmocka_run_group_tests_name(
	    "proto_ctl_device", tests, NULL, NULL);
}
