/* SPDX-License-Identifier: ISC */
/*
 * The work of sendmail grows with the octets that it is given, and not faster:
 * twice as many, twice the work.  Counted by work.h, never timed.  What is
 * given is what an enemy would, or a careless program.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"
#include "mail/compose.h"
#include "mail/recipients.h"
#include "tests/unit/shape.h"
#include "tests/unit/work.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define PIECE     65536
#define RATIO_MAX 2.3

struct input {
	const struct buf *text;
	size_t at, piece;
};

static ssize_t
input_read(void *arg, void *p, size_t n, struct err *e)
{
	struct input *in = arg;

	(void)e;
	if (n > in->piece)
		n = in->piece;
	if (n > in->text->len - in->at)
		n = in->text->len - in->at;
	memcpy(p, buf_data(in->text) + in->at, n);
	in->at += n;
	return (ssize_t)n;
}

static int
input_rewind(void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return -1;
}

static void
author(void *arg, const char **address, const char **name)
{
	(void)arg;
	*address = "root";
	*name = "Charlie Root";
}

/* All that sendmail -t does with a message, but for handing it over. */
static void
send_all(const struct buf *text, const struct shape *shape)
{
	static const struct completion with = {
		.date = "Mon, 23 Nov 2026 21:20:34 +0100",
		.message_id = "<1@host.example.com>",
		.domain = "example.com",
		.author = author,
	};
	struct input in = { text, 0, shape->piece };
	const struct source from = { input_read, input_rewind, &in };
	struct compose *c = compose_new(&from, CANON_DOT_ENDS, &with);
	const struct completed *found;
	struct recipients r;
	struct envelope env;
	struct source s;
	char scratch[4096];
	struct err e;
	size_t i;

	envelope_init(&env);
	recipients_init(&r, &env, 0);
	if (compose_header(c, &found, &e) == -1)
		fail_msg("%s", e.text);
	/* Of some there are too many, and so none. */
	for (i = 0; i < found->recipients.n; i++)
		if (recipients_add(&r, found->recipients.v[i], &e) == -1)
			break;
	(void)recipients_check(&r, &e);
	s = compose_source(c);
	while (s.read(s.arg, scratch, sizeof(scratch), &e) > 0)
		;
	recipients_clear(&r);
	envelope_clear(&env);
	compose_free(c);
}

