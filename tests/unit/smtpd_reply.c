/* SPDX-License-Identifier: ISC */
/* Replies: their codes, and that each is one line. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtpd/reply.h"

static const struct {
	enum err_class class;
	const char *status, *wanted;
} errors[] = {
	{ ERR_TEMP, "4.3.0", "451 4.3.0 x\r\n" },
	{ ERR_TEMP, "4.3.1", "452 4.3.1 x\r\n" },
	{ ERR_TEMP, "4.3.5", "451 4.3.5 x\r\n" },
	{ ERR_TEMP, "4.4.2", "451 4.4.2 x\r\n" },
	{ ERR_TEMP, "4.5.3", "452 4.5.3 x\r\n" },
	{ ERR_TEMP, "4.2.3", "452 4.2.3 x\r\n" },
	{ ERR_TEMP, "", "451 4.0.0 x\r\n" },
	{ ERR_PERM, "", "554 5.0.0 x\r\n" },
	{ ERR_PERM, "5.1.3", "550 5.1.3 x\r\n" },
	{ ERR_PERM, "5.3.4", "552 5.3.4 x\r\n" },
	{ ERR_PERM, "5.2.3", "552 5.2.3 x\r\n" },
	{ ERR_PERM, "5.5.0", "554 5.5.0 x\r\n" },
	{ ERR_PERM, "5.6.0", "554 5.6.0 x\r\n" },
	{ ERR_PERM, "5.7.1", "550 5.7.1 x\r\n" },
	/* the class is what counts, and a fault of ours passes */
	{ ERR_PERM, "4.3.0", "554 5.3.0 x\r\n" },
	{ ERR_TEMP, "5.3.4", "452 4.3.4 x\r\n" },
	{ ERR_LOCAL, "5.3.5", "451 4.3.5 x\r\n" },
};

static void
refusals_keep_their_class(void **state)
{
	struct reply r;
	struct err e;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		buf_init(&b, 4096);
		err_set(&e, errors[i].class, errors[i].status, "x");
		assert_int_equal(reply_of_err(&r, &e), -1);
		reply_put(&b, &r);
		assert_string_equal(buf_data(&b), errors[i].wanted);
		buf_clear(&b);
	}
}

static void
one_line_of_ascii(void **state)
{
	struct reply r;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	reply_set(&r, 501, "5.1.3", "a\r\n250 b\033\177 \303\244");
	reply_put(&b, &r);
	assert_string_equal(buf_data(&b), "501 5.1.3 a??250 b?? ??\r\n");
	buf_clear(&b);
}

static void
no_status_where_none_belongs(void **state)
{
	struct reply r;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	reply_set(&r, 354, "", "go");
	reply_put(&b, &r);
	assert_string_equal(buf_data(&b), "354 go\r\n");
	buf_clear(&b);
}

static void
at_most_512_octets(void **state)
{
	char text[ERR_TEXT_MAX];
	struct reply r;
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buf_init(&b, 4096);
	reply_set(&r, 501, "5.1.3", "%s", text);
	reply_put(&b, &r);
	assert_int_equal(b.len, 512);
	assert_string_equal(b.data + 509, "x\r\n");
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_keep_their_class),
		cmocka_unit_test(one_line_of_ascii),
		cmocka_unit_test(no_status_where_none_belongs),
		cmocka_unit_test(at_most_512_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
