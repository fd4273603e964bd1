/* SPDX-License-Identifier: ISC */
/*
 * The work for a message on its way out grows with its octets, and not faster,
 * as tests/unit/linear.c shows it of the way in: rewriting, headers that cannot
 * travel, and parts that have to be encoded.  Whoever made it quadratic would
 * keep the mail of others waiting.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "mail/reencode.h"
#include "mail/rewrite.h"
#include "tests/unit/shape.h"
#include "tests/unit/work.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PIECE    65536

/* One that takes no octets beyond ASCII gets most of the work. */
static const struct tidy tidy = { .keep = TIDY_ASCII };

static void
rewrite(struct header *h)
{
	static char domain[] = "@d.e", loopback[] = "localhost";
	static char *patterns[] = { domain }, *names[] = { loopback };
	static const struct strlist senders = { .v = patterns, .n = 1 };
	static const struct strlist locals = { .v = names, .n = 1 };
	static const struct rewrite_rules rules = { .user = "a@b.c",
		.senders = &senders,
		.original_from = true,
		.local_names = &locals,
		.hostname = "host.example",
		.domain = "d.e" };

	rewrite_header(&rules, h);
}

static void
encode(struct header *h, const char *p, size_t n, size_t piece)
{
	struct reencode *r = xcalloc(1, sizeof(*r));
	struct plan *plan = xcalloc(1, sizeof(*plan));
	struct label root;
	struct buf out;
	size_t i;
	int rc = 0;

	label_read(&root, h, false);
	plan_begin(plan, &root, true);
	for (i = 0; i < n; i += piece)
		plan_put(plan, p + i, n - i < piece ? n - i : piece);
	plan_end(plan);
	reencode_label(h, &root, plan_of(plan, 0), true);
	buf_init(&out, REENCODE_ROOM(piece));
	reencode_begin(r, plan, &root, &tidy);
	for (i = 0; i < n; i += piece) {
		rc |=
		    reencode_put(r, p + i, n - i < piece ? n - i : piece, &out);
		buf_truncate(&out, 0); /* it has been sent */
	}
	assert_int_equal(rc, 0);
	assert_int_equal(reencode_end(r, &out), 0);
	buf_clear(&out);
	reencode_clear(r);
	plan_clear(plan);
	free(r);
	free(plan);
}

/* Lines of a shape end in LF; on the way out they end in CRLF. */
static void
put_canonical(struct buf *out, const struct buf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++) {
		if (text->data[i] == '\n')
			buf_putc(out, '\r');
		buf_putc(out, text->data[i]);
	}
}

static void
send_out(const struct buf *text, const struct shape *s)
{
	struct header h = { NULL, 0 };
	struct buf b;
	size_t span;
	bool has_blank;

	buf_init(&b, 2 * text->len);
	put_canonical(&b, text);
	span = (size_t)header_span(buf_data(&b), b.len, true, &has_blank);
	(void)tidy_is_needed(&tidy, buf_data(&b), span);
	header_parse(buf_data(&b), span, &h);
	rewrite(&h);
	encode(&h, buf_data(&b) + span, b.len - span, s->piece);
	(void)header_tidy(&h, &tidy);
	header_clear(&h);
	buf_clear(&b);
}

#define U_UMLAUT "\xc3\xbc"
#define MULTI    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"

