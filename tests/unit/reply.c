/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/reply.h"

/* Feeds lines; what the last of them brought. */
static int
feed(struct reply *r, const char *const *lines, struct err *e)
{
	int got = 0;

	reply_reset(r);
	for (; *lines != NULL; lines++)
		if ((got = reply_parse_line(r, *lines, strlen(*lines), e)) != 0)
			break;
	return got;
}

static void
good_replies(void **state)
{
	static const struct {
		const char *lines[4];
		unsigned code;
		const char *status, *text;
	} cases[] = {
		{ { "250 ok" }, 250, "", "ok" },
		{ { "250" }, 250, "", "" },
		{ { "250 " }, 250, "", "" },
		{ { "354-go", "354 on" }, 354, "", "go on" },
		{ { "250-", "250" }, 250, "", " " },
		{ { "535 5.7.139 no" }, 535, "5.7.139", "5.7.139 no" },
		{ { "550-5.1.1 a", "550 5.1.1 b" }, 550, "5.1.1",
		    "5.1.1 a 5.1.1 b" },
		/* a status of another class than the code's is text */
		{ { "550 4.1.1 a" }, 550, "", "4.1.1 a" },
		{ { "250 10.0.0.1 is mine" }, 250, "", "10.0.0.1 is mine" },
		{ { "250 a\tb\x1b[2J\x7f" }, 250, "", "a b?[2J?" },
		{ { "250 gr\xc3\xbc\xc3\x9f" }, 250, "", "gr\xc3\xbc\xc3\x9f" },
	};
	struct reply r;
	char text[256];
	struct err e;
	size_t i;

	(void)state;
	reply_init(&r);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(feed(&r, cases[i].lines, &e), 1);
		assert_int_equal(r.code, cases[i].code);
		assert_string_equal(r.status, cases[i].status);
		reply_format(&r, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		assert_int_equal(reply_class(&r), cases[i].code / 100);
	}
	reply_clear(&r);
}

static void
bad_replies(void **state)
{
	static const char *const cases[][3] = {
		{ "" },
		{ "25" },
		{ "25x ok" },
		{ "199 ok" },
		{ "600 ok" },
		{ "250ok" },
		{ "250\tok" },
		{ " 250 ok" },
		{ "+OK" },
		{ "250-a", "251 b" },
		{ "250-a", "b" },
		{ "250-a", "" },
	};
	struct reply r;
	struct err e;
	size_t i;

	(void)state;
	reply_init(&r);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(feed(&r, cases[i], &e), -1);
		assert_int_equal(e.class, ERR_TEMP);
	}
	reply_clear(&r);
}

static void
more_is_awaited(void **state)
{
	static const char *const lines[] = { "250-a", "250-b", NULL };
	struct reply r;
	struct err e;

	(void)state;
	reply_init(&r);
	assert_int_equal(feed(&r, lines, &e), 0);
	reply_clear(&r);
}

/* Feeds the same line n times; the result of the last. */
static int
repeat(const char *line, size_t len, size_t n)
{
	struct reply r;
	struct err e;
	int got = 0;

	reply_init(&r);
	while (n-- > 0 && got == 0)
		got = reply_parse_line(&r, line, len, &e);
	reply_clear(&r);
	return got;
}

static void
caps(void **state)
{
	char line[REPLY_LINE_MAX + 2];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250 ", 4);
	assert_int_equal(repeat(line, REPLY_LINE_MAX, 1), 1);
	assert_int_equal(repeat(line, REPLY_LINE_MAX + 1, 1), -1);
	line[3] = '-';
	assert_int_equal(repeat(line, 10, REPLY_LINES_MAX), 0);
	assert_int_equal(repeat(line, 10, REPLY_LINES_MAX + 1), -1);
	assert_int_equal(repeat(line, 1000, REPLY_MAX / 1000), 0);
	assert_int_equal(repeat(line, 1000, REPLY_MAX / 1000 + 1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_replies),
		cmocka_unit_test(bad_replies),
		cmocka_unit_test(more_is_awaited),
		cmocka_unit_test(caps),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
