/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DIRS_H
#define QUEUE_DIRS_H

#include <sys/types.h>

#include "common/conf.h"
#include "common/err.h"

/* Who the daemon is, after it gave up root. */
struct identity {
	uid_t uid;
	gid_t gid;
	bool has_admin_group;
	gid_t admin_gid;
};

/*
 * Finds queue.user and queue.admin_group.  Started by anyone but root, the
 * daemon stays who it is and queue.user need not exist.  -1 with *e filled
 * (exit 78) when root's daemon would stay root.
 */
int identity_find(const struct conf *conf, struct identity *id, struct err *e);

/*
 * Makes the folders that are missing, with the modes of docs/schema.md; where
 * we are root, they become id's.  A folder that is there is left as it is.
 */
int dirs_make(
    const struct conf *conf, const struct identity *id, struct err *e);

/*
 * Mends what is there and id's own: the drop folder's mode, and the folder and
 * files of the queue for an admin_group that was set later.  For the daemon
 * alone, before it opens the queue; its configuration nobody else chose.
 */
void dirs_mend(const struct conf *conf, const struct identity *id);

#endif
