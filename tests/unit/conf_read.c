/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"

#include "tests/unit/conf_help.h"

static void
lists_go_on_in_indented_lines(void **state)
{
	struct conf *c = good(MAILBOX "senders = a@contoso.com, @fabrikam.com\n"
				      "  # a remark\n"
				      "  *@*.contoso.com\n"
				      "\tb@contoso.com,c@contoso.com\n"
				      "rewrite = never\n"
				      "[queue]\n"
				      "retry = 1s\n 2m,\n 3h 4d 1w\n");
	const struct conf_account *a = &c->accounts[0];

	(void)state;
	assert_int_equal(a->senders.n, 5);
	assert_string_equal(a->senders.v[2], "*@*.contoso.com");
	assert_string_equal(a->senders.v[4], "c@contoso.com");
	assert_int_equal(a->rewrite, REWRITE_NEVER);
	assert_int_equal(c->queue.nretry, 5);
	assert_int_equal(c->queue.retry_s[4], 604800);
	conf_free(c);
}

static void
an_indented_section_is_no_list(void **state)
{
	struct conf *c = good("\t[account]\n"
			      "\tuser = a@contoso.com\n"
			      "\t\tpassword_file = pw\n"
			      "\tsenders = @contoso.com\n"
			      "\tconnections = 3\n");

	(void)state;
	assert_string_equal(c->accounts[0].password_file, "pw");
	assert_int_equal(c->accounts[0].senders.n, 1);
	assert_int_equal(c->accounts[0].connections, 3);
	conf_free(c);
}

static void
sections_occur_again_and_accounts_have_names(void **state)
{
	struct conf *c = good("[account]\nuser = a@contoso.com\n"
			      "[account web]\nuser = w@contoso.com\n"
			      "token_file = /run/t\n"
			      "[local]\nadmin = x@y.example\n"
			      "[account]\npassword_file = pw\n"
			      "[account web]\nport = 25\n");

	(void)state;
	assert_int_equal(c->naccounts, 2);
	assert_int_equal(conf_account_find(c, "web")->port, 25);
	assert_int_equal(conf_account_find(c, "web")->auth, AUTH_XOAUTH2);
	assert_string_equal(conf_account_find(c, "")->password_file, "pw");
	assert_null(conf_account_find(c, "Web"));
	assert_string_equal(c->local.admin, "x@y.example");
	conf_free(c);
}

static void
a_single_named_account_is_the_default(void **state)
{
	struct conf *c = good("[account x]\nuser = a@contoso.com\n"
			      "token_file = t\n");

	(void)state;
	assert_int_equal(c->default_account, 0);
	assert_string_equal(c->local.admin, "a@contoso.com");
	conf_free(c);
}

static void
byte_order_mark_crlf_and_no_final_newline(void **state)
{
	struct conf *c = good("\xef\xbb\xbf[account]\r\n"
			      "user = a@contoso.com \t\r\n"
			      "; remark\r\n"
			      "\r\n"
			      "password_file = pw");

	(void)state;
	assert_string_equal(c->accounts[0].user, "a@contoso.com");
	assert_string_equal(c->accounts[0].password_file, "pw");
	conf_free(c);
}

static void
commands_keep_their_arguments(void **state)
{
	struct conf *c = good("[account]\nuser = a@contoso.com\n"
			      "password_command = /bin/p --a=1,2 \"b \\\"c\"\n"
			      "  d\"\"e \"\"\n");
	const struct strlist *v = &c->accounts[0].password_command;

	(void)state;
	assert_int_equal(v->n, 5);
	assert_string_equal(v->v[1], "--a=1,2");
	assert_string_equal(v->v[2], "b \"c");
	assert_string_equal(v->v[3], "de");
	assert_string_equal(v->v[4], "");
	conf_free(c);
}

