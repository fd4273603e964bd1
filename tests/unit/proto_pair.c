/* SPDX-License-Identifier: ISC */
/* A key on its way: whole or not at all, and nothing of it stays. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_listen.h"
#include "common/proto_pair.h"

static void
fill(struct pair *p, size_t n)
{
	size_t i;

	pair_init(p);
	for (i = 0; i < n; i++) {
		assert_int_equal(buf_append(&p->certificate, "c", 1), 0);
		assert_int_equal(buf_append(&p->key, "k\0" + i % 2, 1), 0);
	}
}

static void
put(struct buf *b, const struct pair *p, struct frame *f)
{
	buf_init(b, PAIR_FRAME_MAX);
	assert_int_equal(pair_put(b, p), 0);
	assert_int_equal(frame_parse(b->data, b->len, f), b->len);
}

static void
there_and_back(void **state)
{
	static const size_t sizes[] = { 1, 100, PAIR_FILE_MAX };
	struct pair p, got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(&p, sizes[i]);
		put(&b, &p, &f);
		pair_init(&got);
		assert_int_equal(pair_get(&f, &got, &e), 0);
		assert_int_equal(got.certificate.len, sizes[i]);
		assert_memory_equal(
		    got.certificate.data, p.certificate.data, sizes[i]);
		assert_int_equal(got.key.len, sizes[i]);
		assert_memory_equal(got.key.data, p.key.data, sizes[i]);
		pair_wipe(&got);
		pair_wipe(&p);
		buf_wipe(&b);
	}
}

static int
get(const struct frame *f)
{
	struct pair got;
	struct err e;
	int rc;

	pair_init(&got);
	if ((rc = pair_get(f, &got, &e)) == -1) {
		assert_int_equal(got.key.len, 0);
		assert_int_equal(got.certificate.len, 0);
	}
	pair_wipe(&got);
	return rc;
}

static void
what_is_none(void **state)
{
	struct frame f;
	struct pair p;
	struct buf b;
	size_t whole;
	uint8_t tag;

	(void)state;
	fill(&p, 10);
	put(&b, &p, &f);
	whole = f.len;
	for (f.len = 0; f.len < whole; f.len++)
		assert_int_equal(get(&f), -1);
	f.type = LISTEN_SETUP;
	assert_int_equal(get(&f), -1);
	for (tag = 0; tag < 5; tag++) {
		buf_truncate(&b, FRAME_HEAD + whole);
		assert_int_equal(field_put(&b, tag, "x", 1), 0);
		f = (struct frame){ LISTEN_PAIR, b.len - FRAME_HEAD,
			(const uint8_t *)b.data + FRAME_HEAD };
		assert_int_equal(get(&f), -1);
	}
	buf_wipe(&b);
	pair_wipe(&p);
	put(&b, &p, &f); /* both are empty */
	assert_int_equal(get(&f), -1);
	buf_wipe(&b);
}

static void
larger_than_any(void **state)
{
	static const char octets[PAIR_FILE_MAX + 1];
	struct frame f;
	struct buf b;
	ssize_t start;
	int extra;

	(void)state;
	for (extra = 0; extra <= 1; extra++) {
		buf_init(&b, 2 * PAIR_FRAME_MAX);
		start = frame_begin(&b, LISTEN_PAIR);
		field_put(&b, 1, "c", 1);
		field_put(&b, 2, octets, PAIR_FILE_MAX + (size_t)extra);
		assert_int_equal(frame_end(&b, start), 0);
		assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
		assert_int_equal(get(&f), -extra);
		buf_clear(&b);
	}
}

static void
judged(void **state)
{
	const struct pair_judged j = { true, "it has expired", 1893456000 };
	struct pair_judged got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t whole;

	(void)state;
	buf_init(&b, PAIR_JUDGED_MAX);
	assert_int_equal(pair_judged_put(&b, &j), 0);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	assert_int_equal(pair_judged_get(&f, &got, &e), 0);
	assert_true(got.is_good);
	assert_string_equal(got.text, j.text);
	assert_int_equal(got.until, j.until);
	for (whole = f.len, f.len = 0; f.len < whole; f.len++)
		assert_int_equal(pair_judged_get(&f, &got, &e), -1);
	f.type = LISTEN_PAIR;
	assert_int_equal(pair_judged_get(&f, &got, &e), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(larger_than_any),
		cmocka_unit_test(judged),
	};

	return cmocka_run_group_tests_name("proto_pair", tests, NULL, NULL);
}
