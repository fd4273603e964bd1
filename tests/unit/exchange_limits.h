/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_EXCHANGE_LIMITS_H
#define TESTS_UNIT_EXCHANGE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/phase.h"

/*
 * Exchange Online as one mailbox meets it, without its bytes: what it answers
 * to a connection and to a message, how long it takes for that, and its limits,
 * as it counts them.  Whoever breaks one hears so, and it is noted.
 */
#define EXCHANGE_RATE        30 /* messages in any minute */
#define EXCHANGE_CONNECTIONS 3
#define EXCHANGE_DAY         10000 /* recipients in any 24 hours */

enum exchange_how {
	EXCHANGE_UP,
	EXCHANGE_REFUSES,      /* connections: nobody listens */
	EXCHANGE_HANGS,        /* it takes them and says nothing */
	EXCHANGE_SAYS_421,     /* as its greeting */
	EXCHANGE_SAYS_432,     /* to the sign-in */
	EXCHANGE_432_AT_DOT,   /* to the message */
	EXCHANGE_WRONG_SECRET, /* 535, always */
	EXCHANGE_HOWS
};
extern const char *const exchange_how_names[EXCHANGE_HOWS];

struct exchange {
	enum exchange_how how;
	unsigned open, open_max; /* connections */
	unsigned sign_ins;
	/* what was taken, in the order of time */
	struct exchange_taken {
		int64_t at_ms;
		unsigned rcpts;
	} * taken;
	size_t ntaken, room;
	size_t minute, day; /* where the windows begin */
	uint64_t day_rcpts;
	unsigned minute_max; /* the most that a minute had */
	uint64_t day_max;
	/* how often a limit was broken */
	unsigned crowded, hurried, overdrawn;
	uint64_t dice;
};

void exchange_init(struct exchange *x, uint64_t seed);
void exchange_clear(struct exchange *x);

/*
 * An answer: a reply line (what refuses, or NULL), or none ever, which is told
 * after the phase's own limit.
 */
struct exchange_answer {
	bool is_silent, is_refused;
	enum phase phase;
	const char *line;
	int64_t after_ms; /* from the question */
};

/* Somebody connects, and, unless the answer refuses it, is signed in then. */
void exchange_connect(struct exchange *x, struct exchange_answer *a);
void exchange_left(struct exchange *x);

/* How long it takes for a message, from the last octet on. */
int64_t exchange_delay(struct exchange *x);

/* The end of a message came: is it taken? */
void exchange_take(struct exchange *x, int64_t now_ms, unsigned rcpts,
    struct exchange_answer *a);

#endif
