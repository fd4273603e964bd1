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
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/folders.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *directory;
	struct conf conf;
	struct folders folders;
	int log; /* where what is logged can be read */
} here;

static char *
make(const char *name)
{
	char *path = xasprintf("%s/%s", here.directory, name);

	assert_int_equal(mkdir(path, 0700), 0);
	return path;
}

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	here.directory = fixture_directory();
	here.conf.queue.directory = make("lib");
	here.conf.queue.socket_directory = make("run");
	here.conf.queue.drop_directory = make("drop");
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	here.log = fd[0];
	log_open_fd("test", fd[1], LOG_DEBUG);
	folders_note(&here.folders, &here.conf);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rmdir(here.conf.queue.directory);
	rmdir(here.conf.queue.socket_directory);
	rmdir(here.conf.queue.drop_directory);
	close(log_fd());
	close(here.log);
	log_open_fd("test", STDERR_FILENO, LOG_DEBUG);
	free(here.conf.queue.directory);
	free(here.conf.queue.socket_directory);
	free(here.conf.queue.drop_directory);
	fixture_remove(here.directory);
	return 0;
}

/* Looks, and compares the lines of the log that hold a word. */
static void
look(bool are_same, int lines, const char *word)
{
	char text[4096], *p = text;
	ssize_t n;
	int found = 0;

	assert_int_equal(folders_look(&here.folders), are_same);
	n = read(here.log, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	while ((p = strstr(p, word)) != NULL) {
		p += strlen(word);
		found++;
	}
	if (found != lines)
		fail_msg("%d times \"%s\" in: %s", found, word, text);
}

static void
what_stays_is_not_told(void **state)
{
	(void)state;
	look(true, 0, "event");
	look(true, 0, "event");
}

static void
what_is_gone_and_comes_back_is_told_once(void **state)
{
	char *aside = xasprintf("%s/aside", here.directory);
	const char *path = here.conf.queue.drop_directory;

	(void)state;
	assert_int_equal(rename(path, aside), 0);
	look(true, 1, "No such file or directory");
	look(true, 0, "event");
	assert_int_equal(rename(aside, path), 0);
	look(true, 1, "it is back");
	look(true, 0, "event");
	assert_int_equal(rename(path, aside), 0);
	look(true, 1, "queue.drop_directory");
	assert_int_equal(rename(aside, path), 0);
	free(aside);
}

static void
another_in_its_place_is_none_of_ours(void **state)
{
	char *aside = xasprintf("%s/aside", here.directory);
	char *const paths[] = { here.conf.queue.directory,
		here.conf.queue.socket_directory,
		here.conf.queue.drop_directory };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(rename(paths[i], aside), 0);
		assert_int_equal(mkdir(paths[i], 0700), 0);
		look(false, 1, "another folder");
		assert_int_equal(rmdir(paths[i]), 0);
		assert_int_equal(rename(aside, paths[i]), 0);
		look(true, 0, "event");
	}
	free(aside);
}

/* What the drop folder's user has told at the start is not told again. */
static void
one_that_was_never_there(void **state)
{
	const char *path = here.conf.queue.drop_directory;

	(void)state;
	assert_int_equal(rmdir(path), 0);
	folders_note(&here.folders, &here.conf);
	look(true, 0, "event");
	assert_int_equal(mkdir(path, 0700), 0);
	look(false, 1, "another folder");
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(what_stays_is_not_told),
		in_folder(what_is_gone_and_comes_back_is_told_once),
		in_folder(another_in_its_place_is_none_of_ours),
		in_folder(one_that_was_never_there),
	};

	return cmocka_run_group_tests_name("folders", tests, NULL, NULL);
}
