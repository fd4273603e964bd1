/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOOR_PAIR_H
#define QUEUE_DOOR_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/proto_pair.h"

/*
 * The certificate and key of a listener: the latest that could serve, whatever
 * its files hold since.
 */
struct door_pair {
	struct pair pair;
	bool is_there;
	int64_t until;   /* when its certificate is over; 0: not known */
	int64_t told_at; /* that this is soon, in the log; 0: never */
};

void door_pair_init(struct door_pair *p);
void door_pair_wipe(struct door_pair *p);

/*
 * Reads the files, for a listener that has TLS.  Says in the log what there is,
 * or what is wrong and what is used instead.
 */
void door_pair_load(
    struct door_pair *p, const struct conf *conf, const struct conf_listen *l);

/*
 * Somebody comes in: says in the log, once a day, that the certificate is over
 * soon, or is.  now is the wall clock's.
 */
void door_pair_remind(
    struct door_pair *p, const struct conf_listen *l, int64_t now);

/* NULL: there is none. */
const struct pair *door_pair_get(const struct door_pair *p);

#endif
