/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOORS_H
#define QUEUE_DOORS_H

#include <sys/types.h>

#include <poll.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "queue/door_view.h"
#include "queue/guests.h"
#include "queue/lent.h"

/*
 * The parent's part of the listeners: their sockets, bound while it is root,
 * who is let in (queue/gate.h), and those who are inside (queue/guests.h).
 */
#define DOORS_MAX 32 /* listeners */
#define DOORS_FDS (DOORS_MAX + LENT_MAX + GUESTS_FDS)

struct doors;
struct doors *doors_new(void);
void doors_free(struct doors *d);

/*
 * The service manager's sockets: one with the name of a listener is that
 * listener's, instead of what would be bound for it.
 */
struct lent *doors_lent(struct doors *d);

/* The next client that was refused (queue/knocks.h). */
bool doors_knock(struct doors *d, struct knock *out);

/* By which the queue process knows the parent (common/proto_origin.h). */
const uint8_t *doors_token(const struct doors *d);

/*
 * The listeners of this configuration from now on, which has to live until the
 * next.  One that cannot be bound is shut, and tried again at times.
 */
void doors_set_conf(struct doors *d, const struct conf *conf);

/*
 * Logs which are shut, and what is strange about the sockets that were lent;
 * the log has to be there.
 */
void doors_judge(const struct doors *d);

/*
 * Reads certificates and keys, as queue.user; says in the log which cannot
 * serve, and which there are.
 */
void doors_load_pairs(struct doors *d);

/*
 * How a listener of the configuration is, by its index (doors_view.c); -1 with
 * *e filled: there is none.
 */
int doors_view(const struct doors *d, const struct conf *conf, size_t listener,
    struct door_view *v, struct err *e);

/* See guests_renew (queue/guests.h). */
void doors_renew(struct doors *d);

/* Lets nobody in any more, and dismisses those inside (queue/guests.h). */
void doors_shut(struct doors *d);

/* Closes all descriptors, and forgets all keys: for a fork. */
void doors_close(struct doors *d);

size_t doors_poll_fds(const struct doors *d, struct pollfd *fds);
size_t doors_fds(const struct doors *d); /* as many as that */
void doors_serve(struct doors *d, const struct pollfd *fds);

/* Whose time has come, and when the next one's will (queue/guests.h). */
void doors_tick(struct doors *d, int64_t now_ms);
int64_t doors_deadline(const struct doors *d); /* monotonic */

/* true: it was one of ours. */
bool doors_reaped(struct doors *d, pid_t pid, int wstatus);
void doors_kill(struct doors *d);
void doors_accuse(struct doors *d, pid_t pid); /* see guests_accuse */
size_t doors_count(const struct doors *d);     /* processes */

#endif
