/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_origin.h"

#define OUT_MAX 65536

static void
put(struct buf *b, struct frame *f)
{
	struct submit_origin o = { .listener = (char *)(uintptr_t) "scan",
		.client = (char *)(uintptr_t) "192.0.2.1",
		.smtpd = 4711,
		.words = { .tls_version = "TLSv1",
		    .tls_cipher = "ECDHE-RSA-AES256-SHA",
		    .helo = "copier",
		    .is_esmtp = true } };

	memset(o.token, 7, sizeof(o.token));
	buf_init(b, OUT_MAX);
	assert_int_equal(origin_put(b, &o), 0);
	assert_int_equal(frame_parse(b->data, b->len, f), b->len);
	assert_int_equal(f->type, SUBMIT_ORIGIN);
}

static void
there_and_back(void **state)
{
	struct submit_origin got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t i;

	(void)state;
	put(&b, &f);
	assert_int_equal(origin_get(&f, &got, &e), 0);
	assert_string_equal(got.listener, "scan");
	assert_string_equal(got.client, "192.0.2.1");
	assert_int_equal(got.smtpd, 4711);
	assert_string_equal(got.words.tls_version, "TLSv1");
	assert_string_equal(got.words.tls_cipher, "ECDHE-RSA-AES256-SHA");
	assert_string_equal(got.words.helo, "copier");
	assert_true(got.words.is_esmtp);
	for (i = 0; i < ORIGIN_TOKEN; i++)
		assert_int_equal(got.token[i], 7);
	origin_clear(&got);
	for (i = 0; i < ORIGIN_TOKEN; i++)
		assert_int_equal(got.token[i], 0);
	buf_clear(&b);
}

static size_t
origin_get_once(const struct frame *f)
{
	struct submit_origin got;
	struct err e;

	if (origin_get(f, &got, &e) == -1)
		return 0;
	assert_string_equal(got.client, "192.0.2.1");
	origin_clear(&got);
	return 1;
}

/* Who has signed in, and as whom that one may send; or nobody has. */
static void
a_login(void **state)
{
	struct submit_origin got, o = { .listener = (char *)(uintptr_t) "scan",
		.client = (char *)(uintptr_t) "192.0.2.1",
		.smtpd = 1,
		.login = (char *)(uintptr_t) "scanner",
		.senders = (char *)(uintptr_t) "a@b.example" };
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(origin_put(&b, &o), 0);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	assert_int_equal(origin_get(&f, &got, &e), 0);
	assert_string_equal(got.login, "scanner");
	assert_string_equal(got.senders, "a@b.example");
	origin_clear(&got);
	buf_clear(&b);
	put(&b, &f);
	assert_int_equal(origin_get(&f, &got, &e), 0);
	assert_null(got.login);
	assert_null(got.senders);
	origin_clear(&got);
	buf_clear(&b);
}

static void
what_is_none(void **state)
{
	struct submit_origin got;
	struct frame f, longer;
	struct buf b;
	struct err e;
	size_t whole, good = 0;
	uint8_t tag;

	(void)state;
	put(&b, &f);
	whole = f.len;
	/* Without a word of the client it is whole, and nothing is before. */
	for (f.len = 0; f.len < whole; f.len++)
		good += origin_get_once(&f);
	assert_int_equal(good, 4);
	/* one more field: unknown, or a second one of its kind */
	for (tag = 0; tag < 16; tag++) {
		buf_truncate(&b, FRAME_HEAD + whole);
		assert_int_equal(field_put(&b, tag, f.payload, 32), 0);
		longer = f;
		longer.payload = (const uint8_t *)b.data + FRAME_HEAD;
		longer.len = b.len - FRAME_HEAD;
		assert_int_equal(origin_get(&longer, &got, &e), -1);
	}
	buf_clear(&b);
}

/* Each once, and the token never left out. */
static void
what_is_there_once(void **state)
{
	static const uint8_t token[ORIGIN_TOKEN] = { 7 };
	static const struct {
		unsigned tokens, listeners, clients, smtpds, logins;
		int rc;
	} cases[] = {
		{ 1, 1, 1, 1, 0, 0 },
		{ 1, 1, 1, 1, 1, 0 },
		{ 0, 1, 1, 1, 0, -1 },
		{ 2, 1, 1, 1, 0, -1 },
		{ 1, 0, 1, 1, 0, -1 },
		{ 1, 2, 1, 1, 0, -1 },
		{ 1, 1, 0, 1, 0, -1 },
		{ 1, 1, 2, 1, 0, -1 },
		{ 1, 1, 1, 0, 0, -1 },
		{ 1, 1, 1, 2, 0, -1 },
		{ 1, 1, 1, 1, 2, -1 },
	};
	struct submit_origin got;
	struct frame f;
	struct buf b;
	struct err e;
	ssize_t start;
	size_t i;
	unsigned k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&b, OUT_MAX);
		start = frame_begin(&b, SUBMIT_ORIGIN);
		for (k = 0; k < cases[i].tokens; k++)
			field_put(&b, 1, token, sizeof(token));
		for (k = 0; k < cases[i].listeners; k++)
			field_put_str(&b, 2, "scan");
		for (k = 0; k < cases[i].clients; k++)
			field_put_str(&b, 3, "192.0.2.1");
		for (k = 0; k < cases[i].smtpds; k++)
			field_put_u64(&b, 4, 4711);
		for (k = 0; k < cases[i].logins; k++)
			field_put_str(&b, 20, "scanner");
		frame_end(&b, start);
		frame_parse(b.data, b.len, &f);
		if (origin_get(&f, &got, &e) != cases[i].rc)
			fail_msg("case %zu", i);
		if (cases[i].rc == 0)
			origin_clear(&got);
		buf_clear(&b);
	}
}

/* A process: neither none nor more than there are. */
static void
which_process(void **state)
{
	static const struct {
		uint64_t said;
		int rc;
	} cases[] = {
		{ 0, -1 },
		{ 1, 0 },
		{ INT32_MAX, 0 },
		{ (uint64_t)INT32_MAX + 1, -1 },
		{ UINT64_MAX, -1 },
	};
	struct submit_origin got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(&b, &f);
		/* behind token, listener and client, each with a head */
		at = FRAME_HEAD + 3 * FRAME_HEAD + ORIGIN_TOKEN + 4 + 9;
		assert_int_equal(b.data[at], 4);
		buf_truncate(&b, at);
		field_put_u64(&b, 4, cases[i].said);
		f.payload = (const uint8_t *)b.data + FRAME_HEAD;
		f.len = b.len - FRAME_HEAD;
		assert_int_equal(origin_get(&f, &got, &e), cases[i].rc);
		if (cases[i].rc == 0) {
			assert_int_equal(got.smtpd, cases[i].said);
			origin_clear(&got);
		}
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(a_login),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(what_is_there_once),
		cmocka_unit_test(which_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
