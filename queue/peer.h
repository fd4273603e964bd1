/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_PEER_H
#define QUEUE_PEER_H

#include <sys/types.h>

#include <stdbool.h>

/* Who is at the other end of a local socket, by the kernel's word. */
#define PEER_GROUPS_MAX 1024
struct peer {
	uid_t uid;
	gid_t gid;
};

int peer_get(int fd, struct peer *p);

/* Is the group the peer's own, or among its supplementary ones? */
bool peer_is_in_group(int fd, gid_t gid);

/* Has it read all that was sent to it?  Where nobody can tell, it has. */
bool peer_has_read(int fd);

#endif
