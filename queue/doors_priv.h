/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOORS_PRIV_H
#define QUEUE_DOORS_PRIV_H

#include "queue/door_pair.h"
#include "queue/door_shut.h"
#include "queue/doors.h"
#include "queue/turned.h"

/* The listeners: doors.c moves them, doors_view.c tells how they are. */
struct door {
	/* What makes it the same one: its place, or, where its sockets are
	 * lent, its name. */
	char *address;
	unsigned port;
	char *name;
	bool is_lent;
	const struct conf_listen *conf;
	int fds[LENT_MAX]; /* -1: shut */
	size_t nfds;
	struct gate *gate;
	struct door_pair pair;
	struct turned turned;
	uint64_t turned_away; /* clients */
};

struct doors {
	struct door v[DOORS_MAX];
	size_t n;
	struct door_shuts shuts;
	struct lent lent;
	struct guests *guests;
};

#endif
