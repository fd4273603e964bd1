/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/canon.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct text {
	const char *in;
	size_t n;
	const char *out;
	uint64_t nuls, discarded;
};
#define TEXT(in, out, nuls, discarded) \
	{ \
		in, sizeof(in) - 1, out, nuls, discarded \
	}

/* Puts the text in pieces that end at a and b. */
static void
assert_canon(const struct text *t, enum canon_dot mode, size_t a, size_t b)
{
	struct canon c;
	struct buf out;

	canon_init(&c, mode);
	buf_init(&out, CANON_ROOM(t->n));
	assert_int_equal(canon_put(&c, t->in, a, &out), 0);
	assert_int_equal(canon_put(&c, t->in + a, b - a, &out), 0);
	assert_int_equal(canon_put(&c, t->in + b, t->n - b, &out), 0);
	assert_int_equal(canon_end(&c, &out), 0);
	if (strcmp(buf_data(&out), t->out) != 0)
		fail_msg(
		    "[%s] at %zu and %zu: [%s]", t->in, a, b, buf_data(&out));
	assert_int_equal(c.nuls, t->nuls);
	assert_int_equal(c.discarded, t->discarded);
	buf_clear(&out);
}

static void
assert_texts(const struct text *t, size_t n, enum canon_dot mode)
{
	size_t i, a, b;

	for (i = 0; i < n; i++)
		for (a = 0; a <= t[i].n; a++)
			for (b = a; b <= t[i].n; b++)
				assert_canon(&t[i], mode, a, b);
}

static void
line_ends_become_crlf(void **state)
{
	static const struct text texts[] = {
		TEXT("", "", 0, 0),
		TEXT("a\nb\n", "a\r\nb\r\n", 0, 0),
		TEXT("a\r\nb\r\n", "a\r\nb\r\n", 0, 0),
		TEXT("a\nb\r\nc", "a\r\nb\r\nc\r\n", 0, 0),
		TEXT("a", "a\r\n", 0, 0),
		TEXT(
		    "a: b\r\n\r\nc\n\r\nx", "a: b\r\n\r\nc\r\n\r\nx\r\n", 0, 0),
		TEXT("a\r\r\nb\r\r\n", "a\r\nb\r\n", 0, 0),
		TEXT("a\r", "a\r\n", 0, 0),
		TEXT("\r", "\r\n", 0, 0),
		TEXT("\n", "\r\n", 0, 0),
	};

	(void)state;
	assert_texts(texts, COUNT(texts), CANON_DOT_IS_TEXT);
	assert_texts(texts, COUNT(texts), CANON_DOT_ENDS);
}

static void
a_lone_cr_never_makes_a_field(void **state)
{
	static const struct text texts[] = {
		TEXT("Subject: x\rBcc: y\n\n", "Subject: x Bcc: y\r\n\r\n", 0,
		    0),
		TEXT("a: b\n\rBcc: y\n\n", "a: b\r\n Bcc: y\r\n\r\n", 0, 0),
		TEXT("a: b\n\nc\rx\r\ry\n", "a: b\r\n\r\nc\r\nx\r\n\r\ny\r\n",
		    0, 0),
		TEXT("a: b\r\r\r\n\n", "a: b \r\n\r\n", 0, 0),
		TEXT("\n\r\r\r\r\n", "\r\n\r\n\r\n\r\n", 0, 0),
	};

	(void)state;
	assert_texts(texts, COUNT(texts), CANON_DOT_IS_TEXT);
}

static void
nul_is_dropped_and_counted(void **state)
{
	static const struct text texts[] = {
		TEXT("a\0b\0\n\0", "ab\r\n", 3, 0),
		TEXT("\0", "", 1, 0),
		TEXT("a\r\0\nb", "a\r\nb\r\n", 1, 0),
	};

	(void)state;
	assert_texts(texts, COUNT(texts), CANON_DOT_IS_TEXT);
}

static void
a_lone_dot_ends_the_text(void **state)
{
	static const struct text texts[] = {
		TEXT("a\n.\nrest\n", "a\r\n", 0, 5),
		TEXT("a\r\n.\r\nrest", "a\r\n", 0, 4),
		TEXT("a: b\n.\n", "a: b\r\n", 0, 0),
		TEXT("a\n.", "a\r\n", 0, 0),
		TEXT("a\n.\r", "a\r\n", 0, 0),
		TEXT(".\n", "", 0, 0),
		TEXT("a\n\0.\0\nb", "a\r\n", 2, 1),
		TEXT("\n.\rrest", "\r\n", 0, 4),
		TEXT("\n.\r\rrest", "\r\n", 0, 5),
		TEXT("a\n.\n.\n", "a\r\n", 0, 2),
		/* no lone dot */
		TEXT("a\n..\n.b\n. \nb.\n", "a\r\n..\r\n.b\r\n. \r\nb.\r\n", 0,
		    0),
		TEXT("a: b\n.\rc\n", "a: b\r\n. c\r\n", 0, 0),
	};

	(void)state;
	assert_texts(texts, COUNT(texts), CANON_DOT_ENDS);
}

