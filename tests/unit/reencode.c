/* SPDX-License-Identifier: ISC */
/* What mail programs make of the outcome is in tests/func/test_mime.py. */
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

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/reencode.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct label
root_of(const char *fields)
{
	struct header h = { 0 };
	struct label l;

	header_parse(fields, strlen(fields), &h);
	label_read(&l, &h, false);
	header_clear(&h);
	return l;
}

/* The body in both passes, in pieces of that size; what comes out. */
static char *
encode(const char *fields, const char *body, size_t n, bool is_7bit,
    size_t piece, size_t *len)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	struct reencode *r = xcalloc(1, sizeof(*r));
	const struct tidy t = { .keep = TIDY_ASCII };
	struct label root = root_of(fields);
	struct buf out;
	size_t i, part;

	buf_init(&out, REENCODE_ROOM(n));
	plan_begin(p, &root, is_7bit);
	for (i = 0; i < n; i += piece)
		plan_put(p, body + i, n - i < piece ? n - i : piece);
	plan_end(p);
	reencode_begin(r, p, &root, &t);
	for (i = 0; i < n; i += piece) {
		part = n - i < piece ? n - i : piece;
		assert_int_equal(reencode_put(r, body + i, part, &out), 0);
	}
	assert_int_equal(reencode_end(r, &out), 0);
	plan_clear(p);
	reencode_clear(r);
	free(p);
	free(r);
	*len = out.len;
	return buf_steal(&out);
}

static char *
to_crlf(const char *text)
{
	struct buf b;

	buf_init(&b, 2 * strlen(text) + 1);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_putc(&b, '\r');
		buf_putc(&b, *text);
	}
	return buf_steal(&b);
}

