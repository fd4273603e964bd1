/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_INTAKE_H
#define QUEUE_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

struct event_base;
struct admit;

/*
 * Submissions over the socket "submit" (common/proto_submit.h): many
 * connections, each one message, or for an smtpd of ours one after another.  A
 * client can neither stop nor hold up anything but its own connection.
 */
struct intake;

/*
 * fd is the listening socket, which stays the caller's.  A client that says
 * nothing for so long is ended; one that has begun a message may have a writer
 * that pauses, and a large message cannot be said again.  Never NULL.
 */
struct intake_patience {
	int64_t silence_ms, writer_ms;
};
extern const struct intake_patience intake_patience;
struct intake *intake_new(struct event_base *base, const struct conf *conf,
    struct admit *admit, const struct intake_patience *patience, int fd);

/*
 * Takes nobody new, and of an smtpd no further message; who connects waits for
 * another to listen on the socket.
 * f is called whenever the last of those inside has left.
 */
void intake_close_door(struct intake *i);
typedef void intake_idle(void *arg);
void intake_on_idle(struct intake *i, intake_idle *f, void *arg);
bool intake_is_idle(const struct intake *i);

/* Takes no more; what is half-way goes to the drop folder by its client. */
void intake_free(struct intake *i);

#endif
