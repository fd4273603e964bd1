/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/args.h"

#define WORDS 6

static int
parse(struct args *a, const char *const words[WORDS], struct err *e)
{
	char *argv[WORDS + 2] = { (char *)(uintptr_t) "mailchute" };
	int argc = 1;

	while (argc <= WORDS && words[argc - 1] != NULL) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	return args_parse(a, argc, argv, e);
}

static void
takes_all_words_and_a_phase(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	/* In one word or two, wherever it stands. */
	assert_int_equal(parse(&a,
			     (const char *const[WORDS]){ "explain-reply", "550",
				 "--phase=rcpt", "5.1.1", "--", "--json" },
			     &e),
	    0);
	assert_int_equal(a.words.n, 3);
	assert_string_equal(a.words.v[2], "--json");
	assert_string_equal(a.phase, "rcpt");
	assert_false(a.json);
	args_clear(&a);
	assert_int_equal(parse(&a,
			     (const char *const[WORDS]){ "explain-reply",
				 "--phase", "end of data", "550 x" },
			     &e),
	    0);
	assert_string_equal(a.phase, "end of data");
	assert_int_equal(a.words.n, 1);
	args_clear(&a);
}

static void
takes_what_a_verb_takes(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(
	    parse(&a,
		(const char *const[WORDS]){ "-C", "/f", "queue", "--json" },
		&e),
	    0);
	assert_string_equal(a.conf_path, "/f");
	assert_string_equal(a.verb->name, "queue");
	assert_true(a.json);
	args_clear(&a);

	assert_int_equal(parse(&a,
			     (const char *const[WORDS]){ "-C/f", "hold",
				 "0199a1b2c3d4", "0199A1B2C3D4", "x" },
			     &e),
	    0);
	assert_string_equal(a.conf_path, "/f");
	assert_int_equal(a.ids.n, 2);
	assert_string_equal(a.ids.v[0], "0199A1B2C3D4");
	assert_string_equal(a.ids.v[1], "x");
	assert_false(a.all);
	args_clear(&a);

	assert_int_equal(
	    parse(
		&a, (const char *const[WORDS]){ "remove", "ALL", "--yes" }, &e),
	    0);
	assert_true(a.all && a.yes);
	args_clear(&a);

	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "metrics", "--output", "f" },
		&e),
	    0);
	assert_string_equal(a.output, "f");
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "metrics" }, &e), 0);
	assert_null(a.output);

	/* A word is taken as it was typed, and "ALL" is one. */
	assert_int_equal(
	    parse(&a,
		(const char *const[WORDS]){ "trace", "0199a1b2c3d4", "--json" },
		&e),
	    0);
	assert_string_equal(a.word, "0199a1b2c3d4");
	assert_true(a.json);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "trace", "ALL" }, &e), 0);
	assert_string_equal(a.word, "ALL");
	assert_false(a.all);

	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "--version" }, &e), 0);
	assert_true(a.version);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "queue", "-h" }, &e), 0);
	assert_true(a.help);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "help" }, &e), 0);
	assert_true(a.help);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "show", "--", "-x" }, &e), 0);
	assert_string_equal(a.ids.v[0], "-x");
	args_clear(&a);
}