static void
assert_encoded(const char *fields, const char *text, const char *want_text)
{
	char *body = to_crlf(text), *want = to_crlf(want_text), *got;
	size_t n = strlen(body), piece, len;

	for (piece = 1; piece <= n + 1; piece++) {
		got = encode(fields, body, n, true, piece, &len);
		if (strcmp(got, want) != 0)
			fail_msg(
			    "[%s]\nby pieces of %zu:\n[%s]", body, piece, got);
		free(got);
	}
	free(body);
	free(want);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"

static void
texts_and_labels_are_changed_together(void **state)
{
	static const struct {
		const char *fields, *body, *out;
	} cases[] = {
		{ "A: b\r\n", "gr\xc3\xbcn und blau\n",
		    "gr=C3=BCn und blau\n" },
		{ "A: b\r\n", "\xc3\xbc\n", "w7wNCg==\n" },
		/* of two parts one, and the label of what is around it */
		{ MIXED,
		    "--b\nX: y\n\nplain\n--b\n"
		    "Content-Type: text/x; charset=z\n"
		    "Content-Transfer-Encoding: 8bit\nX: y\n\n"
		    "gr\xfcn und blau\n--b--\n",
		    "--b\nX: y\n\nplain\n--b\n"
		    "Content-Type: text/x; charset=z\n"
		    "Content-Transfer-Encoding: quoted-printable\nX: y\n\n"
		    "gr=FCn und blau\n--b--\n" },
		{ MIXED, "--b\n\ngr\xfcn und blau\n--b--\n",
		    "--b\n"
		    "Content-Type: text/plain; charset=iso-8859-1\n"
		    "Content-Transfer-Encoding: quoted-printable\n\n"
		    "gr=FCn und blau\n--b--\n" },
		{ MIXED,
		    "--b\nContent-Type: message/rfc822\n"
		    "Content-Transfer-Encoding: 8bit\n\n"
		    "Subject: \xc3\xbc\n\ngr\xc3\xbcn und blau\n--b--\n",
		    "--b\nContent-Type: message/rfc822\n"
		    "Content-Transfer-Encoding: 7bit\n\n"
		    "Subject: =?UTF-8?Q?=C3=BC?=\n"
		    "Content-Type: text/plain; charset=utf-8\n"
		    "Content-Transfer-Encoding: quoted-printable\n\n"
		    "gr=C3=BCn und blau\n--b--\n" },
		/* a header alone */
		{ MIXED,
		    "--b\nContent-Disposition: a; filename=\xc3\xbc\n\nx\n"
		    "--b--\n",
		    "--b\nContent-Disposition: a; filename*=UTF-8''%C3%BC\n\n"
		    "x\n--b--\n" },
		/* around the parts */
		{ MIXED, "=\xfc\n--b\n\nx\n--b--\n=\xfc\n",
		    "=3D=FC\n--b\n\nx\n--b--\n=3D=FC\n" },
		/* a part with no header at all, and one without a body */
		{ MIXED, "--b\ngr\xfcn und blau\n--b\nA: \xfc\n--b--\n",
		    "--b\n"
		    "Content-Type: text/plain; charset=iso-8859-1\n"
		    "Content-Transfer-Encoding: quoted-printable\n\n"
		    "gr=FCn und blau\n--b\n"
		    "A: =?ISO-8859-1?Q?=FC?=\n\n--b--\n" },
		/* what has no parts in it is text */
		{ MIXED,
		    "--b\nContent-Type: multipart/x; boundary=c\n\n"
		    "gr\xc3\xbcn und blau\n--b--\n",
		    "--b\nContent-Type: text/plain; charset=utf-8\n"
		    "Content-Transfer-Encoding: quoted-printable\n\n"
		    "gr=C3=BCn und blau\n--b--\n" },
		/* what is encoded already */
		{ "Content-Transfer-Encoding: base64\r\n", "QTog\xfc\nQTog\n",
		    "QTogQTog\n" },
		{ "Content-Transfer-Encoding: quoted-printable\r\n",
		    "a=3D=\n-\xfc\n", "a=3D=\n=2D=FC\n" },
		/* the last line end */
		{ MIXED, "--b\n\n\xfc\xfc\n",
		    "--b\n"
		    "Content-Type: text/plain; charset=iso-8859-1\n"
		    "Content-Transfer-Encoding: base64\n\n"
		    "/Pw=\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_encoded(cases[i].fields, cases[i].body, cases[i].out);
}

static void
the_label_of_the_message(void **state)
{
	static const struct {
		const char *fields, *out;
		int noted;
		bool is_7bit;
	} cases[] = {
		{ "A: b\r\n", "A: b\r\n", PLAN_KEEP, true },
		{ "A: b\r\n",
		    "A: b\r\nContent-Type: text/plain; charset=us-ascii\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n",
		    PLAN_QP | PLAN_ASCII, true },
		{ "Content-Type: text/plain\r\n",
		    "Content-Type: text/plain\r\n"
		    "Content-Transfer-Encoding: base64\r\n",
		    PLAN_BASE64, true },
		{ MIXED,
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n",
		    PLAN_QP | PLAN_AS_TEXT | PLAN_UTF8, true },
		{ "Content-Transfer-Encoding: base64\r\n",
		    "Content-Transfer-Encoding: base64\r\n", PLAN_BASE64_REWRAP,
		    true },
		{ "Content-Transfer-Encoding: 8bit\r\n",
		    "Content-Transfer-Encoding: 7bit\r\n", PLAN_INSIDE, true },
		{ "Content-Transfer-Encoding: 8bit\r\n",
		    "Content-Transfer-Encoding: 8bit\r\n", PLAN_INSIDE, false },
		{ "Content-Transfer-Encoding: binary\r\n",
		    "Content-Transfer-Encoding: 8bit\r\n", PLAN_INSIDE, false },
		{ "A: b\r\n", "A: b\r\n", PLAN_INSIDE, true },
	};
	struct header h = { 0 };
	struct label l;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		l = root_of(cases[i].fields);
		header_parse(cases[i].fields, strlen(cases[i].fields), &h);
		reencode_label(&h, &l, cases[i].noted, cases[i].is_7bit);
		buf_init(&b, 1000);
		header_put(&b, &h);
		assert_string_equal(buf_data(&b), cases[i].out);
		header_clear(&h);
		buf_clear(&b);
	}
}

/* More parts than there are notes: each still comes out right. */
static void
parts_without_end(void **state)
{
	static const char plain[] = "--b\n\nx\n";
	static const char last[] =
	    "--b\nContent-Transfer-Encoding: base64\n\nQTo\ng\n"
	    "--b\nContent-Type: multipart/x\n\n\xfc\n"
	    "--b\nContent-Type: multipart/x; boundary=c\n\n"
	    "\xfc\n--c\nX: y\n\n\xfc\n--c--\n\xfc\n--b--\n";
	static const char want[] =
	    "--b\nContent-Transfer-Encoding: base64\n\nQTog\n"
	    "--b\nContent-Type: text/plain; charset=iso-8859-1\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=FC\n"
	    "--b\nContent-Type: multipart/x; boundary=c\n\n"
	    "=FC\n--c\nX: y\n"
	    "Content-Type: text/plain; charset=iso-8859-1\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "=FC\n--c--\n=FC\n--b--\n";
	struct buf text;
	size_t i, n;
	char *body, *end, *got;

	(void)state;
	buf_init(&text, 1 << 20);
	for (i = 0; i < PLAN_PARTS_MAX; i++)
		buf_puts(&text, plain);
	buf_puts(&text, last);
	body = to_crlf(text.data);
	end = to_crlf(want);
	got = encode(MIXED, body, strlen(body), true, 65536, &n);
	assert_true(n > strlen(end));
	assert_string_equal(got + n - strlen(end), end);
	free(got);
	free(end);
	free(body);
	buf_clear(&text);
}

static const char *const pieces[] = { "--b\r\n", "--b--\r\n", "--c\r\n",
	"--c--\r\n", "\r\n", "Content-Type: multipart/x; boundary=c\r\n",
	"Content-Type: message/rfc822\r\n", "Content-Type: a/b\r\n",
	"Content-Transfer-Encoding: base64\r\n",
	"Content-Transfer-Encoding: quoted-printable\r\n",
	"Content-Transfer-Encoding: 8bit\r\n", "Subject: gr\xc3\xbcn\r\n",
	"text\r\n", "\xfc", "=", "gr\xc3\xbcn\r\n", "a long line, ", "--b" };

static void
make_body(struct buf *b, unsigned seed)
{
	unsigned i, k, s = seed;

	buf_init(b, 1 << 20);
	for (i = 0; i < 10 + seed % 40; i++) {
		s = s * 1103515245 + 12345;
		k = (s >> 16) % COUNT(pieces);
		buf_puts(b, pieces[k]);
		for (k = k == 16 ? 100 : 0; k > 0; k--)
			buf_puts(b, pieces[16]);
	}
	buf_puts(b, "\r\n");
}

/*
 * Whatever the body is: it can travel afterwards, however it was cut, and a
 * second time there is nothing to do.
 */
static void
any_body_can_travel_afterwards(void **state)
{
	struct look l;
	struct buf b;
	unsigned seed;
	int is_7bit;
	size_t n, m;
	char *got, *again;

	(void)state;
	for (seed = 1; seed < 3000; seed++) {
		make_body(&b, seed);
		is_7bit = seed % 4 != 0;
		got = encode(MIXED, b.data, b.len, is_7bit, 1 << 20, &n);
		look_init(&l);
		look_put(&l, got, n);
		look_end(&l);
		assert_int_equal(l.long_at, 0);
		assert_true(!is_7bit || l.eight_at == 0);
		again =
		    encode(MIXED, b.data, b.len, is_7bit, seed % 50 + 1, &m);
		assert_string_equal(again, got);
		free(again);
		free(got);
		buf_clear(&b);
	}
}

/* What needs nothing passes octet for octet. */
static void
nothing_forced_nothing_changed(void **state)
{
	struct buf b;
	unsigned seed;
	size_t n;
	char *got;

	(void)state;
	for (seed = 1; seed < 1000; seed++) {
		make_body(&b, seed);
		if (memmem(b.data, b.len, pieces[16], 13) == NULL) {
			got = encode(MIXED, b.data, b.len, false, 77, &n);
			assert_int_equal(n, b.len);
			assert_memory_equal(got, b.data, n);
			free(got);
		}
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_labels_are_changed_together),
		cmocka_unit_test(the_label_of_the_message),
		cmocka_unit_test(parts_without_end),
		cmocka_unit_test(any_body_can_travel_afterwards),
		cmocka_unit_test(nothing_forced_nothing_changed),
	};

	return cmocka_run_group_tests_name("reencode", tests, NULL, NULL);
}
