/* SPDX-License-Identifier: ISC */
/*
 * The peer's identity by getpeereid(3).  It tells no supplementary groups, so
 * queue.admin_group admits those whose primary group it is.
 */
#include "config.h"

#include <unistd.h>

#include "queue/peer.h"

int
peer_get(int fd, struct peer *p)
{
	return getpeereid(fd, &p->uid, &p->gid);
}

bool
peer_is_in_group(int fd, gid_t gid)
{
	struct peer p;

	return peer_get(fd, &p) == 0 && p.gid == gid;
}
