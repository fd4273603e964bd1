/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_OUTAGE_RIG_H
#define TESTS_UNIT_OUTAGE_RIG_H

#include "tests/unit/exchange_limits.h"
#include "tests/unit/office.h"

/*
 * Hours of a mailchuted's life in seconds: the real queue, with admission,
 * store, schedule, lanes, accounts, budgets, alarms and housekeeping, on a
 * clock that moves when nothing else is left to do (tests/unit/virtual.h);
 * couriers in the place of deliver, and a server that counts
 * (tests/unit/exchange_limits.h).  What follows from the design at every moment
 * is asserted at every moment, here; what a story ends with, its test asserts.
 */
#define SECOND     1000LL
#define MINUTE     (60 * SECOND)
#define HOUR       (60 * MINUTE)
#define OUTAGE_UID 500 /* who sends in bulk */

/* One who sends: a message each so often, from one moment to another. */
struct outage_source {
	uid_t uid;
	bool is_alarm;
	bool is_billing; /* by the other account, which cannot sign in */
	int64_t from_ms, until_ms, every_ms;
	unsigned rcpts;
	int64_t next_ms; /* the rig's own */
};
#define OUTAGE_SOURCES_MAX 64

struct outage_letter {
	uid_t uid;
	bool is_alarm, is_billing, is_accepted, is_given;
	unsigned rcpts, delivered; /* how many, and to how many it came */
	int64_t arrived_ms, delivered_ms;
};

struct outage {
	struct office o;
	struct upkeep *upkeep;
	struct exchange servers[2]; /* of the account, and of billing */
	struct event *due;          /* the next of all sources */
	struct outage_source sources[OUTAGE_SOURCES_MAX];
	size_t nsources;
	struct outage_letter *letters; /* by number; 0 is none */
	unsigned nletters, room, others;
	/* the account's troubles */
	bool is_down;
	int64_t down_ms, up_ms;   /* since */
	unsigned failures;        /* in a row */
	int64_t failed_ms;        /* the last */
	int64_t earliest, latest; /* when the next connection may come */
	unsigned successes;       /* since the last failure */
	unsigned probed;          /* the message of the last probe */
	unsigned attempts;        /* while it was down */
	int64_t first_ms;         /* first delivery since it is up */
	unsigned since_up;        /* messages taken since */
	int64_t signed_in_ms;     /* billing, last */
	int64_t bulk_ms;          /* when one of OUTAGE_UID's was given, last */
	struct outage_user {
		uid_t uid;
		unsigned waiting;
		int64_t since_ms; /* the last turn, or the first that waits */
	} users[OUTAGE_SOURCES_MAX];
	size_t nusers;
};

void outage_begin(struct outage *g);
void outage_end(struct outage *g);
void outage_source(struct outage *g, struct outage_source s);
void outage_run(struct outage *g, int64_t until_ms);

/* The server goes down, in that way or in another; or comes back. */
void outage_is(struct outage *g, enum exchange_how how);

/* As if killed, and started again. */
void outage_restart(struct outage *g);

/* Messages in the queue. */
uint64_t outage_waiting(struct outage *g);

/* Letters that came before that moment, and have not been delivered. */
unsigned outage_missing(const struct outage *g, int64_t before_ms);

#endif
