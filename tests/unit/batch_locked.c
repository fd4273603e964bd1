/* SPDX-License-Identifier: ISC */
/*
 * Group commit when the store cannot: another program holds it, the disk is
 * full, or nobody knows what is on it.
 */
#include "config.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/xalloc.h"
#include "queue/ballast.h"
#include "queue/batch.h"
#include "queue/room.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/office.h"
#include "tests/unit/virtual.h"

#define SECOND 1000

static struct office office;
static sqlite3 *other; /* another program's */
static char told[256]; /* the names of pieces that were, in order */

static void
run_other(const char *sql)
{
	assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* What the store waits for does not come. */
static unsigned waits;

static int
wait_not(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	waits++;
	return us;
}

static int
set_up(void **state)
{
	char *path;

	(void)state;
	told[0] = '\0';
	waits = 0;
	faultfs_install();
	sqlite3_vfs_find(NULL)->xSleep = wait_not;
	virtual_begin(T0);
	office_open(&office, OFFICE_ADMIN OFFICE_ACCOUNT);
	path = xasprintf("%s/queue/queue.db", office.directory);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	free(path);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	faultfs_fail(FAULT_NONE, 0, false);
	sqlite3_close(other);
	office_close(&office);
	return 0;
}

static void
pass(int64_t ms)
{
	virtual_run(office.parts.base, virtual_ms() + ms);
}

/* ---- pieces of work ---- */

struct member {
	const char *name;
	bool fails;     /* by itself */
	unsigned finds; /* the disk full, so many times */
	void (*and_then)(void);
	struct member *joins; /* from its done */
	unsigned told;
	bool was_kept, is_lock; /* told of another program */
};

/* More than the cache holds, so that it is no COMMIT that finds no room. */
static int
spill(struct err *e)
{
	static char chunk[CHUNK_SIZE];
	struct store *s = office.parts.store;
	struct store_message m = { .sender = chunk, .account = chunk };
	size_t i;

	m.id = store_next_id(s, T0 * 1000LL);
	if (store_message_add(s, &m, e) == -1)
		return -1;
	for (i = 0; i < 40; i++)
		if (store_chunk_add(s, m.id, chunk, CHUNK_SIZE, e) == -1)
			return -1;
	return 0;
}

static int
work(void *arg, struct err *e)
{
	struct member *m = arg;
	char *last = NULL;
	int rc;

	if (m->finds > 0) {
		faultfs_fail(FAULT_ENOSPC, 1, m->finds > 1);
		rc = spill(e);
		faultfs_fail(FAULT_NONE, 0, false);
		m->finds--;
		if (rc == -1)
			return -1;
	}
	/* What is written last says in which order it was. */
	if (store_fact_get(office.parts.store, "last", &last, e) == -1)
		return -1;
	free(last);
	rc = store_fact_put(office.parts.store, "last", m->name, e);
	if (rc == 0 && m->fails)
		rc = err_set(e, ERR_TEMP, "4.3.0", "it may not be");
	return rc;
}

static void
done(void *arg, const struct err *failed)
{
	struct member *m = arg;

	m->told++;
	m->was_kept = failed == NULL;
	m->is_lock =
	    failed != NULL && strstr(failed->text, "another program") != NULL;
	strlcat(told, m->name, sizeof(told));
	if (m->and_then != NULL)
		m->and_then();
	if (m->joins != NULL)
		batch_join(office.parts.batch, 1, work, done, m->joins);
}

static void
join(struct member *m)
{
	told[0] = '\0';
	batch_join(office.parts.batch, 1, work, done, m);
}

static void
join_lasting(struct member *m)
{
	batch_join_lasting(office.parts.batch, work, done, m);
}

static bool
last_is(const char *name)
{
	char *value = NULL;
	bool is_it = store_fact_get(
			 office.parts.store, "last", &value, &office.e) == 1 &&
		     strcmp(value, name) == 0;

	free(value);
	return is_it;
}

static bool
has_ballast(void)
{
	char *path = xasprintf("%s/queue/ballast", office.directory);
	bool is_there = access(path, F_OK) == 0;

	free(path);
	return is_there;
}

/* ---- another program ---- */

static void
it_is_waited_for_in_order(void **state)
{
	struct member d = { .name = "d" };
	struct member a = { .name = "a", .joins = &d }, b = { .name = "b" },
		      c = { .name = "c" };

	(void)state;
	run_other("BEGIN IMMEDIATE");
	join(&a);
	join_lasting(&b);
	pass(3 * SECOND);
	batch_join(office.parts.batch, 1, work, done, &c);
	pass(3 * SECOND);
	assert_string_equal(told, "");
	/* The loop goes on: it is never the store that waits. */
	assert_int_equal(waits, 0);
	run_other("ROLLBACK");
	pass(SECOND);
	assert_string_equal(told, "abcd");
	assert_true(a.was_kept && b.was_kept && c.was_kept && d.was_kept);
	assert_true(last_is("d"));
	assert_true(has_ballast());
	assert_true(batch_is_empty(office.parts.batch));
}

/* Only what has somebody to tell it to has an end of its patience. */
static void
those_who_can_be_told_are_told(void **state)
{
	struct member again = { .name = "A" }, late = { .name = "l" };
	struct member a = { .name = "a", .joins = &again };
	struct member kept = { .name = "k" };

	(void)state;
	run_other("BEGIN IMMEDIATE");
	join(&a);
	join_lasting(&kept);
	pass(BATCH_PATIENCE_MS - 1000);
	assert_int_equal(a.told, 0);
	pass(2 * SECOND);
	assert_int_equal(a.told, 1);
	assert_true(a.is_lock && !a.was_kept);
	/* Another's patience begins with its own first wait. */
	assert_int_equal(again.told, 0);
	pass(100 * BATCH_PATIENCE_MS);
	assert_int_equal(again.told, 1);
	assert_true(again.is_lock);
	assert_int_equal(kept.told, 0);
	assert_int_equal(office_logged(&office, "event=queue-locked"), 1);
	assert_int_equal(office_logged(&office, "event=ballast"), 0);
	assert_true(has_ballast());
	run_other("ROLLBACK");
	pass(SECOND);
	assert_true(kept.told == 1 && kept.was_kept);
	assert_int_equal(office_logged(&office, "event=queue-unlocked"), 1);
	/* When none waits any more the next one is tried at once. */
	run_other("BEGIN IMMEDIATE");
	join(&a);
	a.joins = NULL;
	pass(2 * BATCH_PATIENCE_MS);
	run_other("ROLLBACK");
	join(&late);
	pass(0);
	assert_true(late.was_kept);
}

static void
who_comes_again_is_behind_those_who_wait(void **state)
{
	struct member again = { .name = "A" };
	struct member a = { .name = "a", .joins = &again };
	struct member kept = { .name = "k" };

	(void)state;
	run_other("BEGIN IMMEDIATE");
	join(&a);
	join_lasting(&kept);
	pass(BATCH_PATIENCE_MS + 1000);
	assert_string_equal(told, "a");
	run_other("ROLLBACK");
	pass(SECOND);
	assert_string_equal(told, "akA");
	assert_true(kept.was_kept && again.was_kept);
}

static void
lock_it(void)
{
	run_other("BEGIN IMMEDIATE");
}

/* It comes between two that are tried one by one: none passes another. */
static void
one_that_is_put_off_is_not_passed(void **state)
{
	struct member bad = { .name = "x", .fails = true, .and_then = lock_it };
	struct member b = { .name = "b" }, c = { .name = "c" };

	(void)state;
	join(&bad);
	join_lasting(&b);
	batch_join(office.parts.batch, 1, work, done, &c);
	pass(SECOND);
	assert_string_equal(told, "x");
	assert_false(bad.was_kept || bad.is_lock);
	run_other("ROLLBACK");
	pass(SECOND);
	assert_string_equal(told, "xbc");
	assert_true(b.was_kept && c.was_kept && last_is("c"));
}

/* The end of the process waits for no end of it. */
static void
the_end_leaves_nobody_untold(void **state)
{
	struct member a = { .name = "a" }, b = { .name = "b" };

	(void)state;
	run_other("BEGIN IMMEDIATE");
	join(&a);
	join_lasting(&b);
	pass(SECOND);
	batch_flush(office.parts.batch);
	assert_string_equal(told, "ab");
	assert_true(a.is_lock && b.is_lock);
	assert_true(batch_is_empty(office.parts.batch));
	run_other("ROLLBACK");
}

/* ---- the reserve ---- */

static void
a_full_disk_alone_takes_the_reserve(void **state)
{
	struct member a = { .name = "a" };
	struct member bad = { .name = "x", .fails = true };
	struct member full = { .name = "f", .finds = 1 };
	struct member fuller = { .name = "g", .finds = 3 };

	(void)state;
	join(&a);
	batch_join(office.parts.batch, 1, work, done, &bad);
	pass(0);
	assert_true(a.was_kept && !bad.was_kept);
	assert_true(has_ballast());
	assert_int_equal(office_logged(&office, "event=ballast"), 0);
	join(&full);
	pass(0);
	assert_true(full.told == 1 && full.was_kept);
	assert_false(has_ballast());
	assert_int_equal(office_logged(&office, "event=ballast"), 1);
	/* And nothing helps where there is none. */
	join(&fuller);
	pass(0);
	assert_true(fuller.told == 1 && !fuller.was_kept);
}

/* ---- nobody knows ---- */

/* How a process of its own ends that does that; 0: as if all were well. */
static int
end_of(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		set_up(NULL);
		what();
		_exit(told[0] == '\0' ? 0 : EX_SOFTWARE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
commit_in_vain(void)
{
	struct member a = { .name = "a" };

	join(&a);
	faultfs_fail(FAULT_EIO, 1, false);
	pass(0);
}

static void
fill_journal(void)
{
	fixture_add(office.parts.store,
	    (struct fixture_message){ .octets = 2 * 1024 * 1024 });
}

static void
checkpoint_in_vain(void)
{
	fill_journal();
	faultfs_fail(FAULT_EIO, 1, false);
	(void)store_checkpoint(office.parts.store, CHECKPOINT_PASSIVE, NULL);
}

/* Deep in the question whether there is room for a message. */
static void
look_for_room_in_vain(void)
{
	struct conf_queue q = office.conf->queue;
	struct err e;

	fill_journal();
	q.free_space_min = UINT64_MAX / 2;
	faultfs_fail(FAULT_EIO, 1, false);
	(void)room_check(&q, office.parts.store, 0, &e);
}

static void
nothing_in_vain(void)
{
	fill_journal();
	(void)store_checkpoint(office.parts.store, CHECKPOINT_PASSIVE, NULL);
}

static void
doubt_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(end_of(nothing_in_vain), 0);
	assert_int_equal(end_of(commit_in_vain), EX_IOERR);
	assert_int_equal(end_of(checkpoint_in_vain), EX_IOERR);
	assert_int_equal(end_of(look_for_room_in_vain), EX_IOERR);
}

#define in_office(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_office(it_is_waited_for_in_order),
		in_office(those_who_can_be_told_are_told),
		in_office(who_comes_again_is_behind_those_who_wait),
		in_office(one_that_is_put_off_is_not_passed),
		in_office(the_end_leaves_nobody_untold),
		in_office(a_full_disk_alone_takes_the_reserve),
		cmocka_unit_test(doubt_ends_the_process),
	};

	return cmocka_run_group_tests_name("batch_locked", tests, NULL, NULL);
}
