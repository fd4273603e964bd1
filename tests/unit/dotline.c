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
#include "mail/dotline.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What goes out for a text put in pieces that end at a and b. */
static void
encode(const char *p, size_t n, size_t a, size_t b, struct buf *out)
{
	struct dotline d;

	dotline_init(&d);
	buf_init(out, DOTLINE_ROOM(n));
	assert_int_equal(dotline_put(&d, p, a, out), 0);
	assert_int_equal(dotline_put(&d, p + a, b - a, out), 0);
	assert_int_equal(dotline_put(&d, p + b, n - b, out), 0);
	assert_int_equal(dotline_end(&d, out), 0);
}

/*
 * What a server makes of it (RFC 5321 4.5.2), which must use it all: the end
 * is looked for as the most careless of servers would, at any "." line.
 */
static void
decode(const struct buf *in, struct buf *out)
{
	size_t i = 0;

	while (strcmp(in->data + i, ".\r\n") != 0) {
		if (in->data[i] == '.') {
			assert_int_equal(in->data[i + 1], '.');
			i++;
		}
		while (in->data[i] != '\r' && in->data[i] != '\n') {
			assert_true(i < in->len);
			buf_putc(out, in->data[i++]);
		}
		assert_memory_equal(in->data + i, "\r\n", 2);
		buf_append(out, in->data + i, 2);
		i += 2;
	}
	assert_int_equal(i + 3, in->len);
}

/* The text with each of CRLF, CR and LF as CRLF, and a last one. */
static void
normalise(const char *p, size_t n, struct buf *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != '\r' && p[i] != '\n') {
			buf_putc(out, p[i]);
			continue;
		}
		buf_puts(out, "\r\n");
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			i++;
	}
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_puts(out, "\r\n");
}

static void
assert_round_trip(const char *p, size_t n)
{
	struct buf wire, got, want;
	size_t a, b;

	buf_init(&want, 4 * n + 4);
	normalise(p, n, &want);
	for (a = 0; a <= n; a++)
		for (b = a; b <= n; b++) {
			buf_init(&got, 4 * n + 4);
			encode(p, n, a, b, &wire);
			decode(&wire, &got);
			assert_int_equal(got.len, want.len);
			assert_memory_equal(
			    buf_data(&got), buf_data(&want), want.len);
			buf_clear(&wire);
			buf_clear(&got);
		}
	buf_clear(&want);
}

static void
known_texts(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", ".\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ "a\r\n", "a\r\n.\r\n" },
		{ ".a\r\n..\r\n.\r\n", "..a\r\n...\r\n..\r\n.\r\n" },
		{ "a.\r\n", "a.\r\n.\r\n" },
		/* the ways of smuggling a command */
		{ "a\r\n.\r\nMAIL FROM:<x>\r\n",
		    "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n" },
		{ "a\n.\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n" },
		{ "a\n.\r\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n" },
		{ "a\r.\rMAIL", "a\r\n..\r\nMAIL\r\n.\r\n" },
		{ "a\r\n.\rMAIL", "a\r\n..\r\nMAIL\r\n.\r\n" },
		{ "a\r\r\n.\r\r\n", "a\r\n\r\n..\r\n\r\n.\r\n" },
	};
	struct buf wire;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		encode(cases[i].in, strlen(cases[i].in), 0, 0, &wire);
		assert_string_equal(wire.data, cases[i].out);
		buf_clear(&wire);
	}
}

/* Every text of up to 6 octets over the ones that matter, at every cut. */
static void
every_short_text_comes_back(void **state)
{
	static const char octets[] = { '\r', '\n', '.', '\0' };
	size_t n, code, count = 1, left, i;
	char text[6];

	(void)state;
	for (n = 0; n <= sizeof(text); n++, count *= sizeof(octets))
		for (code = 0; code < count; code++) {
			for (i = 0, left = code; i < n; i++) {
				text[i] = octets[left % sizeof(octets)];
				left /= sizeof(octets);
			}
			assert_round_trip(text, n);
		}
}

static void
a_full_buffer_is_told(void **state)
{
	struct dotline d;
	struct buf out;
	size_t cap;

	(void)state;
	for (cap = 0; cap <= strlen("..\r\na\r\n.\r\n"); cap++) {
		dotline_init(&d);
		buf_init(&out, cap);
		assert_int_equal(dotline_put(&d, ".\ra", 3, &out) == 0 &&
				     dotline_end(&d, &out) == 0,
		    cap == strlen("..\r\na\r\n.\r\n"));
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(every_short_text_comes_back),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("dotline", tests, NULL, NULL);
}
