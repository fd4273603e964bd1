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

#include "common/xalloc.h"
#include "mail/label.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
read_label(struct label *l, const char *fields, bool in_digest)
{
	struct header h = { 0 };

	header_parse(fields, strlen(fields), &h);
	label_read(l, &h, in_digest);
	header_clear(&h);
}

static void
types_are_told_apart(void **state)
{
	static const struct {
		const char *value;
		enum label_type type;
	} cases[] = {
		{ "text/plain", LABEL_TEXT },
		{ "TEXT/HTML; charset=x", LABEL_TEXT },
		{ "text", LABEL_TEXT },
		{ "", LABEL_TEXT },
		{ "image/png", LABEL_OTHER },
		{ "application/octet-stream; name=a/b", LABEL_OTHER },
		{ "x/y", LABEL_OTHER },
		{ "multipart/mixed", LABEL_MULTIPART },
		{ "Multipart / Signed; boundary=x", LABEL_MULTIPART },
		{ "message/rfc822", LABEL_MESSAGE },
		{ "message/Global (new)", LABEL_MESSAGE },
		{ "message/delivery-status", LABEL_TEXT },
		{ "message/rfc822-headers", LABEL_TEXT },
		{ "message/partial; id=x", LABEL_TEXT },
		{ "; boundary=x", LABEL_TEXT },
	};
	struct label l;
	size_t i;
	char *field;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		field = xasprintf("Content-Type: %s\r\n", cases[i].value);
		read_label(&l, field, false);
		if (l.type != cases[i].type)
			fail_msg("%s: %d", cases[i].value, l.type);
		assert_int_equal(l.has_type, cases[i].value[0] != '\0');
		free(field);
	}
	read_label(&l, "A: b\r\n", false);
	assert_true(l.type == LABEL_TEXT && !l.has_type);
	read_label(&l, "A: b\r\n", true);
	assert_true(l.type == LABEL_MESSAGE && !l.has_type);
	read_label(&l, "Content-Type: text/plain\r\n", true);
	assert_int_equal(l.type, LABEL_TEXT);
	read_label(&l, "Content-Type: multipart/signed\r\n", false);
	assert_true(l.is_signed && !l.is_digest);
	read_label(&l, "Content-Type: multipart/digest\r\n", false);
	assert_true(!l.is_signed && l.is_digest);
}

static void
encodings_are_told_apart(void **state)
{
	static const struct {
		const char *value;
		enum label_encoding encoding;
		bool is_plain;
	} cases[] = {
		{ "", ENCODING_NONE, true },
		{ "7bit", ENCODING_7BIT, true },
		{ "8BIT (all of it)", ENCODING_8BIT, true },
		{ "binary;", ENCODING_BINARY, true },
		{ "Quoted-Printable", ENCODING_QP, false },
		{ "base64", ENCODING_BASE64, false },
		{ "base644", ENCODING_OTHER, true },
		{ "x-uuencode", ENCODING_OTHER, true },
	};
	struct label l;
	size_t i;
	char *field;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		field = xasprintf(
		    "Content-Transfer-Encoding: %s\r\n", cases[i].value);
		read_label(&l, field, false);
		assert_int_equal(l.encoding, cases[i].encoding);
		assert_int_equal(label_is_plain(&l), cases[i].is_plain);
		free(field);
	}
}

static void
boundaries_are_read(void **state)
{
	static const char *const cases[][2] = {
		{ "boundary=abc", "abc" },
		{ "charset=x; BOUNDARY=\"a b:\\\"c \"", "a b:\"c" },
		{ "boundary=----=_Part_1.2", "----=_Part_1.2" },
		{ "boundary=\"\"; boundary=x", "x" },
		{ "boundary=\"gr\xc3\xbcn\"", "" },
		{ "x-boundary=abc", "" },
		{ "boundary", "" },
	};
	char longest[400];
	struct label l;
	size_t i;
	char *field;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		field = xasprintf(
		    "Content-Type: multipart/mixed; %s\r\n", cases[i][0]);
		read_label(&l, field, false);
		assert_int_equal(l.nboundary, strlen(cases[i][1]));
		assert_memory_equal(l.boundary, cases[i][1], l.nboundary);
		free(field);
	}
	for (i = BOUNDARY_MAX; i <= BOUNDARY_MAX + 1; i++) {
		memset(longest, 'x', i);
		longest[i] = '\0';
		field = xasprintf(
		    "Content-Type: multipart/mixed; boundary=%s\r\n", longest);
		read_label(&l, field, false);
		assert_int_equal(
		    l.nboundary, i == BOUNDARY_MAX ? BOUNDARY_MAX : 0);
		free(field);
	}
}

static char *
show(struct header *h)
{
	struct buf b;

	buf_init(&b, 10000);
	header_put(&b, h);
	header_clear(h);
	return buf_steal(&b);
}

static void
one_field_says_it_afterwards(void **state)
{
	static const char *const cases[][2] = {
		{ "A: b\r\n", "A: b\r\nMIME-Version: 1.0\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Content-Transfer-Encoding: base64\r\n" },
		{ "content-transfer-encoding: 8bit\r\nmime-version: 1\r\n"
		  "content-type: a/b\r\nA: b\r\n",
		    "content-transfer-encoding: base64\r\nmime-version: 1\r\n"
		    "content-type: text/plain; charset=utf-8\r\nA: b\r\n" },
		{ "Content-Type: a/b\r\nA: b\r\nContent-Type: c/d\r\n"
		  "Content-Transfer-Encoding: x\r\n"
		  "Content-Transfer-Encoding: 7bit\r\n",
		    "A: b\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Transfer-Encoding: base64\r\n" },
	};
	struct header h = { 0 };
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		header_parse(cases[i][0], strlen(cases[i][0]), &h);
		assert_int_equal(label_set_version(&h), i != 1);
		assert_false(label_set_version(&h));
		label_set_text(&h, "utf-8");
		label_set_encoding(&h, ENCODING_BASE64);
		got = show(&h);
		assert_string_equal(got, cases[i][1]);
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_told_apart),
		cmocka_unit_test(encodings_are_told_apart),
		cmocka_unit_test(boundaries_are_read),
		cmocka_unit_test(one_field_says_it_afterwards),
	};

	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
