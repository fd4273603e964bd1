/* SPDX-License-Identifier: ISC */
/* What an smtpd tells of a refusal: short, printable, counted. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_listen.h"
#include "common/proto_trouble.h"

#define OUT_MAX 65536

static const struct client_trouble sample = {
	.words = { .tls_version = "TLSv1", .helo = "copier" },
	.count = 7,
	.text = "no such user",
};

/* 0 and what was read, or -1. */
static int
through(const struct client_trouble *in, struct client_trouble *out)
{
	struct frame f;
	struct buf b;
	struct err e;
	int rc;

	buf_init(&b, OUT_MAX);
	assert_int_equal(client_trouble_put(&b, in), 0);
	assert_true(b.len <= LISTEN_ASK_MAX);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	rc = client_trouble_get(&f, out, &e);
	buf_clear(&b);
	return rc;
}

static void
there_and_back(void **state)
{
	struct client_trouble got, longest = sample;

	(void)state;
	assert_int_equal(through(&sample, &got), 0);
	assert_memory_equal(&got, &sample, sizeof(got));
	memset(longest.text, 'x', sizeof(longest.text) - 1);
	longest.count = TROUBLE_COUNT_MAX;
	assert_int_equal(through(&longest, &got), 0);
	assert_memory_equal(&got, &longest, sizeof(got));
}

static void
what_is_out_of_bounds_is_refused(void **state)
{
	struct client_trouble bad = sample, got;

	(void)state;
	bad.count = 0;
	assert_int_equal(through(&bad, &got), -1);
	bad.count = TROUBLE_COUNT_MAX + 1;
	assert_int_equal(through(&bad, &got), -1);
	bad = sample;
	strlcpy(bad.text, "two\nlines", sizeof(bad.text));
	assert_int_equal(through(&bad, &got), -1);
	strlcpy(bad.text, "\xc3\xbc", sizeof(bad.text));
	assert_int_equal(through(&bad, &got), -1);
	bad = sample;
	bad.words.helo[0] = '\x1b';
	assert_int_equal(through(&bad, &got), -1);
}

static void
another_frame_is_none(void **state)
{
	struct client_trouble got;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(client_words_put(&b, &sample.words), 0);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	assert_int_equal(client_trouble_get(&f, &got, &e), -1);
	/* Its fields alone are no trouble, either: there is no text. */
	f.type = LISTEN_TROUBLE;
	assert_int_equal(client_trouble_get(&f, &got, &e), -1);
	buf_clear(&b);
}

static void
a_field_twice_or_of_nobody_is_refused(void **state)
{
	static const uint8_t tags[] = { 30, 12, 99 };
	struct client_trouble got;
	struct frame f;
	struct buf b;
	struct err e;
	ssize_t start;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tags); i++) {
		buf_init(&b, OUT_MAX);
		start = frame_begin(&b, LISTEN_TROUBLE);
		assert_int_equal(field_put_str(&b, 30, "text"), 0);
		assert_int_equal(field_put_u64(&b, 31, 1), 0);
		assert_int_equal(field_put_str(&b, 12, "TLSv1"), 0);
		assert_int_equal(field_put_str(&b, tags[i], "x"), 0);
		assert_int_equal(frame_end(&b, start), 0);
		assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
		assert_int_equal(client_trouble_get(&f, &got, &e), -1);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_out_of_bounds_is_refused),
		cmocka_unit_test(another_frame_is_none),
		cmocka_unit_test(a_field_twice_or_of_nobody_is_refused),
	};

	return cmocka_run_group_tests_name("proto_trouble", tests, NULL, NULL);
}
