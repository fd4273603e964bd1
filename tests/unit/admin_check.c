/* SPDX-License-Identifier: ISC */
/* The doctor's lines, and whose the name sendmail is. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

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

#include "admin/check.h"
#include "common/xalloc.h"

static struct {
	char root[64];
	struct check k;
	char *text;
	size_t n;
} here;

static char *
path(const char *name)
{
	return xasprintf("%s%s", here.root, name);
}

static void
make(const char *name)
{
	char *whole = path(name);
	int fd = open(whole, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	assert_int_not_equal(fd, -1);
	close(fd);
	free(whole);
}

static int
set_up(void **state)
{
	static const char *const folders[] = { "/usr", "/usr/sbin", "/usr/bin",
		"/usr/lib", "/opt", "/etc", "/etc/alternatives" };
	char *whole;
	size_t i;

	(void)state;
	memset(&here, 0, sizeof(here));
	strlcpy(here.root, "/tmp/mailchute-check-XXXXXX", sizeof(here.root));
	if (mkdtemp(here.root) == NULL)
		return -1;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		whole = path(folders[i]);
		if (mkdir(whole, 0755) == -1)
			return -1;
		free(whole);
	}
	make("/opt/sendmail");
	here.k.out = open_memstream(&here.text, &here.n);
	return here.k.out == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "/usr/sbin/sendmail",
		"/usr/sbin/postfix", "/usr/sbin/exim", "/usr/sbin/exim4",
		"/usr/lib/sendmail", "/usr/bin/msmtp", "/opt/sendmail",
		"/usr/bin/sendmail", "/etc/alternatives/mta", "/etc/crontab",
		"/etc/alternatives", "/etc", "/usr/sbin", "/usr/bin",
		"/usr/lib", "/usr", "/opt", "" };
	char *whole;
	size_t i;

	(void)state;
	fclose(here.k.out);
	free(here.text);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		whole = path(names[i]);
		(void)remove(whole);
		free(whole);
	}
	return access(here.root, F_OK) == 0 ? -1 : 0;
}

/* What is said of the name, all of it. */
static const char *
look(void)
{
	char *ours = path("/opt/sendmail");

	rewind(here.k.out);
	memset(here.k.seen, 0, sizeof(here.k.seen));
	check_sendmail(&here.k, here.root, ours);
	fflush(here.k.out);
	free(ours);
	return here.text;
}

static void
link_to(const char *target, const char *name)
{
	char *from = path(target), *to = path(name);

	assert_int_equal(symlink(from, to), 0);
	free(from);
	free(to);
}

static void
the_name_may_be_ours(void **state)
{
	(void)state;
	link_to("/opt/sendmail", "/usr/sbin/sendmail");
	link_to("/usr/sbin/sendmail", "/usr/lib/sendmail");
	assert_non_null(strstr(look(), "/usr/sbin/sendmail is mailchute's"));
	assert_non_null(strstr(here.text, "/usr/lib/sendmail is mailchute's"));
	assert_int_equal(check_status(&here.k), 0);
	assert_int_equal(here.k.seen[CHECK_OK], 2);
}

static void
or_nobody_s(void **state)
{
	(void)state;
	assert_non_null(strstr(look(), "there is no /usr/sbin/sendmail"));
	assert_non_null(strstr(here.text, "do: ln -sf "));
	assert_int_equal(check_status(&here.k), 1);
}

static void
or_another_mailer_s(void **state)
{
	(void)state;
	make("/usr/sbin/sendmail");
	make("/usr/sbin/postfix");
	make("/usr/sbin/exim");
	make("/usr/sbin/exim4");
	assert_non_null(
	    strstr(look(), "is not mailchute's but another mailer's (Postfix, "
			   "Exim): "));
	assert_int_equal(check_status(&here.k), 1);
}

static void
another_mailer_without_the_name_is_none_of_our_business(void **state)
{
	(void)state;
	link_to("/opt/sendmail", "/usr/sbin/sendmail");
	make("/usr/bin/msmtp");
	assert_non_null(strstr(look(), "also installed: msmtp"));
	assert_int_equal(check_status(&here.k), 0);
}

static void
without_ours_nothing_works(void **state)
{
	char *ours = path("/opt/sendmail");

	(void)state;
	assert_int_equal(unlink(ours), 0);
	free(ours);
	(void)look();
	assert_int_equal(check_status(&here.k), 2);
}

static void
alternatives_keep_their_link(void **state)
{
	(void)state;
	make("/usr/sbin/postfix");
	link_to("/usr/sbin/postfix", "/etc/alternatives/mta");
	link_to("/etc/alternatives/mta", "/usr/sbin/sendmail");
	link_to("/opt/sendmail", "/usr/bin/sendmail");
	assert_non_null(
	    strstr(look(), "/usr/sbin/sendmail is not mailchute's"));
	assert_non_null(strstr(here.text,
	    "update-alternatives --install /usr/sbin/sendmail mta "));
	assert_non_null(strstr(here.text, "/usr/bin/sendmail is mailchute's"));
	assert_null(strstr(here.text, "ln -sf"));
}

