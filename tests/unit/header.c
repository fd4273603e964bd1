/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "mail/header.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Where the header ends, and the fields in it: "name=value" and a "|". */
static const struct {
	const char *text;
	ssize_t span;
	bool has_blank;
	const char *fields;
} texts[] = {
	{ "To: a\r\nSubject: x\r\n\r\nbody", 21, true, "To=a|Subject=x|" },
	{ "To: a\r\n", 7, false, "To=a|" },
	{ "To: a", 5, false, "To=a|" },
	{ "To: a\r\nSubject: no newline", 26, false,
	    "To=a|Subject=no newline|" },
	{ "To : a\r\nCC\t : b\r\n\r\n", 19, true, "To=a|CC=b|" },
	{ "To:\r\n a,\r\n\tb\r\n\r\n", 16, true, "To=a,\tb|" },
	{ "Empty:\r\nBlank: \t \r\n\r\n", 21, true, "Empty=|Blank=|" },
	{ "X: a:b:c\r\n\r\n", 12, true, "X=a:b:c|" },
	{ "From joe@x Mon Nov 23\r\nTo: a\r\n\r\n", 32, true, "To=a|" },
	{ ">From joe@x Mon\r\nTo: a\r\n\r\n", 26, true, "To=a|" },
	{ "From a b\r\n>From c d\r\nTo: a\r\n\r\n", 30, true, "To=a|" },
	{ "From : joe@x\r\n\r\n", 16, true, "From=joe@x|" },
	{ "From joe@x date\r\n\r\nbody", 19, true, "" },
	{ "note: x\r\ntext\r\n", 9, false, "note=x|" },
	{ "\r\nTo: a\r\n", 2, true, "" },
	{ "X: \xc3\xbc\xff\r\n\r\n", 10, true, "X=\xc3\xbc\xff|" },
	/* no header, or one that ends where the body begins */
	{ "", 0, false, "" },
	{ "plain text\r\nTo: a\r\n\r\n", 0, false, "" },
	{ " folded first line\r\nTo: a\r\n", 0, false, "" },
	{ "To: a\r\nno colon here\r\nCc: b\r\n\r\n", 7, false, "To=a|" },
	{ "To: a\r\nFrom joe Mon\r\nCc: b\r\n\r\n", 7, false, "To=a|" },
	{ "To: a\r\n: no name\r\n\r\n", 7, false, "To=a|" },
	{ "To: a\r\nna me: x\r\n\r\n", 7, false, "To=a|" },
	{ "To: a\r\nn\xc3\xa4me: x\r\n\r\n", 7, false, "To=a|" },
	{ "To: a\r\nFromage joe\r\n", 7, false, "To=a|" },
	{ "From\r\nTo: a\r\n", 0, false, "" },
	{ "From a b\r\n folded\r\n", 10, false, "" },
};

static char *
show(const struct header *h)
{
	struct buf b;
	size_t i;

	buf_init(&b, 100000);
	for (i = 0; i < h->n; i++)
		buf_printf(&b, "%s=%s|", h->v[i].name, h->v[i].value);
	return buf_steal(&b);
}

static void
spans_and_fields(void **state)
{
	struct header h;
	bool has_blank;
	size_t i, n;
	ssize_t span;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		n = strlen(texts[i].text);
		span = header_span(texts[i].text, n, true, &has_blank);
		if (span != texts[i].span || has_blank != texts[i].has_blank)
			fail_msg("[%s]: %zd", texts[i].text, span);
		memset(&h, 0, sizeof(h));
		header_parse(texts[i].text, (size_t)span, &h);
		got = show(&h);
		assert_string_equal(got, texts[i].fields);
		free(got);
		header_clear(&h);
	}
}

/* However little of a text is there, the answer is the same, or "not yet". */
static void
a_part_never_decides_otherwise(void **state)
{
	bool part, whole;
	size_t i, n, len;
	ssize_t span;
	char *copy;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		len = strlen(texts[i].text);
		for (n = 0; n <= len; n++) {
			/* a copy of its own, so that ASan sees an overrun */
			copy = xmalloc(n + 1);
			memcpy(copy, texts[i].text, n);
			span = header_span(copy, n, false, &part);
			if (span != -1) {
				assert_int_equal(span, texts[i].span);
				whole = texts[i].has_blank;
				assert_int_equal(part, whole);
			}
			free(copy);
		}
	}
	assert_int_equal(header_span("To: a\r\n", 7, false, &part), -1);
	assert_int_equal(header_span("no hea", 6, false, &part), -1);
	assert_int_equal(header_span("no header\r\n", 11, false, &part), 0);
}

static void
fields_keep_their_text(void **state)
{
	static const char text[] = "To : a,\r\n\t b\r\nsubject:x \r\n"
				   "X-Long:\r\n v";
	struct header h = { 0 };
	struct buf b;

	(void)state;
	header_parse(text, sizeof(text) - 1, &h);
	assert_int_equal(h.n, 3);
	assert_string_equal(h.v[0].name, "To");
	assert_string_equal(h.v[0].value, "a,\t b");
	assert_string_equal(h.v[0].raw, "To : a,\r\n\t b\r\n");
	assert_string_equal(h.v[2].raw, "X-Long:\r\n v\r\n");
	buf_init(&b, 1000);
	assert_int_equal(header_put(&b, &h), 0);
	assert_int_equal(b.len, sizeof(text) - 1 + 2);
	assert_memory_equal(b.data, text, sizeof(text) - 1);
	buf_clear(&b);
	buf_init(&b, 10);
	assert_int_equal(header_put(&b, &h), -1);
	buf_clear(&b);
	header_clear(&h);
}

