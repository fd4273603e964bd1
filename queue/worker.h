/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_WORKER_H
#define QUEUE_WORKER_H

#include <sys/types.h>

#include "common/proto_job.h"
#include "queue/job.h"

struct ask;
struct event_base;

/*
 * One deliver process, as the queue process sees it: a job channel that is
 * written and read without blocking, and the rules of common/proto_job.h kept
 * on our side.  It decides nothing; dispatch does, by these calls.
 */
struct worker;

struct worker_calls {
	void (*ready)(void *arg, struct worker *w);
	/* the whole body but its end is on its way: claim, then end it */
	void (*body_sent)(void *arg, struct worker *w, struct job *j);
	/* the job is over, with a result for each recipient that has one */
	void (*done)(void *arg, struct worker *w, struct job *j);
	/*
	 * The session is over, and j (or NULL) unfinished.  why says how, as
	 * FAILED or CLOSED did.
	 */
	void (*closed)(void *arg, struct worker *w, struct job *j,
	    const struct job_result *why);
	/*
	 * Some time after closed: the process has ended, and its connection to
	 * the server with it.  The worker is freed after the call.
	 */
	void (*gone)(void *arg, struct worker *w);
};

/* A deliver that was just started. */
struct worker_start {
	int fd; /* the job channel, the worker's from now on */
	pid_t pid;
	struct job_session *session;
	struct buf *ticket; /* of the lane: taken now, and filled later */
	bool is_legacy;     /* the session goes to the legacy host */
	const struct worker_calls *calls;
	void *arg;          /* of the calls */
	int64_t closing_ms; /* for the end of the process; 0: as it needs */
};
struct worker *worker_new(struct event_base *base, struct store *s,
    struct ask *ask, const struct worker_start *start);
void worker_free(struct worker *w); /* ends the process by hanging up */

enum worker_state {
	WORKER_STARTING,
	WORKER_IDLE,
	WORKER_BUSY,
	WORKER_QUITTING, /* asked to */
	WORKER_CLOSING   /* the session is over, the process not yet */
};
enum worker_state worker_state(const struct worker *w);
bool worker_was_ready(const struct worker *w);
const struct job_ready *worker_session(const struct worker *w);
const struct job *worker_job(const struct worker *w);

/* The clock was set: for the job it carries. */
void worker_move_times(struct worker *w, int64_t by_s);

/* Hands over a job, which becomes the worker's until done or gone. */
void worker_give(struct worker *w, struct job *j);
void worker_end_body(struct worker *w); /* after body_sent */

/*
 * Instead, or in the middle; why, or NULL: our own trouble, over which the
 * account backs off.
 */
void worker_abort(struct worker *w, const struct err *why);

void worker_quit(struct worker *w); /* when idle: ends the session */

#endif
