/* SPDX-License-Identifier: ISC */
/*
 * What an event costs is a matter of what it concerns: the store is asked as
 * often with a hundred accounts as with one.  Counted are the steps of SQLite's
 * statements, each of which takes a lock on the file and gives it back.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sqlite3.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "queue/upkeep.h"
#include "tests/unit/dispatch_rig.h"
#include "tests/unit/virtual.h"

#define MANY      100
#define ACCOUNT   "\nprovider = smtp\nhost = 127.0.0.1\ntls = none\n"
#define MINUTE_MS 60000

static unsigned long steps;

int __real_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st);

int
__wrap_sqlite3_step(sqlite3_stmt *st)
{
	steps++;
	return __real_sqlite3_step(st);
}

static unsigned long
steps_since(unsigned long before)
{
	return steps - before;
}

struct cost {
	unsigned long start; /* a look at everything */
	unsigned long first; /* a message, with its connection */
	unsigned long next;  /* over the same connection */
	unsigned long failure;
	unsigned long rest; /* a minute of it */
	unsigned long retry;
};

/* The plain account, and so many more beside it. */
static char *
options(size_t more)
{
	struct buf b;
	char *text;

	buf_init(&b, 65536);
	buf_printf(&b, OFFICE_ADMIN "[account]" ACCOUNT);
	for (; more > 0; more--)
		buf_printf(&b,
		    "[account a%zu]" ACCOUNT "senders = @a%zu.example\n", more,
		    more);
	text = xstrdup(buf_data(&b));
	buf_clear(&b);
	return text;
}

static void
deliver_two(struct cost *c)
{
	unsigned long before = steps;
	struct deliver d;

	post(1000, "a@example.com");
	will_start(&d);
	dispatch_kick(rig.o.parts.dispatch, "");
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	c->first = steps_since(before);
	before = steps;
	post(1000, "a@example.com");
	dispatch_kick(rig.o.parts.dispatch, "");
	takes_one(&d);
	c->next = steps_since(before);
	hangs_up(&d);
}

static void
fail_one(struct cost *c)
{
	unsigned long before = steps;
	struct deliver d;

	post(1000, "a@example.com");
	will_start(&d);
	dispatch_kick(rig.o.parts.dispatch, "");
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "no route");
	assert_string_equal(view(0).state, "backoff");
	c->failure = steps_since(before);
}

static void
retry_all(struct cost *c)
{
	unsigned long before = steps;
	struct deliver d;

	will_start(&d);
	dispatch_probe_all(rig.o.parts.dispatch, true);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	takes_one(&d);
	c->retry = steps_since(before);
	hangs_up(&d);
}

static void
rest_a_minute(struct cost *c)
{
	unsigned long before;

	/* One has passed in any case: all timers have their pace. */
	virtual_run(rig.o.parts.base, virtual_ms() + MINUTE_MS + 1000);
	before = steps;
	virtual_run(rig.o.parts.base, virtual_ms() + MINUTE_MS);
	c->rest = steps_since(before);
}

static struct cost
measure(size_t accounts)
{
	char *text = options(accounts - 1);
	struct cost c;
	struct upkeep *u;

	virtual_begin(T0);
	rig_up(text);
	free(text);
	c.start = steps;
	u = upkeep_new(&rig.o.parts, 0);
	dispatch_kick(rig.o.parts.dispatch, NULL);
	office_run(&rig.o);
	c.start = steps_since(c.start);
	deliver_two(&c);
	rest_a_minute(&c);
	fail_one(&c);
	retry_all(&c);
	upkeep_free(u);
	rig_down();
	printf("# %3zu accounts: start %lu, first message %lu, next %lu, "
	       "minute of rest %lu, failure %lu, retry ALL %lu\n",
	    accounts, c.start, c.first, c.next, c.rest, c.failure, c.retry);
	return c;
}

static void
an_event_costs_what_it_concerns(void **state)
{
	struct cost one = measure(1), many = measure(MANY);

	(void)state;
	assert_true(one.first > 0 && one.next > 0 && one.failure > 0);
	assert_int_equal(many.start, one.start);
	assert_int_equal(many.first, one.first);
	assert_int_equal(many.next, one.next);
	assert_int_equal(many.rest, one.rest);
	assert_int_equal(many.failure, one.failure);
	assert_int_equal(many.retry, one.retry);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_costs_what_it_concerns),
	};

	return cmocka_run_group_tests_name("dispatch_cost", tests, NULL, NULL);
}
