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
 * nothing for silence_ms is ended.  Never NULL.
 */
#define INTAKE_SILENCE_MS (5 * 60 * 1000)
struct intake *intake_new(struct event_base *base, const struct conf *conf,
    struct admit *admit, int64_t silence_ms, int fd);

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
