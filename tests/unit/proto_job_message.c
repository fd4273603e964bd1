/* SPDX-License-Identifier: ISC */
/* Of the delivery contract, the frames that carry a message. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_job.h"
#include "common/xalloc.h"

#define OUT_MAX (16 * (FRAME_MAX + FRAME_HEAD))

/* The only frame of b. */
static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
sample_message(struct job_message *m, size_t nrcpts)
{
	char address[64];
	size_t i;

	memset(m, 0, sizeof(*m));
	strlcpy(m->queue_id, "018F00A1B2C3", sizeof(m->queue_id));
	m->size = 12345;
	m->is_notice = true;
	m->env.sender = xstrdup("");
	m->eight_at = 12000;
	m->wrong_at = 11000;
	m->long_at = 10000;
	m->is_twice = true;
	m->env.ret = RET_HDRS;
	m->env.envid = xstrdup("env+2B1");
	m->env.message_id = xstrdup("<1@example.com>");
	m->instead_of = xstrdup("shop@example.com");
	m->rcpt_ids = xcalloc(nrcpts + 1, sizeof(*m->rcpt_ids));
	for (i = 0; i < nrcpts; i++) {
		snprintf(address, sizeof(address), "user%zu@example.com", i);
		envelope_add(&m->env, address);
		m->rcpt_ids[i] = 1000 + i;
	}
	if (nrcpts > 0) {
		m->env.rcpts[0].notify = NOTIFY_NEVER;
		m->env.rcpts[0].orcpt = xstrdup("rfc822;user0@example.com");
	}
}

static void
messages_of_any_size_come_back(void **state)
{
	static const size_t sizes[] = { 1, 2, 2500, JOB_RCPTS_MAX };
	struct job_message in, out;
	struct frame f;
	struct err e;
	struct buf b;
	size_t i, last, at;
	ssize_t n;

	(void)state;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sample_message(&in, sizes[i]);
		buf_truncate(&b, 0);
		assert_int_equal(job_put_message(&b, &in), 0);
		n = frame_parse(b.data, b.len, &f);
		assert_true(n > 0);
		assert_int_equal(job_get_message(&f, &out, &e), 0);
		for (at = (size_t)n; at < b.len; at += (size_t)n) {
			n = frame_parse(b.data + at, b.len - at, &f);
			assert_true(n > 0);
			assert_int_equal(f.type, JOB_RCPTS);
			assert_int_equal(job_get_rcpts(&f, &out, &e), 0);
		}
		last = sizes[i] - 1;
		assert_int_equal(out.env.nrcpts, sizes[i]);
		assert_int_equal(out.rcpt_ids[last], 1000 + last);
		assert_string_equal(
		    out.env.rcpts[last].address, in.env.rcpts[last].address);
		assert_int_equal(out.env.rcpts[0].notify, NOTIFY_NEVER);
		assert_string_equal(
		    out.env.rcpts[0].orcpt, "rfc822;user0@example.com");
		assert_string_equal(out.queue_id, "018F00A1B2C3");
		assert_int_equal(out.size, 12345);
		assert_true(out.is_notice && out.is_twice);
		assert_int_equal(out.eight_at, 12000);
		assert_int_equal(out.wrong_at, 11000);
		assert_int_equal(out.long_at, 10000);
		assert_string_equal(out.env.sender, "");
		assert_string_equal(out.env.envid, "env+2B1");
		assert_null(out.env.from);
		assert_string_equal(out.instead_of, "shop@example.com");
		job_message_clear(&in);
		job_message_clear(&out);
	}
	buf_clear(&b);
}

static void
what_may_be_encoded_comes_twice(void **state)
{
	static const struct {
		uint64_t size, eight_at, long_at;
		bool is_8bit, is_twice;
	} cases[] = {
		{ JOB_WHOLE_MAX, 9, 9, false, false },
		{ JOB_WHOLE_MAX + 1, 0, 0, false, false },
		{ JOB_WHOLE_MAX + 1, 9, 0, false, true },
		{ JOB_WHOLE_MAX + 1, 9, 0, true, false },
		{ JOB_WHOLE_MAX + 1, 0, 9, true, true },
	};
	struct job_message m;
	struct job_ready r;
	size_t i;

	(void)state;
	memset(&m, 0, sizeof(m));
	memset(&r, 0, sizeof(r));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.size = cases[i].size;
		m.eight_at = cases[i].eight_at;
		m.long_at = cases[i].long_at;
		r.is_8bit = cases[i].is_8bit;
		assert_int_equal(job_is_twice(&m, &r), cases[i].is_twice);
	}
}

static void
bad_recipients_are_refused(void **state)
{
	struct job_message m, out;
	ssize_t start;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);

	/* an id that belongs to no recipient */
	sample_message(&m, 0);
	job_put_message(&b, &m);
	field_put_u64(&b, 21, 7);
	frame_end(&b, 0);
	f = only_frame(&b);
	assert_int_equal(job_get_message(&f, &out, &e), -1);
	job_message_clear(&m);

	/* one recipient too many */
	sample_message(&m, JOB_RCPTS_MAX);
	buf_truncate(&b, 0);
	start = frame_begin(&b, JOB_RCPTS);
	field_put_str(&b, 20, "late@example.com");
	frame_end(&b, start);
	f = only_frame(&b);
	assert_int_equal(job_get_rcpts(&f, &m, &e), -1);
	job_message_clear(&m);

	/* notify bits that nobody knows, an empty address */
	sample_message(&m, 1);
	m.env.rcpts[0].notify = 16;
	buf_truncate(&b, 0);
	job_put_message(&b, &m);
	f = only_frame(&b);
	assert_int_equal(job_get_message(&f, &out, &e), -1);
	m.env.rcpts[0].notify = 0;
	m.env.rcpts[0].address[0] = '\0';
	buf_truncate(&b, 0);
	job_put_message(&b, &m);
	f = only_frame(&b);
	assert_int_equal(job_get_message(&f, &out, &e), -1);
	job_message_clear(&m);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_any_size_come_back),
		cmocka_unit_test(what_may_be_encoded_comes_twice),
		cmocka_unit_test(bad_recipients_are_refused),
	};

	return cmocka_run_group_tests_name("job_message", tests, NULL, NULL);
}
