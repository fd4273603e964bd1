/* SPDX-License-Identifier: ISC */
/* From the addresses given to those that mail goes to, by real files. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fdpass.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/expand.h"
#include "tests/unit/office.h"

/* "a,b" as what comes of the recipients given, "a,b" too; NULL: refused. */
static const char *
expand(struct office *o, const char *given)
{
	static char text[4096];
	struct expanded *got;
	struct envelope env;
	char *copy = xstrdup(given), *rest = copy, *one;
	size_t i;

	envelope_init(&env);
	while ((one = strsep(&rest, ",")) != NULL)
		envelope_add(&env, one);
	free(copy);
	err_clear(&o->e);
	got = expand_rcpts(o->parts.expand, &env, &o->e);
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
goes_to(struct office *o, const char *given, const char *want)
{
	const char *got = expand(o, given);

	if (got == NULL)
		fail_msg("%s: %s", given, o->e.text);
	assert_string_equal(got, want);
}

static void
names_and_aliases_lead_on(void **state)
{
	static const char *const cases[][2] = {
		{ "bob@example.com", "bob@example.com" },
		{ "root", "ops@contoso.com" },
		{ "ROOT", "ops@contoso.com" },
		{ "root@localhost", "ops@contoso.com" },
		{ "root@web01.contoso.com", "ops@contoso.com" },
		{ "root@WEB01", "ops@contoso.com" },
		/* Our mail domain is no local name. */
		{ "root@contoso.com", "root@contoso.com" },
		{ "team", "a@example.com,b@example.com" },
		{ "nobody", "it@contoso.com" },
		{ "nobody@localhost", "it@contoso.com" },
		/* Neither run nor written. */
		{ "run", "it@contoso.com" },
		{ "write", "it@contoso.com" },
		{ "mixed", "it@contoso.com,a@example.com" },
		/* Each address once, in the order given. */
		{ "b@example.com,team", "b@example.com,a@example.com" },
		{ "x@example.com,X@EXAMPLE.com", "x@example.com" },
		{ "root,nobody,root", "ops@contoso.com,it@contoso.com" },
		{ "c@x.example,b@x.example,a@x.example,b@x.example",
		    "c@x.example,b@x.example,a@x.example" },
	};
	struct office o;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&o, "aliases",
	    "root: ops@contoso.com\n"
	    "a line that is none\n"
	    "team: a@example.com, b@example.com\n"
	    "run: |/bin/mail\n"
	    "write: /var/mail/x\n"
	    "mixed: |/bin/mail, a@example.com\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		goes_to(&o, cases[i][0], cases[i][1]);
	office_close(&o);
}

static void
what_was_given_is_kept_beside_what_it_became(void **state)
{
	struct envelope_rcpt *r;
	struct expanded *got;
	struct envelope env;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&o, "aliases", "root: ops@contoso.com\n");
	envelope_init(&env);
	r = envelope_add(&env, "root");
	r->notify = NOTIFY_NEVER;
	r->orcpt = xstrdup("rfc822;root");
	r = envelope_add(&env, "bob@example.com");
	r->orcpt = xstrdup("rfc822;bobby@example.com");
	r->notify = NOTIFY_FAILURE;
	got = expand_rcpts(o.parts.expand, &env, &o.e);
	assert_non_null(got);
	assert_int_equal(got->n, 2);
	assert_string_equal(got->v[0].original, "root");
	assert_int_equal(got->v[0].notify, NOTIFY_NEVER);
	/* RFC 3461 5.2.7.3: not for an address that is another. */
	assert_null(got->v[0].orcpt);
	assert_null(got->v[1].original);
	assert_string_equal(got->v[1].orcpt, "rfc822;bobby@example.com");
	assert_int_equal(got->v[1].notify, NOTIFY_FAILURE);
	expanded_free(got);
	expanded_free(NULL);
	envelope_clear(&env);
	office_close(&o);
}

static void
the_file_is_read_anew_when_it_changes(void **state)
{
	struct office o;
	char *path;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	goes_to(&o, "root", "it@contoso.com");
	office_write(&o, "aliases", "root: one@contoso.com\n");
	goes_to(&o, "root", "one@contoso.com");
	office_write(&o, "aliases", "root: two@contoso.com\n");
	goes_to(&o, "root", "two@contoso.com");
	path = xasprintf("%s/aliases", o.directory);
	assert_int_equal(unlink(path), 0);
	free(path);
	goes_to(&o, "root", "it@contoso.com");
	office_close(&o);
}

/* The parent would have to answer a second time, and does not. */
static void
an_unchanged_file_is_read_once(void **state)
{
	struct ask_answer yes = { .ok = true, .has_fd = true };
	struct office o;
	int parent, fd;

	(void)state;
	office_open_parented(&o, OFFICE_ADMIN OFFICE_ACCOUNT, &parent);
	office_write(&o, "aliases", "root: one@contoso.com\n");
	fd = open(o.conf->local.aliases, O_RDONLY);
	assert_int_not_equal(fd, -1);
	assert_int_equal(send(parent, &yes, sizeof(yes), 0), sizeof(yes));
	assert_int_equal(
	    fdpass_send(parent, fd, "", clock_mono_ms() + 60000, &o.e), 0);
	close(fd);
	goes_to(&o, "root", "one@contoso.com");
	goes_to(&o, "root", "one@contoso.com");
	office_close(&o);
	close(parent);
}

