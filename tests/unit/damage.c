/* SPDX-License-Identifier: ISC */
/*
 * A replacement that is cut off: by those who kill, by those who ask it to end,
 * and by the file itself; and that each is told of.
 */
#include "config.h"

#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/damage_note.h"
#include "tests/unit/queue_fixture.h"

#define MESSAGES 30
#define OCTETS   (256 * 1024)
#define MIB      (1024 * 1024)

/* A queue whose first page is gone, and the path of its file. */
static char *
harmed(char **directory)
{
	struct store *s;
	char *path;
	int fd, i;

	*directory = fixture_directory();
	s = fixture_open(*directory, NULL);
	for (i = 0; i < MESSAGES; i++)
		fixture_add(s, (struct fixture_message){ .octets = OCTETS });
	store_close(s);
	path = xasprintf("%s/queue.db", *directory);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, "no database at all", 18), 18);
	close(fd);
	return path;
}

/* Opens it as mailchuted does. */
static int
open_queue(const char *directory, struct store **s, struct store_opened *what)
{
	const struct store_place place = { .directory = directory,
		.mode = STORE_REPLACE,
		.now = T0,
		.uncertain_due = T0 };
	struct err e;
	int rc;

	if ((rc = store_open(&place, s, what, &e)) == -1)
		print_message("# %s\n", e.text);
	return rc;
}

