/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LISTENER_H
#define QUEUE_LISTENER_H

#include "common/err.h"
#include "queue/peer.h"

struct event_base;

/*
 * A local socket that takes clients, with their identity by the kernel.  The
 * name appears only once connections are taken, and replaces whatever stale
 * one was there; it goes away with the listener.
 */
struct listener;

/* fd is non-blocking and the callee's. */
typedef void listener_client(void *arg, int fd, const struct peer *peer);

/* directory/name, open to everyone (0666); NULL with *e filled. */
struct listener *listener_new(struct event_base *base, const char *directory,
    const char *name, listener_client *f, void *arg, struct err *e);
void listener_free(struct listener *l);

#endif
