/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/look.h"
#include "mail/tidy.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *
tidy(const char *text, const struct tidy *t, int want)
{
	struct header h = { 0 };
	struct buf b;
	int rc;

	header_parse(text, strlen(text), &h);
	assert_int_equal(tidy_is_needed(t, text, strlen(text)), want != 0);
	rc = header_tidy(&h, t);
	if (rc != want)
		fail_msg("[%.60s]: %d", text, rc);
	buf_init(&b, 8 * HEADER_MAX);
	assert_int_equal(header_put(&b, &h), 0);
	header_clear(&h);
	return buf_steal(&b);
}

static void
fields_are_changed_by_what_they_are(void **state)
{
	static const char *const cases[][2] = {
		{ "Subject: gr\xc3\xbcn\r\n",
		    "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n" },
		{ "X-Any: gr\xc3\xbcn\r\n",
		    "X-Any: =?UTF-8?Q?gr=C3=BCn?=\r\n" },
		{ "FROM: \xc3\x9c <u@b.example>\r\n",
		    "FROM: =?UTF-8?Q?=C3=9C?= <u@b.example>\r\n" },
		{ "Resent-To: \xc3\x9c <u@b.example>\r\n",
		    "Resent-To: =?UTF-8?Q?=C3=9C?= <u@b.example>\r\n" },
		{ "List-ID: \xc3\x9c <u.example>\r\n",
		    "List-ID: =?UTF-8?Q?=C3=9C?= <u.example>\r\n" },
		{ "Content-Disposition: a; filename=\xc3\x9c\r\n",
		    "Content-Disposition: a; filename*=UTF-8''%C3%9C\r\n" },
		{ "Message-ID: <\xc3\x9c@x>\r\n",
		    "Message-ID: <=C3=9C@x>\r\n" },
		/* the folding of a field that is changed is made anew */
		{ "A: b\r\n c\r\nSubject: a\r\n  \xc3\x9c\r\nD: e\r\n",
		    "A: b\r\n c\r\nSubject: a  =?UTF-8?Q?=C3=9C?=\r\n"
		    "D: e\r\n" },
	};
	const struct tidy t = { .keep = TIDY_ASCII };
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = tidy(cases[i][0], &t, 1);
		assert_string_equal(got, cases[i][1]);
		free(got);
	}
	got = tidy("A:b\r\n\tc  \r\nFrom:x@y\r\n", &t, 0);
	assert_string_equal(got, "A:b\r\n\tc  \r\nFrom:x@y\r\n");
	free(got);
}

static void
what_may_stay_stays(void **state)
{
	static const char utf8[] =
	    "Subject: \xc3\xbc\r\nTo: \xc3\xbc@\xc3\xbc\r\n";
	static const char latin[] = "A: \xc3\xbc\r\nB: \xfc\r\n";
	struct tidy t = { .keep = TIDY_UTF8 };
	char *got;

	(void)state;
	got = tidy(utf8, &t, 0);
	assert_string_equal(got, utf8);
	free(got);
	got = tidy(latin, &t, 1);
	assert_string_equal(got, "A: \xc3\xbc\r\nB: =?ISO-8859-1?Q?=FC?=\r\n");
	free(got);
	t.keep = TIDY_8BIT;
	got = tidy(latin, &t, 0);
	assert_string_equal(got, latin);
	free(got);
}

static char *
repeat(const char *before, const char *what, size_t n, const char *after)
{
	struct buf b;

	buf_init(&b, 4 * HEADER_MAX);
	buf_puts(&b, before);
	while (n-- > 0)
		buf_puts(&b, what);
	buf_puts(&b, after);
	return buf_steal(&b);
}

/* The lines that it came in, put together again. */
static char *
unfold(const char *text)
{
	char *out = xstrdup(text), *to = out;

	for (; *text != '\0'; text++)
		if (*text != '\r' && *text != '\n')
			*to++ = *text;
	*to = '\0';
	return out;
}

static void
long_lines_are_folded_at_their_blanks(void **state)
{
	static const char *const fields[] = {
		"Subject: ", "To: ", "Received: ", "Content-Type: "
	};
	const struct tidy t = { .keep = TIDY_8BIT };
	char *text, *got, *before, *after;
	size_t i;
	struct look l;

	(void)state;
	for (i = 0; i < COUNT(fields); i++) {
		text = repeat(fields[i], "w\xc3\xb6rd  word, ", 300, "end\r\n");
		got = tidy(text, &t, 1);
		look_init(&l);
		look_put(&l, got, strlen(got));
		assert_int_equal(l.long_at, 0);
		before = unfold(text);
		after = unfold(got);
		assert_string_equal(after, before);
		free(before);
		free(after);
		free(text);
		free(got);
	}
}

