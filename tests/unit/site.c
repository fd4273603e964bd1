/* SPDX-License-Identifier: ISC */
/* The places of a host, and how far the file of -C is believed. */
#include "config.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/site.h"

static const char good[] = "[queue]\n"
			   "socket_directory = /x/run\n"
			   "drop_directory = /x/drop\n"
			   "user = somebody\n";

/* A file of this content and mode. */
static void
write_conf(char path[32], const char *text, mode_t mode)
{
	int fd;

	strlcpy(path, "/tmp/site-test-XXXXXX", 32);
	fd = mkstemp(path);
	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
places(void **state)
{
	struct ctl_place control;
	struct route to;
	struct site s;
	char path[32];

	(void)state;
	write_conf(path, good, 0644);
	site_open(&s, path);
	unlink(path);
	assert_int_equal(s.remarks.n, 0);
	to = site_route(&s);
	assert_string_equal(to.socket_path, "/x/run/submit");
	assert_string_equal(to.drop.folder, "/x/drop");
	assert_string_equal(to.drop.user, "somebody");
	assert_true(to.drop.is_foreign);
	control = site_control(&s, CTL_START_ONCE);
	assert_string_equal(control.directory, "/x/run");
	assert_string_equal(control.conf_path, path);
	assert_true(control.is_fenced);
	site_close(&s);
}

/* One that others may write starts nothing and makes nothing. */
static void
trust(void **state)
{
	static const struct {
		mode_t mode;
		bool is_trusted;
	} rows[] = { { 0644, true }, { 0600, true }, { 0664, false },
		{ 0646, false } };
	struct site s;
	char path[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_conf(path, good, rows[i].mode);
		site_open(&s, path);
		unlink(path);
		assert_int_equal(s.is_trusted, rows[i].is_trusted);
		assert_int_equal(site_control(&s, CTL_START_ONCE).start,
		    rows[i].is_trusted ? CTL_START_ONCE : CTL_START_NOTHING);
		assert_int_equal(site_route(&s).drop.may_make,
		    rows[i].is_trusted && getuid() == 0);
		site_close(&s);
	}
}

static void
the_host_s_own(void **state)
{
	struct site s;

	(void)state;
	site_open(&s, NULL);
	assert_true(s.is_trusted);
	assert_false(site_route(&s).drop.is_foreign);
	assert_false(site_control(&s, CTL_START_ANSWER).is_fenced);
	site_close(&s);
}

/* Mistakes lose no mail: what can be read counts, and all of them are told. */
static void
mistakes(void **state)
{
	struct site s;
	char path[32];

	(void)state;
	write_conf(path,
	    "[queue]\nno_such = 1\nsocket_directory = /x/run\n"
	    "message_size_max = much\n",
	    0644);
	site_open(&s, path);
	unlink(path);
	assert_int_equal(s.remarks.n, 2);
	assert_non_null(strstr(s.remarks.v[0], "no_such"));
	assert_non_null(strstr(s.remarks.v[1], "the default is used"));
	assert_string_equal(s.submit_path, "/x/run/submit");
	site_close(&s);
	site_open(&s, path); /* it is gone */
	assert_false(s.is_trusted);
	site_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(trust),
		cmocka_unit_test(the_host_s_own),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
