/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"

static void
grows_to_its_cap_and_no_further(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(buf_putc(&b, 'x'), 0);
	assert_int_equal(buf_putc(&b, 'y'), -1);
	assert_int_equal(buf_puts(&b, "yy"), -1);
	assert_int_equal(buf_printf(&b, "%d", 1), -1);
	assert_null(buf_reserve(&b, 1));
	assert_int_equal(b.len, 1000);
	assert_int_equal(strlen(buf_data(&b)), 1000);
	buf_clear(&b);
}

static void
refused_append_changes_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_puts(&b, "abc"), 0);
	assert_int_equal(buf_puts(&b, "de"), -1);
	assert_string_equal(buf_data(&b), "abc");
	assert_int_equal(buf_append(&b, "d", SIZE_MAX), -1);
	assert_string_equal(buf_data(&b), "abc");
	buf_clear(&b);
}

static void
consume_truncate_steal(void **state)
{
	struct buf b;
	char *s;

	(void)state;
	buf_init(&b, 100);
	assert_string_equal(buf_data(&b), "");
	buf_consume(&b, 0);
	buf_puts(&b, "hello world");
	buf_consume(&b, 6);
	assert_string_equal(buf_data(&b), "world");
	buf_truncate(&b, 3);
	s = buf_steal(&b);
	assert_string_equal(s, "wor");
	free(s);
	assert_int_equal(b.len, 0);
	s = buf_steal(&b);
	assert_string_equal(s, "");
	free(s);
	buf_wipe(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_its_cap_and_no_further),
		cmocka_unit_test(refused_append_changes_nothing),
		cmocka_unit_test(consume_truncate_steal),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
