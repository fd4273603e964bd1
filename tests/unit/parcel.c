/* SPDX-License-Identifier: ISC */
/* A submission as frames that can be sent twice. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/parcel.h"
#include "common/xalloc.h"

#define OUT_MAX (16 * 1024 * 1024)

struct text {
	uint64_t size, at;
	uint64_t odd;   /* an octet beyond ASCII is there; UINT64_MAX: none */
	uint64_t fails; /* reading fails there; UINT64_MAX: nowhere */
	bool may_rewind;
	unsigned reads;
};

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	struct text *t = arg;
	char *to = p;
	size_t i;

	t->reads++;
	if (t->at >= t->fails)
		return err_set(e, ERR_LOCAL, "5.3.0", "the disk is gone");
	if (n > t->size - t->at)
		n = (size_t)(t->size - t->at);
	for (i = 0; i < n; i++)
		to[i] = t->at + i == t->odd ? '\377'
					    : (char)('a' + (t->at + i) % 23);
	t->at += n;
	return (ssize_t)n;
}

static int
text_rewind(void *arg, struct err *e)
{
	struct text *t = arg;

	if (!t->may_rewind)
		return err_set(e, ERR_TEMP, "4.3.0", "it is a pipe");
	t->at = 0;
	return 0;
}

struct scene {
	struct text text;
	struct envelope env;
	struct parcel *parcel;
};

static void
set_up(struct scene *s, uint64_t size, uint64_t size_max)
{
	const struct submit_head head = { { 1, 2, 3 }, 1700000000,
		SUBMIT_VERSION };
	const struct source source = { text_read, text_rewind, &s->text };

	memset(s, 0, sizeof(*s));
	s->text.size = size;
	s->text.odd = s->text.fails = UINT64_MAX;
	s->text.may_rewind = true;
	envelope_init(&s->env);
	s->env.sender = xstrdup("a@b.example");
	envelope_add(&s->env, "c@d.example");
	s->parcel =
	    parcel_new(&head, &s->env, &source, SIZE_LIMIT_QUEUE(size_max));
}

static void
tear_down(struct scene *s)
{
	parcel_free(s->parcel);
	envelope_clear(&s->env);
}

/* All frames; how many calls of parcel_next it took, 0 for a failure. */
static unsigned
drain(struct scene *s, struct buf *out, struct err *e)
{
	unsigned calls = 0;
	int more;

	buf_init(out, OUT_MAX);
	do {
		more = parcel_next(s->parcel, out, e);
		calls++;
	} while (more == 1);
	return more == -1 ? 0 : calls;
}

static void
a_small_one_leaves_at_once(void **state)
{
	struct scene s;
	struct buf a, b;
	struct err e;

	(void)state;
	set_up(&s, 2000, 0);
	assert_int_equal(parcel_fill(s.parcel, &e), 0);
	assert_true(parcel_is_whole(s.parcel));
	assert_true(parcel_is_ready(s.parcel));
	assert_int_equal(drain(&s, &a, &e), 1);
	assert_false(parcel_is_ready(s.parcel));
	/* the same again, and the source is not asked */
	s.text.reads = 0;
	s.text.may_rewind = false;
	assert_int_equal(parcel_rewind(s.parcel, &e), 0);
	assert_int_equal(drain(&s, &b, &e), 1);
	assert_int_equal(s.text.reads, 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	buf_clear(&a);
	buf_clear(&b);
	tear_down(&s);
}

/* Memory's limit, and around it. */
static void
every_octet_is_in_it_twice(void **state)
{
	const uint64_t sizes[] = { 0, 1, 65536, PARCEL_MEMORY - 1,
		PARCEL_MEMORY, PARCEL_MEMORY + 1, 3 * PARCEL_MEMORY + 7 };
	struct scene s;
	struct buf a, b;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		set_up(&s, sizes[i], 0);
		assert_int_equal(parcel_fill(s.parcel, &e), 0);
		assert_true(drain(&s, &a, &e) > 0);
		assert_true(a.len > sizes[i]);
		assert_int_equal(parcel_rewind(s.parcel, &e), 0);
		assert_true(drain(&s, &b, &e) > 0);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		buf_clear(&a);
		buf_clear(&b);
		tear_down(&s);
	}
}