/* What no blank is in. */
static void
long_words_become_what_their_field_allows(void **state)
{
	static const struct {
		const char *before, *what, *after, *begins;
	} cases[] = {
		{ "Subject: ", "x", "\r\n", "Subject: =?UTF-8?Q?xxx" },
		{ "References: ", "<a@b>", "\r\n", "References: <a@b> <a@b>" },
		{ "To: ", "a@b.example,", "x@y\r\n",
		    "To: a@b.example, a@b.example," },
		{ "DKIM-Signature: v=1; b=", "x", "\r\n",
		    "DKIM-Signature: v=1;\r\n b=xxx" },
		{ "Content-Type: a/b; name=", "x", "\r\n",
		    "Content-Type: a/b;\r\n name*0*=US-ASCII''xxx" },
		{ "", "x", ": y\r\n", "X-Long-Name: =?UTF-8?Q?xxx" },
	};
	const struct tidy t = { .keep = TIDY_ASCII };
	char *text, *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = repeat(
		    cases[i].before, cases[i].what, 2000, cases[i].after);
		got = tidy(text, &t, 1);
		if (strncmp(got, cases[i].begins, strlen(cases[i].begins)) != 0)
			fail_msg("%.80s", got);
		assert_false(tidy_is_needed(&t, got, strlen(got)));
		free(text);
		free(got);
	}
}

/* RFC 2047 2: 76 octets of a line with encoded words in it. */
static void
lines_with_encoded_words_are_short(void **state)
{
	static const struct {
		const char *before, *what, *after;
	} cases[] = {
		{ "Subject: ", "\xc3\xbc ", "\r\n" },
		{ "X-A-Name-That-Is-Rather-Long-For-A-Field: ", "\xfc",
		    "\r\n" },
		{ "To: ", "\xc3\xbc", " <a@b.example>, c@d.example\r\n" },
		{ "To: a@b.example (", "\xc3\xbc", "), c@d.example\r\n" },
		{ "Cc: ", "\xc3\xbc", ": a@b.example;\r\n" },
		{ "Cc: \xc3\xbc@", "abc.", "d\r\n" },
		{ "Received: a (", "\xfc", "); b\r\n" },
	};
	const struct tidy t = { .keep = TIDY_ASCII };
	char *text, *got, *line, *rest;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (n = 1; n < 100; n++) {
			text = repeat(
			    cases[i].before, cases[i].what, n, cases[i].after);
			got = rest = tidy(text, &t, 1);
			while ((line = strsep(&rest, "\r")) != NULL)
				if (strstr(line, "=?") != NULL &&
				    strspn(line, "\n") + 76 < strlen(line))
					fail_msg("%zu: %s", n, line);
			free(text);
			free(got);
		}
}

static void
what_grows_beyond_any_header_is_told(void **state)
{
	const struct tidy t = { .keep = TIDY_ASCII };
	char *text = repeat("To: ", "\xfc,", HEADER_MAX / 2 - 10, "\r\n");

	(void)state;
	free(tidy(text, &t, -1));
	free(text);
}

/* Any header can travel afterwards, and is not changed once more. */
static void
nothing_is_left_to_do(void **state)
{
	static const char *const pieces[] = { "From: ", "Subject: ", "X: ",
		"Content-Type: ", "Received: ", "\r\n", "\r\n ", " ", "a", ",",
		";", "\xc3\xbc", "\xfc", "=", "\"", "(", ")", "<", ">", "@",
		"=?utf-8?Q?a?=" };
	unsigned seed, i, s, keep;
	struct tidy t = { 0 };
	struct header h = { 0 };
	struct buf text, b;

	(void)state;
	for (seed = 1; seed < 1500; seed++)
		for (keep = TIDY_ASCII; keep <= TIDY_8BIT; keep++) {
			t.keep = (enum tidy_keep)keep;
			buf_init(&text, 1 << 20);
			buf_init(&b, 1 << 20);
			for (i = 0, s = seed; i < seed; i++) {
				s = s * 1103515245 + 12345;
				buf_puts(
				    &text, pieces[(s >> 16) % COUNT(pieces)]);
			}
			buf_puts(&text, "\r\n");
			header_parse(buf_data(&text), text.len, &h);
			assert_int_not_equal(header_tidy(&h, &t), -1);
			header_put(&b, &h);
			header_clear(&h);
			assert_false(tidy_is_needed(&t, buf_data(&b), b.len));
			if (keep == TIDY_ASCII)
				assert_true(utf8_is_ascii(buf_data(&b), b.len));
			buf_clear(&text);
			buf_clear(&b);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_changed_by_what_they_are),
		cmocka_unit_test(what_may_stay_stays),
		cmocka_unit_test(long_lines_are_folded_at_their_blanks),
		cmocka_unit_test(long_words_become_what_their_field_allows),
		cmocka_unit_test(lines_with_encoded_words_are_short),
		cmocka_unit_test(what_grows_beyond_any_header_is_told),
		cmocka_unit_test(nothing_is_left_to_do),
	};

	return cmocka_run_group_tests_name("tidy", tests, NULL, NULL);
}
