/* SPDX-License-Identifier: ISC */
/*
 * Where the text behind DATA ends, and what of it is text.  Each case is read
 * in one piece and octet by octet, for clients of CRLF and of LF.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "smtpd/data.h"

#define OUT 256

/* NULL: it does not end.  "|" is where the next command begins. */
static const struct {
	const char *in;
	const char *strict; /* what a client of CRLF has said */
	const char *lax;    /* and one of LF */
} cases[] = {
	{ "a\r\n.\r\n|QUIT", "a\r\n", "a\r\n" },
	{ ".\r\n|QUIT", "", "" },
	{ "a\r\n", NULL, NULL },
	{ "a\r\n.", NULL, NULL },
	{ "a\r\n.\r", NULL, NULL },
	{ "", NULL, NULL },
	{ "a.\r\n.\r\n|", "a.\r\n", "a.\r\n" },
	/* dots */
	{ "..\r\n.\r\n|", ".\r\n", ".\r\n" },
	{ "..a\r\n...\r\n.\r\n|", ".a\r\n..\r\n", ".a\r\n..\r\n" },
	{ ".a\r\n.\r\n|", "a\r\n", "a\r\n" },
	{ ". \r\n.\r\n|", " \r\n", " \r\n" },
	{ "a..\r\n.\r\n|", "a..\r\n", "a..\r\n" },
	/* what only a client of LF ends with; else it is text */
	{ "a\n.\n|\r\n.\r\n|", "a\n.\n|\r\n", "a\n" },
	{ "a\n.\r\n|\r\n.\r\n|", "a\n.\r\n|\r\n", "a\n" },
	{ "a\r\n.\n|\r\n.\r\n|", "a\r\n\n|\r\n", "a\r\n" },
	{ "a\n..\n\r\n.\r\n|", "a\n..\n\r\n", "a\n.\n\r\n" },
	{ "\n.\n|\r\n.\r\n|", "\n.\n|\r\n", "\n" },
	/* CR alone ends no line for anybody */
	{ "a\r.\r|\r\n.\r\n|", "a\r.\r|\r\n", "a\r.\r|\r\n" },
	{ "a\r.\r\n|\r\n.\r\n|", "a\r.\r\n|\r\n", "a\r.\r\n|\r\n" },
	{ "a\r\n.\r|\r\n.\r\n|", "a\r\n\r|\r\n", "a\r\n\r|\r\n" },
	{ "a\n.\r|\r\n.\r\n|", "a\n.\r|\r\n", "a\n\r|\r\n" },
	{ "a\r\n.\r\r\n.\r\n|", "a\r\n\r\r\n", "a\r\n\r\r\n" },
	{ "a\r\r\n.\r\n|", "a\r\r\n", "a\r\r\n" },
	{ "\r\n\r\n.\r\n|", "\r\n\r\n", "\r\n\r\n" },
};

/* Takes in pieces; where it ended, or -1. */
static int
take(const char *in, bool takes_lf, size_t piece, char *out)
{
	size_t n = strlen(in), at = 0, len, total = 0, part, used;
	struct data d;

	data_init(&d, takes_lf);
	while (at < n && !d.ended) {
		part = n - at < piece ? n - at : piece;
		used = data_take(&d, in + at, part, out + total, &len);
		assert_true(used == part || (d.ended && used < part));
		assert_true(len <= DATA_ROOM(used));
		at += used;
		total += len;
	}
	out[total] = '\0';
	return d.ended ? (int)at : -1;
}

static void
check(const char *in, const char *wanted, bool takes_lf, size_t piece)
{
	char out[OUT];
	int at = take(in, takes_lf, piece, out);

	if (wanted == NULL) {
		assert_int_equal(at, -1);
		return;
	}
	if (at == -1 || in[at] != '|' || strcmp(out, wanted) != 0)
		print_error("%s: ended at %d\n", in, at);
	assert_true(at >= 0);
	assert_int_equal(in[at], '|');
	assert_string_equal(out, wanted);
}

static void
ends_and_dots(void **state)
{
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (piece = 1; piece < 20; piece++) {
			check(cases[i].in, cases[i].strict, false, piece);
			check(cases[i].in, cases[i].lax, true, piece);
		}
}

static void
long_lines(void **state)
{
	const size_t n = 100000;
	char *in = xmalloc(n + 6), *out = xmalloc(DATA_ROOM(n + 5));
	struct data d;
	size_t len;

	(void)state;
	memset(in, 'x', n);
	memcpy(in + n, "\r\n.\r\n", 6);
	data_init(&d, false);
	assert_int_equal(data_take(&d, in, n + 5, out, &len), n + 5);
	assert_true(d.ended);
	assert_int_equal(len, n + 2);
	assert_memory_equal(in, out, n + 2);
	free(in);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_and_dots),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
