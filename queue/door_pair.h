/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOOR_PAIR_H
#define QUEUE_DOOR_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/proto_pair.h"
#include "queue/door_view.h"

/*
 * The certificate and key of a listener: the latest that could serve, whatever
 * its files hold since.
 */
struct door_pair {
	struct pair pair;
	bool is_there;
	int64_t until; /* when its certificate is over; 0: not known */
	/* What the files hold now cannot serve, since then, and why; 0: it can
	 */
	int64_t failed_at;
	char failed[ERR_TEXT_MAX];
};

void door_pair_init(struct door_pair *p);
void door_pair_wipe(struct door_pair *p);

/*
 * Reads the files, for a listener that has TLS.  Says in the log what there is,
 * or what is wrong and what is used instead.
 */
void door_pair_load(
    struct door_pair *p, const struct conf *conf, const struct conf_listen *l);

/* How it is, of a listener that has TLS. */
void door_pair_view(const struct door_pair *p, struct door_view *v);

/* NULL: there is none. */
const struct pair *door_pair_get(const struct door_pair *p);

#endif
