/* SPDX-License-Identifier: ISC */
/* The peer by SO_PEERCRED, SO_PEERGROUPS and SIOCOUTQ (unix(7)). */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include "queue/peer.h"

int
peer_get(int fd, struct peer *p)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -1;
	p->uid = cred.uid;
	p->gid = cred.gid;
	return 0;
}

bool
peer_is_in_group(int fd, gid_t gid)
{
	gid_t groups[PEER_GROUPS_MAX];
	socklen_t len = sizeof(groups);
	struct peer p;
	size_t i;

	if (peer_get(fd, &p) == -1)
		return false;
	if (p.gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return false;
	for (i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

bool
peer_has_read(int fd)
{
	int unread;

	return ioctl(fd, SIOCOUTQ, &unread) == -1 || unread == 0;
}
