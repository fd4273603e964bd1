/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DISPATCH_PRIV_H
#define QUEUE_DISPATCH_PRIV_H

#include "queue/dispatch.h"
#include "queue/lane.h"

struct dispatch {
	struct dispatch_parts parts;
	struct lane **lanes;
	size_t nlanes;
	size_t turn; /* whose is the next place, where there are too few */
	int64_t paused_since; /* 0: it is not */
	bool is_stopping;
	struct trial *trial; /* NULL: not asked for */
	dispatch_rest *rest;
	void *rest_arg;
	dispatch_trouble *trouble;
	void *trouble_arg;
};

/* dispatch_places.c: what a lane asks and tells (struct lane_calls). */
bool dispatch_has_place(void *arg, const struct lane *l);
void dispatch_crowded(void *arg, const struct lane *l);
void dispatch_fewer(void *arg, const struct lane *l, const struct fewer *f);
void dispatch_freed(void *arg, const struct lane *l);

#endif