static const struct conf_case refusals[] = {
	{ "", "there is no [account]" },
	{ "x = 1\n" MAILBOX, "f:1: \"x\" stands before the first [section]" },
	{ "[acount]\n" MAILBOX, "f:1: unknown section [acount]; did you mean "
				"[account]?" },
	{ "[zzz]\n" MAILBOX, "f:1: unknown section [zzz]; there are" },
	{ "[local\n" MAILBOX, "f:1: a section is written [name]" },
	{ "[local] x\n" MAILBOX, "f:1: a section is written [name]" },
	{ "[]\n" MAILBOX, "f:1: unknown section []" },
	{ "[local x]\n" MAILBOX, "f:1: [local] takes no name" },
	{ "[account a b]\n" MAILBOX, "f:1: \"a b\" cannot name an account" },
	{ "[listen]\nport = 25\n" MAILBOX, "f:1: a listener has a name" },
	{ "[listen a b]\n" MAILBOX, "f:1: \"a b\" cannot name a listener" },
	{ "[listen a]\nport = 1\n[listen b]\nport = 2\n[listen a]\nport = "
	  "3\n" MAILBOX,
	    "f:6: port was set in line 2 already" },
	{ MAILBOX "conections = 2\n",
	    "f:4: unknown option \"conections\" in [account]; the nearest is "
	    "\"connections\"" },
	{ MAILBOX "admin = x@y.example\n", "it belongs to [local]" },
	{ MAILBOX "password = hunter2\n", "the nearest is \"password_file\"" },
	{ "[queue]\nstore = x\n" MAILBOX,
	    "f:2: queue.store is reserved for a later version" },
	{ "[queue]\ncollapse = x\n" MAILBOX, "queue.collapse is reserved" },
	{ MAILBOX "user = b@contoso.com\n",
	    "f:4: user was set in line 2 already" },
	{ MAILBOX "[local]\n[account]\nuser = b@contoso.com\n",
	    "f:6: user was set in line 2 already" },
	{ MAILBOX "nonsense\n", "f:4: \"nonsense\" is neither" },
	{ MAILBOX "my secret here\n", "f:4: \"my...\" is neither" },
	{ MAILBOX "= x\n", "f:4: \"...\" is neither" },
	{ MAILBOX "port =\n", "f:4: port has no value" },
	{ MAILBOX "port = 0\n", "f:4: port: \"0\" is not between 1 and 65535" },
	{ MAILBOX "port = 65536\n", "not between 1 and 65535" },
	{ MAILBOX "port = -1\n", "\"-1\" is not a whole number" },
	{ MAILBOX "port = 99999999999999999999\n", "is not a whole number" },
	{ MAILBOX "port = 587 # x\n", "a comment stands on a line of its own" },
	{ MAILBOX "tls = startls\n",
	    "f:4: tls: \"startls\" is not starttls, implicit or none; did you "
	    "mean \"starttls\"?" },
	{ MAILBOX "chunking = true\n", "\"true\" is not yes or no" },
	{ MAILBOX "rate = 28\n", "\"28\" is not a rate" },
	{ MAILBOX "rate = 0/1m\n", "is not a rate" },
	{ MAILBOX "rate = 1/0s\n", "is not a rate" },
	{ MAILBOX "rate = 9/25h\n", "a duration of at most 1d" },
	{ MAILBOX "linger = 10\n", "\"10\" is not a duration" },
	{ MAILBOX "linger = 1h\n", "\"1h\" is not between 0s and 10m" },
	{ MAILBOX "linger = 15250284452472w\n", "is not a duration" },
	{ MAILBOX "senders = a@b c\n", "\"c\" is not an address pattern" },
	{ MAILBOX "senders = a@*.b.example\n", "is not an address pattern" },
	{ MAILBOX "senders = ,\n", "is not an address pattern" },
	{ MAILBOX "senders = @b.example\n  rewrite = auto\n",
	    "f:5: \"rewrite\" is indented like an item of senders above" },
	{ MAILBOX "rewrite = auto\n  never\n", "f:5: rewrite takes one value" },
	{ MAILBOX "password_command = pass x\n", "is not a command" },
	{ "[queue]\nmessage_size_max = 35MB\n" MAILBOX,
	    "\"35MB\" is not a size" },
	{ "[queue]\nmessage_size_max = 17179869184G\n" MAILBOX,
	    "is not a size" },
	{ "[queue]\ndirectory = var/q\n" MAILBOX, "is not an absolute path" },
	{ "[queue]\nuser = root\n" MAILBOX, "mailchuted does not stay root" },
	{ "[queue]\nretry = 1m x\n" MAILBOX, "\"x\" is not a duration" },
	{ "[local]\nadmin = root\n" MAILBOX, "\"root\" is not an address" },
	{ "[local]\nhostname = a..b\n" MAILBOX, "\"a..b\" is not a host name" },
	{ "[log]\ntarget = file\n" MAILBOX, "needs the option \"file\" too" },
	{ MAILBOX "scope = a\001b\n", "f:4: the line holds a control" },
	{ MAILBOX "scope = a\rb\n", "f:4: the line holds a control" },
	{ MAILBOX "scope = a\xff\n", "\"a\\xff\" is not text" },
};

