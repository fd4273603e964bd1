/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_MANAGER_H
#define QUEUE_MANAGER_H

#include <stdint.h>

#include "common/err.h"
#include "queue/lent.h"
#include "queue/sockets.h"

/*
 * The service manager that started us, when it speaks the protocols of
 * sd_notify(3) and sd_listen_fds(3); systemd is the one in mind.  Without one
 * everything here does nothing.
 */
struct manager {
	char *socket;     /* NOTIFY_SOCKET; NULL: nobody to tell */
	int64_t alive_ms; /* how often it wants WATCHDOG=1; 0: never */
};

/*
 * Reads what the manager left in the environment and takes it out of there,
 * for no child of ours is meant by it; takes the sockets that it passes, those
 * of the network for listeners, and closes every other descriptor from 3 on.
 * -1 with *e filled when a socket is of no use.
 */
int manager_meet(
    struct manager *m, struct sockets *s, struct lent *lent, struct err *e);
void manager_clear(struct manager *m);

/* Each tells the manager what goes on; a manager that is deaf is let be. */
void manager_ready(const struct manager *m);
void manager_reloading(const struct manager *m);
void manager_stopping(const struct manager *m);
void manager_alive(const struct manager *m);

#endif
