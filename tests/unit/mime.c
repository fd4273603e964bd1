/* SPDX-License-Identifier: ISC */
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

#include "common/xalloc.h"
#include "mail/mime.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What was handed out: "KIND PART [text]" a line, texts of a kind joined. */
struct story {
	struct buf text;  /* the pieces, put one behind another */
	struct buf lines; /* the story */
	enum mime_kind kind;
	size_t part;
	bool is_open;
	size_t as_text; /* this part is left whole; 0: none */
};

static void
end_line(struct story *s)
{
	if (s->is_open)
		buf_puts(&s->lines, "]\n");
	s->is_open = false;
}

static int
tell(void *arg, const struct mime_piece *piece)
{
	static const char *const kinds[] = { "header", "body", "mark",
		"aside" };
	struct story *s = arg;

	buf_append(&s->text, piece->p, piece->n);
	if (!s->is_open || s->kind != piece->kind || s->part != piece->part ||
	    piece->kind == MIME_HEADER || piece->kind == MIME_MARK) {
		end_line(s);
		buf_printf(&s->lines, "%s %zu%s [", kinds[piece->kind],
		    piece->part, piece->is_behind ? " behind" : "");
	}
	s->is_open = true;
	s->kind = piece->kind;
	s->part = piece->part;
	buf_append(&s->lines, piece->p, piece->n);
	assert_int_equal(piece->label != NULL, piece->kind == MIME_HEADER);
	return piece->kind == MIME_HEADER && piece->part == s->as_text
		   ? MIME_AS_TEXT
		   : 0;
}

static void
set_root(struct label *l, const char *type)
{
	struct header h = { 0 };
	char *field = xasprintf("Content-Type: %s\r\n", type);

	header_parse(field, strlen(field), &h);
	label_read(l, &h, false);
	header_clear(&h);
	free(field);
}

/* The story of a body in pieces of that size, without CRs. */
static char *
cut_up(
    const char *type, const char *body, size_t n, size_t piece, size_t as_text)
{
	struct story s = { .as_text = as_text };
	struct mime *m = xcalloc(1, sizeof(*m));
	struct label root;
	size_t i, len, out;

	buf_init(&s.text, 1 << 24);
	buf_init(&s.lines, 1 << 24);
	set_root(&root, type);
	mime_begin(m, &root, 0, tell, &s);
	for (i = 0; i < n; i += len) {
		len = n - i < piece ? n - i : piece;
		assert_int_equal(mime_put(m, body + i, len), 0);
	}
	assert_int_equal(mime_end(m), 0);
	mime_clear(m);
	free(m);
	end_line(&s);
	assert_int_equal(s.text.len, n);
	assert_memory_equal(buf_data(&s.text), body, n);
	buf_clear(&s.text);
	for (i = out = 0; i < s.lines.len; i++)
		if (s.lines.data[i] != '\r')
			s.lines.data[out++] = s.lines.data[i];
	buf_truncate(&s.lines, out);
	return buf_steal(&s.lines);
}

/* The body is given with LF alone. */
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
assert_story(
    const char *type, const char *text, size_t as_text, const char *want)
{
	char *body = to_crlf(text), *got;
	size_t piece, n = strlen(body);

	for (piece = 1; piece <= n + 1; piece++) {
		got = cut_up(type, body, n, piece, as_text);
		if (strcmp(got, want) != 0)
			fail_msg("%s\n%s\nby pieces of %zu:\n%s", type, text,
			    piece, got);
		free(got);
	}
	free(body);
}

struct cutting {
	const char *type, *body, *story;
};

static void
assert_stories(const struct cutting *c, size_t n)
{
	for (; n > 0; n--, c++)
		assert_story(c->type, c->body, 0, c->story);
}

#define MIXED "multipart/mixed; boundary=b"

static void
parts_are_found(void **state)
{
	static const struct cutting cases[] = {
		{ "text/plain", "a\n--b\n--b--\n",
		    "body 0 [a\n--b\n--b--\n]\n" },
		{ MIXED, "before\n--b\nA: b\n\nx\ny\n--b\n\nz\n--b--\nbehind\n",
		    "aside 0 [before]\n"
		    "mark 0 [\n--b\n]\n"
		    "header 1 [A: b\n\n]\n"
		    "body 1 [x\ny]\n"
		    "mark 0 [\n--b\n]\n"
		    "header 2 [\n]\n"
		    "body 2 [z]\n"
		    "mark 0 [\n--b--\n]\n"
		    "aside 0 behind [behind\n]\n" },
		/* no line end but its own belongs to a boundary */
		{ MIXED, "--b\n\n\n\n\n--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [\n]\n"
		    "body 1 [\n\n]\n"
		    "mark 0 [\n--b--\n]\n" },
		{ MIXED, "--b\nA: b\n\n--b\n\n--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [A: b\n\n]\n"
		    "mark 0 [--b\n]\n"
		    "header 2 [\n]\n"
		    "mark 0 [--b--\n]\n" },
		/* what only looks like one is none */
		{ MIXED,
		    "--bb\n --b\n---b\n--b-\n--\n-\n--b  \t\n\nx\n--b-- \n",
		    "aside 0 [--bb\n --b\n---b\n--b-\n--\n-]\n"
		    "mark 0 [\n--b  \t\n]\n"
		    "header 1 [\n]\n"
		    "body 1 [x]\n"
		    "mark 0 [\n--b-- \n]\n" },
	};

	(void)state;
	assert_stories(cases, COUNT(cases));
}