/* ---- cron ---- */

static const char *
cron_with(const char *text)
{
	char *ours = path("/opt/sendmail"), *name = path("/etc/crontab");
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	rewind(here.k.out);
	memset(here.k.seen, 0, sizeof(here.k.seen));
	check_cron(&here.k, here.root, ours);
	fputc('\0', here.k.out);
	fflush(here.k.out);
	free(name);
	free(ours);
	return here.text;
}

static void
jobs_of_cron_find_ours(void **state)
{
	(void)state;
	link_to("/opt/sendmail", "/usr/sbin/sendmail");
	assert_non_null(strstr(cron_with("SHELL=/bin/sh\n"
					 "PATH=/usr/bin:/usr/sbin:/bin\n"
					 "17 * * * * root true\n"),
	    "ok      cron: jobs of /etc/crontab find mailchute's sendmail, as "
	    "/usr/sbin/sendmail\n"));
	assert_non_null(
	    strstr(cron_with("  PATH = \"/usr/sbin\" \n"), "ok      cron: "));
	assert_int_equal(check_status(&here.k), 0);
}

static void
or_none_or_another(void **state)
{
	static const char *const silent[] = { "", "# PATH=/usr/bin\n",
		"PATHS=/usr/bin\n", "PATH\n", "MAILTO=root\n" };
	size_t i;

	(void)state;
	link_to("/opt/sendmail", "/usr/sbin/sendmail");
	assert_non_null(strstr(cron_with("PATH=/usr/bin:/bin:usr/sbin\n"),
	    "warn    cron: jobs of /etc/crontab that call sendmail do not find "
	    "it by its PATH (/usr/bin:/bin:usr/sbin)"));
	make("/usr/bin/sendmail");
	assert_non_null(strstr(cron_with("PATH=/usr/bin:/usr/sbin\n"),
	    "warn    cron: jobs of /etc/crontab that call sendmail get "
	    "/usr/bin/sendmail, which is not mailchute's"));
	assert_int_equal(check_status(&here.k), 1);
	for (i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		assert_string_equal(cron_with(silent[i]), "");
}

/* ---- port 25 ---- */

/* A mailer that says that, in a child; its port. */
static unsigned
mailer(const char *says, pid_t *child)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(in);
	int one, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char got[64];

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	*child = fork();
	if (*child == 0) {
		one = accept(fd, NULL, NULL);
		(void)!write(one, says, strlen(says));
		(void)shutdown(one, SHUT_WR);
		while (read(one, got, sizeof(got)) > 0)
			;
		_exit(0);
	}
	close(fd);
	return ntohs(in.sin_port);
}

static void
whoever_takes_mail_is_named(void **state)
{
	unsigned port;
	pid_t child;
	int status;

	(void)state;
	port = mailer("220 web01 ESMTP \033Postfix\r\n250 x\r\n", &child);
	check_port(&here.k, port);
	fflush(here.k.out);
	assert_non_null(strstr(here.text, "another mailer runs there"));
	assert_non_null(strstr(here.text, "(220 web01 ESMTP "));
	assert_null(strchr(here.text, '\033'));
	assert_null(strstr(here.text, "250 x"));
	assert_int_equal(check_status(&here.k), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	/* Nobody listens there any more. */
	memset(here.k.seen, 0, sizeof(here.k.seen));
	check_port(&here.k, port);
	assert_int_equal(check_status(&here.k), 0);
}

static void
one_that_says_nothing_is_told_too(void **state)
{
	pid_t child;
	int status;

	(void)state;
	check_port(&here.k, mailer("", &child));
	fflush(here.k.out);
	assert_non_null(strstr(here.text, "(it says nothing)"));
	assert_int_equal(waitpid(child, &status, 0), child);
}

/* The worst that was seen decides; what may not be seen is worth least. */
static void
exit_statuses(void **state)
{
	static const struct {
		enum check_level level;
		int status;
	} cases[] = {
		{ CHECK_OK, 0 },
		{ CHECK_UNKNOWN, 3 },
		{ CHECK_OK, 3 },
		{ CHECK_WARN, 1 },
		{ CHECK_UNKNOWN, 1 },
		{ CHECK_FAIL, 2 },
		{ CHECK_WARN, 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_say(&here.k, cases[i].level, "x", NULL, "y");
		assert_int_equal(check_status(&here.k), cases[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_name_may_be_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(or_nobody_s, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    or_another_mailer_s, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    another_mailer_without_the_name_is_none_of_our_business,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_ours_nothing_works, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    alternatives_keep_their_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    jobs_of_cron_find_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    or_none_or_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    whoever_takes_mail_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    one_that_says_nothing_is_told_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    exit_statuses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
