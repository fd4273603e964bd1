/* SPDX-License-Identifier: ISC */
/*
 * An hour in which the server takes nothing, with 5,000 messages queued, and
 * what follows.  Run alone it prints the figures of docs/performance.md.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "tests/unit/outage_rig.h"
#include "tests/unit/virtual.h"

#define DOWN_MS    (5 * MINUTE) /* when it goes down */
#define UP_MS      (DOWN_MS + 60 * MINUTE)
#define RATE       28U /* account.rate, a minute */
#define FOR_EVER   (1000 * HOUR)
#define LIGHT_UID  2000 /* and on: a message now and then */
#define LIGHT      5
#define SMALL_UID  1000                  /* and on: some dozens */
#define BILLING_MS (UP_MS - 50 * MINUTE) /* mail for the other account */

/* What waits when the server is back. */
struct crowd {
	unsigned bulk, small, smalls; /* messages; of each of so many */
	unsigned rcpts;
	bool goes_on; /* the bulk, with four a minute */
};

/*
 * All of it arrives within the outage's first 50 minutes.  Before, in and after
 * it: five users with a message each five minutes, an alarm each ten, and the
 * one who sends in bulk goes on with four a minute.
 */
static void
let_arrive(struct outage *g, const struct crowd *c)
{
	const int64_t until = DOWN_MS + 50 * MINUTE;
	struct outage_source s = {
		.from_ms = DOWN_MS + 1, .until_ms = until, .rcpts = c->rcpts
	};
	unsigned i;

	s.uid = OUTAGE_UID;
	s.every_ms = (until - DOWN_MS) / c->bulk;
	outage_source(g, s);
	for (i = 0; i < c->smalls; i++) {
		s.uid = SMALL_UID + i;
		s.every_ms = (until - DOWN_MS) / c->small;
		s.from_ms = DOWN_MS + 100 + i * 777;
		outage_source(g, s);
	}
	for (i = 0; i < LIGHT; i++)
		outage_source(g, (struct outage_source){ .uid = LIGHT_UID + i,
				     .from_ms = 1 + i * MINUTE,
				     .until_ms = FOR_EVER,
				     .every_ms = 5 * MINUTE + i * 1009 });
	outage_source(g, (struct outage_source){ .is_alarm = true,
			     .from_ms = 7 * SECOND,
			     .until_ms = FOR_EVER,
			     .every_ms = 10 * MINUTE + 7 * SECOND });
	outage_source(g, (struct outage_source){ .uid = OUTAGE_UID,
			     .from_ms = until,
			     .until_ms = c->goes_on ? FOR_EVER : 0,
			     .every_ms = 15 * SECOND });
	outage_source(g, (struct outage_source){ .uid = 3000,
			     .is_billing = true,
			     .from_ms = BILLING_MS,
			     .until_ms = BILLING_MS + 1,
			     .every_ms = 1 });
}

static struct dispatch_view
view(struct outage *g)
{
	struct dispatch_view v;

	dispatch_view(g->o.parts.dispatch, 0, &v);
	return v;
}

static void
restart(struct outage *g)
{
	struct dispatch_view before = view(g), after;
	unsigned failures = before.known->failures;
	int64_t next_at = before.next_at;

	assert_string_equal(before.state, "backoff");
	outage_restart(g);
	after = view(g);
	assert_string_equal(after.state, "backoff");
	assert_int_equal(after.known->failures, failures);
	assert_int_equal(after.next_at, next_at);
	assert_int_equal(after.connections_max, before.connections_max);
}

/* The hour, in equal parts in each of the ways. */
static void
be_down(
    struct outage *g, const enum exchange_how *ways, size_t n, bool restarts)
{
	int64_t each = (UP_MS - DOWN_MS) / (int64_t)n;
	size_t i;

	outage_run(g, DOWN_MS);
	for (i = 0; i < n; i++) {
		outage_is(g, ways[i]);
		if (restarts && i == n / 2) {
			outage_run(
			    g, DOWN_MS + (int64_t)i * each + each / 2 + 300);
			restart(g);
		}
		outage_run(g, DOWN_MS + (int64_t)(i + 1) * each);
	}
	outage_is(g, EXCHANGE_UP);
}

struct drained {
	int64_t at_ms;
	unsigned taken; /* messages, since it was back */
};

