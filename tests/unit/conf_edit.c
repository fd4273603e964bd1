/* SPDX-License-Identifier: ISC */
/* Editing the configuration: what was edited, and that nothing else was. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf_edit.h"

struct edit {
	const char *before;
	const char *section, *option;
	const char *value; /* NULL: it is taken out */
	const char *after;
};

static const struct edit edits[] = {
	/* set where it stands */
	{ "[account]\nuser = a@b.c\n", "account", "user", "d@e.f",
	    "[account]\nuser = d@e.f\n" },
	{ "# top\n[account]\n  user=a@b.c  \n; below\n", "account", "user",
	    "d@e.f", "# top\n[account]\n  user = d@e.f\n; below\n" },
	{ "[account]\nuser = a@b.c", "account", "user", "d@e.f",
	    "[account]\nuser = d@e.f\n" },
	/* unchanged to the octet when it has that value */
	{ "[account]\n\tuser\t=  a@b.c \n", "account", "user", "a@b.c",
	    "[account]\n\tuser\t=  a@b.c \n" },
	/* added behind the section's last option, as that is indented */
	{ "[account]\nuser = a@b.c\n\n# of the log\n[log]\nlevel = info\n",
	    "account", "tenant", "b.c",
	    "[account]\nuser = a@b.c\ntenant = b.c\n\n# of the log\n[log]\n"
	    "level = info\n" },
	{ "[account]\n    user = a@b.c\n", "account", "tenant", "b.c",
	    "[account]\n    user = a@b.c\n    tenant = b.c\n" },
	{ "[account]\n[log]\n", "account", "tenant", "b.c",
	    "[account]\ntenant = b.c\n[log]\n" },
	/* behind a list, and not as an item of it */
	{ "[account]\nsenders = a@b.c\n  d@e.f\n", "account", "tenant", "b.c",
	    "[account]\nsenders = a@b.c\n  d@e.f\ntenant = b.c\n" },
	/* in a section that is not there yet */
	{ "", "account", "user", "a@b.c", "[account]\nuser = a@b.c\n" },
	{ "[local]\nadmin = a@b.c", "account two", "user", "a@b.c",
	    "[local]\nadmin = a@b.c\n\n[account two]\nuser = a@b.c\n" },
	/* of the account that is meant */
	{ "[account one]\nuser = a@b.c\n[account]\nuser = b@b.c\n", "account",
	    "user", "c@b.c",
	    "[account one]\nuser = a@b.c\n[account]\nuser = c@b.c\n" },
	{ "[ account \t one ]\nuser = a@b.c\n", "account one", "user", "c@b.c",
	    "[ account \t one ]\nuser = c@b.c\n" },
	/* a section in two parts: where it stands, else in the first */
	{ "[account]\nuser = a@b.c\n[log]\n[account]\ntenant = b.c\n",
	    "account", "tenant", "e.f",
	    "[account]\nuser = a@b.c\n[log]\n[account]\ntenant = e.f\n" },
	{ "[account]\nuser = a@b.c\n[log]\n[account]\ntenant = b.c\n",
	    "account", "client_id", "1",
	    "[account]\nuser = a@b.c\nclient_id = 1\n[log]\n[account]\n"
	    "tenant = b.c\n" },
	/* once is enough */
	{ "[account]\nuser = a@b.c\nuser = d@e.f\n", "account", "user", "g@h.i",
	    "[account]\nuser = g@h.i\n" },
	/* other ends of lines, an editor's mark */
	{ "\xef\xbb\xbf[account]\r\nuser = a@b.c\r\n", "account", "tenant",
	    "b.c",
	    "\xef\xbb\xbf[account]\r\nuser = a@b.c\r\ntenant = b.c\r\n" },
	/* a list goes with all its lines, a comment in it stays */
	{ "[account]\nhost = a.b\n# why\n  c.d\n  e.f\nport = 25\n", "account",
	    "host", "x.y", "[account]\nhost = x.y\n# why\nport = 25\n" },
	{ "[account]\nhost = a.b\n# why\n  c.d\n", "account", "host", "a.b",
	    "[account]\nhost = a.b\n# why\n" },
	/* taken out */
	{ "[account]\nuser = a@b.c\ntenant = b.c\n", "account", "user", NULL,
	    "[account]\ntenant = b.c\n" },
	{ "[account]\nuser = a@b.c\n", "account", "tenant", NULL,
	    "[account]\nuser = a@b.c\n" },
	{ "[account]\nhost = a.b\n  c.d\nport = 25\n", "account", "host", NULL,
	    "[account]\nport = 25\n" },
	/* what stood below it does not become an item of the list above */
	{ "[account]\nsenders = a@b.c\nuser = a@b.c\n  port = 25\n", "account",
	    "user", NULL, "[account]\nsenders = a@b.c\n\n  port = 25\n" },
	/* nor does a section, of what is new */
	{ "[account]\n  [log]\n", "account", "user", "a@b.c",
	    "[account]\nuser = a@b.c\n\n  [log]\n" },
	/* an item that looks like an option, and a comment that does */
	{ "[local]\nalarm_command = /bin/x\n  admin = y\n", "local", "admin",
	    NULL, "[local]\nalarm_command = /bin/x\n  admin = y\n" },
	{ "[account]\n#user = a@b.c\n", "account", "user", NULL,
	    "[account]\n#user = a@b.c\n" },
	/* outside of any section, or in one that is none */
	{ "user = a@b.c\n[account\nuser = a@b.c\n", "account", "user", NULL,
	    "user = a@b.c\n[account\nuser = a@b.c\n" },
};