static const struct shape shapes[] = {
	{ "many fields", "", "X: text\n", "\n", PIECE },
	{ "many fields, one by one", "", "X: text\n", "\n", 8 },
	{ "many fields, octet by octet", "", "X: text\n", "\n", 1 },
	{ "a long line, octet by octet", "X: ", "word ", "\n\n", 1 },
	{ "a body in one line, octet by octet", "", "word ", "\n", 1 },
	{ "one long field", "X: ", "word ", "\n\n", PIECE },
	{ "one folded field", "X: y\n", " z\n", "\n", PIECE },
	{ "fields that are taken out", "", "Bcc: a@b.example\n", "\n", PIECE },
	{ "fields that are empty", "", "From:\n", "\n", PIECE },
	{ "fields of a list", "", "To: r#@b.example\n", "\n", PIECE },
	{ "fields of bare names", "", "Cc: r#\n", "\n", PIECE },
	{ "fields of a resending", "", "Resent-To: r#\n", "\n", PIECE },
	{ "recipients", "To: ", "r#@b.example, ", "x\n\n", PIECE },
	{ "recipients, octet by octet", "To: ", "r#@b.example, ", "\n\n", 1 },
	{ "recipients without commas", "To: ", "r#@b.example ", "\n\n", PIECE },
	{ "names without a domain", "To: ", "r#, ", "x\n\n", PIECE },
	{ "one recipient", "To: ", "a@b.example, ", "x\n\n", PIECE },
	{ "malformed ones", "To: ", "r#@@b.example, ", "x\n\n", PIECE },
	{ "named ones", "To: ", "\"A, B\" <r#@b> (c), ", "x\n\n", PIECE },
	{ "groups", "To: ", "g: r#@b;, ", "x\n\n", PIECE },
	{ "groups in groups", "To: ", "g: ", "x\n\n", PIECE },
	{ "brackets", "To: ", "<", "\n\n", PIECE },
	{ "brackets that close", "To: ", "<> ", "\n\n", PIECE },
	{ "routes", "To: ", "<@a,", "\n\n", PIECE },
	{ "routes with blanks", "To: ", "<@a,     ", "\n\n", PIECE },
	{ "quotes", "To: ", "\"", "\n\n", PIECE },
	{ "quoted words", "To: ", "\"a\" ", "\n\n", PIECE },
	{ "parentheses", "To: ", "(", "\n\n", PIECE },
	{ "parentheses that close", "To: ", "(a)", "\n\n", PIECE },
	{ "backslashes", "To: ", "\\", "\n\n", PIECE },
	{ "literals", "To: ", "[", "\n\n", PIECE },
	{ "dots", "To: ", ". ", "\n\n", PIECE },
	{ "at signs", "To: ", "a @ ", "\n\n", PIECE },
	{ "words", "To: ", "a ", "\n\n", PIECE },
	{ "separators", "To: ", ",;", "\n\n", PIECE },
	{ "colons", "To: ", "a:", "\n\n", PIECE },
	{ "comments in From", "From: ", "(a) ", "\n\n", PIECE },
	{ "encoded words", "To: ", "=?utf-8?Q?a?= ", "\n\n", PIECE },
	{ "lines of an mbox", "", "From joe\n", "\n", PIECE },
	{ "a body", "\n", "text of a line\n", "", PIECE },
	{ "a body, octet by octet", "\n", "text\n", "", 1 },
	{ "carriage returns", "\n", "\r", "", PIECE },
	{ "carriage returns, in a header", "X: ", "\r", "", PIECE },
	{ "dots in front", "\n", "..\n", "", PIECE },
	{ "text behind a dot", "\n.\n", "text\n", "", PIECE },
};

static void
twice_the_octets_are_twice_the_work(void **state)
{
	bool is_linear = true;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(shapes); i++)
		is_linear &= shape_is_linear(&shapes[i], send_all);
	assert_true(is_linear);
}

/* As operands, each of them a word of the command line. */
static uint64_t
work_of_operands(const char *part, size_t count)
{
	struct recipients r;
	struct envelope env;
	struct buf b;
	uint64_t before = work_done();
	struct err e;
	size_t i;

	envelope_init(&env);
	recipients_init(&r, &env, 0);
	buf_init(&b, 1000);
	for (i = 0; i < count; i++) {
		buf_truncate(&b, 0);
		shape_put_part(&b, part, 100000 + i);
		buf_putc(&b, '\0');
		assert_int_equal(recipients_add(&r, buf_data(&b), &e), 0);
	}
	buf_clear(&b);
	recipients_clear(&r);
	envelope_clear(&env);
	return work_done() - before;
}

static void
twice_the_operands_are_twice_the_work(void **state)
{
	static const char *const parts[] = { "r#@b.example", "r#", "a@b.c",
		"r#@@b" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(parts); i++)
		assert_true(
		    (double)work_of_operands(parts[i], 100000) <=
		    RATIO_MAX * (double)work_of_operands(parts[i], 50000));
}

/* Were nothing counted, everything would be linear. */
static void
work_is_counted(void **state)
{
	uint64_t before = work_done();
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	buf_append(&b, shapes[0].name, 10);
	assert_true(work_done() > before + 10);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_counted),
		cmocka_unit_test(twice_the_octets_are_twice_the_work),
		cmocka_unit_test(twice_the_operands_are_twice_the_work),
	};

	return cmocka_run_group_tests_name("linear", tests, NULL, NULL);
}
