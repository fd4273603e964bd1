/* SPDX-License-Identifier: ISC */
/* The verdict: what our own limits do to it, and since when it has been so. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/dispatch.h"
#include "tests/unit/control_rig.h"

static void
put_fact(const char *name, int64_t at)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)at);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    store_fact_put(rig.o.parts.store, name, text, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
}

/* Not since the oldest message came, which is T0 here. */
static void
a_verdict_is_since_its_cause_began(void **state)
{
	int64_t now = clock_wall();
	uint64_t a = post(1000, "a@example.com"),
		 b = post(1000, "b@example.com");

	(void)state;
	ask_verb(geteuid(), CTL_HOLD, a, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, mail is held");
	assert_true(rig.since >= now);
	/* It began with the first, and does so anew when all were let go. */
	put_fact("held_since", T0 + 5);
	ask_verb(geteuid(), CTL_HOLD, b, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	assert_int_equal(rig.since, T0 + 5);
	ask_verb(geteuid(), CTL_RELEASE, 0, 0);
	ask_verb(geteuid(), CTL_HOLD, b, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	assert_true(rig.since >= now);
	ask_verb(geteuid(), CTL_RELEASE, 0, 0);
	/* Over restarts too. */
	rig.o.conf->queue.delivery = false;
	control_reopen();
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, delivery is off");
	assert_true(rig.since >= now);
	put_fact("off_since", T0 + 6);
	control_reopen();
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	assert_int_equal(rig.since, T0 + 6);
	rig.o.conf->queue.delivery = true;
	control_reopen();
	rig.o.conf->queue.delivery = false;
	control_reopen();
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	assert_true(rig.since >= now);
	/* When the last daemon ended, nobody knows. */
	rig.is_daemon = false;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("critical, mailchuted is not running");
	assert_int_equal(rig.since, 0);
}

/* Opens the office anew, with so much sent just now. */
static void
reopen_spent(const char *limits, unsigned messages, unsigned recipients)
{
	char options[512];

	snprintf(options, sizeof(options), "%s%s%s", OFFICE_ADMIN,
	    OFFICE_ACCOUNT, limits);
	office_close(&rig.o);
	office_open(&rig.o, options);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_budget_add(rig.o.parts.store, "", clock_wall(),
			     messages, recipients, &rig.o.e),
	    0);
	fixture_commit(rig.o.parts.store);
	control_reopen();
}

/* Our own limits hold mail back as well as the server's do. */
static void
a_budget_that_is_spent_is_told(void **state)
{
	(void)state;
	reopen_spent("recipients_per_day = 27\n", 1, 27);
	/* With nothing waiting it worries nobody. */
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("account default budget waiting 0\n");
	says("ok, no mail waits");
	post(1000, "a@example.com");
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, account default may send no more for now: "
	     "account.recipients_per_day is used up (27 recipients in 1d); "
	     "1 message waits, the next try is in ");
	reopen_spent("rate = 5/1h\n", 5, 5);
	post(1000, "a@example.com");
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, account default may send no more for now: account.rate "
	     "is used up (5 messages in 1h); ");
	/* That of a minute is how it is meant to be. */
	reopen_spent("rate = 5/1m\n", 5, 5);
	post(1000, "a@example.com");
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("account default budget waiting 1\n");
	says("ok, mail is going out");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(a_verdict_is_since_its_cause_began),
		in_rig(a_budget_that_is_spent_is_told),
	};

	return cmocka_run_group_tests_name("control_status", tests, NULL, NULL);
}
