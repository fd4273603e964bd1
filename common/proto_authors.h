/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_AUTHORS_H
#define COMMON_PROTO_AUTHORS_H

#include "common/envelope.h"
#include "common/frame.h"

/*
 * The frame AUTHORS of a submission that comes by a listener, behind ENVELOPE:
 * who beside its From is judged by listen.senders.  An smtpd of mailchuted's
 * own says it and nobody else, so that no version of the contract tells of it.
 */

/* Nothing where there is nothing to say. */
int authors_put(struct buf *b, const struct authors *a);

/* Into a, which is empty; -1 with *e filled.  The caller clears it. */
int authors_get(const struct frame *f, struct authors *a, struct err *e);

#endif