static void
a_lone_dot_is_text_with_the_option(void **state)
{
	static const struct text texts[] = {
		TEXT("a\n.\nrest\n", "a\r\n.\r\nrest\r\n", 0, 0),
		TEXT("a\n.", "a\r\n.\r\n", 0, 0),
		TEXT("..\n.\r\n", "..\r\n.\r\n", 0, 0),
	};

	(void)state;
	assert_texts(texts, COUNT(texts), CANON_DOT_IS_TEXT);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/*
 * Random texts of the octets that matter: what comes out is canonical, comes
 * out again unchanged, and never depends on where the text was cut.
 */
static void
any_text_becomes_canonical_once(void **state)
{
	static const char octets[] = { '\r', '\n', '.', '\0', 'a', ':' };
	enum canon_dot modes[] = { CANON_DOT_IS_TEXT, CANON_DOT_ENDS };
	uint32_t seed = 1, round;
	char text[12], *copy;
	struct text t = { text, 0, NULL, 0, 0 };
	struct canon c;
	struct buf out;
	size_t i;

	(void)state;
	for (round = 0; round < 6000; round++) {
		t.n = next_random(&seed) % sizeof(text);
		for (i = 0; i < t.n; i++)
			text[i] = octets[next_random(&seed) % sizeof(octets)];
		canon_init(&c, modes[round % 2]);
		buf_init(&out, CANON_ROOM(t.n));
		assert_int_equal(canon_put(&c, text, t.n, &out), 0);
		assert_int_equal(canon_end(&c, &out), 0);
		copy = buf_steal(&out);
		for (i = 0; copy[i] != '\0'; i++) {
			assert_true(copy[i] != '\r' || copy[i + 1] == '\n');
			assert_true(
			    copy[i] != '\n' || (i > 0 && copy[i - 1] == '\r'));
		}
		t.out = copy;
		t.nuls = c.nuls;
		t.discarded = c.discarded;
		assert_texts(&t, 1, modes[round % 2]);
		free(copy);
	}
}

static void
a_full_buffer_is_told(void **state)
{
	struct canon c;
	struct buf out;

	(void)state;
	canon_init(&c, CANON_DOT_IS_TEXT);
	buf_init(&out, 3);
	assert_int_equal(canon_put(&c, "ab\n", 3, &out), -1);
	buf_clear(&out);
	canon_init(&c, CANON_DOT_IS_TEXT);
	buf_init(&out, 2);
	assert_int_equal(canon_put(&c, "ab", 2, &out), 0);
	assert_int_equal(canon_end(&c, &out), -1);
	buf_clear(&out);
}

/* However the text is cut into pieces. */
static void
what_is_canonical_is_told_from_what_is_not(void **state)
{
	static const struct {
		const char *text;
		size_t n, good;
	} cases[] = {
		{ "", 0, 0 },
		{ "a\r\nb\r\n", 6, 6 },
		{ "a\r\n\r\n", 5, 5 },
		{ "a", 1, 1 },
		{ "a\r", 2, 2 }, /* its LF may still come */
		{ "\n", 1, 0 },
		{ "a\nb", 3, 1 },
		{ "a\rb", 3, 2 },
		{ "a\r\r\n", 4, 2 },
		{ "a\0b\r\n", 5, 1 },
		{ "a\r\n\nb", 5, 3 },
	};
	size_t i, cut, good;
	char last;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (cut = 0; cut <= cases[i].n; cut++) {
			last = '\n';
			good = canon_span(cases[i].text, cut, &last);
			if (good == cut)
				good += canon_span(cases[i].text + cut,
				    cases[i].n - cut, &last);
			assert_int_equal(good, cases[i].good);
			if (good > 0)
				assert_int_equal(last, cases[i].text[good - 1]);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_ends_become_crlf),
		cmocka_unit_test(a_lone_cr_never_makes_a_field),
		cmocka_unit_test(nul_is_dropped_and_counted),
		cmocka_unit_test(a_lone_dot_ends_the_text),
		cmocka_unit_test(a_lone_dot_is_text_with_the_option),
		cmocka_unit_test(any_text_becomes_canonical_once),
		cmocka_unit_test(a_full_buffer_is_told),
		cmocka_unit_test(what_is_canonical_is_told_from_what_is_not),
	};

	return cmocka_run_group_tests_name("canon", tests, NULL, NULL);
}
