/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOOR_VIEW_H
#define QUEUE_DOOR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/network.h"

/*
 * How a listener is just now: what the parent, which has its socket and its
 * key, tells the queue process, which is asked (ASK_LISTENER).
 */
enum door_state {
	DOOR_OPEN,
	DOOR_STUCK, /* at the place of before, and not where it should be */
	DOOR_SHUT
};

enum door_pair_state {
	DOOR_PAIR_UNKNOWN, /* it has no TLS, or no socket, and nobody looked */
	DOOR_PAIR_GOOD,
	DOOR_PAIR_KEPT, /* the one of before: what the files hold cannot serve
			 */
	DOOR_PAIR_MISSING
};

struct door_view {
	enum door_state state;
	int64_t since; /* not open since then; 0: it is, or nobody knows */
	int why;       /* not: errno, or 0 */
	bool is_final; /* it takes rights that were given up */
	char text[ERR_TEXT_MAX];
	char address[NETWORK_TEXT]; /* of its first socket; "": as configured */
	unsigned port;              /* the same; 0: as configured */
	bool is_lent;
	uint64_t inside;      /* clients */
	uint64_t turned_away; /* clients, so far */
	uint64_t refused;     /* what clients inside were refused, so far */
	enum door_pair_state pair;
	int64_t pair_until; /* when the one in use is over; 0: not known */
	int64_t pair_since; /* kept, or missing, since then */
	char pair_text[ERR_TEXT_MAX];
};

#endif
