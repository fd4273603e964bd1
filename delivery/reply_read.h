/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_REPLY_READ_H
#define DELIVERY_REPLY_READ_H

#include "mail/reply.h"

/* Reads one whole reply; -1 with *e filled when none comes in time. */
struct conn;
int reply_read(struct reply *r, struct conn *c, struct err *e);

#endif
