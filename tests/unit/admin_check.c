/* SPDX-License-Identifier: ISC */
/* The doctor's lines, and whose the name sendmail is. */
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
		"/usr/lib", "/opt" };
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
		"/usr/sbin", "/usr/bin", "/usr/lib", "/usr", "/opt", "" };
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
		    exit_statuses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
