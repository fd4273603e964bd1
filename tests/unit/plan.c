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
#include "mail/plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define X100 \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

/* A body with LF alone, under a header of these fields. */
static struct plan *
make(const char *fields, const char *text, bool is_7bit)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	struct header h = { 0 };
	struct label root;

	header_parse(fields, strlen(fields), &h);
	label_read(&root, &h, false);
	header_clear(&h);
	plan_begin(p, &root, is_7bit);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			plan_put(p, "\r", 1);
		plan_put(p, text, 1);
	}
	plan_end(p);
	return p;
}

static void
drop(struct plan *p)
{
	plan_clear(p);
	free(p);
}

static void
a_text_is_encoded_as_it_is_best(void **state)
{
	static const struct {
		const char *fields, *text;
		int as_7bit, as_8bit;
	} cases[] = {
		{ "A: b\n", "plain\n", PLAN_KEEP, PLAN_KEEP },
		{ "A: b\n", "gr\xc3\xbcn und blau\n", PLAN_QP | PLAN_UTF8,
		    PLAN_KEEP },
		{ "A: b\n", "gr\xfcn\n", PLAN_QP, PLAN_KEEP },
		{ "A: b\n", "\xc3\xbc\xc3\xbc\n", PLAN_BASE64 | PLAN_UTF8,
		    PLAN_KEEP },
		{ "A: b\n", "\xfc\xfc\n", PLAN_BASE64, PLAN_KEEP },
		{ "A: b\n", LONG "\n", PLAN_QP | PLAN_ASCII,
		    PLAN_QP | PLAN_ASCII },
		{ "Content-Type: text/html\n", LONG "\xc3\xbc\n",
		    PLAN_QP | PLAN_UTF8, PLAN_QP | PLAN_UTF8 },
		{ "Content-Type: a/b\n", LONG "\n", PLAN_BASE64 | PLAN_ASCII,
		    PLAN_BASE64 | PLAN_ASCII },
		{ "Content-Type: a/b\n", "a\xfc\n", PLAN_BASE64, PLAN_KEEP },
		{ "Content-Transfer-Encoding: quoted-printable\n", LONG "\n",
		    PLAN_QP_REWRAP, PLAN_QP_REWRAP },
		{ "Content-Transfer-Encoding: base64\n", LONG "\n",
		    PLAN_BASE64_REWRAP, PLAN_BASE64_REWRAP },
		{ "Content-Transfer-Encoding: base64\n", "QTog\xfc\n",
		    PLAN_BASE64_REWRAP, PLAN_KEEP },
		{ "Content-Transfer-Encoding: x\n", LONG "\n",
		    PLAN_QP | PLAN_ASCII, PLAN_QP | PLAN_ASCII },
	};
	struct plan *p;
	size_t i;
	int is_7bit, want;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (is_7bit = 0; is_7bit <= 1; is_7bit++) {
			p = make(cases[i].fields, cases[i].text, is_7bit);
			want = is_7bit ? cases[i].as_7bit : cases[i].as_8bit;
			if (plan_of(p, 0) != want)
				fail_msg("%s%.20s: %#x", cases[i].fields,
				    cases[i].text, plan_of(p, 0));
			assert_int_equal(p->touched, want != PLAN_KEEP);
			drop(p);
		}
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n"

static void
assert_notes(const struct plan *p, const int *notes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (plan_of(p, i) != notes[i])
			fail_msg("part %zu: %#x", i, plan_of(p, i));
	assert_int_equal(plan_of(p, n), -1);
}

static void
only_what_is_forced_is_touched(void **state)
{
	static const int notes[] = { PLAN_INSIDE, PLAN_INSIDE, PLAN_KEEP,
		PLAN_QP | PLAN_UTF8, PLAN_KEEP, PLAN_KEEP };
	struct plan *p = make(MIXED,
	    "--b\nContent-Type: multipart/x; boundary=c\n\n"
	    "--c\n\nplain\n--c\n\ngr\xc3\xbcn und rot\n--c\n\nplain\n--c--\n"
	    "--b\n\nplain\n--b--\n",
	    true);

	(void)state;
	assert_notes(p, notes, COUNT(notes));
	assert_int_equal(p->touched, 1);
	assert_true(p->has_eight && !p->has_long);
	assert_true(!p->leaves_eight && !p->breaks_signed && !p->loses_parts);
	drop(p);
}

static void
what_stays_beyond_ascii_is_told(void **state)
{
	struct plan *p =
	    make(MIXED, "--b\nA: \xfc\n\nx\n--b\n\n" LONG "\n--b--\n", false);

	(void)state;
	assert_true(p->leaves_eight && p->has_long && !p->has_eight);
	drop(p);
	p = make(MIXED, "--b\nA: \xfc\n\nx\n--b\n\n" LONG "\n--b--\n", true);
	assert_true(!p->leaves_eight && p->has_long && p->has_eight);
	assert_int_equal(p->touched, 2);
	drop(p);
}

static void
around_the_parts_there_is_text_too(void **state)
{
	static const struct {
		const char *text;
		int note;
	} cases[] = {
		{ "\xfc\n--b\n\nx\n--b--\n", PLAN_INSIDE | PLAN_BEFORE },
		{ "--b\n\nx\n--b--\n\xfc\n", PLAN_INSIDE | PLAN_BEHIND },
		{ "\xfc\n--b\n\nx\n--b--\n\xfc\n",
		    PLAN_INSIDE | PLAN_BEFORE | PLAN_BEHIND },
		{ "a\n--b\n\nx\n--b--\nc\n", PLAN_KEEP },
		{ "a\n--b\nA: \xfc\n\nx\n--b--\nc\n", PLAN_INSIDE },
	};
	struct plan *p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		p = make(MIXED, cases[i].text, true);
		assert_int_equal(plan_of(p, 0), cases[i].note);
		assert_int_equal(plan_of(p, 1), PLAN_KEEP);
		drop(p);
	}
}

