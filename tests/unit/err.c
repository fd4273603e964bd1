/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void
set_fills_every_part(void **state)
{
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(e.class, ERR_NONE);
	assert_int_equal(err_set(&e, ERR_PERM, "5.1.1", "no %s", "user"), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_string_equal(e.status, "5.1.1");
	assert_string_equal(e.text, "no user");
}

static void
arguments_may_lie_in_the_error_itself(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_TEMP, "4.3.0", "inner");
	err_set(&e, ERR_LOCAL, "4.3.5", "outer (%s, %s)", e.text, e.status);
	assert_string_equal(e.text, "outer (inner, 4.3.0)");
	err_prefix(&e, "again %s", e.text);
	assert_string_equal(
	    e.text, "again outer (inner, 4.3.0): outer (inner, 4.3.0)");
	assert_int_equal(e.class, ERR_LOCAL);
	assert_string_equal(e.status, "4.3.5");
}

static void
errno_is_told_and_kept(void **state)
{
	struct err e;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_errno(&e, ERR_TEMP, "4.3.0", "open %s", "x"), -1);
	assert_string_equal(e.text, "open x: No such file or directory");
	assert_int_equal(errno, ENOENT);
}

static void
only_names_and_rights_are_for_an_administrator(void **state)
{
	static const int ours[] = { EACCES, ENOENT, ENOTDIR, EPERM };
	static const int passing[] = { 0, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC,
		EINTR, EAGAIN, 99999 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		assert_int_equal(err_class_of(ours[i]), ERR_LOCAL);
	for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		assert_int_equal(err_class_of(passing[i]), ERR_TEMP);
}

static void
text_too_long_is_cut(void **state)
{
	char line[2 * ERR_TEXT_MAX];
	struct err e;

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	err_set(&e, ERR_PERM, "5.999.999999", "%s", line);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	assert_int_equal(strlen(e.status), ERR_STATUS_MAX - 1);
	err_prefix(&e, "%s", line);
	errno = EIO;
	err_errno(&e, ERR_TEMP, "4.3.0", "%s", line);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
}

static void
nobody_need_want_the_reason(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_PERM, "5.0.0", "x"), -1);
	assert_int_equal(err_errno(NULL, ERR_PERM, "5.0.0", "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_every_part),
		cmocka_unit_test(arguments_may_lie_in_the_error_itself),
		cmocka_unit_test(errno_is_told_and_kept),
		cmocka_unit_test(
		    only_names_and_rights_are_for_an_administrator),
		cmocka_unit_test(text_too_long_is_cut),
		cmocka_unit_test(nobody_need_want_the_reason),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