/* Mail goes where it went before the mishap. */
static void
a_file_that_cannot_be_read_changes_nothing(void **state)
{
	struct office o;
	char *path, *large;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&o, "aliases", "root: one@contoso.com\n");
	goes_to(&o, "root", "one@contoso.com");
	large = xmalloc(1024 * 1024 + 2);
	memset(large, '#', 1024 * 1024 + 1);
	large[1024 * 1024 + 1] = '\0';
	office_write(&o, "aliases", large);
	goes_to(&o, "root", "one@contoso.com");
	/* The largest that may be. */
	memcpy(large, "root: two@contoso.com\n", 22);
	large[1024 * 1024] = '\0';
	office_write(&o, "aliases", large);
	free(large);
	goes_to(&o, "root", "two@contoso.com");
	path = xasprintf("%s/aliases", o.directory);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	goes_to(&o, "root", "two@contoso.com");
	assert_int_equal(rmdir(path), 0);
	free(path);
	office_close(&o);
}

/* A link to itself is as good as a folder that was locked, or a bad disk. */
static void
a_file_out_of_reach_changes_nothing(void **state)
{
	struct office o;
	char *path;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	path = xasprintf("%s/aliases", o.directory);
	office_write(&o, "aliases", "root: one@contoso.com\n");
	goes_to(&o, "root", "one@contoso.com");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(path, path), 0);
	goes_to(&o, "root", "one@contoso.com");
	goes_to(&o, "root", "one@contoso.com");
	assert_int_equal(office_logged(&o, "cannot be reached"), 1);
	/* It is looked for all the while. */
	assert_int_equal(unlink(path), 0);
	office_write(&o, "aliases", "root: two@contoso.com\n");
	goes_to(&o, "root", "two@contoso.com");
	/* The next time it is news again. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(path, path), 0);
	goes_to(&o, "root", "two@contoso.com");
	assert_int_equal(office_logged(&o, "cannot be reached"), 2);
	/* A file that is gone is no file. */
	assert_int_equal(unlink(path), 0);
	goes_to(&o, "root", "it@contoso.com");
	free(path);
	office_close(&o);
}

/* Whoever mends it without a change to the file need not touch it, too. */
static void
a_file_that_was_not_to_be_opened_is_tried_again(void **state)
{
	struct office o;
	char *path;

	(void)state;
	if (geteuid() != 0)
		skip();
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	path = xasprintf("%s/aliases", o.directory);
	office_write(&o, "aliases", "root: one@contoso.com\n");
	goes_to(&o, "root", "one@contoso.com");
	office_write(&o, "aliases", "root: two@contoso.com\n");
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(o.directory, 0711), 0);
	assert_int_equal(seteuid(12345), 0);
	goes_to(&o, "root", "one@contoso.com");
	goes_to(&o, "root", "one@contoso.com");
	assert_int_equal(seteuid(0), 0);
	/* It may be read by now, and is what it was. */
	goes_to(&o, "root", "two@contoso.com");
	free(path);
	office_close(&o);
}

static void
a_folder_from_the_start_is_no_aliases(void **state)
{
	struct office o;
	char *path;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	path = xasprintf("%s/aliases", o.directory);
	assert_int_equal(mkdir(path, 0700), 0);
	goes_to(&o, "root", "it@contoso.com");
	assert_int_equal(rmdir(path), 0);
	free(path);
	office_close(&o);
}

static void
lists_are_included_from_files_of_ours(void **state)
{
	struct office o;
	char *text, *path;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&o, "drop/list", "a@example.com\nb@example.com\n");
	text = xasprintf("team: :include:%s/drop/list\n"
			 "gone: :include:%s/drop/other\n",
	    o.directory, o.directory);
	office_write(&o, "aliases", text);
	free(text);
	goes_to(&o, "team", "a@example.com,b@example.com");
	goes_to(&o, "gone", "it@contoso.com");
	/* Whoever may write a list decides where mail goes. */
	path = xasprintf("%s/drop/list", o.directory);
	assert_int_equal(chmod(path, 0666), 0);
	free(path);
	goes_to(&o, "team", "it@contoso.com");
	office_close(&o);
}

static void
a_redirect_overrules_all(void **state)
{
	struct envelope env;
	struct office o;
	struct buf b;

	(void)state;
	office_open(&o, "[local]\nadmin = it@contoso.com\n"
			"redirect = staging@contoso.com\n" OFFICE_ACCOUNT);
	office_write(&o, "aliases", "root: ops@contoso.com\n");
	goes_to(&o, "root,bob@example.com", "staging@contoso.com");

	envelope_init(&env);
	envelope_add(&env, "root");
	envelope_add(&env, "bob@example.com");
	buf_init(&b, 1024);
	expand_put_redirected(&env, &b);
	assert_string_equal(buf_data(&b),
	    "X-Mailchute-Redirected: root,\r\n\t bob@example.com\r\n");
	buf_clear(&b);
	envelope_clear(&env);
	office_close(&o);
}

