/* SPDX-License-Identifier: ISC */
/* A refresh token's file, and what a crash or a full disk leaves of it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "delivery/token_store.h"
static char folder[] = "/tmp/token-store-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static void
put(const char *name, const char *text, mode_t mode)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* The one file that is there, or "". */
static void
assert_files(const char *want)
{
	struct dirent *entry;
	DIR *d = opendir(folder);
	char found[1000] = "";

	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			strlcat(found, entry->d_name, sizeof(found));
	closedir(d);
	assert_string_equal(found, want);
}

static void
begin(struct token_store *s)
{
	struct err e;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(token_store_open(s, fd, "", &e), 0);
}

static int
read_it(const char *want)
{
	struct token_store s;
	struct buf b;
	struct err e;
	int64_t since = 0;
	int got;

	begin(&s);
	buf_init(&b, 64 * 1024);
	got = token_store_read(&s, &b, &since, &e);
	if (got == 1) {
		assert_string_equal(buf_data(&b), want);
		assert_true(since > 0);
	}
	buf_wipe(&b);
	token_store_close(&s);
	return got;
}

static void
there_is_none_at_first(void **state)
{
	(void)state;
	assert_int_equal(read_it(""), 0);
	assert_files("");
}

static void
another_takes_its_place(void **state)
{
	struct token_store s;
	struct stat st;
	struct buf b;
	struct err e;
	char path[300];

	(void)state;
	buf_init(&b, 100);
	buf_puts(&b, "1.first");
	begin(&s);
	assert_int_equal(token_store_write(&s, &b, &e), 0);
	token_store_close(&s);
	assert_int_equal(read_it("1.first"), 1);
	buf_clear(&b);
	buf_puts(&b, "1.second");
	begin(&s);
	assert_int_equal(token_store_write(&s, &b, &e), 0);
	token_store_close(&s);
	buf_clear(&b);
	assert_int_equal(read_it("1.second"), 1);
	assert_files("account");
	snprintf(path, sizeof(path), "%s/account", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 9);
}

static void
what_is_not_used_goes(void **state)
{
	struct token_store s;

	(void)state;
	put("account", "1.kept\n", 0600);
	begin(&s);
	token_store_close(&s);
	assert_files("account");
	put(".account.new", "half", 0600);
	assert_int_equal(read_it("1.kept"), 1);
	assert_files("account");
}

static void
others_must_not_see_it(void **state)
{
	(void)state;
	put("account", "1.kept\n", 0640);
	assert_int_equal(read_it(""), -1);
	put("account", "1.kept\n", 0604);
	assert_int_equal(read_it(""), -1);
}

static void
what_is_no_token_is_refused(void **state)
{
	char path[300], other[300];

	(void)state;
	put("account", "", 0600);
	assert_int_equal(read_it(""), -1);
	put("account", "a\001b\n", 0600);
	assert_int_equal(read_it(""), -1);
	snprintf(path, sizeof(path), "%s/account", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	put("other", "1.other\n", 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(read_it(""), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_it(""), -1);
	assert_int_equal(unlink(path), 0);
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_none_at_first),
		cmocka_unit_test(another_takes_its_place),
		cmocka_unit_test(what_is_not_used_goes),
		cmocka_unit_test(others_must_not_see_it),
		cmocka_unit_test(what_is_no_token_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
