/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/proto_listen.h"

#define OUT_MAX 65536

static const struct listen_setup sample = {
	.listener = (char *)(uintptr_t) "scan",
	.client = (char *)(uintptr_t) "192.0.2.1",
	.hostname = (char *)(uintptr_t) "web01.example",
	.domain = (char *)(uintptr_t) "example",
	.size_max = 1 << 20,
	.rcpts_max = 7,
	.bare_newline = BARE_NEWLINE_REFUSE,
	.sandbox = SANDBOX_LOG,
	.log_target = CONF_LOG_FILE,
	.log_level = LOG_DEBUG,
	.tls = LISTEN_TLS_IMPLICIT,
	.tls_min = 10,
	.has_pair = true,
	.auth = LISTEN_AUTH_REQUIRED,
	.auth_in_clear = true,
	.is_crowded = true,
};

static void
put(struct buf *b, const struct listen_setup *s, struct frame *f)
{
	buf_init(b, OUT_MAX);
	assert_int_equal(listen_put_setup(b, s), 0);
	assert_int_equal(frame_parse(b->data, b->len, f), b->len);
}

static void
there_and_back(void **state)
{
	struct listen_setup got;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	put(&b, &sample, &f);
	assert_int_equal(listen_get_setup(&f, &got, &e), 0);
	assert_string_equal(got.listener, sample.listener);
	assert_string_equal(got.client, sample.client);
	assert_string_equal(got.hostname, sample.hostname);
	assert_string_equal(got.domain, sample.domain);
	assert_int_equal(got.size_max, sample.size_max);
	assert_int_equal(got.rcpts_max, sample.rcpts_max);
	assert_int_equal(got.bare_newline, sample.bare_newline);
	assert_int_equal(got.sandbox, sample.sandbox);
	assert_int_equal(got.log_target, sample.log_target);
	assert_int_equal(got.log_level, sample.log_level);
	assert_int_equal(got.tls, sample.tls);
	assert_int_equal(got.tls_min, sample.tls_min);
	assert_true(got.has_pair);
	assert_int_equal(got.auth, sample.auth);
	assert_true(got.auth_in_clear);
	assert_int_equal(got.is_crowded, sample.is_crowded);
	listen_setup_clear(&got);
	buf_clear(&b);
}

/* Shorter, of another type, of another version, and of no recipients. */
static void
what_is_none(void **state)
{
	struct listen_setup got, none = sample;
	struct frame f;
	struct buf b;
	struct err e;
	size_t whole;

	(void)state;
	put(&b, &sample, &f);
	whole = f.len;
	for (f.len = 0; f.len < whole; f.len++)
		assert_int_equal(listen_get_setup(&f, &got, &e), -1);
	f.type++;
	assert_int_equal(listen_get_setup(&f, &got, &e), -1);
	f.type--;
	b.data[FRAME_HEAD + 5 + 7]++; /* the last octet of the version */
	assert_int_equal(listen_get_setup(&f, &got, &e), -1);
	buf_clear(&b);
	none.rcpts_max = 0;
	put(&b, &none, &f);
	assert_int_equal(listen_get_setup(&f, &got, &e), -1);
	buf_clear(&b);
	none = sample;
	none.tls_min = 9;
	put(&b, &none, &f);
	assert_int_equal(listen_get_setup(&f, &got, &e), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
