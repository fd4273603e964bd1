/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/resource.h>
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

#include "common/xalloc.h"
#include "delivery/trust.h"

static char root[256];

/* The path of name below the test's folder, in one of two buffers. */
static const char *
at(const char *name)
{
	static char path[2][512];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", root, name);
	return path[turn];
}

static int
make_file(const char *name)
{
	int fd = open(at(name), O_WRONLY | O_CREAT, 0600);

	return fd == -1 ? -1 : close(fd);
}

/*
 *	hashed/  11111111.0 -> one.pem -> ../store/one.crt
 *	         22222222.0 a file, 33333333.0 dangling, note.txt
 *	bundle
 */
static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(root, sizeof(root), "%s/mailchute-trust-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(root) == NULL || mkdir(at("hashed"), 0700) == -1 ||
	    mkdir(at("store"), 0700) == -1 || mkdir(at("empty"), 0700) == -1)
		return -1;
	if (make_file("store/one.crt") == -1 ||
	    make_file("hashed/22222222.0") == -1 ||
	    make_file("hashed/note.txt") == -1 || make_file("bundle") == -1)
		return -1;
	if (symlink("../store/one.crt", at("hashed/one.pem")) == -1 ||
	    symlink("one.pem", at("hashed/11111111.0")) == -1 ||
	    symlink("nowhere", at("hashed/33333333.0")) == -1)
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = { "store/one.crt",
		"hashed/22222222.0", "hashed/note.txt", "hashed/one.pem",
		"hashed/11111111.0", "hashed/33333333.0", "bundle" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(at(files[i]));
	rmdir(at("hashed"));
	rmdir(at("store"));
	rmdir(at("empty"));
	return rmdir(root);
}

static void
the_accounts_own_file_comes_first(void **state)
{
	struct trust t;
	struct err e;

	(void)state;
	assert_int_equal(trust_find(&t, at("store/one.crt"), true, at("hashed"),
			     "/no/bundle", &e),
	    0);
	assert_string_equal(t.file, at("store/one.crt"));
	assert_null(t.folder);
	assert_int_equal(t.places.n, 0);
	trust_clear(&t);
}

static void
a_hashed_folder_with_where_its_links_end(void **state)
{
	struct trust t;
	struct err e;

	(void)state;
	assert_int_equal(
	    trust_find(&t, NULL, true, at("hashed"), at("bundle"), &e), 0);
	assert_null(t.file);
	assert_string_equal(t.folder, at("hashed"));
	assert_int_equal(t.places.n, 2);
	assert_true(strlist_has(&t.places, at("hashed")));
	assert_true(strlist_has(&t.places, at("store")));
	trust_clear(&t);
}

static void
the_bundle_where_no_folder_serves(void **state)
{
	static const struct {
		bool keeps_paths;
		const char *folder;
	} cases[] = { { false, "hashed" }, { true, "empty" },
		{ true, "missing" } };
	char folder[512];
	struct trust t;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strlcpy(folder, at(cases[i].folder), sizeof(folder));
		assert_int_equal(trust_find(&t, NULL, cases[i].keeps_paths,
				     folder, at("bundle"), &e),
		    0);
		assert_string_equal(t.file, at("bundle"));
		assert_null(t.folder);
		trust_clear(&t);
	}
}

static void
nothing_to_trust_is_an_error(void **state)
{
	struct trust t;
	struct err e;

	(void)state;
	assert_int_equal(
	    trust_find(&t, at("missing"), true, at("hashed"), "", &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_int_equal(
	    trust_find(&t, NULL, true, at("empty"), at("missing"), &e), -1);
	assert_non_null(strstr(e.text, "ca-certificates"));
}

static void
what_cannot_be_read_says_whether_that_may_pass(void **state)
{
	struct rlimit before, none = { 0, 0 };
	struct trust t = { .file = NULL };
	struct err e;

	(void)state;
	t.file = xstrdup(at("bundle"));
	assert_int_equal(trust_read(&t, &e), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(trust_read(&t, &e), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, "Too many open files"));
	trust_clear(&t);
	t.file = xstrdup(at("empty"));
	assert_int_equal(trust_read(&t, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	trust_clear(&t);
	t.file = xstrdup(at("missing"));
	assert_int_equal(trust_read(&t, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	trust_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_accounts_own_file_comes_first),
		cmocka_unit_test(a_hashed_folder_with_where_its_links_end),
		cmocka_unit_test(the_bundle_where_no_folder_serves),
		cmocka_unit_test(nothing_to_trust_is_an_error),
		cmocka_unit_test(
		    what_cannot_be_read_says_whether_that_may_pass),
	};

	return cmocka_run_group_tests_name("trust", tests, set_up, tear_down);
}
