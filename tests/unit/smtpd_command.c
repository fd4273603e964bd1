/* SPDX-License-Identifier: ISC */
/* Command lines: the verb, and what stands behind it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smtpd/command.h"

static const struct {
	const char *line;
	enum verb verb;
	const char *arg;
} lines[] = {
	{ "EHLO web01", VERB_EHLO, "web01" },
	{ "ehlo web01", VERB_EHLO, "web01" },
	{ "HeLo", VERB_HELO, "" },
	{ "MAIL FROM:<a@b>", VERB_MAIL, "FROM:<a@b>" },
	{ "RCPT  TO: <a@b>  ", VERB_RCPT, "TO: <a@b>" },
	{ "DATA", VERB_DATA, "" },
	{ "DATA ", VERB_DATA, "" },
	{ " QUIT\t", VERB_QUIT, "" },
	{ "RSET", VERB_RSET, "" },
	{ "NOOP x y", VERB_NOOP, "x y" },
	{ "VRFY root", VERB_VRFY, "root" },
	{ "HELP me", VERB_HELP, "me" },
	{ "EXPN list", VERB_ABSENT, "list" },
	{ "STARTTLS", VERB_STARTTLS, "" },
	{ "AUTH PLAIN AGEAYg==", VERB_AUTH, "PLAIN AGEAYg==" },
	{ "BDAT 10 LAST", VERB_BDAT, "10 LAST" },
	/* none */
	{ "", VERB_UNKNOWN, "" },
	{ "   ", VERB_UNKNOWN, "" },
	{ "MAILFROM:<a@b>", VERB_UNKNOWN, "" },
	{ "QUITE", VERB_UNKNOWN, "" },
	{ "QUI", VERB_UNKNOWN, "" },
	{ "Subject: x", VERB_UNKNOWN, "x" },
	{ "\303\204HLO", VERB_UNKNOWN, "" },
	{ "GET / HTTP/1.1", VERB_FOREIGN, "/ HTTP/1.1" },
	{ "post /\033 HTTP/1.1\r", VERB_FOREIGN, "/\033 HTTP/1.1\r" },
	{ "RSET\rMAIL", VERB_MALFORMED, "" },
	{ "MAIL FROM:<a@b>\rRCPT TO:<c@d>", VERB_MALFORMED,
	    "FROM:<a@b>\rRCPT TO:<c@d>" },
	{ "NOOP \033[2J", VERB_MALFORMED, "\033[2J" },
	{ "NOOP \177", VERB_MALFORMED, "\177" },
};

static void
assert_span(const struct span *s, const char *text, const char *what)
{
	if (s->n == strlen(text) && memcmp(s->p, text, s->n) == 0)
		return;
	print_error("%s: \"%.*s\", not \"%s\"\n", what, (int)s->n, s->p, text);
	fail();
}

static void
verbs(void **state)
{
	struct command c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		command_parse(lines[i].line, strlen(lines[i].line), &c);
		if (c.verb != lines[i].verb)
			print_error("%s\n", lines[i].line);
		assert_int_equal(c.verb, lines[i].verb);
		assert_span(&c.arg, lines[i].arg, lines[i].line);
	}
}

static void
a_nul_is_a_control_character(void **state)
{
	struct command c;

	(void)state;
	command_parse("NOOP\0x", 6, &c);
	assert_int_equal(c.verb, VERB_MALFORMED);
}

static const struct {
	const char *line;
	size_t n;
	enum verb verb;
} texts[] = {
#define LINE(s) s, sizeof(s) - 1
	{ LINE("DATA\r"), VERB_DATA },
	{ LINE("data\r"), VERB_DATA },
	{ LINE("\0DATA"), VERB_DATA },
	{ LINE("D\0A\0T\0A\0"), VERB_DATA },
	{ LINE("DA\xc2\xadTA"), VERB_DATA },
	{ LINE("\xef\xbb\xbf"
	       "DATA"),
	    VERB_DATA },
	{ LINE(". DATA"), VERB_DATA },
	{ LINE("DATA."), VERB_DATA },
	{ LINE("NOOP\rDATA"), VERB_DATA },
	{ LINE("NOOP\rDATA\rSubject: x"), VERB_DATA },
	{ LINE("x\r\r \rBDAT 7"), VERB_BDAT },
	{ LINE("BDAT 7 LAST\r"), VERB_BDAT },
	{ LINE("BDAT7"), VERB_BDAT },
	{ LINE("BDAT\xa0"
	       "7"),
	    VERB_BDAT },
	{ LINE("BDAT"), VERB_BDAT },
	/* none */
	{ LINE(""), VERB_UNKNOWN },
	{ LINE("\0\0\0"), VERB_UNKNOWN },
	{ LINE("DAT"), VERB_UNKNOWN },
	{ LINE("DAT\0"), VERB_UNKNOWN },
	{ LINE("DA TA"), VERB_UNKNOWN },
	{ LINE("DATABASE"), VERB_UNKNOWN },
	{ LINE("METADATA"), VERB_UNKNOWN },
	{ LINE("NOOP DATA\r"), VERB_UNKNOWN },
	{ LINE("NOOP\tDATA\r"), VERB_UNKNOWN },
	{ LINE("RCPT TO:<data@x>\r"), VERB_UNKNOWN },
	{ LINE("NOOP\rQUIT\r"), VERB_UNKNOWN },
#undef LINE
};

