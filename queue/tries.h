/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_TRIES_H
#define QUEUE_TRIES_H

#include "queue/job.h"

/*
 * The attempts of a message, as the table attempt keeps them.  Both are work
 * inside a transaction.
 */

/* One try, with a result for each recipient. */
int tries_write(
    struct store *s, const struct job *j, int64_t now, struct err *e);

/*
 * A connection that was made for a message, and failed before it could be
 * handed over: up to max of its recipients, those that are due.
 */
struct tries_failure {
	uint64_t message;
	size_t max;
	int64_t now;
	const struct job_ready *session;
	const struct job_result *why;
};
int tries_write_failure(
    struct store *s, const struct tries_failure *f, struct err *e);

/* As the table, the log and docs/protocol.md have it. */
const char *tries_outcome_name(enum job_outcome o);

#endif
