/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LEGACY_H
#define QUEUE_LEGACY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

/*
 * Whether an account sends by its default endpoint or by the legacy one.  A
 * pure function over what has happened; the clock is an argument.
 *
 *	home --3 signs in a row--> away --an hour--> home
 *	home or away --"legacy on"--> asked --its time--> home
 *	away or asked --"legacy off", 5.7.67--> home
 *
 * There are two signs, which count apart, and nothing else moves an account:
 * whoever sits on the path can make time-outs, resets and any octets in clear.
 * He can make the second sign too, so it counts only as long as the endpoint
 * has never been seen to know better (queue/proved.h).
 */

#define LEGACY_SIGNS     3
#define LEGACY_STAY_S    3600 /* then the default endpoint is probed again */
#define LEGACY_FOR_MAX_S (366 * 86400) /* that anybody asks for */

enum legacy_stay {
	LEGACY_HOME,
	LEGACY_AWAY, /* a sign has led there */
	LEGACY_ASKED /* an administrator has */
};

/* Of a try that went to the default endpoint, but for the last three. */
enum legacy_event {
	LEGACY_NOTHING,
	LEGACY_SAID_OLD,   /* 421 4.7.66, read inside verified TLS */
	LEGACY_SHOWED_OLD, /* its handshake ended as job_ready.is_tls_old says
			    */
	LEGACY_FAILED,     /* any other failure */
	LEGACY_WENT_WELL,  /* the server has judged a message */
	LEGACY_NOT_OPTED,  /* 5.7.67, from the legacy host */
	LEGACY_ON,         /* mailchute legacy on */
	LEGACY_OFF_ASKED   /* mailchute legacy off */
};

/* What is kept of an account; all zero is how it begins. */
struct legacy {
	enum legacy_stay stay;
	int64_t since; /* of the stay at the legacy host */
	int64_t for_s;
	enum legacy_event sign; /* that came last, and how often in a row */
	unsigned signs;
	uint64_t sessions; /* below TLS 1.2, ever */
};

/* What else decides. */
struct legacy_facts {
	enum legacy_mode mode;
	bool is_proved; /* the default endpoint has spoken TLS 1.2 or later */
	int64_t now;
	int64_t for_s; /* of LEGACY_ON */
};

/* What follows. */
enum legacy_move {
	LEGACY_STAYS,
	LEGACY_GOES, /* to the legacy host */
	LEGACY_RETURNS,
	LEGACY_REFUSED /* it would, but the endpoint is proved */
};
enum legacy_move legacy_note(
    struct legacy *l, const struct legacy_facts *f, enum legacy_event ev);

/* Where the next connection goes. */
bool legacy_is_away(const struct legacy *l, enum legacy_mode mode, int64_t now);

/* When the stay is over; 0: there is none, or it has no end. */
int64_t legacy_until(const struct legacy *l);

/* Ends one whose time is over: true when that changed it. */
bool legacy_expire(struct legacy *l, int64_t now);

/*
 * For what was left by another configuration, or by a clock that was ahead: a
 * stay ends no later than its own length from now.
 */
void legacy_bound(struct legacy *l, enum legacy_mode mode, int64_t now);

/* The clock was set. */
void legacy_move_times(struct legacy *l, int64_t by_s);

#endif
