/* SPDX-License-Identifier: ISC */
/* Who else is an author, as smtpd tells it; nobody else may put words there. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_authors.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"

#define OUT_MAX (128 * 1024)

/* 0 and what was read of a payload, or -1 and an error of the client's. */
static int
get(const struct buf *b, struct authors *out)
{
	struct frame f;
	struct err e;
	int rc;

	memset(out, 0, sizeof(*out));
	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	rc = authors_get(&f, out, &e);
	if (rc == -1)
		assert_int_equal(e.class, ERR_PERM);
	return rc;
}

static void
there_and_back(void **state)
{
	struct authors a = { .has_unread = false }, got;
	struct buf b;
	int i;

	(void)state;
	strlist_add(&a.others, "c@d.example");
	strlist_add(&a.others, "root");
	for (i = 0; i < 2; i++) {
		a.has_unread = i == 1;
		buf_init(&b, OUT_MAX);
		assert_int_equal(authors_put(&b, &a), 0);
		assert_int_equal(b.data[0], SUBMIT_AUTHORS);
		assert_int_equal(get(&b, &got), 0);
		assert_int_equal(got.others.n, 2);
		assert_string_equal(got.others.v[0], "c@d.example");
		assert_string_equal(got.others.v[1], "root");
		assert_int_equal(got.has_unread, a.has_unread);
		strlist_clear(&got.others);
		buf_clear(&b);
	}
	strlist_clear(&a.others);
}

/* What every submission but a few is: octet for octet as it was before. */
static void
nothing_to_say_is_no_frame(void **state)
{
	struct authors a = { .has_unread = false }, got;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(authors_put(&b, &a), 0);
	assert_int_equal(b.len, 0);
	a.has_unread = true;
	assert_int_equal(authors_put(&b, &a), 0);
	assert_int_equal(get(&b, &got), 0);
	assert_true(got.has_unread);
	assert_int_equal(got.others.n, 0);
	buf_clear(&b);
}

/* Between the envelope and its recipients; without any, nothing stands there.
 */
static void
where_they_stand(void **state)
{
	struct submit_head head = { .version = SUBMIT_VERSION };
	struct envelope env;
	struct frame f;
	struct buf b;
	uint8_t types[4] = { 0 };
	size_t at, n;
	int i;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("a@b.example");
	envelope_add(&env, "c@d.example");
	for (i = 0; i < 2; i++) {
		buf_init(&b, OUT_MAX);
		assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
		for (at = n = 0; at < b.len; at += f.len + FRAME_HEAD) {
			frame_parse(b.data + at, b.len - at, &f);
			types[n++] = f.type;
		}
		assert_int_equal(n, 2 + i);
		assert_int_equal(types[0], SUBMIT_ENVELOPE);
		if (i == 1)
			assert_int_equal(types[1], SUBMIT_AUTHORS);
		assert_int_equal(types[n - 1], SUBMIT_RCPTS);
		buf_clear(&b);
		strlist_add(&env.authors.others, "e@f.example");
	}
	envelope_clear(&env);
}

static void
as_many_as_there_may_be(void **state)
{
	struct authors a = { .has_unread = true }, got;
	char longest[SUBMIT_TEXT_MAX + 2];
	struct buf b;
	int i;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[SUBMIT_TEXT_MAX] = '\0';
	for (i = 0; i < AUTHORS_MAX; i++)
		strlist_add(&a.others, longest);
	buf_init(&b, OUT_MAX);
	assert_int_equal(authors_put(&b, &a), 0);
	assert_int_equal(get(&b, &got), 0);
	assert_int_equal(got.others.n, AUTHORS_MAX);
	strlist_clear(&got.others);
	strlist_add(&a.others, "one@more");
	buf_truncate(&b, 0);
	assert_int_equal(authors_put(&b, &a), 0);
	assert_int_equal(get(&b, &got), -1);
	strlist_clear(&got.others);
	strlist_clear(&a.others);
	buf_clear(&b);
}

static void
what_is_refused(void **state)
{
	static const struct {
		uint8_t tag;
		const char *value;
		size_t n;
	} cases[] = {
		{ 1, "", 0 },
		{ 1, "a\0b", 3 },
		{ 1, "a\nb", 3 },
		{ 1, "a\x7f", 2 },
		{ 2, "x", 1 },
		{ 3, "a@b", 3 },
		{ 0, "", 0 },
	};
	char much[SUBMIT_TEXT_MAX + 2];
	struct authors got;
	struct buf b;
	ssize_t start;
	size_t i;

	(void)state;
	for (i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&b, OUT_MAX);
		start = frame_begin(&b, SUBMIT_AUTHORS);
		memset(much, 'x', sizeof(much));
		if (i == sizeof(cases) / sizeof(cases[0]))
			field_put(&b, 1, much, SUBMIT_TEXT_MAX + 1);
		else
			field_put(&b, cases[i].tag, cases[i].value, cases[i].n);
		frame_end(&b, start);
		if (get(&b, &got) == 0)
			fail_msg("case %zu was taken", i);
		strlist_clear(&got.others);
		buf_clear(&b);
	}
	/* said twice, and a field that does not end */
	buf_init(&b, OUT_MAX);
	start = frame_begin(&b, SUBMIT_AUTHORS);
	field_put(&b, 2, NULL, 0);
	field_put(&b, 2, NULL, 0);
	frame_end(&b, start);
	assert_int_equal(get(&b, &got), -1);
	buf_truncate(&b, 0);
	start = frame_begin(&b, SUBMIT_AUTHORS);
	buf_append(&b, "\1\0\0", 3);
	frame_end(&b, start);
	assert_int_equal(get(&b, &got), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(nothing_to_say_is_no_frame),
		cmocka_unit_test(where_they_stand),
		cmocka_unit_test(as_many_as_there_may_be),
		cmocka_unit_test(what_is_refused),
	};

	return cmocka_run_group_tests_name("proto_authors", tests, NULL, NULL);
}
