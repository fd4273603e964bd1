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
#include "common/xalloc.h"
#include "mail/alias_expand.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char host[] = "web01.example", loopback[] = "localhost";
static char *domains[] = { host, loopback };
static const struct strlist local_names = { .v = domains, .n = 2 };

static const char file[] = "root: alice@example.com\n"
			   "postmaster: root\n"
			   "mailer-daemon: Postmaster\n"
			   "all: root, bob@example.com, postmaster, carol\n"
			   "self: self, x@y.z\n"
			   "loop1: loop2\n"
			   "loop2: loop1\n"
			   "loop3: loop1, x@y.z\n"
			   "same: A@x.y, a@x.y, a@X.Y\n"
			   "apart: a@x.y, b@x.y, A@x.y, b@x.y, c@x.y, a@x.y\n"
			   "final: \\root\n"
			   "cmd: |/bin/x -y\n"
			   "file: /var/mail/x\n"
			   "here: root@localhost, \"root\"@web01.example\n"
			   "list: :include:/good\n"
			   "nested: :include:/nested\n"
			   "circle: :include:/circle\n"
			   "missing: :include:/missing, x@y.z\n"
			   "empty: :include:/empty\n"
			   "broken: @@@\n"
			   "tagged+news: news@y.z\n";

static int
include(void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "/good", "# comment\nroot\nbob@example.com, carol\n" },
		{ "/nested", "x@y.z\n:include:/good\n  indented@y.z\n" },
		{ "/circle", ":include:/circle\ncircle\n" },
		{ "/empty", "# nobody\nnonsense@@\n" },
	};
	size_t i;

	(*(unsigned *)arg)++;
	for (i = 0; i < COUNT(files); i++) {
		if (strcmp(files[i].path, path) != 0)
			continue;
		*text = xstrdup(files[i].text);
		*n = strlen(*text);
		return 0;
	}
	return err_set(e, ERR_LOCAL, "4.3.5", "cannot be read");
}

/* The targets as a letter for the kind and the text; "!" for each note. */
static char *
expand(const struct aliases *a, const char *name, unsigned *included)
{
	static const char letters[] = "alc/";
	struct alias_rules rules = { a, &local_names, include, included };
	struct alias_targets t;
	struct buf b;
	struct err e;
	size_t i;

	assert_int_equal(alias_expand(&rules, name, &t, &e), 0);
	assert_true(t.n > 0);
	buf_init(&b, 10000);
	for (i = 0; i < t.n; i++)
		buf_printf(&b, "%s%c=%s", i == 0 ? "" : " ",
		    letters[t.v[i].kind], t.v[i].text);
	for (i = 0; i < t.notes.n; i++)
		buf_puts(&b, "!");
	alias_targets_clear(&t);
	return buf_steal(&b);
}

static void
targets(void **state)
{
	static const struct {
		const char *name, *targets;
	} cases[] = {
		{ "nobody", "l=nobody" },
		{ "root", "a=alice@example.com" },
		{ "ROOT", "a=alice@example.com" },
		{ "root@localhost", "a=alice@example.com" },
		{ "root@WEB01.example", "a=alice@example.com" },
		{ "\"root\"@localhost", "a=alice@example.com" },
		{ "\"root\"", "a=alice@example.com" },
		{ "root+tag", "a=alice@example.com" },
		{ "tagged+news", "a=news@y.z" },
		{ "nobody+tag", "l=nobody+tag" },
		{ "+", "l=+" },
		{ "mailer-daemon", "a=alice@example.com" },
		{ "all", "a=alice@example.com a=bob@example.com l=carol" },
		{ "same", "a=A@x.y" },
		{ "apart", "a=a@x.y a=b@x.y a=c@x.y" },
		{ "here", "a=alice@example.com" },
		{ "list", "a=alice@example.com a=bob@example.com l=carol" },
		{ "nested", "a=x@y.z a=alice@example.com a=bob@example.com "
			    "l=carol a=indented@y.z" },
		/* no alias on purpose */
		{ "\\root", "l=root" },
		{ "\\root@localhost", "l=root" },
		{ "final", "l=root" },
		{ "root@elsewhere.example", "a=root@elsewhere.example" },
		/* named, not run */
		{ "cmd", "c=/bin/x -y" },
		{ "file", "/=/var/mail/x" },
		/* what leads nowhere stays with the name it had */
		{ "self", "l=self a=x@y.z" },
		{ "self+tag", "l=self a=x@y.z" },
		{ "loop1", "l=loop1!" },
		{ "loop3", "a=x@y.z" },
		{ "circle", "l=circle" },
		{ "missing", "l=missing a=x@y.z!" },
		{ "empty", "l=empty!!" },
		{ "broken", "l=broken!" },
		{ "\"a@b\"@localhost", "l=a@b" },
	};
	struct strlist bad = { 0 };
	struct aliases *a = aliases_parse(file, sizeof(file) - 1, &bad);
	unsigned included = 0;
	char *got;
	size_t i;

	(void)state;
	assert_int_equal(bad.n, 1); /* the line "broken" */
	for (i = 0; i < COUNT(cases); i++) {
		got = expand(a, cases[i].name, &included);
		if (strcmp(got, cases[i].targets) != 0)
			fail_msg("%s: want [%s], got [%s]", cases[i].name,
			    cases[i].targets, got);
		free(got);
	}
	strlist_clear(&bad);
	aliases_free(a);
}

