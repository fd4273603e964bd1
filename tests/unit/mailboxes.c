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

#include "common/xalloc.h"
#include "mail/addr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A list as the tables below write it: "{display}address(comment)", parts that
 * are absent left out, a "|" between mailboxes; then "!bad" for each bad one.
 */
static char *
show(const struct mailboxes *m)
{
	struct buf b;
	size_t i;

	buf_init(&b, 1000000);
	for (i = 0; i < m->n; i++) {
		if (i > 0)
			buf_putc(&b, '|');
		if (m->v[i].display != NULL)
			buf_printf(&b, "{%s}", m->v[i].display);
		buf_puts(&b, m->v[i].address);
		if (m->v[i].comment != NULL)
			buf_printf(&b, "(%s)", m->v[i].comment);
	}
	for (i = 0; i < m->bad.n; i++)
		buf_printf(&b, "!%s", m->bad.v[i]);
	return buf_steal(&b);
}

static void
assert_list(const char *text, size_t n, const char *want)
{
	struct mailboxes m;
	char *got;
	size_t i;

	assert_int_equal(mailboxes_parse(text, n, &m), 0);
	got = show(&m);
	if (strcmp(got, want) != 0)
		fail_msg("[%s]\n want [%s]\n got  [%s]", text, want, got);
	for (i = 0; i < m.n; i++) {
		assert_in_range(m.v[i].addr_start, m.v[i].start, n);
		assert_in_range(m.v[i].addr_end, m.v[i].addr_start, n);
		assert_in_range(m.v[i].end, m.v[i].addr_end, n);
	}
	free(got);
	mailboxes_clear(&m);
}

struct list {
	const char *text, *want;
};

static void
assert_lists(const struct list *l, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		assert_list(l[i].text, strlen(l[i].text), l[i].want);
}

static void
forms_of_the_rfc(void **state)
{
	static const struct list lists[] = {
		{ "bob@example.com", "bob@example.com" },
		{ "Bob <bob@x>", "{Bob}bob@x" },
		{ "<bob@x>", "bob@x" },
		{ "\"Smith, Bob\" <bob@x>, a@y", "{Smith, Bob}bob@x|a@y" },
		{ "\"O\\\"Hara\" <o@x>", "{O\"Hara}o@x" },
		{ "John Q. Public <j@x>", "{John Q. Public}j@x" },
		{ "\"Joe\" \"Q\" Public <j@x>", "{Joe Q Public}j@x" },
		{ "=?utf-8?Q?M=C3=BCller?= <m@x>",
		    "{=?utf-8?Q?M=C3=BCller?=}m@x" },
		{ "root (Cron Daemon)", "root(Cron Daemon)" },
		{ "bob@x (a, b (c) \\) d)", "bob@x(a, b (c) ) d)" },
		{ "(first) bob@x (last)", "bob@x(last)" },
		{ "bob(c1)@(c2)x(c3)", "bob@x(c3)" },
		{ "Bob (the) Builder <bob@x>", "{Bob Builder}bob@x(the)" },
		{ "\"john doe\"@x", "\"john doe\"@x" },
		{ "\"a\\\"b,c@d\"@x", "\"a\\\"b,c@d\"@x" },
		{ "<\"john doe\"@x>", "\"john doe\"@x" },
		{ "john . doe @ example . com", "john.doe@example.com" },
		{ "bob@[192.0.2.1]", "bob@[192.0.2.1]" },
		{ "Bob <bob@[IPv6:::1]>", "{Bob}bob@[IPv6:::1]" },
		{ "<@r1:u@x>", "u@x" },
		{ "<@r1,@r2:u@x>, b@y", "u@x|b@y" },
		{ "N < @r1 , @r2 : u@x >", "{N}u@x" },
		{ "team: a@x, B <b@x>;", "a@x|{B}b@x" },
		{ "team: a@x;, c@y", "a@x|c@y" },
		{ "undisclosed-recipients:;", "" },
		{ "\"my, team\" (c) : a@x ;", "a@x" },
		{ "m\xc3\xbcller@x, B\xc3\xb6 <b@x>",
		    "m\xc3\xbcller@x|{B\xc3\xb6}b@x" },
		{ "a@x,\r\n b@x,\r\n\tC\r\n D <c@x>", "a@x|b@x|{C D}c@x" },
		{ "\"folded\r\n name\" <a@x>", "{folded name}a@x" },
		{ "a@x (folded\r\n comment)", "a@x(folded comment)" },
	};

	(void)state;
	assert_lists(lists, COUNT(lists));
}

