/* SPDX-License-Identifier: ISC */
#ifndef COMMON_MEMBER_H
#define COMMON_MEMBER_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/strlist.h"

/* Who a uid is, by the system's user database: for the parent alone. */

/*
 * Is the uid one of these system users and @groups (account.users)?  An empty
 * list admits everyone.
 */
bool member_has(const struct strlist *users, uid_t uid);

/* Its name, as far as it fits; "" where the database knows none. */
#define MEMBER_NAME_MAX 65 /* a local part and NUL */
void member_name(uid_t uid, char name[MEMBER_NAME_MAX]);

#endif
