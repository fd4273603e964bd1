/* SPDX-License-Identifier: ISC */
/*
 * Where the schedule's dice are thrown: not in its arithmetic, which is tested
 * with numbers that are given, but by those that ask it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

static uint32_t thrown; /* what is thrown next */
static unsigned throws;

/* In place of the system's. */
uint32_t
arc4random(void)
{
	throws++;
	return thrown;
}

/* How long a message waits that is put off, by such a throw. */
static int64_t
delay_of(uint32_t dice)
{
	struct store_message m;
	struct deliver d;
	struct err e;
	uint64_t id;
	int64_t due;

	rig_up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nretry = 1000s\n");
	id = post(1000, "a@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_ready(&d);
	hears_message(&d);
	thrown = dice;
	throws = 0;
	says_result(&d, 1, JOB_DEFERRED, JOB_SCOPE_MESSAGE, 450);
	says_done(&d);
	assert_true(throws > 0);
	assert_int_equal(store_message_get(rig.o.parts.store, id, &m, &e), 1);
	due = m.due_at - rig.now;
	store_message_clear(&m);
	hangs_up(&d);
	rig_down();
	return due;
}

/* +-20 %, by the dice; the clock may go on by a second or two meanwhile. */
static void
a_message_waits_by_the_dice(void **state)
{
	(void)state;
	assert_in_range(delay_of(0), 800, 830);
	assert_in_range(delay_of(UINT32_MAX), 1200, 1230);
	assert_in_range(delay_of(1U << 31), 1000, 1030);
}

/* How long an account backs off whose server is out of order. */
static int64_t
backoff_of(uint32_t dice)
{
	struct deliver d;
	int64_t next;

	rig_up(OFFICE_ADMIN OFFICE_ACCOUNT "backoff_min = 1000s\n"
					   "backoff_max = 2000s\n");
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	thrown = dice;
	throws = 0;
	says_failed(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "out of order");
	assert_true(throws > 0);
	next = view(0).next_at - rig.now;
	hangs_up(&d);
	rig_down();
	return next;
}

/* Uniform in [d/2, d]. */
static void
an_account_backs_off_by_the_dice(void **state)
{
	(void)state;
	assert_in_range(backoff_of(0), 500, 530);
	assert_in_range(backoff_of(UINT32_MAX), 1000, 1030);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_waits_by_the_dice),
		cmocka_unit_test(an_account_backs_off_by_the_dice),
	};

	return cmocka_run_group_tests_name("dice", tests, NULL, NULL);
}