/* What does not fit is counted: the field stays one that servers take. */
static void
a_redirect_of_many_has_its_bound(void **state)
{
	static const size_t counts[] = { 300, 5000, SUBMIT_RCPTS_MAX };
	char *one = xasprintf("%0*d@x", SUBMIT_TEXT_MAX - 2, 0), *end;
	struct envelope env;
	const char *p;
	size_t c, i, n;
	struct buf b;

	(void)state;
	for (c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		envelope_init(&env);
		for (i = 0; i < counts[c]; i++)
			envelope_add(&env, c == 0 ? one : "abcdefgh@x.example");
		/* so much it has where it is used, and fills it not */
		buf_init(&b, EXPAND_NAMED_ROOM);
		expand_put_redirected(&env, &b);
		assert_in_range(b.len, EXPAND_NAMED_MAX, EXPAND_NAMED_ROOM);
		for (p = buf_data(&b), n = 0; (p = strchr(p, '@')) != NULL; n++)
			p++;
		assert_in_range(n, 10, 1000);
		end = xasprintf("\r\n\t (and %zu more)\r\n", counts[c] - n);
		assert_string_equal(b.data + b.len - strlen(end), end);
		free(end);
		buf_clear(&b);
		envelope_clear(&env);
	}
	free(one);
}

/* One name without a way must not keep the mail from everybody else. */
static void
without_an_admin_local_names_are_for_the_server(void **state)
{
	static const char *const cases[][2] = {
		{ "nobody", "nobody@contoso.com" },
		{ "a@example.com,nobody", "a@example.com,nobody@contoso.com" },
		{ "nobody@localhost", "nobody@contoso.com" },
		{ "\\root", "root@contoso.com" },
		{ "run", "run@contoso.com" },
		{ "run@localhost", "run@contoso.com" },
		{ "root", "ops@contoso.com" },
	};
	struct office o;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ACCOUNT);
	office_write(&o, "aliases", "root: ops@contoso.com\nrun: |/bin/mail\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		goes_to(&o, cases[i][0], cases[i][1]);
	/* Words of ours need a reader who is known. */
	assert_null(expand_address(o.parts.expand, "nobody", &o.e));
	assert_int_equal(o.e.class, ERR_PERM);
	assert_string_equal(o.e.status, "5.1.1");
	office_close(&o);
}

static void
an_alias_too_large_keeps_nobody_else_from_the_mail(void **state)
{
	struct office o;
	struct buf b;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	buf_init(&b, 1024 * 1024);
	buf_puts(&b, "many: ");
	for (i = 0; i <= 10000; i++)
		buf_printf(&b, "%su%zu@example.com", i == 0 ? "" : ",", i);
	buf_append(&b, "\n", 2);
	office_write(&o, "aliases", buf_data(&b));
	buf_clear(&b);
	goes_to(&o, "a@example.com,many", "a@example.com,it@contoso.com");
	assert_int_equal(office_logged(&o, "more than 10000"), 1);
	office_close(&o);
}

static void
more_targets_than_any_message_has_are_refused(void **state)
{
	struct expanded *got;
	struct envelope env;
	struct office o;
	char address[32];
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	envelope_init(&env);
	for (i = 0; i < 100000; i++) {
		snprintf(address, sizeof(address), "u%zu@example.com", i);
		envelope_add(&env, address);
	}
	got = expand_rcpts(o.parts.expand, &env, &o.e);
	assert_non_null(got);
	assert_int_equal(got->n, 100000);
	expanded_free(got);
	envelope_add(&env, "one@example.com");
	assert_null(expand_rcpts(o.parts.expand, &env, &o.e));
	assert_string_equal(o.e.status, "5.5.3");
	envelope_clear(&env);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_aliases_lead_on),
		cmocka_unit_test(what_was_given_is_kept_beside_what_it_became),
		cmocka_unit_test(the_file_is_read_anew_when_it_changes),
		cmocka_unit_test(an_unchanged_file_is_read_once),
		cmocka_unit_test(a_file_that_cannot_be_read_changes_nothing),
		cmocka_unit_test(a_file_out_of_reach_changes_nothing),
		cmocka_unit_test(
		    a_file_that_was_not_to_be_opened_is_tried_again),
		cmocka_unit_test(a_folder_from_the_start_is_no_aliases),
		cmocka_unit_test(lists_are_included_from_files_of_ours),
		cmocka_unit_test(a_redirect_overrules_all),
		cmocka_unit_test(a_redirect_of_many_has_its_bound),
		cmocka_unit_test(
		    without_an_admin_local_names_are_for_the_server),
		cmocka_unit_test(
		    an_alias_too_large_keeps_nobody_else_from_the_mail),
		cmocka_unit_test(more_targets_than_any_message_has_are_refused),
	};

	return cmocka_run_group_tests_name("expand", tests, NULL, NULL);
}
