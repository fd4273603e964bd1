/* SPDX-License-Identifier: ISC */
/* What goes to a checker, and comes from it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_check.h"

static char *
text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void
parse(struct buf *b, struct frame *f)
{
	assert_int_equal(frame_parse(b->data, b->len, f), b->len);
}

static void
setup(void **state)
{
	const struct check_setup s = { SANDBOX_LOG, CONF_LOG_FILE, 7 };
	struct check_setup got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t whole;

	(void)state;
	buf_init(&b, CHECK_MAX);
	assert_int_equal(check_put_setup(&b, &s), 0);
	parse(&b, &f);
	assert_int_equal(check_get_setup(&f, &got, &e), 0);
	assert_int_equal(got.sandbox, SANDBOX_LOG);
	assert_int_equal(got.log_target, CONF_LOG_FILE);
	assert_int_equal(got.log_level, 7);
	whole = f.len;
	for (f.len = 0; f.len < whole; f.len++)
		assert_int_equal(check_get_setup(&f, &got, &e), -1);
	f.type = CHECK_LOGIN;
	assert_int_equal(check_get_setup(&f, &got, &e), -1);
	buf_clear(&b);
}

static void
login(void **state)
{
	const struct check_login l = { text("scanner"), text("s3cret") };
	struct check_login got;
	struct frame f;
	struct buf b;
	struct err e;
	size_t whole;

	(void)state;
	buf_init(&b, CHECK_MAX);
	assert_int_equal(check_put_login(&b, &l), 0);
	parse(&b, &f);
	assert_int_equal(check_get_login(&f, &got, &e), 0);
	assert_string_equal(got.login, "scanner");
	assert_string_equal(got.password, "s3cret");
	check_login_clear(&got);
	assert_null(got.login);
	assert_null(got.password);
	whole = f.len;
	for (f.len = 0; f.len < whole; f.len++) {
		assert_int_equal(check_get_login(&f, &got, &e), -1);
		assert_null(got.login);
	}
	buf_clear(&b);
}

/* What a checker says, written and read. */
static int
outcome(const struct check_outcome *o, struct check_outcome *got)
{
	struct frame f;
	struct buf b;
	struct err e;
	int rc;

	buf_init(&b, CHECK_MAX);
	assert_int_equal(check_put_outcome(&b, o), 0);
	parse(&b, &f);
	rc = check_get_outcome(&f, got, &e);
	buf_clear(&b);
	return rc;
}

static void
outcomes(void **state)
{
	struct check_outcome got, o = { .result = CHECK_RIGHT,
		.login = text("scanner"),
		.senders = text("a@b.example") };

	(void)state;
	assert_int_equal(outcome(&o, &got), 0);
	assert_int_equal(got.result, CHECK_RIGHT);
	assert_string_equal(got.login, "scanner");
	assert_string_equal(got.senders, "a@b.example");
	check_outcome_clear(&got);
	o = (struct check_outcome){
		.result = CHECK_UNABLE, .line = 7, .why = text("no hash")
	};
	assert_int_equal(outcome(&o, &got), 0);
	assert_int_equal(got.line, 7);
	assert_string_equal(got.why, "no hash");
	check_outcome_clear(&got);
	o = (struct check_outcome){ .result = CHECK_WRONG };
	assert_int_equal(outcome(&o, &got), 0);
	assert_null(got.login);
	check_outcome_clear(&got);
}

static void
no_outcomes(void **state)
{
	struct check_outcome got, o = { .result = CHECK_RIGHT };

	(void)state;
	/* right, and nobody's */
	assert_int_equal(outcome(&o, &got), -1);
	o.login = text("a:b");
	assert_int_equal(outcome(&o, &got), -1);
	o.login = text("a\r\nb");
	assert_int_equal(outcome(&o, &got), -1);
	assert_null(got.login);
	o.login = text("a");
	o.result = (enum check_result)(CHECK_UNABLE + 1);
	assert_int_equal(outcome(&o, &got), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup),
		cmocka_unit_test(login),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(no_outcomes),
	};

	return cmocka_run_group_tests_name("proto_check", tests, NULL, NULL);
}
