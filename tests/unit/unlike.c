/* SPDX-License-Identifier: ISC */
/* Programs of one installation, of which one was upgraded under the other. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_job.h"

#define OUT_MAX (2 * FRAME_MAX)

static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

/* The version is told ahead of what else a newer mailchuted may say. */
static void
deliver_names_both_versions(void **state)
{
	struct job_session out;
	struct frame f;
	struct buf b;
	struct err e;
	ssize_t start;

	(void)state;
	buf_init(&b, OUT_MAX);
	start = frame_begin(&b, JOB_SESSION);
	field_put_u64(&b, 1, 42);
	field_put_str(&b, 200, "what only it knows");
	frame_end(&b, start);
	f = only_frame(&b);
	assert_int_equal(job_get_session(&f, &out, &e), -1);
	assert_non_null(strstr(e.text, "version 42 to deliver"));
	assert_non_null(strstr(e.text, "restart mailchuted"));
	buf_clear(&b);
}

static void
its_refusal_comes_back(void **state)
{
	char text[ERR_TEXT_MAX], longer[2 * ERR_TEXT_MAX];
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(job_put_refused(&b, "no"), 0);
	f = only_frame(&b);
	assert_int_equal(job_get_refused(&f, text, &e), 0);
	assert_string_equal(text, "no");

	/* Of what is too long the beginning will do. */
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	buf_truncate(&b, 0);
	assert_int_equal(job_put_refused(&b, longer), 0);
	f = only_frame(&b);
	assert_int_equal(job_get_refused(&f, text, &e), 0);
	assert_int_equal(strlen(text), ERR_TEXT_MAX - 1);

	buf_truncate(&b, 0);
	assert_int_equal(job_put_empty(&b, JOB_REFUSED), 0);
	f = only_frame(&b);
	assert_int_equal(job_get_refused(&f, text, &e), 0);
	assert_string_equal(text, "");
	buf_truncate(&b, 0);
	assert_int_equal(job_put_empty(&b, JOB_QUIT), 0);
	f = only_frame(&b);
	assert_int_equal(job_get_refused(&f, text, &e), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deliver_names_both_versions),
		cmocka_unit_test(its_refusal_comes_back),
	};

	return cmocka_run_group_tests_name("unlike", tests, NULL, NULL);
}