static void
what_may_be_a_text(void **state)
{
	size_t i;
	enum verb verb;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		verb = command_text(texts[i].line, texts[i].n);
		if (verb != texts[i].verb)
			print_error("%zu: %s\n", i, texts[i].line);
		assert_int_equal(verb, texts[i].verb);
	}
}

static const struct {
	const char *arg;
	const char *address; /* NULL: none of this form */
	const char *params;
} paths[] = {
	{ "FROM:<a@b.example>", "a@b.example", "" },
	{ "from:<a@b.example>", "a@b.example", "" },
	{ "FROM: <a@b.example>", "a@b.example", "" },
	{ "FROM:a@b.example", "a@b.example", "" },
	{ "FROM:root SIZE=7", "root", "SIZE=7" },
	{ "FROM :<a@b.example>", "a@b.example", "" },
	{ "FROM : a@b.example", "a@b.example", "" },
	{ "FROM <a@b.example> SIZE=7", "a@b.example", "SIZE=7" },
	{ "FROM<a@b.example>", "a@b.example", "" },
	{ "FROM:<>", "", "" },
	{ "FROM:<> RET=HDRS", "", "RET=HDRS" },
	{ "FROM:< a@b >", "a@b", "" },
	{ "FROM:<a@b>  SIZE=1\tBODY=7BIT", "a@b", "SIZE=1\tBODY=7BIT" },
	{ "FROM:<\"a b\"@c>", "\"a b\"@c", "" },
	{ "FROM:<\"a>b\"@c> SIZE=1", "\"a>b\"@c", "SIZE=1" },
	{ "FROM:<\"a\\\">\"@c>", "\"a\\\">\"@c", "" },
	{ "FROM:\"a b\"@c SIZE=1", "\"a b\"@c", "SIZE=1" },
	{ "FROM:<@relay.example:a@b>", "a@b", "" },
	{ "FROM:<@x.example,@y.example:a@b> SIZE=1", "a@b", "SIZE=1" },
	{ "FROM:<@nothing>", "@nothing", "" },
	/* what it is about is for others to judge */
	{ "FROM:<a b@c>", "a b@c", "" },
	{ "FROM:<a<b@c>", "a<b@c", "" },
	/* refused */
	{ "", NULL, NULL },
	{ "FROM", NULL, NULL },
	{ "FROM:", NULL, NULL },
	{ "FROM: ", NULL, NULL },
	{ "FROM a@b", NULL, NULL },
	{ "FROMa@b", NULL, NULL },
	{ "FROMAGE:<a@b>", NULL, NULL },
	{ "TO:<a@b>", NULL, NULL },
	{ "<a@b>", NULL, NULL },
	{ "FROM:<a@b", NULL, NULL },
	{ "FROM:<\"a@b>", NULL, NULL },
	{ "FROM:<a@b>SIZE=1", NULL, NULL },
	{ "FROM:<a@b>>", NULL, NULL },
};

static void
paths_are_split(void **state)
{
	struct span arg, address, params;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		arg.p = paths[i].arg;
		arg.n = strlen(arg.p);
		rc = command_path(&arg, "FROM", &address, &params);
		if (rc != (paths[i].address == NULL ? -1 : 0))
			print_error("%s: %d\n", paths[i].arg, rc);
		assert_int_equal(rc, paths[i].address == NULL ? -1 : 0);
		if (rc == -1 || paths[i].address == NULL)
			continue;
		assert_span(&address, paths[i].address, paths[i].arg);
		assert_span(&params, paths[i].params, paths[i].arg);
	}
}

static const struct {
	const char *arg;
	int rc;
	uint64_t size;
	bool is_last;
} chunks[] = {
	{ "0", 0, 0, false },
	{ "1", 0, 1, false },
	{ "86016 LAST", 0, 86016, true },
	{ "0 last", 0, 0, true },
	{ "007\t LAST", 0, 7, true },
	{ "922337203685477580", 0, UINT64_C(922337203685477580), false },
	/* what a signed number of 64 bits cannot hold */
	{ "9223372036854775808", -1, 0, false },
	{ "18446744073709551616", -1, 0, false },
	{ "36893488147419103233 LAST", -1, 0, false },
	{ "", -1, 0, false },
	{ "LAST", -1, 0, false },
	{ "-1", -1, 0, false },
	{ "+1", -1, 0, false },
	{ "0x10", -1, 0, false },
	{ "1LAST", -1, 0, false },
	{ "1.5", -1, 0, false },
	{ "1 FIRST", -1, 0, false },
	{ "1 LAST LAST", -1, 0, false },
	{ "1 LASTLY", -1, 0, false },
	{ "1 2", -1, 0, false },
};

static void
chunks_are_sized(void **state)
{
	struct span arg;
	uint64_t size;
	bool is_last;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		arg.p = chunks[i].arg;
		arg.n = strlen(arg.p);
		rc = command_chunk(&arg, &size, &is_last);
		if (rc != chunks[i].rc)
			print_error("%s: %d\n", chunks[i].arg, rc);
		assert_int_equal(rc, chunks[i].rc);
		if (rc == -1)
			continue;
		assert_int_equal(size, chunks[i].size);
		assert_int_equal(is_last, chunks[i].is_last);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs),
		cmocka_unit_test(a_nul_is_a_control_character),
		cmocka_unit_test(what_may_be_a_text),
		cmocka_unit_test(paths_are_split),
		cmocka_unit_test(chunks_are_sized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