static void
forms_people_write(void **state)
{
	static const struct list lists[] = {
		{ "a@x,b@x", "a@x|b@x" },
		{ "a@x b@x", "a@x|b@x" },
		{ "a@x;b@x; c@x", "a@x|b@x|c@x" },
		{ "Bob <b@x>; Al <a@x>;", "{Bob}b@x|{Al}a@x" },
		{ "alice bob", "alice|bob" },
		{ "bob@example.com,root", "bob@example.com|root" },
		{ "a@x (A) b@x (B)", "a@x(A)|b@x(B)" },
		{ "\\root", "\\root" },
		{ "-f, x, y", "-f|x|y" },
		{ "bob@x <bob@x>", "{bob@x}bob@x" },
		{ "A <a@x> B <b@x>", "{A}a@x|{B}b@x" },
		{ "<a@x> b@x", "a@x|b@x" },
		{ "\"John Doe\" john@x", "{John Doe}john@x" },
		{ "mailto:a@x", "a@x" },
		{ "\"bob\"@x", "\"bob\"@x" },
		{ "john..doe@x", "john..doe@x" },
		{ "team: a@x, b@x", "a@x|b@x" },
		{ "outer: inner: a@x;;", "a@x" },
		{ "", "" },
		{ " \t\r\n ", "" },
		{ ",, ,", "" },
		{ "(nothing but a comment)", "" },
		{ ",a@x,,b@x,", "a@x|b@x" },
		{ "O'Hara <o'h@x>", "{O'Hara}o'h@x" },
		{ "DOM\\user <u@x>", "{DOM\\user}u@x" },
	};

	(void)state;
	assert_lists(lists, COUNT(lists));
}

static void
what_is_broken_spoils_nothing_else(void **state)
{
	static const struct list lists[] = {
		{ "\"Joe <joe@x>, bob@x", "bob@x!\"Joe <joe@x>" },
		{ "bob@x, \"Joe <joe@x>", "bob@x!\"Joe <joe@x>" },
		{ "Joe (the <joe@x>, bob@x", "bob@x!Joe (the <joe@x>" },
		{ "root@host (Cron Daemon", "!root@host (Cron Daemon" },
		{ "Joe) <joe@x>, bob@x", "bob@x!Joe) <joe@x>" },
		{ "Joe <joe@x, bob@x", "bob@x!Joe <joe@x" },
		{ "<joe@x", "!<joe@x" },
		{ "<", "!<" },
		{ "joe@x>, bob@x", "bob@x!joe@x>" },
		{ "Bob <bob@x>>", "{Bob}bob@x!>" },
		{ "<>", "!<>" },
		{ "<<a@x>>", "!<<a@x>>" },
		{ "@x, bob@x", "bob@x!@x" },
		{ "a@, bob@x", "bob@x!a@" },
		{ "a@b@c, bob@x", "bob@x!a@b@c" },
		{ "\"a\"b@x, bob@x", "bob@x!\"a\"b@x" },
		{ "<john doe@x>, bob@x", "bob@x!<john doe@x>" },
		{ "<a@x> at work, bob@x", "a@x|bob@x!at work" },
		{ "a@[1.2.3.4, bob@x", "bob@x!a@[1.2.3.4" },
		{ "[1.2.3.4], bob@x", "bob@x![1.2.3.4]" },
		{ "a@b:25, bob@x", "bob@x!a@b:25" },
		{ ":include:/etc/passwd", "!:include:/etc/passwd" },
		{ "<@r1, bob@x", "bob@x!<@r1" },
		{ "<@r1>, bob@x", "bob@x!<@r1>" },
		{ "<@r1:a@x, @y, bob@x", "bob@x!<@r1:a@x!@y" },
		/* 16 tokens: as many as are first made room for */
		{ "a b c d e f g h<", "!a b c d e f g h<" },
		{ "a\\@b@x, bob@x", "bob@x!a\\@b@x" },
		{ "a@x\x01, bob@x", "bob@x!a@x?" },
		{ "a@x\x1b[31m, bob@x", "bob@x!a@x?[31m" },
	};

	(void)state;
	assert_lists(lists, COUNT(lists));
	/* A NUL must not end an address early. */
	assert_list("a@x\0.evil, b@x", 14, "b@x!a@x?.evil");
	assert_list("\"a\0\"@x, b@x", 11, "b@x!\"a?\"@x");
	assert_list("(a\0) c@x, b@x", 13, "b@x!(a?) c@x");
}

/*
 * One To: field with about everything that the RFC allows and that programs
 * get wrong: 14 recipients.
 */
