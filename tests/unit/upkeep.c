/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/commit.h"
#include "queue/store.h"
#include "queue/upkeep.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/office.h"
#include "tests/unit/virtual.h"

#define HOUR ((int64_t)3600)
#define MIB  ((size_t)1024 * 1024)

static const uint8_t young[16] = { 1 }, old[16] = { 2 };

/* Ids of submissions of seven days, but for an hour, and of an hour more. */
static void
remember(struct office *o)
{
	int64_t week = clock_wall() - 7 * 24 * HOUR;

	fixture_begin(o->parts.store);
	assert_int_equal(store_submission_add(
			     o->parts.store, 7, young, 1, week + HOUR, &o->e),
	    0);
	assert_int_equal(
	    store_submission_add(o->parts.store, 7, old, 2, week - HOUR, &o->e),
	    0);
	fixture_commit(o->parts.store);
}

static int
knows(struct office *o, const uint8_t id[16])
{
	uint64_t message;

	return store_submission_find(o->parts.store, 7, id, &message, &o->e);
}

static void
submissions_are_known_for_a_week(void **state)
{
	struct upkeep *u;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	remember(&o);
	/* A drop file of last month may still lie there: nothing goes yet. */
	u = upkeep_new(&o.parts, 0);
	office_run(&o);
	assert_int_equal(knows(&o, young), 1);
	assert_int_equal(knows(&o, old), 1);
	upkeep_free(u);
	u = upkeep_new(&o.parts, 0);
	upkeep_replayed(u);
	office_run(&o);
	assert_int_equal(knows(&o, young), 1);
	assert_int_equal(knows(&o, old), 0);
	upkeep_free(u);
	office_close(&o);
}

/* ---- the journal ---- */

struct load {
	struct office *o;
	size_t octets;
	uint64_t size; /* of the journal after the commit */
};

static int
load_work(void *arg, struct err *e)
{
	struct load *l = arg;
	struct store *s = l->o->parts.store;
	struct store_message m = { .sender = (char[]){ "a@b" },
		.account = (char[]){ "" } };
	static char chunk[CHUNK_SIZE];
	size_t at;

	m.id = store_next_id(s, clock_wall_ms());
	if (store_message_add(s, &m, e) == -1)
		return -1;
	for (at = 0; at < l->octets; at += CHUNK_SIZE)
		if (store_chunk_add(s, m.id, chunk, CHUNK_SIZE, e) == -1)
			return -1;
	return 0;
}

static void
load_done(void *arg, const struct err *failed)
{
	struct load *l = arg;

	assert_null(failed);
	l->size = store_journal_size(l->o->parts.store);
}

static int64_t
journal_file(const struct office *o)
{
	char *path = xasprintf("%s/queue/queue.db-wal", o->directory);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_size;
}

static void
the_journal_is_moved_when_nothing_else_waits(void **state)
{
	struct load small = { .octets = MIB }, large = { .octets = 5 * MIB };
	struct upkeep *u;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	u = upkeep_new(&o.parts, 0);
	office_run(&o);
	small.o = large.o = &o;
	batch_join(o.parts.batch, 0, load_work, load_done, &small);
	office_run(&o);
	assert_true(small.size >= MIB);
	assert_true(store_journal_size(o.parts.store) >= small.size);
	batch_join(o.parts.batch, 0, load_work, load_done, &large);
	office_run(&o);
	assert_true(large.size >= 5 * MIB);
	assert_int_equal(store_journal_size(o.parts.store), 0);
	/* The file keeps its length, to be written over. */
	assert_true(journal_file(&o) >= (int64_t)(5 * MIB));
	upkeep_free(u);
	office_close(&o);
}

/* Beyond 64 MiB at once, though there be no idle moment, and cut off. */
static void
a_long_journal_is_cut_off(void **state)
{
	struct load l = { .octets = 65 * MIB };
	struct upkeep *u;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	u = upkeep_new(&o.parts, 0);
	office_run(&o);
	l.o = &o;
	batch_join(o.parts.batch, 0, load_work, load_done, &l);
	batch_flush(o.parts.batch);
	assert_true(l.size > 64 * MIB);
	assert_int_equal(journal_file(&o), 0);
	upkeep_free(u);
	office_close(&o);
}

/* An idle moment, and the disk fails. */
static void
move_in_vain(void)
{
	struct load l = { .octets = 5 * MIB };
	struct upkeep *u;
	struct office o;

	faultfs_install();
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	u = upkeep_new(&o.parts, 0);
	office_run(&o);
	l.o = &o;
	batch_join(o.parts.batch, 0, load_work, load_done, &l);
	batch_flush(o.parts.batch);
	faultfs_fail(FAULT_EIO, 1, false);
	office_run(&o);
	upkeep_free(u);
}

static void
a_journal_that_cannot_be_moved_ends_the_process(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		move_in_vain();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_IOERR);
}

/* ---- the watchdog ---- */

#define ALIVE_MS 30000

/* How often life was claimed within so long. */
static unsigned
lives(struct office *o, int parent, int64_t ms)
{
	struct ask_request r;
	unsigned n = 0;

	virtual_run(o->parts.base, virtual_ms() + ms);
	while (recv(parent, &r, sizeof(r), MSG_DONTWAIT) == sizeof(r))
		n += r.what == ASK_ALIVE;
	return n;
}

static void
life_is_that_mail_could_be_taken(void **state)
{
	struct upkeep *u;
	struct office o;
	sqlite3 *other;
	char *path;
	int parent;

	(void)state;
	faultfs_install();
	virtual_begin(T0);
	office_open_parented(&o, OFFICE_ADMIN OFFICE_ACCOUNT, &parent);
	u = upkeep_new(&o.parts, ALIVE_MS);
	assert_int_equal(lives(&o, parent, 2 * ALIVE_MS + 1000), 2);
	/* A new start would not end what another program does. */
	path = xasprintf("%s/queue/queue.db", o.directory);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(lives(&o, parent, 4 * ALIVE_MS), 3);
	sqlite3_close(other);
	/* The last question of then, and two of now. */
	assert_int_equal(lives(&o, parent, 2 * ALIVE_MS), 3);
	/* Reading goes on as before, and is not enough. */
	store_on_doubt(o.parts.store, NULL);
	fixture_add(o.parts.store, (struct fixture_message){ .octets = MIB });
	faultfs_fail(FAULT_EIO, 1, false);
	assert_int_equal(
	    store_checkpoint(o.parts.store, CHECKPOINT_PASSIVE, &o.e), -1);
	assert_int_equal(lives(&o, parent, 4 * ALIVE_MS), 0);
	assert_true(office_logged(&o, "event=watchdog") > 0);
	free(path);
	upkeep_free(u);
	close(parent);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(submissions_are_known_for_a_week),
		cmocka_unit_test(the_journal_is_moved_when_nothing_else_waits),
		cmocka_unit_test(a_long_journal_is_cut_off),
		cmocka_unit_test(
		    a_journal_that_cannot_be_moved_ends_the_process),
		cmocka_unit_test(life_is_that_mail_could_be_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