static const struct {
	const char *words[WORDS];
	const char *error;
} refusals[] = {
	{ { "metrics", "x" }, "metrics takes no \"x\"" },
	{ { "metrics", "--json" }, "metrics does not take --json" },
	{ { "metrics", "--output" }, "no file is called \"\"" },
	{ { "metrics", "--output=" }, "no file is called \"\"" },
	{ { "status", "--output", "f" }, "status does not take --output" },
	{ { "explain-reply" }, "explain-reply takes what a server replied" },
	{ { "queue", "--phase", "rcpt" }, "queue does not take --phase" },
	{ { "--phase=rcpt", "queue" }, "queue does not take --phase" },
	{ { "explain-reply", "550 x", "--body" }, "does not take --body" },
	{ { NULL }, "no command is given" },
	{ { "quue" }, "did you mean \"queue\"?" },
	{ { "passwd" }, "passwd takes one login, or --list" },
	{ { "passwd", "a", "b" },
	    "passwd takes one login; the password is asked for" },
	{ { "passwd", "a", "--list" }, "one login, or --list" },
	{ { "passwd", "--delete", "--list" }, "one login, or --list" },
	{ { "passwd", "a", "--file", "x", "--listener=y" }, "either --file" },
	{ { "passwd", "a", "--file=" }, "no file has the name" },
	{ { "queue", "--file", "x" }, "queue does not take --file" },
	{ { "queue", "--delete" }, "queue does not take --delete" },
	{ { "restore", "x" }, "this version has no command \"restore\" yet" },
	{ { "hold", "all" }, "\"all\" is no queue id; did you mean ALL?" },
	{ { "xyzzyx" }, "unknown command \"xyzzyx\"; see" },
	{ { "--jsno", "queue" }, "unknown option \"--jsno\"" },
	{ { "-C" }, "-C needs the name of a file" },
	{ { "-C", "" }, "-C needs the name of a file" },
	{ { "queue", "-C", "/f" }, "-C stands before the command" },
	{ { "queue", "--yes" }, "queue does not take --yes" },
	{ { "--yes", "queue" }, "queue does not take an option" },
	{ { "hold", "ALL", "--json" }, "hold does not take --json" },
	{ { "queue", "--old" }, "queue does not take --old" },
	{ { "--old", "queue" }, "an option that stands before it" },
	{ { "devices", "10.0.0.5" }, "devices takes no \"10.0.0.5\"" },
	{ { "queue", "x" }, "queue takes no \"x\"" },
	{ { "pause", "ALL" }, "pause takes no \"ALL\"" },
	{ { "show" }, "show takes one queue id" },
	{ { "show", "a", "b" }, "show takes one queue id" },
	{ { "hold" }, "hold takes queue ids, or ALL" },
	{ { "hold", "ALL", "a" }, "hold takes queue ids, or ALL" },
	{ { "hold", "" }, "a queue id cannot be \"\"" },
	{ { "trace" }, "trace takes a queue id, a Message-ID or" },
	{ { "trace", "" }, "nothing is found by \"\"" },
	{ { "trace", "a", "b" }, "trace takes no \"b\"" },
	{ { "trace", "a", "--body" }, "trace does not take --body" },
	{ { "status", "-" }, "status takes no \"-\"" },
	{ { "legacy" }, "legacy takes on and for how long" },
	{ { "legacy", "on" }, "legacy takes on and for how long" },
	{ { "legacy", "ON", "1h" }, "neither on nor off: \"ON\"" },
	{ { "legacy", "on", "24" }, "\"24\" is no duration" },
	{ { "legacy", "on", "0s" }, "\"0s\" is no duration" },
	{ { "legacy", "on", "367d" }, "\"367d\" is no duration" },
	{ { "legacy", "on", "1h", "a", "b" }, "one account is enough: \"b\"" },
	{ { "legacy", "off", "a", "b" }, "one account is enough: \"b\"" },
	{ { "legacy", "off", "" }, "one account is enough: \"\"" },
	{ { "setup", "one", "two" }, "one account by its name is enough" },
	{ { "setup", "a b" }, "one account by its name is enough" },
	{ { "setup", "--json" }, "setup does not take --json" },
	{ { "queue", "--print" }, "queue does not take --print" },
	{ { "--print", "queue" }, "queue does not take an option" },
	{ { "test" }, "test takes the address" },
	{ { "test", "" }, "one address is tested, not \"\"" },
	{ { "test", "a@x", "b@x" }, "one address is tested, not \"b@x\"" },
	{ { "test", "a@x", "--timeout", "5" }, "\"5\" is no duration" },
	{ { "test", "a@x", "--timeout=0s" }, "\"0s\" is no duration" },
	{ { "test", "a@x", "--timeout=8d" }, "\"8d\" is no duration" },
	{ { "test", "a@x", "--timeout" }, "\"\" is no duration" },
	{ { "queue", "--timeout=1s" }, "queue does not take --timeout" },
	{ { "--account=x", "queue" }, "queue does not take --account" },
	{ { "test", "a@x", "--phase=x" }, "test does not take --phase" },
	{ { "legacy", "off", "--json" }, "legacy does not take --json" },
};

