/* SPDX-License-Identifier: ISC */
/* Opening, closing, and transactions. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

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
#include <sqlite3.h>

#include "common/xalloc.h"
#include "tests/unit/queue_fixture.h"

static char *
path_in(const char *directory, const char *name)
{
	return xasprintf("%s/%s", directory, name);
}

static mode_t
mode_of(const char *directory, const char *name)
{
	char *path = path_in(directory, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_mode & 07777;
}

static void
put_file(const char *directory, const char *name, const void *p, size_t n)
{
	char *path = path_in(directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	close(fd);
	free(path);
}

/* store_open fails, for a reason that is told. */
static void
assert_refused(const char *directory, enum store_mode mode,
    enum err_class class, const char *text)
{
	struct store_opened what;
	struct store *s;
	struct err e;

	err_clear(&e);
	if (store_open(&(struct store_place){ directory, mode, T0, T0 }, &s,
		&what, &e) == 0)
		fail_msg("opened, and should say: %s", text);
	if (e.class != class || strstr(e.text, text) == NULL)
		fail_msg("class %d, text: %s", (int)e.class, e.text);
}

static void
new_queue_is_made_and_found_again(void **state)
{
	char *directory = fixture_directory();
	struct store_opened what;
	struct store *s;

	(void)state;
	s = fixture_open(directory, &what);
	assert_true(what.created);
	assert_int_equal(what.migrated_from, 0);
	store_close(s);
	s = fixture_open(directory, &what);
	assert_false(what.created);
	assert_int_equal(what.migrated_from, 0);
	assert_false(what.checked);
	store_close(s);
	store_close(NULL);
	fixture_remove(directory);
}

/* A start that was cut off right after the file was made. */
static void
empty_file_becomes_a_queue(void **state)
{
	char *directory = fixture_directory();
	struct store_opened what;

	(void)state;
	put_file(directory, "queue.db", "", 0);
	store_close(fixture_open(directory, &what));
	assert_false(what.created);
	store_close(fixture_open(directory, &what));
	fixture_remove(directory);
}

static void
modes_follow_the_directory(void **state)
{
	static const struct {
		mode_t directory, file;
	} cases[] = {
		{ 0700, 0600 },
		{ 02750, 0640 },
		{ 02710, 0600 },
		{ 0755, 0600 },
		{ 02770, 0640 },
		{ 0700, 0600 },
	};
	char *directory = fixture_directory();
	mode_t mask = umask(0);
	struct store *s;
	size_t i;

	(void)state;
	/* The file is made once; the group's right comes and goes. */
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		umask(i % 2 == 0 ? 0 : 077);
		assert_int_equal(chmod(directory, cases[i].directory), 0);
		s = fixture_open(directory, NULL);
		fixture_add(s, (struct fixture_message){ .uid = 1 });
		assert_int_equal(mode_of(directory, "queue.db"), cases[i].file);
		if (i == 0) {
			assert_int_equal(
			    mode_of(directory, "queue.db-wal"), 0600);
			assert_int_equal(
			    mode_of(directory, "queue.db-shm"), 0600);
		}
		store_close(s);
	}
	umask(mask);
	fixture_remove(directory);
}

static void
things_that_are_no_queue_are_refused(void **state)
{
	static char junk[9000];
	char *directory = fixture_directory();
	char *path = path_in(directory, "queue.db");

	(void)state;
	assert_refused(
	    "/nonexistent/queue", STORE_WRITE, ERR_LOCAL, "queue.directory");
	assert_refused("/dev/null", STORE_WRITE, ERR_LOCAL, "directory");
	assert_refused(directory, STORE_READ, ERR_TEMP, "No such file");

	memset(junk, 'x', sizeof(junk));
	put_file(directory, "queue.db", junk, sizeof(junk));
	assert_refused(directory, STORE_WRITE, ERR_LOCAL, "not a database");
	assert_refused(directory, STORE_READ, ERR_LOCAL, "not a database");
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(directory, STORE_WRITE, ERR_LOCAL, "plain file");
	assert_int_equal(rmdir(path), 0);

	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_refused(directory, STORE_WRITE, ERR_LOCAL, "plain file");
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(directory, STORE_WRITE, ERR_LOCAL, "plain file");
	assert_int_equal(unlink(path), 0);

	free(path);
	fixture_remove(directory);
}

static void
foreign_and_newer_files_are_refused(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{ "CREATE TABLE t (x)", "another program" },
		{ "PRAGMA user_version = 1", "another program" },
		{ "PRAGMA application_id = 1", "another program" },
		{ "PRAGMA application_id = 0x4d636875", "another program" },
		{ "PRAGMA application_id = 0x4d636875;"
		  "PRAGMA user_version = 4",
		    "newer mailchute" },
		{ "PRAGMA application_id = 0x4d636875;"
		  "PRAGMA user_version = 3",
		    "no such table" },
	};
	char *directory, *path;
	struct stat before, after;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		directory = fixture_directory();
		fixture_tamper(directory, cases[i].sql);
		path = path_in(directory, "queue.db");
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(stat(path, &before), 0);
		assert_refused(
		    directory, STORE_WRITE, ERR_LOCAL, cases[i].says);
		/* It is left as it was, but for what is ours by its name. */
		assert_int_equal(stat(path, &after), 0);
		if (i < 5)
			assert_memory_equal(&before.st_mtim, &after.st_mtim,
			    sizeof(before.st_mtim));
		free(path);
		fixture_remove(directory);
	}
}

