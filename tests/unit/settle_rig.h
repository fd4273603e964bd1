/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_SETTLE_RIG_H
#define TESTS_UNIT_SETTLE_RIG_H

#include "queue/job.h"
#include "tests/unit/office.h"

/*
 * A try of a message as the lane makes it, answered by the test and settled.
 */
struct job *settle_try(struct office *o, uint64_t id);
struct job *settle_try_at(struct office *o, uint64_t id, int64_t at);
void settle_answer(
    struct job *j, size_t i, enum job_outcome outcome, unsigned code);

/* Frees the job; true when nothing of the message is left. */
bool settle_end(struct office *o, struct job *j, int64_t now);

#endif
