/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOOR_TROUBLE_H
#define QUEUE_DOOR_TROUBLE_H

#include "common/conf.h"
#include "queue/door_view.h"

/* The names of the control contract; of a pair without TLS NULL. */
const char *door_state_name(enum door_state state);
const char *door_pair_name(
    const struct conf_listen *l, enum door_pair_state pair);

/* What to do about it; NULL where there is nothing. */
const char *door_fix(const struct door_view *v);
const char *door_pair_fix(const struct door_view *v);

/* What makes the verdict of status worse. */
struct door_trouble {
	bool is_critical;
	int64_t since;          /* 0: nobody knows */
	char *reason;           /* one sentence */
	const char *for_anyone; /* the same, without a name */
};

/* The worst of a listener's; false: all is well, and there is nothing to clear.
 */
bool door_trouble_find(const struct conf_listen *l, const struct door_view *v,
    struct door_trouble *t);
void door_trouble_clear(struct door_trouble *t);

#endif