static void
a_pipe_gives_its_octets_once(void **state)
{
	struct scene s;
	struct buf out;
	struct err e;

	(void)state;
	set_up(&s, 2 * PARCEL_MEMORY, 0);
	s.text.may_rewind = false;
	assert_int_equal(parcel_fill(s.parcel, &e), 0);
	assert_false(parcel_is_whole(s.parcel));
	/* until something beyond memory was read */
	assert_int_equal(parcel_rewind(s.parcel, &e), 0);
	assert_true(drain(&s, &out, &e) > 1);
	assert_int_equal(parcel_rewind(s.parcel, &e), -1);
	assert_string_equal(e.text, "it is a pipe");
	buf_clear(&out);
	tear_down(&s);
}

static void
a_source_that_fails(void **state)
{
	struct scene s;
	struct buf out;
	struct err e;

	(void)state;
	set_up(&s, 2000, 0);
	s.text.fails = 2000;
	assert_int_equal(parcel_fill(s.parcel, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	tear_down(&s);
	/* beyond memory: no END is ever written */
	set_up(&s, 2 * PARCEL_MEMORY, 0);
	s.text.fails = 2 * PARCEL_MEMORY;
	assert_int_equal(parcel_fill(s.parcel, &e), 0);
	assert_int_equal(drain(&s, &out, &e), 0);
	assert_int_equal(e.class, ERR_LOCAL);
	buf_clear(&out);
	tear_down(&s);
}

static void
too_large(void **state)
{
	struct scene s;
	struct buf out;
	struct err e;

	(void)state;
	set_up(&s, 2001, 2000);
	assert_int_equal(parcel_fill(s.parcel, &e), -1);
	assert_string_equal(e.status, PARCEL_TOO_LARGE);
	assert_non_null(strstr(e.text, "2000 octets that queue.message"));
	tear_down(&s);
	assert_int_equal(parcel_check_size(3, SIZE_LIMIT_LISTENER(2), &e), -1);
	assert_non_null(strstr(e.text, "2 octets that listen.max_size allows"));
	assert_int_equal(parcel_check_size(2, SIZE_LIMIT_LISTENER(2), &e), 0);
	assert_int_equal(parcel_check_size(3, SIZE_LIMIT_NONE, &e), 0);
	set_up(&s, 2000, 2000);
	assert_int_equal(parcel_fill(s.parcel, &e), 0);
	tear_down(&s);
	set_up(&s, 3 * PARCEL_MEMORY, 2 * PARCEL_MEMORY);
	assert_int_equal(parcel_fill(s.parcel, &e), 0);
	assert_int_equal(drain(&s, &out, &e), 0);
	assert_string_equal(e.status, PARCEL_TOO_LARGE);
	buf_clear(&out);
	tear_down(&s);
}

static void
what_its_octets_are(void **state)
{
	static const struct {
		uint64_t size, odd;
		enum body_type said, is;
	} rows[] = {
		{ 2000, UINT64_MAX, BODY_UNKNOWN, BODY_7BIT },
		{ 2000, UINT64_MAX, BODY_8BITMIME, BODY_7BIT },
		{ 2000, 1999, BODY_7BIT, BODY_8BITMIME },
		{ 2 * PARCEL_MEMORY, UINT64_MAX, BODY_7BIT, BODY_UNKNOWN },
		{ 2 * PARCEL_MEMORY, UINT64_MAX, BODY_UNKNOWN, BODY_UNKNOWN },
		{ 2 * PARCEL_MEMORY, UINT64_MAX, BODY_8BITMIME, BODY_8BITMIME },
		{ 2 * PARCEL_MEMORY, 5, BODY_7BIT, BODY_8BITMIME },
	};
	struct scene s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_up(&s, rows[i].size, 0);
		s.text.odd = rows[i].odd;
		assert_int_equal(parcel_fill(s.parcel, &e), 0);
		assert_int_equal(
		    parcel_body(s.parcel, rows[i].said), rows[i].is);
		tear_down(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_one_leaves_at_once),
		cmocka_unit_test(every_octet_is_in_it_twice),
		cmocka_unit_test(a_pipe_gives_its_octets_once),
		cmocka_unit_test(a_source_that_fails),
		cmocka_unit_test(too_large),
		cmocka_unit_test(what_its_octets_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