/* Until what came before it was up has gone; then nothing comes any more. */
static struct drained
drain(struct outage *g, int64_t patience_ms)
{
	struct drained d;
	int64_t at = UP_MS;
	size_t i;

	while (outage_missing(g, UP_MS) > 0) {
		assert_true(at < UP_MS + patience_ms);
		outage_run(g, at += SECOND);
	}
	d = (struct drained){ at, g->since_up };
	for (i = 0; i < g->nsources; i++)
		g->sources[i].until_ms = 0;
	/* One stays: that of the account that cannot sign in. */
	while (outage_waiting(g) > 1) {
		assert_true(at < UP_MS + 2 * patience_ms);
		outage_run(g, at += 10 * SECOND);
	}
	return d;
}

/* Each came once, to each of its recipients, and no limit was broken. */
static void
nothing_is_lost_or_broken(struct outage *g)
{
	const struct exchange *x = &g->servers[0];
	unsigned i;

	for (i = 1; i < g->nletters; i++)
		if (!g->letters[i].is_billing)
			assert_int_equal(
			    g->letters[i].delivered, g->letters[i].rcpts);
	assert_int_equal(office_logged(&g->o, "event=bounced"), 0);
	assert_int_equal(x->crowded, 0);
	assert_int_equal(x->hurried, 0);
	assert_int_equal(x->overdrawn, 0);
	assert_true(x->open_max <= EXCHANGE_CONNECTIONS);
	assert_true(x->minute_max <= EXCHANGE_RATE);
	assert_true(x->day_max <= EXCHANGE_DAY);
	/* The alarm of the other account was heard, by this one. */
	assert_true(g->others > 0);
}

/* The longest wait of those from the first delivery on, in seconds. */
static int64_t
longest_wait(const struct outage *g, uid_t from, uid_t to, bool is_alarm)
{
	const struct outage_letter *l;
	int64_t most = 0;

	for (l = g->letters + 1; l < g->letters + g->nletters; l++)
		if (l->is_alarm == is_alarm && l->uid >= from && l->uid <= to &&
		    l->arrived_ms >= g->first_ms &&
		    l->delivered_ms - l->arrived_ms > most)
			most = l->delivered_ms - l->arrived_ms;
	return most / SECOND;
}

/* When the last of those is delivered that came before the first delivery. */
static int64_t
last_of(const struct outage *g, uid_t from, uid_t to, bool is_alarm)
{
	const struct outage_letter *l;
	int64_t last = 0;

	for (l = g->letters + 1; l < g->letters + g->nletters; l++)
		if (l->is_alarm == is_alarm && l->uid >= from && l->uid <= to &&
		    l->arrived_ms < g->first_ms && l->delivered_ms > last)
			last = l->delivered_ms;
	return (last - g->first_ms) / SECOND;
}

/* So many times at most may it be tried in an hour. */
static unsigned
most_attempts(void)
{
	int64_t d = 15, passed = 0;
	unsigned n = 1;

	for (; passed < 3600; n++) {
		passed += d / 2;
		d = d * 2 < 900 ? d * 2 : 900;
	}
	/* That which met it first was under way on three connections. */
	return n + EXCHANGE_CONNECTIONS - 1;
}

static void
print_figures(const struct outage *g, const struct drained *d)
{
	const struct exchange *x = &g->servers[0];
	const int64_t after_s = (d->at_ms - g->first_ms) / SECOND;

	printf("# connections tried while it was down: %u\n", g->attempts);
	printf("# first delivery: %lld s after it was back\n",
	    (long long)((g->first_ms - UP_MS) / SECOND));
	printf("# all that had waited is delivered %lld s later, in %u "
	       "messages; at %u a minute: %lld s\n",
	    (long long)after_s, d->taken, RATE,
	    (long long)d->taken * 60 / RATE);
	printf("# alarms: those that had waited %lld s later; of the others "
	       "the longest wait: %lld s\n",
	    (long long)last_of(g, 0, 0, true),
	    (long long)longest_wait(g, 0, 0, true));
	printf("# who sends now and then: %lld s, %lld s\n",
	    (long long)last_of(g, LIGHT_UID, LIGHT_UID + LIGHT - 1, false),
	    (long long)longest_wait(
		g, LIGHT_UID, LIGHT_UID + LIGHT - 1, false));
	printf("# who sends in bulk: %lld s, %lld s\n",
	    (long long)last_of(g, OUTAGE_UID, OUTAGE_UID, false),
	    (long long)longest_wait(g, OUTAGE_UID, OUTAGE_UID, false));
	printf("# as the server counts: at most %u messages in a minute, %u "
	       "connections, %llu recipients in a day\n",
	    x->minute_max, x->open_max, (unsigned long long)x->day_max);
}

