/* SPDX-License-Identifier: ISC */
#ifndef MAIL_ROUTE_H
#define MAIL_ROUTE_H

#include <sys/types.h>

#include "common/conf.h"
#include "common/envelope.h"
#include "common/err.h"

/*
 * Is the uid one of an account's users?  1, 0, -1 with *e filled.  Asked only
 * of an account that names some: it takes a look at the system's users.
 */
typedef int route_admits(void *arg, size_t account, uid_t uid, struct err *e);

/* Whom to ask. */
struct route_users {
	route_admits *admits;
	void *arg;
};

/*
 * Which account carries the message: the first whose users admit the uid and
 * whose senders match the first From address (lacking one, the envelope
 * sender), else the default one.  NULL with *e filled (ERR_PERM 5.7.1) when
 * none admits him.
 */
const struct conf_account *route_find(const struct conf *conf,
    const struct route_users *users, uid_t uid, const struct envelope *env,
    struct err *e);

/*
 * Is this address the uid's to use: that of an account which admits him?  1, 0,
 * -1 with *e filled.
 */
int route_may_use(const struct conf *conf, const struct route_users *users,
    uid_t uid, const char *address, struct err *e);

/* The address that route_find goes by, allocated: a bare name has our domain.
 */
char *route_sender(const struct conf *conf, const struct envelope *env);

#endif
