/* SPDX-License-Identifier: ISC */
/* What metrics are told, and to whom. */
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

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "queue/figures.h"
#include "tests/unit/control_rig.h"

/* Opens the office anew with two accounts. */
static void
reopen_two(void)
{
	office_close(&rig.o);
	office_open(&rig.o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "[account shop]\nprovider = smtp\nhost = 127.0.0.1\ntls = none\n");
	dispatch_stop(rig.o.parts.dispatch);
}

static void
depths_are_of_the_whole_and_of_each(void **state)
{
	uint64_t held;

	(void)state;
	reopen_two();
	post(1000, "a@example.com");
	office_post(&rig.o,
	    (struct office_mail){ .account = "shop", .to = { "b@e.example" } });
	held = office_post(&rig.o,
	    (struct office_mail){ .account = "shop", .to = { "c@e.example" } });
	ask_verb(geteuid(), CTL_HOLD, held, 0);
	ask_verb(geteuid(), CTL_METRICS, 0, 0);
	assert_int_equal(rig.status, 0);
	says("depth all queued 2 50\n");
	says("depth all active 0 0\n");
	says("depth all uncertain 0 0\n");
	says("depth all held 1 25\n");
	says("depth default queued 1 25\n");
	says("depth default held 0 0\n");
	says("depth shop queued 1 25\n");
	says("depth shop held 1 25\n");
	/* All that status tells comes as well. */
	says("account default ready waiting 1\n");
	says("totals 3 waiting 2 held 1 ");
	/* Which itself is as short as it was. */
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says_not("depth ");
	says_not("ledger ");
	says_not("host ");
}

static void
results_are_those_of_the_daemon(void **state)
{
	(void)state;
	fixture_begin(rig.o.parts.store);
	store_count(rig.o.parts.store, "", RESULT_DELIVERED);
	store_count(rig.o.parts.store, "", RESULT_BOUNCED);
	store_count(rig.o.parts.store, "", RESULT_BOUNCED);
	fixture_commit(rig.o.parts.store);
	ask_verb(geteuid(), CTL_METRICS, 0, 0);
	says("ledger default 1 0 0 2 0 0\n");
	says(" started drops 0 aside 0\n");
	assert_int_equal(
	    rig.host.started_at, store_opened_at(rig.o.parts.store));
	/* One that only answers has counted nothing. */
	rig.is_daemon = false;
	ask_verb(geteuid(), CTL_METRICS, 0, 0);
	says("ledger default 0 0 0 0 0 0\n");
	says_not(" started");
}

/* Names that wait, those put aside, and what is no file. */
static void
drop_files_are_counted(void **state)
{
	char *folder = xasprintf("%s/drop/folder", rig.o.directory);
	char *hidden = xasprintf("%s/drop/.hidden", rig.o.directory);

	(void)state;
	office_write(&rig.o, "drop/one", "x");
	office_write(&rig.o, "drop/two", "x");
	office_write(&rig.o, "drop/aside.three", "x");
	office_write(&rig.o, "drop/.hidden", "x");
	assert_int_equal(mkdir(folder, 0700), 0);
	ask_verb(geteuid(), CTL_METRICS, 0, 0);
	says(" drops 2 aside 1\n");
	assert_true(rig.host.queue_size >= rig.host.queue_free);
	assert_true(rig.host.queue_free > 0 && rig.host.drop_free > 0);
	assert_int_equal(rig.host.free_min, rig.o.conf->queue.free_space_min);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(unlink(hidden), 0);
	free(folder);
	free(hidden);
}

/* More than are looked at in one turn. */
static void
a_full_drop_folder_is_counted_to_its_end(void **state)
{
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 9000; i++) {
		snprintf(name, sizeof(name), "drop/f%d", i);
		office_write(&rig.o, name, "");
	}
	ask_verb(geteuid(), CTL_METRICS, 0, 0);
	assert_int_equal(rig.status, 0);
	says(" drops 9000 aside 0\n");
}

static void
a_folder_that_cannot_be_read_is_unknown(void **state)
{
	(void)state;
	free(rig.o.conf->queue.drop_directory);
	rig.o.conf->queue.drop_directory = xstrdup("/nonexistent");
	ask_verb(geteuid(), CTL_METRICS, 0, 0);
	assert_int_equal(rig.status, 0);
	says(" drops unknown 0 aside 0\n");
	assert_int_equal(rig.host.drop_size, 0);
}

static void
others_learn_the_whole_alone(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	post(1000, "a@example.com");
	ask_verb(STRANGER, CTL_METRICS, 0, 0);
	assert_int_equal(rig.status, 0);
	says("depth all queued 1 25\n");
	says("totals 1 waiting 1 ");
	says_not("depth default");
	says_not("account ");
	says_not("ledger ");
	says_not("host ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(depths_are_of_the_whole_and_of_each),
		in_rig(results_are_those_of_the_daemon),
		in_rig(drop_files_are_counted),
		in_rig(a_full_drop_folder_is_counted_to_its_end),
		in_rig(a_folder_that_cannot_be_read_is_unknown),
		in_rig(others_learn_the_whole_alone),
	};

	return cmocka_run_group_tests_name(
	    "control_metrics", tests, NULL, NULL);
}
