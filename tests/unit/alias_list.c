/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "mail/alias_list.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Items as a letter for the kind and the text, then "!fault" for each bad. */
static char *
show(const struct alias_items *items, const struct strlist *bad)
{
	static const char letters[] = "anfc/i";
	struct buf b;
	size_t i;

	buf_init(&b, 100000);
	for (i = 0; i < items->n; i++)
		buf_printf(&b, "%s%c=%s", i == 0 ? "" : " ",
		    letters[items->v[i].kind], items->v[i].text);
	for (i = 0; i < bad->n; i++)
		buf_printf(&b, "!%.8s", bad->v[i]);
	return buf_steal(&b);
}

static void
items(void **state)
{
	static const struct {
		const char *list, *items;
	} cases[] = {
		{ "alice", "n=alice" },
		{ "alice, bob@example.com ,\tcarol",
		    "n=alice a=bob@example.com "
		    "n=carol" },
		{ "alice bob@example.com carol",
		    "n=alice a=bob@example.com n=carol" },
		{ "alice,", "n=alice" },
		{ ", ,", "" },
		{ "", "" },
		{ "\\root", "f=root" },
		{ "\"odd name\"", "n=odd name" },
		{ "\"odd, name\"@x.y, b", "a=\"odd, name\"@x.y n=b" },
		{ "Bob <bob@x.y>", "a=bob@x.y" },
		{ "|/bin/cmd -x", "c=/bin/cmd -x" },
		{ "\"|/bin/cmd a, b\"", "c=/bin/cmd a, b" },
		{ "|\"/bin/cmd a, \\\"b\\\"\"", "c=/bin/cmd a, \"b\"" },
		{ "|\"exec /bin/x || exit 75\", a", "c=exec /bin/x || exit 75 "
						    "n=a" },
		{ "/var/mail/archive", "/=/var/mail/archive" },
		{ "\"/var/mail/odd name\"", "/=/var/mail/odd name" },
		{ "/dev/null", "/=/dev/null" },
		{ "/g=joe/c=de/@x400.example", "a=/g=joe/c=de/@x400.example" },
		{ ":include:/etc/list", "i=/etc/list" },
		{ ":INCLUDE: /etc/list , a", "i=/etc/list n=a" },
		{ "\":include:/etc/a b\"", "i=/etc/a b" },
		{ "user@[IPv6:::1]", "a=user@[IPv6:::1]" },
		/* what is none, among others that are */
		{ "a, b@, c", "n=a n=c!\"b@\" is " },
		{ "\"unclosed, b", "n=b!\"\"unclos" },
		{ "a, |, b", "n=a n=b!\"\" names" },
		{ ":include:where/x", "!\"where/x" },
		{ ":blackhole:, a", "n=a!\":blackh" },
		{ "a@x..y", "!\"a@x..y\"" },
		{ "b c: d", "!\"b c: d\"" },
		{ "a\x01", "!\"a?\" is " },
		{ "x |cmd", "n=x!\"|cmd\" i" },
	};
	struct alias_items got;
	struct strlist bad;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&got, 0, sizeof(got));
		memset(&bad, 0, sizeof(bad));
		alias_list_parse(
		    cases[i].list, strlen(cases[i].list), &got, &bad);
		text = show(&got, &bad);
		if (strcmp(text, cases[i].items) != 0)
			fail_msg("[%s]\n want [%s]\n got  [%s]", cases[i].list,
			    cases[i].items, text);
		free(text);
		alias_items_clear(&got);
		strlist_clear(&bad);
		alias_list_parse(
		    cases[i].list, strlen(cases[i].list), &got, NULL);
		alias_items_clear(&got);
	}
}

static void
assert_lines(
    const char *text, size_t n, enum alias_lines mode, const char *want)
{
	struct alias_reader r;
	struct buf got;
	size_t number;
	char *line;

	buf_init(&got, 1000);
	alias_reader_init(&r, text, n, mode);
	while ((line = alias_reader_next(&r, &number)) != NULL) {
		buf_printf(&got, "%zu[%s]", number, line);
		free(line);
	}
	assert_string_equal(buf_data(&got), want);
	buf_clear(&got);
}

static void
lines(void **state)
{
	static const struct {
		const char *text, *continued, *single;
	} cases[] = {
		{ "", "", "" },
		{ "\n \n# only\n", "", "" },
		{ "a\nb\n", "1[a]2[b]", "1[a]2[b]" },
		{ "a\r\nb", "1[a]2[b]", "1[a]2[b]" },
		{ "# c\n\na\n", "3[a]", "3[a]" },
		{ "a,\n\tb\n  c\nd", "1[a,\tb  c]4[d]",
		    "1[a,]2[\tb]3[  c]4[d]" },
		{ "a,\n# comment\n b", "1[a, b]", "1[a,]3[ b]" },
		{ "a,\n\n b", "1[a, b]", "1[a,]3[ b]" },
		{ "a # comment\n b", "1[a b]", "1[a]2[ b]" },
		{ "a#b \"c # d\" # e", "1[a#b \"c # d\"]", "1[a#b \"c # d\"]" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_lines(cases[i].text, strlen(cases[i].text),
		    LINES_CONTINUED, cases[i].continued);
		assert_lines(cases[i].text, strlen(cases[i].text), LINES_SINGLE,
		    cases[i].single);
	}
	/* a NUL hides nothing */
	assert_lines("a\0b\n", 4, LINES_SINGLE, "1[a\1b]");
}

static void
quotes(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "plain", "plain" },
		{ "\"odd name\"", "odd name" },
		{ "\"a\\\"b\\\\\"", "a\"b\\" },
		{ "\"\"", "" },
		{ "", "" },
		{ "\"unclosed", "\"unclosed" },
		{ "\"a\"b", "\"a\"b" },
		{ "\"a\\\"", "\"a\\\"" },
	};
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = alias_unquote(cases[i].text, strlen(cases[i].text));
		assert_string_equal(got, cases[i].name);
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items),
		cmocka_unit_test(lines),
		cmocka_unit_test(quotes),
	};

	return cmocka_run_group_tests_name("alias_list", tests, NULL, NULL);
}