/* Does that in a process that must not write files of more octets. */
static int
start(const char *directory, rlim_t most)
{
	struct rlimit limit = { most, most };
	struct store_opened what;
	struct store *s;
	pid_t pid;
	int status;

	if ((pid = fork()) == 0) {
		if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
			_exit(9);
		_exit(open_queue(directory, &s, &what) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static size_t
count(const char *path, const char *end)
{
	char *pattern = xasprintf("%s%s", path, end);
	glob_t g;
	size_t n;

	n = glob(pattern, 0, NULL, &g) == 0 ? g.gl_pathc : 0;
	globfree(&g);
	free(pattern);
	return n;
}

static void
killed_anywhere_it_is_done_by_the_next(void **state)
{
	char *directory, *path = harmed(&directory);
	struct store_opened what;
	struct store *s;
	rlim_t most;

	(void)state;
	/* The copy that is read is of some 8 MiB, and so is the new file. */
	for (most = 1; most <= 5; most++) {
		assert_int_equal(start(directory, most * MIB), SIGXFSZ);
		assert_int_equal(count(path, ".damaged-*"), 0);
	}
	assert_int_equal(open_queue(directory, &s, &what), 0);
	assert_true(what.replaced && !what.by_hand);
	assert_int_equal(what.saved, MESSAGES);
	assert_int_equal(what.lost, 0);
	assert_int_equal(access(what.aside, F_OK), 0);
	assert_int_equal(count(path, ".tries"), 0);
	assert_int_equal(count(path, ".part*"), 0);
	store_close(s);
	free(path);
	fixture_remove(directory);
}

/* What ends two starts at the same place would end all others. */
static void
what_the_file_ends_is_left_to_people(void **state)
{
	char *directory, *path = harmed(&directory);
	struct store_opened what;
	struct store *s;

	(void)state;
	assert_int_equal(start(directory, 2 * MIB), SIGXFSZ);
	assert_int_equal(start(directory, 2 * MIB), SIGXFSZ);
	assert_int_equal(open_queue(directory, &s, &what), 0);
	assert_true(what.replaced && what.by_hand);
	assert_int_equal(what.saved, 0);
	assert_int_equal(access(what.aside, F_OK), 0);
	store_close(s);
	free(path);
	fixture_remove(directory);
}

static void
tries_count_by_where_they_ended(void **state)
{
	static const struct {
		unsigned steps[11];
		size_t n;
		bool spent;
	} cases[] = {
		{ { 0 }, 0, false },
		{ { 5 }, 1, false },
		{ { 5, 6 }, 2, false },
		{ { 5, 5 }, 2, true },
		{ { 0, 0 }, 2, true },
		{ { 5, 5, 6 }, 3, false },
		{ { 5, 6, 5 }, 3, false },
		{ { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 9, false },
		{ { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 10, true },
	};
	char *directory = fixture_directory();
	char *path = xasprintf("%s/queue.db", directory);
	struct damage_try t;
	unsigned steps;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (j = 0; j < cases[i].n; j++) {
			assert_int_equal(damage_try_begin(&t, path), 0);
			for (steps = cases[i].steps[j]; steps > 0; steps--)
				damage_try_step(&t, false);
			close(t.fd); /* as if the process had gone */
		}
		if (damage_tries_spent(path) != cases[i].spent)
			fail_msg("case %zu", i);
		assert_int_equal(damage_try_begin(&t, path), 0);
		damage_try_end(&t, path);
		assert_false(damage_tries_spent(path));
	}
	/* When all is read, what comes is not the file's doing. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(damage_try_begin(&t, path), 0);
		damage_try_step(&t, false);
		damage_try_step(&t, true);
		close(t.fd);
		assert_false(damage_tries_spent(path));
	}
	free(path);
	fixture_remove(directory);
}

/* Waits until a file of that name has been made. */
static void
await_file(int watch, const char *name)
{
	_Alignas(struct inotify_event) char events[4096];
	const struct inotify_event *ev;
	ssize_t n, at;

	for (;;) {
		n = read(watch, events, sizeof(events));
		assert_true(n > 0);
		for (at = 0; at < n; at += (ssize_t)(sizeof(*ev) + ev->len)) {
			ev = (const struct inotify_event *)(events + at);
			if (ev->len > 0 && strcmp(ev->name, name) == 0)
				return;
		}
	}
}

static void
asked_to_end_it_ends_when_it_is_done(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	char *directory, *path;
	struct store_opened what;
	struct store *s;
	int status, watch;
	size_t i;
	pid_t pid;

	(void)state;
	for (i = 0; i < 3; i++) {
		path = harmed(&directory);
		watch = inotify_init1(IN_CLOEXEC);
		assert_true(
		    inotify_add_watch(watch, directory, IN_CREATE) != -1);
		if ((pid = fork()) == 0) {
			/* Whoever runs the tests may have it ignored. */
			(void)signal(signals[i], SIG_DFL);
			(void)open_queue(directory, &s, &what);
			for (;;)
				pause(); /* it may be done before it is asked */
		}
		await_file(watch, "queue.db.part");
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		/* And what it did is told by the next. */
		assert_int_equal(count(path, ".damaged-*Z"), 1);
		assert_int_equal(open_queue(directory, &s, &what), 0);
		assert_true(what.replaced && !what.by_hand);
		assert_int_equal(what.saved, MESSAGES);
		assert_int_equal(count(path, ".damaged-*Z"), 1);
		store_close(s);
		close(watch);
		free(path);
		fixture_remove(directory);
	}
}

/* Until it is said to be known; or the file of which it tells has gone. */
static void
each_start_tells_it_until_it_is_told(void **state)
{
	char *directory, *path = harmed(&directory), *moved;
	char aside[STORE_ASIDE_MAX];
	struct store_opened what;
	struct store *s;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(open_queue(directory, &s, &what), 0);
		assert_true(what.replaced && !what.by_hand);
		assert_int_equal(what.saved, MESSAGES);
		assert_int_equal(access(what.aside, F_OK), 0);
		strlcpy(aside, what.aside, sizeof(aside));
		if (i == 2)
			store_replaced_told(s);
		store_close(s);
	}
	assert_int_equal(open_queue(directory, &s, &what), 0);
	assert_false(what.replaced);
	store_close(s);
	assert_int_equal(count(path, ".untold"), 0);

	assert_int_equal(
	    damage_untold_put(path,
		&(struct damage_report){ .salvage = { 7, 2 }, .aside = aside },
		&(struct err){ 0 }),
	    0);
	assert_int_equal(open_queue(directory, &s, &what), 0);
	assert_true(what.replaced);
	assert_int_equal(what.saved, 7);
	assert_int_equal(what.lost, 2);
	store_close(s);
	moved = xasprintf("%s/away", directory);
	assert_int_equal(rename(aside, moved), 0);
	assert_int_equal(open_queue(directory, &s, &what), 0);
	assert_false(what.replaced);
	assert_int_equal(count(path, ".untold"), 0);
	store_close(s);
	free(moved);
	free(path);
	fixture_remove(directory);
}

/* Cut off between two of its renames, it is told with the same name. */
static void
a_swap_that_was_cut_off_is_told(void **state)
{
	char *directory = fixture_directory();
	char *path = xasprintf("%s/queue.db", directory);
	char *fresh = xasprintf("%s.new", path);
	char *aside = xasprintf("%s.damaged-20260101T000000Z", path);
	struct damage_report r = { .salvage = { 1, 0 }, .aside = aside };
	struct store_opened what;
	struct store *s;
	struct err e;

	(void)state;
	s = fixture_open(directory, NULL);
	fixture_add(s, (struct fixture_message){ .uid = 1 });
	store_close(s);
	assert_int_equal(rename(path, fresh), 0);
	assert_int_equal(close(open(aside, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(damage_untold_put(path, &r, &e), 0);
	assert_int_equal(open_queue(directory, &s, &what), 0);
	assert_true(what.replaced);
	assert_string_equal(what.aside, aside);
	assert_int_equal(what.saved, 1);
	store_close(s);
	free(aside);
	free(fresh);
	free(path);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_anywhere_it_is_done_by_the_next),
		cmocka_unit_test(what_the_file_ends_is_left_to_people),
		cmocka_unit_test(tries_count_by_where_they_ended),
		cmocka_unit_test(asked_to_end_it_ends_when_it_is_done),
		cmocka_unit_test(each_start_tells_it_until_it_is_told),
		cmocka_unit_test(a_swap_that_was_cut_off_is_told),
	};

	log_open("test", LOG_TO_STDERR, NULL, LOG_CRIT);
	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
