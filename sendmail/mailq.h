/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_MAILQ_H
#define SENDMAIL_MAILQ_H

#include <stdbool.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/proto_ctl.h"

/*
 * Prints a listing of the queue as its rows arrive; nothing is kept but one
 * reason.  The layout is Postfix's, with Sendmail's line of
 * totals, so that scripts that read either keep working (mailq(1)).
 */
struct mailq;

struct mailq *mailq_new(FILE *to, int64_t now);
void mailq_free(struct mailq *q);

/* The rows of the control contract, in its order. */
void mailq_message(struct mailq *q, const struct ctl_message *m);
void mailq_recipient(struct mailq *q, const struct ctl_recipient *r);
void mailq_totals(struct mailq *q, const struct ctl_totals *t);

/* After the last row. */
void mailq_end(struct mailq *q);

#endif