/* In a child, since only root can show what others may not. */
static void
as_nobody(const char *directory, const char *text)
{
	struct store_opened what;
	struct store *s;
	struct err e;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (setgid(65534) == -1 || setuid(65534) == -1)
			_exit(2);
		if (store_open(
			&(struct store_place){ directory, STORE_WRITE, T0, T0 },
			&s, &what, &e) == 0 ||
		    e.class != ERR_LOCAL || strstr(e.text, text) == NULL)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
queue_of_somebody_else_is_refused(void **state)
{
	char *directory;

	(void)state;
	if (geteuid() != 0)
		skip();
	directory = fixture_directory();
	assert_int_equal(chmod(directory, 0755), 0);
	as_nobody(directory, "not writable by user id 65534");
	store_close(fixture_open(directory, NULL));
	assert_int_equal(chmod(directory, 0777), 0);
	as_nobody(directory, "belongs to user id 0");
	fixture_remove(directory);
}

static void
transactions_do_not_nest_and_do_not_dangle(void **state)
{
	struct world *w = *state;
	char *value;

	assert_int_equal(store_commit(w->s, &w->e), -1);
	assert_int_equal(w->e.class, ERR_LOCAL);
	assert_int_equal(store_fact_put(w->s, "a", "1", &w->e), -1);
	assert_int_equal(w->e.class, ERR_LOCAL);
	fixture_begin(w->s);
	assert_int_equal(store_begin(w->s, &w->e), -1);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_PASSIVE, &w->e), -1);
	assert_int_equal(store_fact_put(w->s, "a", "1", &w->e), 0);
	store_rollback(w->s);
	store_rollback(w->s);
	assert_int_equal(store_fact_get(w->s, "a", &value, &w->e), 0);
	/* One that is open at the end is rolled back. */
	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "a", "1", &w->e), 0);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_fact_get(w->s, "a", &value, &w->e), 0);
}

/* A change that failed takes the whole transaction with it. */
static void
spoilt_transaction_cannot_be_committed(void **state)
{
	struct world *w = *state;
	char *value;

	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "a", "1", &w->e), 0);
	assert_int_equal(store_message_delete(w->s, 12345, &w->e), -1);
	assert_int_equal(store_fact_put(w->s, "b", "1", &w->e), -1);
	assert_non_null(strstr(w->e.text, "after another one failed"));
	assert_int_equal(store_commit(w->s, &w->e), -1);
	assert_int_equal(store_fact_get(w->s, "a", &value, &w->e), 0);
	/* So does one that SQLite refuses. */
	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "a", NULL, &w->e), -1);
	assert_int_equal(store_fact_put(w->s, "a", "1", &w->e), -1);
	assert_int_equal(store_commit(w->s, &w->e), -1);
	assert_int_equal(store_fact_get(w->s, "a", &value, &w->e), 0);
	/* It is known not to have happened: work goes on. */
	fixture_begin(w->s);
	assert_int_equal(store_fact_put(w->s, "a", "2", &w->e), 0);
	fixture_commit(w->s);
}

static void
journal_is_emptied(void **state)
{
	struct world *w = *state;
	char *path = path_in(w->directory, "queue.db-wal");
	struct stat st;

	fixture_add(w->s, (struct fixture_message){ .octets = 300000 });
	assert_true(store_journal_size(w->s) > 300000);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_PASSIVE, &w->e), 0);
	assert_int_equal(store_journal_size(w->s), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 300000);
	assert_int_equal(store_checkpoint(w->s, CHECKPOINT_TRUNCATE, &w->e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	fixture_add(w->s, (struct fixture_message){ .octets = 10 });
	assert_true(store_journal_size(w->s) > 0);
	store_close(w->s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	w->s = fixture_open(w->directory, NULL);
	free(path);
}

static void
ids_only_grow(void **state)
{
	struct world *w = *state;
	uint64_t id, last = 0;
	int i;

	for (i = 0; i < 5; i++) {
		id = store_next_id(w->s, (int64_t)T0 * 1000 + i / 3);
		assert_true(id > last);
		last = id;
	}
	/* The clock is set back, and we stop. */
	assert_int_equal(store_next_id(w->s, 1), last + 1);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_next_id(w->s, 1), last + 2);
	assert_int_equal(store_next_id(w->s, -5), last + 3);
	assert_int_equal(
	    store_next_id(w->s, (int64_t)(last + 1000)), last + 1000);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_queue_is_made_and_found_again),
		cmocka_unit_test(empty_file_becomes_a_queue),
		cmocka_unit_test(modes_follow_the_directory),
		cmocka_unit_test(things_that_are_no_queue_are_refused),
		cmocka_unit_test(foreign_and_newer_files_are_refused),
		cmocka_unit_test(queue_of_somebody_else_is_refused),
		CASE(transactions_do_not_nest_and_do_not_dangle),
		CASE(spoilt_transaction_cannot_be_committed),
		CASE(journal_is_emptied),
		CASE(ids_only_grow),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