static void
refuses_the_rest(void **state)
{
	struct args a;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		err_clear(&e);
		if (parse(&a, refusals[i].words, &e) != -1 ||
		    strstr(e.text, refusals[i].error) == NULL)
			fail_msg("row %zu: \"%s\"", i, e.text);
		args_clear(&a);
	}
}

static void
legacy_has_a_time_and_an_account(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(parse(&a,
			     (const char *const[WORDS]){
				 "legacy", "on", "366d", "printers" },
			     &e),
	    0);
	assert_string_equal(a.word, "on");
	assert_true(a.for_s == 366 * 86400);
	assert_string_equal(a.account, "printers");
	args_clear(&a);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "legacy", "off" }, &e), 0);
	assert_string_equal(a.word, "off");
	assert_true(a.for_s == 0);
	assert_null(a.account);
	args_clear(&a);
}

static void
a_setup_may_name_an_account(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(
	    parse(
		&a, (const char *const[WORDS]){ "setup", "--print", "it" }, &e),
	    0);
	assert_true(a.print);
	assert_string_equal(a.account, "it");
	args_clear(&a);
}

static void
a_test_has_an_address_and_options(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(parse(&a,
			     (const char *const[WORDS]){ "test", "--account",
				 "it", "--timeout=90m", "a@x", "--json" },
			     &e),
	    0);
	assert_string_equal(a.word, "a@x");
	assert_string_equal(a.account, "it");
	assert_true(a.for_s == 5400);
	assert_true(a.json);
	args_clear(&a);
}

static void
a_message_s_sender_and_recipients(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(
	    parse(&a,
		(const char *const[WORDS]){ "explain", "-f", "", "ALL", "b@x" },
		&e),
	    0);
	assert_string_equal(a.sender, "");
	assert_int_equal(a.rcpts.n, 2);
	assert_string_equal(a.rcpts.v[0], "ALL");
	assert_int_equal(a.ids.n, 0);
	args_clear(&a);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "explain", "-fa@b" }, &e), 0);
	assert_string_equal(a.sender, "a@b");
	args_clear(&a);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "explain", "-f" }, &e), -1);
	args_clear(&a);
	assert_int_equal(
	    parse(&a, (const char *const[WORDS]){ "queue", "-fa@b" }, &e), -1);
	args_clear(&a);
}

static void
a_thousand_ids_and_no_more(void **state)
{
	static char ids[1001][13];
	static char *argv[1004];
	struct args a;
	struct err e;
	int i;

	(void)state;
	argv[0] = argv[1] = (char *)(uintptr_t) "hold";
	for (i = 0; i < 1001; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%012X", (unsigned)i);
		argv[2 + i] = ids[i];
	}
	assert_int_equal(args_parse(&a, 1002, argv, &e), 0);
	assert_int_equal(a.ids.n, 1000);
	args_clear(&a);
	assert_int_equal(args_parse(&a, 1003, argv, &e), -1);
	args_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_a_verb_takes),
		cmocka_unit_test(takes_all_words_and_a_phase),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(legacy_has_a_time_and_an_account),
		cmocka_unit_test(a_setup_may_name_an_account),
		cmocka_unit_test(a_test_has_an_address_and_options),
		cmocka_unit_test(a_message_s_sender_and_recipients),
		cmocka_unit_test(a_thousand_ids_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
