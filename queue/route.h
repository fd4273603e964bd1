/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ROUTE_H
#define QUEUE_ROUTE_H

#include <sys/types.h>

#include "common/conf.h"
#include "common/envelope.h"
#include "common/err.h"

struct ask;

/*
 * Which account carries the message: the first whose users admit the uid and
 * whose senders match the first From address (lacking one, the envelope
 * sender), else the default one.  NULL with *e filled (ERR_PERM 5.7.1) when
 * none admits him.
 */
const struct conf_account *route_find(const struct conf *conf, struct ask *ask,
    uid_t uid, const struct envelope *env, struct err *e);

/*
 * Is this address the uid's to use: that of an account which admits him?  1, 0,
 * -1 with *e filled.
 */
int route_may_use(const struct conf *conf, struct ask *ask, uid_t uid,
    const char *address, struct err *e);

#endif
