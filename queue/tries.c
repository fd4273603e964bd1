/* SPDX-License-Identifier: ISC */
/*
 * What is kept of each try of a message that is still in the queue: a row for
 * each recipient that went along, whatever became of it, so that "show" tells
 * the whole story.  Most messages go with their first try and leave none.
 */
#include "config.h"

#include <string.h>

#include "queue/tries.h"

const char *
tries_outcome_name(enum job_outcome o)
{
	switch (o) {
	case JOB_DELIVERED:
		return "delivered";
	case JOB_DEFERRED:
		return "deferred";
	case JOB_REJECTED:
		return "rejected";
	case JOB_UNCERTAIN:
		return "uncertain";
	case JOB_UNTRIED:
		break;
	}
	return "untried";
}

/*
 * A session that ended in good order before it came to the message, and one
 * that we broke off, tried nothing.
 */
static bool
was_tried(const struct job *j, const struct job_result *r)
{
	if (r->outcome != JOB_UNTRIED || j->is_damaged)
		return true;
	return !j->is_aborted && (j->end.outcome == JOB_DEFERRED ||
				     j->end.outcome == JOB_REJECTED);
}

static int
write_one(
    struct store *s, const struct job *j, size_t i, int64_t now, struct err *e)
{
	const struct job_result *r = &j->results[i];
	struct store_attempt a = {
		.message = j->msg.id,
		.rcpt = j->rcpts[i].id,
		.at = now,
		.outcome = tries_outcome_name(r->outcome),
		.account = j->msg.account,
		.relay = j->session.relay,
		.address = j->session.address,
		.tls = j->session.tls,
		.cipher = j->session.cipher,
		.code = r->code,
		.status = r->status,
		.text = r->text,
		.elapsed_ms =
		    j->times.wait_ms + j->times.envelope_ms + j->times.data_ms,
	};

	return store_attempt_add(s, &a, e);
}

int
tries_write(struct store *s, const struct job *j, int64_t now, struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < j->nrcpts; i++) {
		if (!was_tried(j, &j->results[i]))
			continue;
		if (write_one(s, j, i, now, e) == -1)
			return -1;
		n++;
	}
	return n == 0 ? 0 : store_attempts_trim(s, j->msg.id, e);
}

int
tries_write_failure(
    struct store *s, const struct tries_failure *f, struct err *e)
{
	struct job *j = job_load(s, f->message, f->now, f->max, e);
	size_t i;
	int rc;

	/* Held, removed or put off meanwhile. */
	if (j == NULL)
		return e->class == ERR_NONE ? 0 : -1;
	j->session = *f->session;
	j->end = *f->why;
	for (i = 0; i < j->nrcpts; i++) {
		j->results[i] = *f->why;
		j->results[i].outcome = JOB_UNTRIED;
	}
	rc = tries_write(s, j, f->now, e);
	job_free(j);
	return rc;
}
