/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_BODY_PRIV_H
#define DELIVERY_BODY_PRIV_H

#include "mail/reencode.h"
#include "delivery/body.h"

/*
 * Shared by body.c, which reads and hands out, and fit.c, which finds out what
 * has to be changed.
 */

/* The body of a message that cannot go as it is. */
struct recode {
	struct label label; /* of the message */
	struct plan plan;
	struct reencode reencode;
	struct buf raw; /* as stored */
};

/* Reads one frame, into data, or into raw once recode is there. */
int body_fill(struct body *b, struct err *e);

int body_damaged(struct err *e, const char *what);

#endif