static const struct shape shapes[] = {
	{ "fields in UTF-8", "", "X: gr" U_UMLAUT "n\n", "\n", PIECE },
	{ "a field in UTF-8", "Subject: ", "gr" U_UMLAUT "n ", "\n\n", PIECE },
	{ "a field in UTF-8 without blanks", "X: ", U_UMLAUT, "\n\n", PIECE },
	{ "a field that is no UTF-8", "Subject: ", "\xfc", "\n\n", PIECE },
	{ "a long field with blanks", "X: ", "word ", "\n\n", PIECE },
	{ "a long field without blanks", "X: ", "word", "\n\n", PIECE },
	{ "a long field with commas", "X: ", "word,", "\n\n", PIECE },
	{ "a long Subject", "Subject: ", "word", "\n\n", PIECE },
	{ "a folded field", "X: y\n", " z" U_UMLAUT "\n", "\n", PIECE },
	{ "authors", "From: ", "a@b.c, ", "x\n\n", PIECE },
	{ "authors in UTF-8", "From: ", U_UMLAUT " <a@b.c>, ", "x\n\n", PIECE },
	{ "fields of an author", "", "From: a@b.c\n", "\n", PIECE },
	{ "fields of a sender", "", "Sender: a@b.c\n", "\n", PIECE },
	{ "an author's name", "From: ", U_UMLAUT, " <a@b.c>\n\n", PIECE },
	{ "an author's comments", "From: a@b.c ", "(" U_UMLAUT ")", "\n\n",
	    PIECE },
	{ "recipients in UTF-8", "To: ", U_UMLAUT " <a@b.c>, ", "x\n\n",
	    PIECE },
	{ "comments in UTF-8", "To: ", "(" U_UMLAUT ") ", "a@b.c\n\n", PIECE },
	{ "domains in UTF-8", "To: ", "a@" U_UMLAUT ".c, ", "x\n\n", PIECE },
	{ "groups in UTF-8", "To: ", U_UMLAUT ": a@b;, ", "x\n\n", PIECE },
	{ "brackets in UTF-8", "To: ", "<" U_UMLAUT, "\n\n", PIECE },
	{ "quotes in UTF-8", "To: ", "\"" U_UMLAUT, "\n\n", PIECE },
	{ "parameters", "Content-Type: text/plain", "; a=b", "\n\n", PIECE },
	{ "parameters in UTF-8", "Content-Type: text/plain", "; n=" U_UMLAUT,
	    "\n\n", PIECE },
	{ "parameters with open comments", "Content-Type: a/b " U_UMLAUT,
	    "; a=(b", "\n\n", PIECE },
	{ "parameters with comments", "Content-Type: a/b " U_UMLAUT,
	    "; a=b (c)", "\n\n", PIECE },
	{ "parameters with quotes", "Content-Type: a/b " U_UMLAUT, "; a=\"b\"",
	    "\n\n", PIECE },
	{ "parameters of many names", "Content-Type: a/b", "; n#=" U_UMLAUT,
	    "\n\n", PIECE },
	{ "parameters that are extended", "Content-Type: a/b " U_UMLAUT,
	    "; n#*=" U_UMLAUT, "\n\n", PIECE },
	{ "those beside others", "Content-Type: a/b", "; n#*=a; n#=" U_UMLAUT,
	    "\n\n", PIECE },
	{ "a parameter", "Content-Disposition: x; filename=\"", U_UMLAUT,
	    "\"\n\n", PIECE },
	{ "sections of one", "Content-Type: text/plain", "; n*#=a", "\n\n",
	    PIECE },
	{ "fields of a type", "", "Content-Type: a/b\n", "\n", PIECE },
	{ "Received", "", "Received: x\n", "\n", PIECE },
	{ "a text in UTF-8", "\n", "gr" U_UMLAUT "n\n", "", PIECE },
	{ "a text in UTF-8, octet by octet", "\n", "gr" U_UMLAUT "n\n", "", 1 },
	{ "a long line", "\n", "gr" U_UMLAUT "n ", "\n", PIECE },
	{ "a long line, octet by octet", "\n", "gr" U_UMLAUT "n ", "\n", 1 },
	{ "octets that are no UTF-8", "\n", "\xff", "\n", PIECE },
	{ "blanks", "\n", "  ", U_UMLAUT "\n", PIECE },
	{ "dots", "\n", ".\n", U_UMLAUT "\n", PIECE },
	{ "empty lines", "\n", "\n", U_UMLAUT "\n", PIECE },
	{ "parts", MULTI, "--b\n\n" U_UMLAUT "\n", "--b--\n", PIECE },
	{ "parts, octet by octet", MULTI, "--b\n\n" U_UMLAUT "\n", "--b--\n",
	    1 },
	{ "parts that are empty", MULTI, "--b\nX: some text\n", "--b--\n",
	    PIECE },
	{ "boundaries that are none", MULTI, "--bb\n", U_UMLAUT "\n", PIECE },
	{ "boundaries without an end", MULTI, "--", U_UMLAUT "\n", PIECE },
	{ "a part of long fields", MULTI "--b\nX: ", U_UMLAUT " ", "\n\nx\n",
	    PIECE },
	{ "a part of fields", MULTI "--b\n", "X: " U_UMLAUT "\n", "\nx\n",
	    PIECE },
	{ "a preamble", MULTI, U_UMLAUT "\n", "--b\n", PIECE },
	{ "an epilogue", MULTI "--b\n\n--b--\n", U_UMLAUT "\n", "", PIECE },
	{ "multiparts in multiparts", MULTI,
	    "--b\nContent-Type: multipart/mixed; boundary=b#\n\n--b#\n",
	    U_UMLAUT "\n", PIECE },
	{ "messages in messages", "Content-Type: message/rfc822\n\n",
	    "Content-Type: message/rfc822\n\n", U_UMLAUT "\n", PIECE },
	{ "quoted-printable with long lines",
	    "Content-Transfer-Encoding: quoted-printable\n\n", "=C3=BC x", "\n",
	    PIECE },
	{ "base64 in one line", "Content-Transfer-Encoding: base64\n\n", "QUJD",
	    "\n", PIECE },
};

static void
twice_the_octets_are_twice_the_work(void **state)
{
	bool is_linear = true;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(shapes); i++)
		is_linear &= shape_is_linear(&shapes[i], send_out);
	assert_true(is_linear);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_the_octets_are_twice_the_work),
	};

	return cmocka_run_group_tests_name("linear_out", tests, NULL, NULL);
}
