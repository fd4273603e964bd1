/* SPDX-License-Identifier: ISC */
#include "config.h"

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

#include "common/conf.h"

#include "tests/unit/conf_help.h"

static void
five_lines_make_a_configuration(void **state)
{
	struct conf *c = good("[local]\nadmin = it@contoso.com\n\n" MAILBOX);
	const struct conf_account *a = &c->accounts[0];

	(void)state;
	assert_string_equal(c->local.hostname, "web01.contoso.com");
	assert_string_equal(c->local.domain, "contoso.com");
	assert_int_equal(c->local.names.n, 3);
	assert_true(strlist_has(&c->local.names, "web01"));
	assert_string_equal(c->queue.directory, "/var/lib/mailchute");
	assert_true(c->queue.delivery);
	assert_int_equal(c->queue.nretry, 7);
	assert_int_equal(c->queue.retry_s[6], 3600);
	assert_int_equal(c->queue.lifetime_s, 5 * 86400);
	assert_int_equal(c->queue.message_size_max, 35 * 1024 * 1024);
	assert_int_equal(c->default_account, 0);
	assert_string_equal(a->name, "");
	assert_string_equal(a->hosts.v[0], "smtp.office365.com");
	assert_int_equal(a->port, 587);
	assert_int_equal(a->auth, AUTH_LOGIN);
	assert_int_equal(a->rate.count, 28);
	assert_int_equal(a->rate.per_s, 60);
	assert_int_equal(a->tls_min, 12);
	assert_string_equal(a->senders.v[0], "a@contoso.com");
	assert_int_equal(a->users.n, 0);
	assert_string_equal(a->legacy_host, "smtp-legacy.office365.com");
	assert_true(a->chunking);
	conf_free(c);
}

/* What stands for nothing may be written too, and is worth no remark. */
static void
none_can_be_said(void **state)
{
	struct conf *c = good(MAILBOX "proxy = none\n"
				      "[local]\nredirect = none\n"
				      "alarm_command = none\n"
				      "[queue]\nadmin_group = none\n");

	(void)state;
	assert_null(c->local.redirect);
	assert_int_equal(c->local.alarm_command.n, 0);
	assert_null(c->queue.admin_group);
	conf_free(c);
	c = good(MAILBOX "[local]\nredirect = test@contoso.com\n");
	assert_string_equal(c->local.redirect, "test@contoso.com");
	conf_free(c);
}

static void
a_relay_without_sign_in(void **state)
{
	struct conf *c = good("[local]\nadmin = it@contoso.com\n" SMTP);
	const struct conf_account *a = &c->accounts[0];

	(void)state;
	assert_int_equal(a->auth, AUTH_NONE);
	assert_null(a->user);
	assert_int_equal(a->rate.count, 0);
	assert_int_equal(a->recipients_per_day, 0);
	conf_free(c);
}

static void
files_that_are_none(void **state)
{
	char dir[] = "/tmp/conf-test-XXXXXX", path[64];
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_null(conf_load(dir, CONF_FULL, &web01, &p));
	assert_true(has(&p.errors, "cannot be read: it is a directory"));
	conf_problems_clear(&p);

	snprintf(path, sizeof(path), "%s/none", dir);
	assert_null(conf_load(path, CONF_FULL, &web01, &p));
	assert_true(has(&p.errors, "cannot be read: No such file"));
	conf_problems_clear(&p);
	c = conf_load(path, CONF_FRONT, &web01, &p);
	assert_non_null(c);
	assert_int_equal(p.errors.n, 0);
	conf_free(c);

	/* Nobody writes into it: a reader that blocks would never return. */
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(conf_load(path, CONF_FULL, &web01, &p));
	assert_true(has(&p.errors, "it is not a regular file"));
	conf_problems_clear(&p);
	c = conf_load(path, CONF_FRONT, &web01, &p);
	assert_non_null(c);
	assert_int_equal(p.errors.n, 1);
	conf_free(c);
	conf_problems_clear(&p);
	unlink(path);

	snprintf(path, sizeof(path), "%s/big", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 10 * 1024 * 1024), 0);
	close(fd);
	assert_null(conf_load(path, CONF_FULL, &web01, &p));
	assert_true(has(&p.errors, "larger than 1 MiB"));
	conf_problems_clear(&p);
	unlink(path);

	snprintf(path, sizeof(path), "%s/good", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, MAILBOX, strlen(MAILBOX)), strlen(MAILBOX));
	close(fd);
	c = conf_load(path, CONF_FULL, &web01, &p);
	assert_non_null(c);
	assert_string_equal(c->path, path);
	conf_free(c);
	unlink(path);
	rmdir(dir);
}

static void
front_takes_what_it_can_read(void **state)
{
	struct conf_problems p;
	struct conf *c;

	(void)state;
	c = parse_as("[queue]\n"
		     "message_size_max = many\n"
		     "drop_directory = /d\n"
		     "wrong = 1\n"
		     "[account]\nport = x\n[listen a]\n[log]\nlevel = x\n",
	    CONF_FRONT, &p);
	assert_non_null(c);
	assert_int_equal(p.errors.n, 2);
	assert_int_equal(c->queue.message_size_max, 35 * 1024 * 1024);
	assert_string_equal(c->queue.drop_directory, "/d");
	assert_int_equal(c->naccounts, 0);
	assert_null(c->local.admin);
	conf_free(c);
	conf_problems_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_lines_make_a_configuration),
		cmocka_unit_test(none_can_be_said),
		cmocka_unit_test(a_relay_without_sign_in),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(front_takes_what_it_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
