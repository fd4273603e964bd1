/* SPDX-License-Identifier: ISC */
/* One try of a message while the store's disk fails. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"
#include "tests/unit/faultfs.h"

#define MAIL   OFFICE_ADMIN OFFICE_ACCOUNT "connections = 1\n"
#define QUEUED "mail <sender@example.com> to a@example.com queued"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_that_cannot_be_read_now_waits),
		cmocka_unit_test(the_account_backs_off_and_says_why),
	};

	return cmocka_run_group_tests_name("lane_disk", tests, NULL, NULL);
}