static void
parts_within_parts_are_found(void **state)
{
	static const struct cutting cases[] = {
		{ MIXED,
		    "--b\nContent-Type: multipart/x; boundary=bb\n\n"
		    "--bb\n\nx\n--bb--\n--b\n\ny\n--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [Content-Type: multipart/x; boundary=bb\n\n]\n"
		    "mark 1 [--bb\n]\n"
		    "header 2 [\n]\n"
		    "body 2 [x]\n"
		    "mark 1 [\n--bb--\n]\n"
		    "mark 0 [--b\n]\n"
		    "header 3 [\n]\n"
		    "body 3 [y]\n"
		    "mark 0 [\n--b--\n]\n" },
		{ "message/rfc822",
		    "Subject: x\nContent-Type: " MIXED "\n\n--b\n\nx\n--b--\n",
		    "header 1 [Subject: x\nContent-Type: " MIXED "\n\n]\n"
		    "mark 1 [--b\n]\n"
		    "header 2 [\n]\n"
		    "body 2 [x]\n"
		    "mark 1 [\n--b--\n]\n" },
		/* in a digest a part is a message unless it says otherwise */
		{ "multipart/digest; boundary=b",
		    "--b\n\nSubject: x\n\ny\n--b\nContent-Type: "
		    "text/plain\n\nz\n"
		    "--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [\n]\n"
		    "header 2 [Subject: x\n\n]\n"
		    "body 2 [y]\n"
		    "mark 0 [\n--b\n]\n"
		    "header 3 [Content-Type: text/plain\n\n]\n"
		    "body 3 [z]\n"
		    "mark 0 [\n--b--\n]\n" },
		/* an encoded message is content */
		{ MIXED,
		    "--b\nContent-Type: message/rfc822\n"
		    "Content-Transfer-Encoding: base64\n\nQTog\n--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [Content-Type: message/rfc822\n"
		    "Content-Transfer-Encoding: base64\n\n]\n"
		    "body 1 [QTog]\n"
		    "mark 0 [\n--b--\n]\n" },
	};

	(void)state;
	assert_stories(cases, COUNT(cases));
}

static void
what_is_malformed_is_text_of_what_is_around_it(void **state)
{
	static const struct cutting cases[] = {
		{ "multipart/mixed", "--b\n\nx\n", "body 0 [--b\n\nx\n]\n" },
		{ MIXED, "no boundary\nat all\n",
		    "aside 0 [no boundary\nat all\n]\n" },
		{ MIXED, "", "" },
		/* never closed; the last line end is where one was due */
		{ MIXED, "--b\n\nx\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [\n]\n"
		    "body 1 [x]\n"
		    "mark 0 [\n]\n" },
		{ MIXED, "--b", "mark 0 [--b]\nheader 1 []\n" },
		{ MIXED, "--b\nA: b", "mark 0 [--b\n]\nheader 1 [A: b]\n" },
		{ MIXED, "x\n--b-", "aside 0 [x\n--b-]\n" },
		/* an outer boundary ends what is within */
		{ MIXED,
		    "--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\nx\n"
		    "--b\n\n--c\ny\n--b--\n--b\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [Content-Type: multipart/x; boundary=c\n\n]\n"
		    "mark 1 [--c\n]\n"
		    "header 2 [\n]\n"
		    "body 2 [x]\n"
		    "mark 0 [\n--b\n]\n"
		    "header 3 [\n]\n"
		    "body 3 [--c\ny]\n"
		    "mark 0 [\n--b--\n]\n"
		    "aside 0 behind [--b\n]\n" },
		/* a header that is none, or is cut */
		{ MIXED,
		    "--b\nno field\nA: b\n\nx\n--b\nA: b\n--b\n c\n--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 []\n"
		    "body 1 [no field\nA: b\n\nx]\n"
		    "mark 0 [\n--b\n]\n"
		    "header 2 [A: b\n]\n"
		    "mark 0 [--b\n]\n"
		    "header 3 []\n"
		    "body 3 [ c]\n"
		    "mark 0 [\n--b--\n]\n" },
		{ MIXED,
		    "--b\nContent-Type: message/rfc822\n\nno field\n--b--\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [Content-Type: message/rfc822\n\n]\n"
		    "header 2 []\n"
		    "body 2 [no field]\n"
		    "mark 0 [\n--b--\n]\n" },
		{ MIXED, "--b\nContent-Type: message/rfc822\n\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [Content-Type: message/rfc822\n\n]\n"
		    "header 2 []\n" },
		{ MIXED, "--b\nContent-Type: message/rfc822\nx\n",
		    "mark 0 [--b\n]\n"
		    "header 1 [Content-Type: message/rfc822\n]\n"
		    "header 2 []\n"
		    "body 2 [x]\n"
		    "mark 0 [\n]\n" },
	};

	(void)state;
	assert_stories(cases, COUNT(cases));
}

