/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_INTAKE_H
#define QUEUE_INTAKE_H

#include "common/conf.h"
#include "common/err.h"

struct event_base;
struct admit;

/*
 * Submissions over the socket "submit" (common/proto_submit.h): many
 * connections, each one message.  A client can neither stop nor hold up
 * anything but its own connection.
 */
struct intake;

struct intake *intake_new(struct event_base *base, const struct conf *conf,
    struct admit *admit, struct err *e);

/* Takes no more; what is half-way goes to the drop folder by its client. */
void intake_free(struct intake *i);

#endif