static void
fourteen_recipients_in_one_mad_field(void **state)
{
	static const char text[] =
	    "r1, (a comment, with a comma) r2@one.example,\r\n"
	    " \"Three, third of (his) name\" <r3@one.example>,\r\n"
	    "\tFour (nested (twice (thrice))) Fourth\r\n"
	    "\t<r4@one.example> (home; office),\r\n"
	    " \"r 5\"@one.example, <\"r,6\"@one.example>,\r\n"
	    " A group (of: friends;) : r7@one.example,\r\n"
	    "   =?utf-8?Q?Acht=2C_der?= <r8@one.example> (in (a) group),\r\n"
	    " ; , r9 . dotted @ one . example (spaced out),\r\n"
	    " Empty group:;, (alone),\r\n"
	    " <@relay.example,@other.example:r10@one.example>,\r\n"
	    " Zw\xc3\xb6lf-1 <r11@[192.0.2.1]>; r12@one.example\r\n"
	    " r13@one.example,,\"dre\\\"13\\\\,\"\r\n"
	    " <r14@one.example>";
	static const char want[] =
	    "r1|r2@one.example(a comment, with a comma)|"
	    "{Three, third of (his) name}r3@one.example|"
	    "{Four Fourth}r4@one.example(home; office)|"
	    "\"r 5\"@one.example|\"r,6\"@one.example|r7@one.example|"
	    "{=?utf-8?Q?Acht=2C_der?=}r8@one.example(in (a) group)|"
	    "r9.dotted@one.example(spaced out)|r10@one.example|"
	    "{Zw\xc3\xb6lf-1}r11@[192.0.2.1]|r12@one.example|"
	    "r13@one.example|{dre\"13\\,}r14@one.example";

	(void)state;
	assert_list(text, sizeof(text) - 1, want);
}

static void
places_allow_changes_in_the_text(void **state)
{
	static const char text[] =
	    "root (Cron Daemon), Other <other>,\r\n \"x\" <@r:y>";
	static const struct {
		const char *whole, *address;
	} want[] = {
		{ "root (Cron Daemon)", "root" },
		{ "Other <other>", "other" },
		{ "\"x\" <@r:y>", "y" },
	};
	struct mailboxes m;
	size_t i;

	(void)state;
	mailboxes_parse(text, sizeof(text) - 1, &m);
	assert_int_equal(m.n, COUNT(want));
	for (i = 0; i < m.n; i++) {
		assert_int_equal(
		    m.v[i].end - m.v[i].start, strlen(want[i].whole));
		assert_memory_equal(
		    text + m.v[i].start, want[i].whole, strlen(want[i].whole));
		assert_int_equal(m.v[i].addr_end - m.v[i].addr_start,
		    strlen(want[i].address));
		assert_memory_equal(text + m.v[i].addr_start, want[i].address,
		    strlen(want[i].address));
	}
	mailboxes_clear(&m);
	assert_int_equal(m.n, 0);
}

/*
 * Texts that make a careless parser quadratic.  A megabyte of each: were it
 * so, this would run for minutes, and the harness would end it.
 */
static void
a_hostile_megabyte_is_read_in_linear_time(void **state)
{
	static const char *const pieces[] = { "(", "\"", "[", "<", "a ", "()",
		"\"a,\\", "(,", "a@,", ":", "@a:", "<@a,@", "a ()", "\\", "a.",
		"a@b:", "<a", ">", "<@a", "(\\", ".", "@", "@ ()", "()<@" };
	size_t n = 1024 * 1024, i, k;
	struct mailboxes m;
	char *text = xmalloc(n);

	(void)state;
	for (i = 0; i < COUNT(pieces); i++) {
		for (k = 0; k < n; k++)
			text[k] = pieces[i][k % strlen(pieces[i])];
		mailboxes_parse(text, n, &m);
		assert_true(m.n + m.bad.n <= MAILBOXES_MAX + 2);
		mailboxes_clear(&m);
	}
	free(text);
}

static void
too_many_are_refused_aloud(void **state)
{
	size_t n = 2 * (MAILBOXES_MAX + 1), k;
	struct mailboxes m;
	char *text = xmalloc(n);

	(void)state;
	for (k = 0; k < n; k++)
		text[k] = k % 2 == 0 ? 'a' : ',';
	assert_int_equal(mailboxes_parse(text, n, &m), -1);
	assert_int_equal(m.n, MAILBOXES_MAX + 1);
	assert_string_equal(m.bad.v[0], "(too many addresses)");
	mailboxes_clear(&m);
	assert_int_equal(mailboxes_parse(text, n - 2, &m), 0);
	assert_int_equal(m.n, MAILBOXES_MAX);
	assert_int_equal(m.bad.n, 0);
	mailboxes_clear(&m);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_the_rfc),
		cmocka_unit_test(forms_people_write),
		cmocka_unit_test(what_is_broken_spoils_nothing_else),
		cmocka_unit_test(fourteen_recipients_in_one_mad_field),
		cmocka_unit_test(places_allow_changes_in_the_text),
		cmocka_unit_test(a_hostile_megabyte_is_read_in_linear_time),
		cmocka_unit_test(too_many_are_refused_aloud),
	};

	return cmocka_run_group_tests_name("mailboxes", tests, NULL, NULL);
}
