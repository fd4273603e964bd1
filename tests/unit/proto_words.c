/* SPDX-License-Identifier: ISC */
/* A client's words: short, printable, and nothing else gets through. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_listen.h"
#include "common/proto_words.h"

#define OUT_MAX 65536

static const struct client_words sample = {
	.tls_version = "TLSv1",
	.tls_cipher = "ECDHE-RSA-AES256-SHA",
	.helo = "copier.example",
	.is_esmtp = true,
};

static void
put(struct buf *b, const struct client_words *w, struct frame *f)
{
	buf_init(b, OUT_MAX);
	assert_int_equal(client_words_put(b, w), 0);
	assert_int_equal(frame_parse(b->data, b->len, f), b->len);
}

static void
there_and_back(void **state)
{
	struct client_words got, longest = sample;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	put(&b, &sample, &f);
	assert_int_equal(client_words_get(&f, &got, &e), 0);
	assert_string_equal(got.tls_version, sample.tls_version);
	assert_string_equal(got.tls_cipher, sample.tls_cipher);
	assert_string_equal(got.helo, sample.helo);
	assert_true(got.is_esmtp);
	buf_clear(&b);
	memset(longest.helo, 'x', sizeof(longest.helo) - 1);
	memset(longest.tls_cipher, 'x', sizeof(longest.tls_cipher) - 1);
	memset(longest.tls_version, 'x', sizeof(longest.tls_version) - 1);
	put(&b, &longest, &f);
	assert_true(b.len <= LISTEN_ASK_MAX);
	assert_int_equal(client_words_get(&f, &got, &e), 0);
	assert_string_equal(got.helo, longest.helo);
	buf_clear(&b);
}

/* One field of a frame, and whether the reader takes it. */
static int
read_field(uint8_t type, uint8_t tag, const char *p, size_t n)
{
	struct client_words got;
	struct frame f;
	struct buf b;
	struct err e;
	ssize_t start;
	int rc;

	buf_init(&b, OUT_MAX);
	start = frame_begin(&b, type);
	assert_int_equal(field_put(&b, tag, p, n), 0);
	assert_int_equal(frame_end(&b, start), 0);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	rc = client_words_get(&f, &got, &e);
	buf_clear(&b);
	return rc;
}

static void
what_is_refused(void **state)
{
	static const char number[8] = { 0, 0, 0, 0, 0, 0, 0, 2 };
	char text[256];
	uint8_t tag;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(read_field(LISTEN_ASK, 14, "copier", 6), 0);
	assert_int_equal(read_field(LISTEN_ASK + 1, 14, "copier", 6), -1);
	assert_int_equal(read_field(LISTEN_ASK, 14, text, 255), 0);
	assert_int_equal(read_field(LISTEN_ASK, 14, text, 256), -1);
	assert_int_equal(read_field(LISTEN_ASK, 12, text, 16), -1);
	assert_int_equal(read_field(LISTEN_ASK, 13, text, 64), -1);
	for (tag = 12; tag <= 14; tag++) {
		assert_int_equal(read_field(LISTEN_ASK, tag, "a\nb", 3), -1);
		assert_int_equal(read_field(LISTEN_ASK, tag, "a\0b", 3), -1);
		assert_int_equal(read_field(LISTEN_ASK, tag, "a\x7f", 2), -1);
		assert_int_equal(
		    read_field(LISTEN_ASK, tag, "\xc3\xa4", 2), -1);
	}
	assert_int_equal(read_field(LISTEN_ASK, 15, number, 8), -1);
	assert_int_equal(read_field(LISTEN_ASK, 99, "x", 1), -1);
}

static void
twice_or_cut(void **state)
{
	struct client_words got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t whole;
	unsigned good = 0;

	(void)state;
	put(&b, &sample, &f);
	/* Between fields it is shorter, and no less whole. */
	for (whole = f.len, f.len = 0; f.len < whole; f.len++)
		good += client_words_get(&f, &got, &e) == 0;
	assert_int_equal(good, 4);
	assert_int_equal(field_put_str(&b, 14, "again"), 0);
	f.payload = (const uint8_t *)b.data + FRAME_HEAD;
	f.len = b.len - FRAME_HEAD;
	assert_int_equal(client_words_get(&f, &got, &e), -1);
	buf_clear(&b);
}

static void
what_is_set(void **state)
{
	char to[8];

	(void)state;
	client_words_set(to, sizeof(to), "a\r\xc3 b", 5);
	assert_string_equal(to, "a?? b");
	client_words_set(to, sizeof(to), "0123456789", 10);
	assert_string_equal(to, "0123456");
	client_words_set(to, sizeof(to), "", 0);
	assert_string_equal(to, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(twice_or_cut),
		cmocka_unit_test(what_is_set),
	};

	return cmocka_run_group_tests_name("proto_words", tests, NULL, NULL);
}