static void
edits_change_what_is_meant_and_nothing_else(void **state)
{
	struct conf_edit *x;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 65536);
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		x = conf_edit_new(edits[i].before, strlen(edits[i].before));
		if (edits[i].value == NULL)
			conf_edit_remove(x, edits[i].section, edits[i].option);
		else
			assert_int_equal(conf_edit_set(x, edits[i].section,
					     edits[i].option, edits[i].value),
			    0);
		buf_truncate(&b, 0);
		assert_int_equal(conf_edit_put(x, &b), 0);
		assert_string_equal(buf_data(&b), edits[i].after);
		conf_edit_free(x);
	}
	buf_clear(&b);
}

static void
values_are_read_as_they_count(void **state)
{
	static const char text[] = "[account]\nuser =  a@b.c \nhost = a.b\n"
				   "  c.d\n# not they\n  e.f\nport=25\n"
				   "[account two]\nuser = x@y.z\n";
	static const struct {
		const char *section, *option, *value;
	} values[] = { { "account", "user", "a@b.c" },
		{ "account", "host", "a.b c.d e.f" },
		{ "account", "port", "25" }, { "account two", "user", "x@y.z" },
		{ "account", "tenant", NULL }, { "local", "user", NULL },
		{ "account three", "user", NULL } };
	struct conf_edit *x = conf_edit_new(text, strlen(text));
	char *value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		value = conf_edit_get(x, values[i].section, values[i].option);
		if (values[i].value == NULL)
			assert_null(value);
		else
			assert_string_equal(value, values[i].value);
		free(value);
	}
	conf_edit_free(x);
}

static void
no_value_breaks_its_line(void **state)
{
	static const char *const bad[] = { "", " a", "a ", "a\nb", "a\rb",
		"a\x7f" };
	static const char text[] = "[account]\nuser = a@b.c\n";
	struct conf_edit *x = conf_edit_new(text, strlen(text));
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    conf_edit_set(x, "account", "user", bad[i]), -1);
	buf_init(&b, 1024);
	assert_int_equal(conf_edit_put(x, &b), 0);
	assert_string_equal(buf_data(&b), text);
	buf_clear(&b);
	buf_init(&b, 8);
	assert_int_equal(conf_edit_put(x, &b), -1);
	buf_clear(&b);
	conf_edit_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_change_what_is_meant_and_nothing_else),
		cmocka_unit_test(values_are_read_as_they_count),
		cmocka_unit_test(no_value_breaks_its_line),
	};

	return cmocka_run_group_tests_name("conf_edit", tests, NULL, NULL);
}