static void
goes_on_soon(const struct outage *g)
{
	assert_true(g->attempts > 1 && g->attempts <= most_attempts());
	assert_true(g->first_ms - UP_MS <= 15 * MINUTE + 5 * SECOND);
	/* Whatever waits: alarms are the first, and wait for the rate alone. */
	assert_true(last_of(g, 0, 0, true) <= 60);
	assert_true(longest_wait(g, 0, 0, true) <= 65);
}

static void
an_hour_with_5000_messages(void **state)
{
	static const enum exchange_how ways[] = { EXCHANGE_REFUSES,
		EXCHANGE_HANGS, EXCHANGE_SAYS_421, EXCHANGE_432_AT_DOT,
		EXCHANGE_SAYS_432 };
	const struct crowd crowd = { 3500, 75, 20, 1, true };
	struct outage g;
	struct drained d;

	(void)state;
	outage_begin(&g);
	let_arrive(&g, &crowd);
	be_down(&g, ways, sizeof(ways) / sizeof(ways[0]), true);
	assert_true(outage_missing(&g, UP_MS) >= 5000);
	d = drain(&g, 12 * HOUR);
	print_figures(&g, &d);
	nothing_is_lost_or_broken(&g);
	goes_on_soon(&g);
	/* As fast as the rate allows, but for a twentieth. */
	assert_true(d.at_ms - g.first_ms <= d.taken * MINUTE / RATE * 21 / 20);
	/* Others were not made to wait for the bulk: outage_rig.c, is_fair. */
	assert_true(last_of(&g, OUTAGE_UID, OUTAGE_UID, false) >
		    4 * last_of(&g, LIGHT_UID, LIGHT_UID + LIGHT - 1, false));
	outage_end(&g);
}

static void
each_way_of_being_down(void **state)
{
	static const enum exchange_how ways[] = { EXCHANGE_REFUSES,
		EXCHANGE_HANGS, EXCHANGE_SAYS_421, EXCHANGE_SAYS_432,
		EXCHANGE_432_AT_DOT };
	const struct crowd crowd = { 300, 10, 10, 1, true };
	struct outage g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		outage_begin(&g);
		let_arrive(&g, &crowd);
		be_down(&g, &ways[i], 1, true);
		drain(&g, 2 * HOUR);
		printf("# %s: %u connections tried, first delivery after %lld "
		       "s\n",
		    exchange_how_names[ways[i]], g.attempts,
		    (long long)((g.first_ms - UP_MS) / SECOND));
		nothing_is_lost_or_broken(&g);
		goes_on_soon(&g);
		outage_end(&g);
	}
}

/* A start each 20 seconds: what was sent in the minute before still counts. */
static void
starts_in_a_row_spend_no_budget_twice(void **state)
{
	const struct crowd crowd = { 300, 10, 10, 1, true };
	static const enum exchange_how ways[] = { EXCHANGE_SAYS_421 };
	struct outage g;
	int64_t at = UP_MS + 16 * MINUTE + 500;
	unsigned i;

	(void)state;
	outage_begin(&g);
	let_arrive(&g, &crowd);
	be_down(&g, ways, 1, false);
	for (i = 0; i < 15; i++) {
		outage_run(&g, at);
		dispatch_stop(g.o.parts.dispatch);
		while (!dispatch_is_idle(g.o.parts.dispatch))
			outage_run(&g, at += SECOND);
		outage_restart(&g);
		at += 20 * SECOND;
	}
	drain(&g, 2 * HOUR);
	nothing_is_lost_or_broken(&g);
	assert_true(g.servers[0].minute_max <= RATE);
	outage_end(&g);
}

/* More recipients than the mailbox may have in a day: the rest waits for it. */
static void
a_backlog_beyond_the_day(void **state)
{
	static const enum exchange_how ways[] = { EXCHANGE_REFUSES };
	const struct crowd crowd = { 1500, 75, 20, 4, false };
	struct outage g;
	struct drained d;

	(void)state;
	outage_begin(&g);
	let_arrive(&g, &crowd);
	be_down(&g, ways, 1, true);
	d = drain(&g, 40 * HOUR);
	printf("# 12,000 recipients: drained in %lld s, at most %llu in a "
	       "day\n",
	    (long long)((d.at_ms - UP_MS) / SECOND),
	    (unsigned long long)g.servers[0].day_max);
	nothing_is_lost_or_broken(&g);
	/* It was used, and it had an end. */
	assert_true(g.servers[0].day_max > EXCHANGE_DAY * 99 / 100);
	assert_true(d.at_ms > 24 * HOUR);
	outage_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_with_5000_messages),
		cmocka_unit_test(each_way_of_being_down),
		cmocka_unit_test(starts_in_a_row_spend_no_budget_twice),
		cmocka_unit_test(a_backlog_beyond_the_day),
	};

	return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
