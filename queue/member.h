/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_MEMBER_H
#define QUEUE_MEMBER_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/strlist.h"

/*
 * Is the uid one of these system users and @groups (account.users)?  An empty
 * list admits everyone.  Asks the system's user database, so it is for the
 * parent alone.
 */
bool member_has(const struct strlist *users, uid_t uid);

#endif
