/* SPDX-License-Identifier: ISC */
/* Recipients to targets; tests/unit/expand.c does the same by real files. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "mail/targets.h"

static char admin[] = "it@contoso.com", other[] = "staging@contoso.com";
static char local[] = "localhost";
static char *local_domains[] = { local };

static struct {
	struct conf conf;
	struct aliases *aliases;
	unsigned asked; /* how often for the aliases */
	struct strlist notes;
	struct err e;
} here;

static const struct aliases *
table(void *arg)
{
	(void)arg;
	here.asked++;
	return here.aliases;
}

static int
include(void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	(void)arg;
	if (strcmp(path, "/list") != 0)
		return err_set(e, ERR_LOCAL, "5.3.5", "%s is away", path);
	*text = xstrdup("a@example.com\nb@example.com\n");
	*n = strlen(*text);
	return 0;
}

static void
note(void *arg, const struct targets_note *n)
{
	char *text = xasprintf("%s%s %s: %s", n->is_error ? "error " : "",
	    n->rcpt == NULL ? "-" : n->rcpt,
	    n->target == NULL ? "-" : n->target, n->text);

	(void)arg;
	strlist_add(&here.notes, text);
	free(text);
}

static void
open_table(const char *text)
{
	memset(&here, 0, sizeof(here));
	here.conf.local.admin = admin;
	here.conf.local.names = (struct strlist){ .v = local_domains, .n = 1 };
	here.aliases = aliases_parse(text, strlen(text), NULL);
}

static void
close_table(void)
{
	aliases_free(here.aliases);
	strlist_clear(&here.notes);
}

/* The targets of "a,b", as "x,y"; NULL: refused. */
static const char *
expand(const char *given, const char *domain)
{
	const struct targets_rules rules = { &here.conf, table, include, note,
		NULL };
	static char text[1024];
	struct envelope env;
	struct expanded *got;
	char *copy = xstrdup(given), *rest = copy, *one;
	size_t i;

	envelope_init(&env);
	while ((one = strsep(&rest, ",")) != NULL)
		envelope_add(&env, one);
	free(copy);
	got = targets_expand(&rules, &env, domain, &here.e);
	envelope_clear(&env);
	if (got == NULL)
		return NULL;
	text[0] = '\0';
	for (i = 0; i < got->n; i++) {
		strlcat(text, i == 0 ? "" : ",", sizeof(text));
		strlcat(text, got->v[i].address, sizeof(text));
	}
	expanded_free(got);
	return text;
}

static void
each_kind_of_target(void **state)
{
	static const char *const cases[][2] = {
		{ "x@example.com", "x@example.com" },
		{ "root", "ops@example.com" },
		{ "root@localhost,x@example.com",
		    "ops@example.com,x@example.com" },
		{ "nobody", admin },
		{ "run,write", admin },
		{ "many", "a@example.com,b@example.com" },
		{ "A@example.com,many", "A@example.com,b@example.com" },
		{ "gone", admin },
	};
	size_t i;

	(void)state;
	open_table("root: ops@example.com\nrun: |/bin/x\nwrite: /var/x\n"
		   "many: :include:/list\ngone: :include:/gone\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    expand(cases[i][0], "contoso.com"), cases[i][1]);
	/* What is neither run nor written, and the list that is away. */
	assert_int_equal(here.notes.n, 3);
	assert_string_equal(here.notes.v[0],
	    "run /bin/x: commands and files are not run or written; "
	    "local.admin gets the mail");
	assert_ptr_equal(
	    strstr(here.notes.v[1], "write /var/x: "), here.notes.v[1]);
	assert_non_null(strstr(here.notes.v[2], "/gone is away"));
	close_table();
}

static void
aliases_are_asked_for_by_local_names_alone(void **state)
{
	(void)state;
	open_table("");
	assert_string_equal(expand("x@example.com", NULL), "x@example.com");
	assert_int_equal(here.asked, 0);
	assert_string_equal(expand("x,y", NULL), admin);
	assert_int_equal(here.asked, 2);
	close_table();
}

static void
without_an_admin_a_domain_is_needed(void **state)
{
	(void)state;
	open_table("run: |/bin/x\n");
	here.conf.local.admin = NULL;
	assert_string_equal(expand("joe@localhost,run", "c.example"),
	    "joe@c.example,run@c.example");
	assert_null(expand("joe", NULL));
	assert_int_equal(here.e.class, ERR_PERM);
	assert_string_equal(here.e.status, "5.1.1");
	close_table();
}

static void
a_redirect_overrules_all(void **state)
{
	(void)state;
	open_table("root: ops@example.com\n");
	here.conf.local.redirect = other;
	assert_string_equal(expand("root,x@example.com", NULL), other);
	assert_int_equal(here.asked, 0);
	close_table();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_target),
		cmocka_unit_test(aliases_are_asked_for_by_local_names_alone),
		cmocka_unit_test(without_an_admin_a_domain_is_needed),
		cmocka_unit_test(a_redirect_overrules_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
