/* SPDX-License-Identifier: ISC */
/* One try of a message while the store's disk fails, or is somebody else's. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/virtual.h"

#define MAIL   OFFICE_ADMIN OFFICE_ACCOUNT "connections = 1\n"
#define QUEUED "mail <sender@example.com> to a@example.com queued"
#define ACTIVE "mail <sender@example.com> to a@example.com active"
#define HOUR   3600000

/* The session goes up to the message, and then the disk fails. */
static void
hears_an_abort(struct deliver *d)
{
	struct frame f;

	faultfs_install();
	rig_up(MAIL);
	post_large();
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
	faultfs_fail(FAULT_READ, 1, true);
	hears(d, JOB_MESSAGE);
	do
		f = hears(d, (enum job_type)d->in.data[0]);
	while (f.type == JOB_BODY);
	assert_int_equal(f.type, JOB_ABORT);
	assert_true(faultfs_has_failed());
	faultfs_fail(FAULT_NONE, 0, false);
}

/* It says nothing about the mail on it, which goes out when it can be read. */
static void
mail_that_cannot_be_read_now_waits(void **state)
{
	struct deliver d;

	(void)state;
	hears_an_abort(&d);
	says_closed(&d, JOB_DEFERRED);
	assert_string_equal(office_list(&rig.o), QUEUED);
	rig_down();
}

/* The server is not called again and again meanwhile. */
static void
the_account_backs_off_and_says_why(void **state)
{
	struct deliver d;

	(void)state;
	hears_an_abort(&d);
	says_closed(&d, JOB_DEFERRED);
	not_asked();
	assert_string_equal(view(0).state, "backoff");
	assert_non_null(strstr(view(0).known->text, "check the disk"));
	rig_down();
}

/* ---- another program's lock ---- */

static void
pass(int64_t ms)
{
	virtual_run(rig.o.parts.base, virtual_ms() + ms);
}

static sqlite3 *
lock(void)
{
	char *path = xasprintf("%s/queue/queue.db", rig.o.directory);
	sqlite3 *other;

	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	free(path);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	return other;
}

/* A connection that has begun. */
static uint64_t
begin(struct deliver *d)
{
	uint64_t id;

	virtual_begin(T0);
	rig_up(MAIL);
	id = post(1000, "a@example.com");
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	return id;
}

/*
 * However long it takes: the message is as before, and nobody's, and when it is
 * over the answer counts as of when it came.
 */
static void
an_answer_is_noted_when_the_lock_is_over(void **state)
{
	sqlite3 *other;
	struct deliver d;
	uint64_t id;
	char *path;

	(void)state;
	id = begin(&d);
	says_ready(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	other = lock();
	says_result(&d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(&d);
	pass(HOUR);
	kick();
	assert_string_equal(office_list(&rig.o), ACTIVE);
	assert_true(dispatch_has(rig.o.parts.dispatch, id));
	hears_nothing(&d);
	not_asked();
	sqlite3_close(other);
	pass(1000);
	assert_string_equal(office_list(&rig.o), "");
	path = xasprintf("%s/queue", rig.o.directory);
	assert_int_equal(
	    fixture_number(path, "SELECT count(*) FROM event WHERE"
				 " what = 'delivered' AND at < 1700000100"),
	    1);
	free(path);
	assert_int_equal(office_logged(&rig.o, "event=ballast"), 0);
	assert_int_equal(office_logged(&rig.o, "event=delivered"), 1);
	hangs_up(&d);
	rig_down();
}

/* What is known of the account is not lost for it, either. */
static void
a_held_account_is_noted_when_the_lock_is_over(void **state)
{
	struct store_account known;
	sqlite3 *other;
	struct deliver d;

	(void)state;
	begin(&d);
	other = lock();
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "535 5.7.3 no");
	assert_string_equal(view(0).state, "held");
	pass(60000);
	sqlite3_close(other);
	pass(1000);
	assert_int_equal(
	    store_account_get(rig.o.parts.store, "", &known, &rig.o.e), 1);
	assert_int_equal(known.state, ACCOUNT_HELD);
	store_account_clear(&known);
	assert_int_equal(office_logged(&rig.o, "event=account-not-saved"), 0);
	assert_string_equal(office_list(&rig.o), QUEUED);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_that_cannot_be_read_now_waits),
		cmocka_unit_test(the_account_backs_off_and_says_why),
		cmocka_unit_test(an_answer_is_noted_when_the_lock_is_over),
		cmocka_unit_test(a_held_account_is_noted_when_the_lock_is_over),
	};

	return cmocka_run_group_tests_name("lane_disk", tests, NULL, NULL);
}
