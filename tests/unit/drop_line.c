/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/drop_line.h"

#define NONE UINT64_MAX

static const struct {
	const char *text;
	ssize_t length;
	uint64_t version;
} lines[] = {
	{ "mailchute drop 1\n", 17, 1 },
	{ "mailchute drop 1\nmailchute drop 2\n", 17, 1 },
	{ "mailchute drop 0\n", 17, 0 },
	{ "mailchute drop 10\n\1\2", 18, 10 },
	{ "mailchute drop 999999999\n", 25, 999999999 },
	{ "", 0, NONE },
	{ "mail", 0, NONE },
	{ "mailchute drop ", 0, NONE },
	{ "mailchute drop 12", 0, NONE },
	{ "mailchute drop 999999999", 0, NONE },
	{ "mailchute drop 1234567890", -1, NONE },
	{ "mailchute drop 1234567890\n", -1, NONE },
	{ "mailchute drop \n", -1, NONE },
	{ "mailchute drop 01\n", -1, NONE },
	{ "mailchute drop 00\n", -1, NONE },
	{ "mailchute drop 1 \n", -1, NONE },
	{ "mailchute drop 1\r\n", -1, NONE },
	{ "mailchute drop +1\n", -1, NONE },
	{ "mailchute  drop 1\n", -1, NONE },
	{ "Mailchute drop 1\n", -1, NONE },
	{ "To: bob@example.com\n", -1, NONE },
};

static void
lines_are_judged(void **state)
{
	uint64_t version;
	ssize_t n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		version = NONE;
		n = drop_line_get(
		    lines[i].text, strlen(lines[i].text), &version);
		if (n != lines[i].length || version != lines[i].version)
			fail_msg("%s: %zd, version %llu", lines[i].text, n,
			    (unsigned long long)version);
	}
}

/* A NUL ends nothing: the file's octets count. */
static void
a_nul_is_no_digit(void **state)
{
	uint64_t version;

	(void)state;
	assert_int_equal(
	    drop_line_get("mailchute drop 1\0\n", 18, &version), -1);
}

static void
what_is_written_is_read(void **state)
{
	static const uint64_t versions[] = { 1, 2, 9, 10, 999999999 };
	uint64_t version;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		buf_init(&b, DROP_LINE_MAX);
		assert_int_equal(drop_line_put(&b, versions[i]), 0);
		assert_int_equal(drop_line_get(b.data, b.len, &version), b.len);
		assert_int_equal(version, versions[i]);
		/* As far as it was written it may go on. */
		assert_int_equal(drop_line_get(b.data, b.len - 1, &version), 0);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_judged),
		cmocka_unit_test(a_nul_is_no_digit),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests_name("drop_line", tests, NULL, NULL);
}
