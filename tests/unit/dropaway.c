/* SPDX-License-Identifier: ISC */
/* Removing and putting aside what a name no longer need lead to. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/dropaway.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *path;
	int dir;
	struct err e;
	char to[NAME_MAX + 1];
} folder;

static int
set_up(void **state)
{
	(void)state;
	folder.path = fixture_directory();
	folder.dir = open(folder.path, O_RDONLY | O_DIRECTORY);
	return folder.dir == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(folder.dir);
	fixture_remove(folder.path);
	return 0;
}

static struct dropfile_id
make(const char *name)
{
	int fd = openat(folder.dir, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
	struct stat st;

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, name, strlen(name)), strlen(name));
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return (struct dropfile_id){ st.st_dev, st.st_ino };
}

static bool
is_there(const char *name)
{
	struct stat st;

	return fstatat(folder.dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Does the name lead to the file that was made by the other? */
static bool
holds(const char *name, const char *made_as)
{
	char text[NAME_MAX + 1] = "";
	int fd = openat(folder.dir, name, O_RDONLY);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd != -1)
		close(fd);
	return n != -1 && strcmp(text, made_as) == 0;
}

static void
the_file_goes_and_no_other(void **state)
{
	struct dropfile_id one = make("one"), two = make("two");

	(void)state;
	assert_int_equal(
	    dropaway_remove(folder.dir, "one", &one, &folder.e), 0);
	assert_false(is_there("one"));
	assert_int_equal(
	    dropaway_remove(folder.dir, "one", &one, &folder.e), 0);
	/* Its owner has put something else there. */
	assert_int_equal(renameat(folder.dir, "two", folder.dir, "kept"), 0);
	assert_int_equal(symlinkat("kept", folder.dir, "two"), 0);
	assert_int_equal(
	    dropaway_remove(folder.dir, "two", &two, &folder.e), 0);
	assert_true(is_there("two") && is_there("kept"));
	assert_int_equal(
	    dropaway_aside(folder.dir, "two", &two, folder.to, &folder.e), 0);
	assert_string_equal(folder.to, "");
	assert_true(is_there("two") && is_there("kept"));
	assert_int_equal(
	    dropaway_aside(folder.dir, "gone", &two, folder.to, &folder.e), 0);
	assert_string_equal(folder.to, "");
}

static void
nothing_aside_is_replaced(void **state)
{
	struct dropfile_id first = make("x"), second, third;
	char taken[NAME_MAX + 1];

	(void)state;
	assert_int_equal(
	    dropaway_aside(folder.dir, "x", &first, folder.to, &folder.e), 0);
	assert_string_equal(folder.to, "aside.x");
	assert_int_equal(renameat(folder.dir, "aside.x", folder.dir, "y"), 0);
	make("aside.x");
	second = make("x");
	assert_int_equal(
	    dropaway_aside(folder.dir, "x", &second, folder.to, &folder.e), 0);
	strlcpy(taken, folder.to, sizeof(taken));
	assert_string_not_equal(taken, "aside.x");
	assert_memory_equal(taken, "aside.x.", 8);
	assert_true(holds("aside.x", "aside.x") && holds(taken, "x"));
	third = make("x");
	assert_int_equal(
	    dropaway_aside(folder.dir, "x", &third, folder.to, &folder.e), 0);
	assert_string_not_equal(folder.to, taken);
	assert_true(holds(taken, "x") && holds(folder.to, "x"));
	/* Nor is a folder of that name. */
	assert_int_equal(mkdirat(folder.dir, "aside.z", 0700), 0);
	third = make("z");
	assert_int_equal(
	    dropaway_aside(folder.dir, "z", &third, folder.to, &folder.e), 0);
	assert_true(holds(folder.to, "z"));
	assert_int_equal(unlinkat(folder.dir, "aside.z", AT_REMOVEDIR), 0);
}

static void
the_longest_names_fit(void **state)
{
	char a[NAME_MAX + 1], b[NAME_MAX + 1], first[NAME_MAX + 1];
	struct dropfile_id id;
	size_t n;

	(void)state;
	for (n = NAME_MAX - 7; n <= NAME_MAX; n++) {
		memset(a, 'n', n);
		a[n] = '\0';
		id = make(a);
		assert_int_equal(
		    dropaway_aside(folder.dir, a, &id, folder.to, &folder.e),
		    0);
		assert_false(is_there(a));
		assert_true(holds(folder.to, a));
		assert_memory_equal(folder.to, "aside.nnn", 9);
	}
	/* Two that differ at their ends alone. */
	memset(a, 'm', NAME_MAX);
	a[NAME_MAX] = '\0';
	strlcpy(b, a, sizeof(b));
	b[NAME_MAX - 1] = 'x';
	id = make(a);
	assert_int_equal(
	    dropaway_aside(folder.dir, a, &id, folder.to, &folder.e), 0);
	strlcpy(first, folder.to, sizeof(first));
	id = make(b);
	assert_int_equal(
	    dropaway_aside(folder.dir, b, &id, folder.to, &folder.e), 0);
	assert_true(holds(first, a) && holds(folder.to, b));
}

/* A folder that was opened in vain, for a failure that anyone can have. */
static void
what_fails_is_told(void **state)
{
	struct dropfile_id id = make("x");

	(void)state;
	assert_int_equal(dropaway_remove(-1, "x", &id, &folder.e), -1);
	assert_true(folder.e.text[0] != '\0');
	assert_int_equal(
	    dropaway_aside(-1, "x", &id, folder.to, &folder.e), -1);
	assert_string_equal(folder.to, "");
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(the_file_goes_and_no_other),
		in_folder(nothing_aside_is_replaced),
		in_folder(the_longest_names_fit),
		in_folder(what_fails_is_told),
	};

	return cmocka_run_group_tests_name("dropaway", tests, NULL, NULL);
}
