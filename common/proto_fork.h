/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_FORK_H
#define COMMON_PROTO_FORK_H

#include <stdint.h>

/*
 * Between mailchuted's parent and a fork server, "smtpd -f" (docs/protocol.md).
 * On descriptor FORK_FD, which keeps records:
 *
 *	parent: a client, and FORK_CLIENT           by common/fdpass.h
 *	parent: the smtpd's end of a channel, and FORK_CHANNEL
 *	smtpd:  struct fork_answer
 *
 * The new process is the parent's own child, with the client on descriptors 0
 * and 1 and the channel on LISTEN_FD (common/proto_listen.h).  One is asked for
 * at a time, and the end of the parent's words is the end of the server.
 *
 * Both sides are of one build, and what a client says reaches neither, so that
 * a plain struct will do.
 */
#define FORK_FD      3
#define FORK_CLIENT  "client"
#define FORK_CHANNEL "channel"

struct fork_answer {
	int32_t pid;   /* -1: there is none */
	int32_t error; /* and that errno is why */
};

#endif