static void
refuses_what_cannot_be_meant(void **state)
{
	(void)state;
	refuses_each(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void
all_errors_at_once_in_the_order_of_lines(void **state)
{
	struct conf_problems p;

	(void)state;
	assert_null(parse_as("[account]\n"
			     "connections = 9\n"
			     "wrong = 1\n"
			     "port = x\n"
			     "[queue]\nlifetime = 5\n",
	    CONF_FULL, &p));
	assert_int_equal(p.errors.n, 6);
	assert_ptr_equal(strstr(p.errors.v[0], "f:1: "), p.errors.v[0]);
	assert_ptr_equal(strstr(p.errors.v[1], "f:1: "), p.errors.v[1]);
	assert_ptr_equal(strstr(p.errors.v[2], "f:2: "), p.errors.v[2]);
	assert_ptr_equal(strstr(p.errors.v[3], "f:3: "), p.errors.v[3]);
	assert_ptr_equal(strstr(p.errors.v[4], "f:4: "), p.errors.v[4]);
	assert_ptr_equal(strstr(p.errors.v[5], "f:6: "), p.errors.v[5]);
	conf_problems_clear(&p);
}

static void
secrets_written_into_the_file_are_not_shown(void **state)
{
	struct conf_problems p;
	size_t i;

	(void)state;
	assert_null(parse_as(MAILBOX "password = hunter2\n"
				     "client_secret = hunter2\n"
				     "password hunter2\n"
				     "  hunter2\n",
	    CONF_FULL, &p));
	assert_int_equal(p.errors.n, 3);
	for (i = 0; i < p.errors.n; i++)
		assert_null(strstr(p.errors.v[i], "hunter2"));
	conf_problems_clear(&p);
}

static void
bytes_that_are_no_text(void **state)
{
	static const char nul[] = MAILBOX "scope = a\0b\n";
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c;
	struct buf b;
	int i;

	(void)state;
	assert_null(
	    conf_parse("f", nul, sizeof(nul) - 1, CONF_FULL, &web01, &p));
	assert_true(has(&p.errors, "f:4: the line holds a NUL byte"));
	conf_problems_clear(&p);

	/* 64 KiB are a line, one octet more is not; a remark may be longer. */
	buf_init(&b, 3 * 1024 * 1024);
	buf_puts(&b, SMTP "[local]\nadmin = a@b.example\n#");
	for (i = 0; i < 70000; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\n[queue]\ndirectory = /");
	for (i = 0; i < 65536 - 13; i++)
		buf_putc(&b, 'y');
	c = parse_as(buf_data(&b), CONF_FULL, &p);
	assert_non_null(c);
	assert_int_equal(p.errors.n, 0);
	conf_free(c);
	buf_putc(&b, 'y');
	assert_null(parse_as(buf_data(&b), CONF_FULL, &p));
	assert_true(has(&p.errors, "f:8: the line is longer than 64 KiB"));
	conf_problems_clear(&p);

	buf_truncate(&b, 0);
	for (i = 0; i < 1024 * 1024 + 1; i++)
		buf_putc(&b, '\n');
	assert_null(parse_as(buf_data(&b), CONF_FULL, &p));
	assert_true(has(&p.errors, "larger than 1 MiB"));
	conf_problems_clear(&p);
	buf_clear(&b);
}

static void
rubbish_has_an_end(void **state)
{
	struct conf_problems p;
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 1 << 20);
	for (i = 0; i < 20000; i++)
		buf_puts(&b, "[x\n");
	assert_null(parse_as(buf_data(&b), CONF_FULL, &p));
	assert_int_equal(p.errors.n, 201);
	assert_true(has(&p.errors, "more is wrong"));
	conf_problems_clear(&p);
	buf_truncate(&b, 0);
	for (i = 0; i < 1001; i++)
		buf_printf(&b, "[account a%d]\n", i);
	assert_null(parse_as(buf_data(&b), CONF_FULL, &p));
	conf_problems_clear(&p);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_go_on_in_indented_lines),
		cmocka_unit_test(an_indented_section_is_no_list),
		cmocka_unit_test(sections_occur_again_and_accounts_have_names),
		cmocka_unit_test(a_single_named_account_is_the_default),
		cmocka_unit_test(byte_order_mark_crlf_and_no_final_newline),
		cmocka_unit_test(commands_keep_their_arguments),
		cmocka_unit_test(refuses_what_cannot_be_meant),
		cmocka_unit_test(all_errors_at_once_in_the_order_of_lines),
		cmocka_unit_test(secrets_written_into_the_file_are_not_shown),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(rubbish_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