static void
a_part_can_be_left_whole(void **state)
{
	(void)state;
	assert_story(MIXED,
	    "--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\nx\n--b--\n",
	    1,
	    "mark 0 [--b\n]\n"
	    "header 1 [Content-Type: multipart/x; boundary=c\n\n]\n"
	    "body 1 [--c\n\nx]\n"
	    "mark 0 [\n--b--\n]\n");
}

/* One multipart within another, more than there are levels. */
static void
what_is_too_deep_is_text(void **state)
{
	char *body, *got, want[40];
	struct buf b;
	unsigned i;

	(void)state;
	buf_init(&b, 100000);
	for (i = 0; i < MIME_NEST + 3; i++)
		buf_printf(&b,
		    "--%s%u\r\nContent-Type: multipart/x; boundary=%u\r\n\r\n",
		    i == 0 ? "b" : "", i, i + 1);
	body = buf_steal(&b);
	got = cut_up("multipart/x; boundary=b0", body, strlen(body), 7, 0);
	snprintf(want, sizeof(want), "\nbody %d [--%d\n", MIME_NEST, MIME_NEST);
	assert_non_null(strstr(got, want));
	snprintf(want, sizeof(want), "header %d [", MIME_NEST);
	assert_non_null(strstr(got, want));
	snprintf(want, sizeof(want), "header %d [", MIME_NEST + 1);
	assert_null(strstr(got, want));
	free(got);
	free(body);
}

/* A header of the largest size, and one that is larger by an octet. */
static void
an_endless_header_is_text(void **state)
{
	static const size_t pieces[] = { 1000, 65536, 1 << 20 };
	size_t i, over, n = MIME_HEADER_MAX - strlen("A: \r\n\r\n");
	char *line = xmalloc(n + 2), *body, *got;

	(void)state;
	memset(line, 'x', n + 1);
	for (over = 0; over <= 1; over++)
		for (i = 0; i < COUNT(pieces); i++) {
			line[n + over] = '\0';
			body = xasprintf(
			    "--b\r\nA: %s\r\n\r\ny\r\n--b--\r\n", line);
			got = cut_up(MIXED, body, strlen(body), pieces[i], 0);
			assert_non_null(strstr(
			    got, over == 0 ? "header 1 [A: x"
					   : "header 1 []\nbody 1 [A: x"));
			assert_non_null(strstr(got, "y]\nmark 0 [\n--b--\n]"));
			free(got);
			free(body);
			line[n + over] = 'x';
		}
	free(line);
}

/* As boundaries begin, and as fields do. */
static void
endless_lines_are_text(void **state)
{
	size_t n = 1 << 20;
	char *body = xmalloc(n), *got;

	(void)state;
	memset(body, '-', n);
	memcpy(body, "--b\r\n\r\n", 7);
	memcpy(body + n - 9, "\r\n--b--\r\n", 9);
	got = cut_up(MIXED, body, n, 65536, 0);
	assert_non_null(strstr(got, "\nbody 1 [-----"));
	assert_non_null(strstr(got, "mark 0 [\n--b--\n]"));
	free(got);
	memset(body + 5, 'x', n - 14);
	body[8] = ':';
	got = cut_up(MIXED, body, n, 1000, 0);
	assert_non_null(strstr(got, "\nheader 1 []\nbody 1 [xxx:xxx"));
	assert_non_null(strstr(got, "mark 0 [\n--b--\n]"));
	free(got);
	free(body);
}

static int
stop(void *arg, const struct mime_piece *piece)
{
	unsigned *left = arg;

	(void)piece;
	return (*left)-- == 0 ? -1 : 0;
}

static void
who_takes_can_stop(void **state)
{
	static const char body[] =
	    "a\r\n--b\r\nA: b\r\n\r\nx\r\n--b--\r\ny\r\n";
	struct mime *m = xcalloc(1, sizeof(*m));
	struct label root;
	unsigned after, left;
	int rc;

	(void)state;
	set_root(&root, MIXED);
	for (after = 0; after < 6; after++) {
		left = after;
		mime_begin(m, &root, 0, stop, &left);
		rc = mime_put(m, body, strlen(body));
		if (rc == 0)
			rc = mime_end(m);
		assert_int_equal(rc, -1);
		mime_clear(m);
	}
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found),
		cmocka_unit_test(parts_within_parts_are_found),
		cmocka_unit_test(
		    what_is_malformed_is_text_of_what_is_around_it),
		cmocka_unit_test(a_part_can_be_left_whole),
		cmocka_unit_test(what_is_too_deep_is_text),
		cmocka_unit_test(an_endless_header_is_text),
		cmocka_unit_test(endless_lines_are_text),
		cmocka_unit_test(who_takes_can_stop),
	};

	return cmocka_run_group_tests_name("mime", tests, NULL, NULL);
}
