/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_REFUSE_OWNER_H
#define QUEUE_REFUSE_OWNER_H

#include "queue/refuse.h"
#include "queue/store.h"

/*
 * Who is told of a refusal, and by which account: fills in sender and account
 * of the failed message's row.  -1 with *e filled, never ERR_PERM, when that
 * cannot be found out now.
 */
int refuse_owner_fill(const struct refuse_parts *p, uid_t owner,
    const struct envelope *env, struct store_message *row, struct err *e);

#endif
