/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PRIV_H
#define COMMON_PRIV_H

#include <sys/types.h>

#include "common/err.h"

/*
 * What a process gives up before it touches foreign bytes, apart from the
 * sandbox (common/sandbox.h).
 */

/*
 * Becomes uid and gid for good: supplementary groups, group, user, each real,
 * effective and saved, verified, and root asked for again in vain.  Started by
 * anyone but root it stays who it is, and uid and gid have to be its own.
 * uid 0 is refused.
 */
int priv_drop(uid_t uid, gid_t gid, struct err *e);

/* Makes sure that 0, 1 and 2 are open, on /dev/null where they were not. */
int priv_std_fds(struct err *e);

/* Closes every descriptor from first on. */
void priv_close_from(int first);

#endif
