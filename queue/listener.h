/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LISTENER_H
#define QUEUE_LISTENER_H

#include "queue/peer.h"

struct event_base;

/*
 * Clients of a local socket (queue/sockets.h), with their identity by the
 * kernel.
 */
struct listener;

/* fd is non-blocking and the callee's. */
typedef void listener_client(void *arg, int fd, const struct peer *peer);

/* fd listens, and stays the caller's.  Never NULL. */
struct listener *listener_new(
    struct event_base *base, int fd, listener_client *f, void *arg);
void listener_free(struct listener *l);

#endif
