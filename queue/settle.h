/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SETTLE_H
#define QUEUE_SETTLE_H

#include "common/conf.h"
#include "queue/job.h"

struct bounce;
struct limits;

/*
 * What becomes of each recipient after a try.  Pure judgement in settle_judge,
 * writing in settle_work; both without a clock of their own.
 */
struct settle {
	const struct conf *conf;
	struct store *store;
	struct bounce *bounce;
};

/* What to write for one recipient. */
struct verdict {
	enum rcpt_state to;
	int64_t due_at;
	bool is_attempt; /* counts against the message */
};
struct verdict settle_judge(const struct conf_queue *q, const struct job *j,
    size_t i, int64_t now, uint32_t rnd);

/*
 * Writes the outcome of a job inside a transaction: states, attempts, journal,
 * bounces, and the message's removal when nothing of it waits.  *finished
 * tells that last.
 */
int settle_work(const struct settle *s, struct job *j, int64_t now,
    bool *finished, struct err *e);

/* One log line a recipient, after the commit. */
void settle_log(const struct job *j, int64_t now);

#endif