static void
a_list_is_read_once(void **state)
{
	static const char text[] = "a: :include:/good, :include:/good, b\n"
				   "b: :include:/good, :include:/circle\n";
	struct strlist bad = { 0 };
	struct aliases *a = aliases_parse(text, sizeof(text) - 1, &bad);
	unsigned included = 0;

	(void)state;
	free(expand(a, "a", &included));
	assert_int_equal(included, 2);
	aliases_free(a);
}

/* n0: n1, n1: n2, ... and the last one somebody. */
static struct aliases *
make_chain(unsigned length)
{
	struct strlist bad = { 0 };
	struct aliases *a;
	struct buf b;
	unsigned i;

	buf_init(&b, 100000);
	for (i = 0; i < length; i++)
		buf_printf(&b, "n%u: n%u\n", i, i + 1);
	buf_printf(&b, "n%u: end@x.y\n", length);
	a = aliases_parse(b.data, b.len, &bad);
	assert_int_equal(bad.n, 0);
	buf_clear(&b);
	return a;
}

static void
depth_is_limited(void **state)
{
	unsigned included = 0;
	struct aliases *a = make_chain(ALIAS_DEPTH_MAX - 1);
	char *got = expand(a, "n0", &included);

	(void)state;
	assert_string_equal(got, "a=end@x.y");
	free(got);
	aliases_free(a);
	a = make_chain(1000);
	got = expand(a, "n0", &included);
	assert_string_equal(got, "l=n20!");
	free(got);
	aliases_free(a);
}

static void
count_is_limited(void **state)
{
	struct alias_rules rules = { NULL, &local_names, include, NULL };
	struct strlist bad = { 0 };
	struct alias_targets t;
	struct aliases *a;
	struct buf b;
	struct err e;
	unsigned i;

	(void)state;
	buf_init(&b, 1000000);
	buf_puts(&b, "many: last@x.y");
	for (i = 1; i < ALIAS_TARGETS_MAX; i++)
		buf_printf(&b, ", u%u@x.y", i);
	a = aliases_parse(b.data, b.len, &bad);
	rules.aliases = a;
	assert_int_equal(alias_expand(&rules, "many", &t, &e), 0);
	assert_int_equal(t.n, ALIAS_TARGETS_MAX);
	assert_string_equal(t.v[0].text, "last@x.y");
	alias_targets_clear(&t);
	aliases_free(a);
	buf_puts(&b, ", one@too.many");
	a = aliases_parse(b.data, b.len, &bad);
	rules.aliases = a;
	assert_int_equal(alias_expand(&rules, "many", &t, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_int_equal(t.n, 0);
	assert_non_null(strstr(e.text, "more than 10000"));
	aliases_free(a);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),
		cmocka_unit_test(a_list_is_read_once),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(count_is_limited),
	};

	return cmocka_run_group_tests_name("alias_expand", tests, NULL, NULL);
}