static void
found_removed_added_set(void **state)
{
	static const char text[] = "Bcc: a\r\nTo: b\r\nBCC : c\r\n";
	struct header h = { 0 };
	struct header_field *f;
	char *got;

	(void)state;
	header_parse(text, sizeof(text) - 1, &h);
	f = header_find(&h, "bcc", NULL);
	assert_string_equal(f->value, "a");
	f = header_find(&h, "bcc", f);
	assert_string_equal(f->value, "c");
	assert_null(header_find(&h, "bcc", f));
	assert_null(header_find(&h, "Cc", NULL));
	assert_int_equal(header_remove(&h, "Cc"), 0);
	assert_int_equal(header_remove(&h, "bcC"), 2);
	header_add(&h, "Date", "now");
	header_insert(&h, 0, "Received", "from here");
	header_insert(&h, 1, "Sender", "s");
	header_set(header_find(&h, "to", NULL), " d ");
	got = show(&h);
	assert_string_equal(got, "Received=from here|Sender=s|To=d|Date=now|");
	free(got);
	header_clear(&h);
	assert_null(header_find(&h, "To", NULL));
}

static void
a_value_makes_no_second_field(void **state)
{
	struct header h = { 0 };

	(void)state;
	header_add(&h, "Subject", "x\r\nBcc: evil@x\r\n\r\nbody\n.\r");
	assert_string_equal(
	    h.v[0].raw, "Subject: x  Bcc: evil@x    body .\r\n");
	header_set(&h.v[0], "\r\n\r\n");
	assert_string_equal(h.v[0].raw, "Subject: \r\n");
	header_clear(&h);
}

/* Line by line it ends where the span of the whole does. */
static void
lines_are_what_they_are_in_the_span(void **state)
{
	static const struct {
		const char *line;
		size_t fields;
		enum header_line is;
	} cases[] = {
		{ "A: b\r\n", 0, HEADER_FIELD },
		{ "A : b", 1, HEADER_FIELD },
		{ " b\r\n", 1, HEADER_MORE },
		{ " b\r\n", 0, HEADER_BODY },
		{ "From joe Mon\r\n", 0, HEADER_MORE },
		{ "From joe Mon\r\n", 1, HEADER_BODY },
		{ "\r\n", 0, HEADER_EMPTY },
		{ "\r\n", 1, HEADER_EMPTY },
		{ "text\r\n", 1, HEADER_BODY },
		{ "--b\r\n", 1, HEADER_BODY },
		{ ": b\r\n", 1, HEADER_BODY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(header_line(cases[i].line,
				     strlen(cases[i].line), cases[i].fields),
		    cases[i].is);
}

static void
long_values_are_folded_at_blanks(void **state)
{
	struct header h = { 0 };
	struct buf value, back;
	const char *p, *end;
	int i;

	(void)state;
	buf_init(&value, 10000);
	for (i = 0; i < 300; i++)
		buf_printf(&value, "%sword%d", i == 0 ? "" : " ", i * i);
	header_add(&h, "X-Words", value.data);
	buf_init(&back, 10000);
	for (p = h.v[0].raw; *p != '\0'; p = end + 2) {
		end = strstr(p, "\r\n");
		assert_non_null(end);
		assert_true(end - p <= 78);
		assert_true(p[0] == 'X' || (p[0] == ' ' && p[1] != ' '));
		buf_append(&back, p, (size_t)(end - p));
	}
	assert_string_equal(back.data + strlen("X-Words: "), value.data);
	buf_clear(&value);
	buf_clear(&back);
	/* No line of blanks alone, and none at the end of a line. */
	header_set(&h.v[0], "a                                             "
			    "                                             b");
	assert_non_null(strstr(h.v[0].raw, ": a\r\n   "));
	assert_non_null(strstr(h.v[0].raw, "  b\r\n"));
	header_clear(&h);
}

/* Were it quadratic, this would run for minutes. */
static void
a_hostile_mebibyte_is_read_in_linear_time(void **state)
{
	static const char *const pieces[] = { "a:\r\n", "a: b\r\n ", " \r\n",
		"From x\r\n", "a", "a ", "a:\n", "\r" };
	struct header h;
	char *text = xmalloc(HEADER_MAX);
	size_t i, k;
	ssize_t span;
	bool has_blank;

	(void)state;
	for (i = 0; i < COUNT(pieces); i++) {
		for (k = 0; k < HEADER_MAX; k++)
			text[k] = pieces[i][k % strlen(pieces[i])];
		text[0] = 'x';
		span = header_span(text, HEADER_MAX, true, &has_blank);
		assert_true(span >= 0);
		memset(&h, 0, sizeof(h));
		header_parse(text, (size_t)span, &h);
		header_clear(&h);
	}
	memset(text, 'a', HEADER_MAX);
	for (k = 1; k < HEADER_MAX; k += 2)
		text[k] = ' ';
	text[HEADER_MAX - 1] = '\0';
	memset(&h, 0, sizeof(h));
	header_add(&h, "X", text);
	header_clear(&h);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_and_fields),
		cmocka_unit_test(a_part_never_decides_otherwise),
		cmocka_unit_test(fields_keep_their_text),
		cmocka_unit_test(found_removed_added_set),
		cmocka_unit_test(a_value_makes_no_second_field),
		cmocka_unit_test(lines_are_what_they_are_in_the_span),
		cmocka_unit_test(long_values_are_folded_at_blanks),
		cmocka_unit_test(a_hostile_mebibyte_is_read_in_linear_time),
	};

	return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
