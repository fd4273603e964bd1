/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TRANSACTION_H
#define DELIVERY_TRANSACTION_H

#include "common/err.h"
#include "common/proto_job.h"

struct session;

/*
 * Carries one message over the session and tells the queue what became of each
 * recipient.  0: the session may take another; 1: it is over, and *why is what
 * CLOSED has to say; -1 with *e filled: the queue is gone.
 */
int transaction_run(struct session *s, const struct job_message *m,
    struct job_result *why, struct err *e);

#endif