static void
parts_that_cannot_be_found_are_text(void **state)
{
	static const int inner[] = { PLAN_INSIDE,
		PLAN_QP | PLAN_AS_TEXT | PLAN_UTF8, PLAN_KEEP };
	struct plan *p;

	(void)state;
	p = make(MIXED, "no boundary, but gr\xc3\xbcn\n", true);
	assert_int_equal(plan_of(p, 0), PLAN_QP | PLAN_AS_TEXT | PLAN_UTF8);
	assert_true(p->loses_parts);
	drop(p);
	p = make("Content-Type: multipart/mixed\n", LONG "\n", true);
	assert_int_equal(plan_of(p, 0), PLAN_QP | PLAN_AS_TEXT | PLAN_ASCII);
	drop(p);
	p = make(MIXED,
	    "--b\nContent-Type: multipart/x; boundary=c\n\n"
	    "gr\xc3\xbcn und rot\n--b\n\nx\n--b--\n",
	    true);
	assert_notes(p, inner, COUNT(inner));
	drop(p);
	/* nothing is forced: they stay what they were */
	p = make(MIXED, "no boundary\n", true);
	assert_int_equal(plan_of(p, 0), PLAN_KEEP);
	assert_false(p->loses_parts);
	drop(p);
}

static void
a_broken_signature_is_told(void **state)
{
	static const char signed_part[] =
	    "--b\nContent-Type: multipart/signed; boundary=c\n\n"
	    "--c\n\n%s\n--c\nContent-Type: application/pgp-signature\n\n"
	    "s\n--c--\n--b\n\n%s\n--b--\n";
	char *text;
	struct plan *p;

	(void)state;
	text = xasprintf(signed_part, "plain", "\xfc");
	p = make(MIXED, text, true);
	assert_true(p->touched == 1 && !p->breaks_signed);
	drop(p);
	free(text);
	text = xasprintf(signed_part, "\xfc", "plain");
	p = make(MIXED, text, true);
	assert_true(p->touched == 1 && p->breaks_signed);
	drop(p);
	free(text);
}

static void
parts_without_end_have_no_notes(void **state)
{
	struct plan *p = xcalloc(1, sizeof(*p));
	struct label root = {
		.type = LABEL_MULTIPART, .nboundary = 1, .boundary = "b"
	};
	unsigned i;

	(void)state;
	plan_begin(p, &root, true);
	for (i = 0; i < PLAN_PARTS_MAX + 100; i++)
		plan_put(p, "--b\r\n\r\n\xfc\r\n", 10);
	plan_end(p);
	assert_int_equal(plan_of(p, PLAN_PARTS_MAX - 1), PLAN_BASE64);
	assert_int_equal(plan_of(p, PLAN_PARTS_MAX), -1);
	assert_int_equal(p->touched, PLAN_PARTS_MAX + 100);
	drop(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_encoded_as_it_is_best),
		cmocka_unit_test(only_what_is_forced_is_touched),
		cmocka_unit_test(what_stays_beyond_ascii_is_told),
		cmocka_unit_test(around_the_parts_there_is_text_too),
		cmocka_unit_test(parts_that_cannot_be_found_are_text),
		cmocka_unit_test(a_broken_signature_is_told),
		cmocka_unit_test(parts_without_end_have_no_notes),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
