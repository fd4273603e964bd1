/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOORS_PRIV_H
#define QUEUE_DOORS_PRIV_H

#include "queue/door_pair.h"
#include "queue/door_shut.h"
#include "queue/doors.h"
#include "queue/turned.h"

/* The listeners: doors_conf.c has them, doors.c lets clients in by them,
   doors_view.c tells how they are. */
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
	const struct conf *conf; /* NULL: none yet */
	int64_t retry_at;        /* monotonic: of those that are shut */
	int64_t resume_at;       /* monotonic: until then nobody is accepted */
	struct turned failed;    /* lines about that */
};

void door_shut(struct door *door);
void door_remove(struct doors *d, struct door *door);

/* Tries once more to open those that are shut, when it is time. */
void doors_retry(struct doors *d, int64_t now_ms);

#endif
