/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include "common/proto_job.h"
#include "queue/store.h"

struct worker;

/*
 * One try of one message: the recipients that go along, and what became of
 * each.  Made by dispatch, carried by a worker, judged by settle.
 */
struct job {
	struct store_message msg;
	struct store_rcpt *rcpts;
	size_t nrcpts;
	struct job_result *results; /* by recipient; outcome 0: none came */
	struct job_ready session;   /* who was talked to */
	struct job_done times;
	int64_t began_at;
	struct worker *worker; /* who carries it; NULL when that is gone */
	struct job_result end; /* how the session went, when it is gone */
	bool is_claiming;      /* the claim waits for its commit */
	bool is_claimed;       /* its recipients are active in the store */
	bool is_over;          /* done or gone: to be settled */
	bool is_sent;          /* begun, for the budgets */
	int64_t saved_at;      /* as which that is on disk; 0: it is not */
	bool is_body_ended;    /* BODY_END went out: silence means uncertain */
	bool is_aborted; /* we ended the session ourselves, over this job */
	struct err ours; /* ... and why, unless it says nothing of us */
	bool is_damaged; /* a chunk of it failed its check */
	/* of queue/denied.h */
	char *from;       /* under which it goes, if not the mailbox's own */
	char *instead_of; /* it goes under that, since this one is refused */
	bool is_denied;   /* from was, by this try */
	size_t nheld;     /* recipients that settling has held */
	size_t nstuck;    /* of these, not by the will of queue.uncertain */
};

/*
 * Loads the message with up to max recipients due at now.  NULL with *e
 * filled, or with class ERR_NONE when there is nothing left to try.
 */
struct job *job_load(
    struct store *s, uint64_t id, int64_t now, size_t max, struct err *e);
void job_free(struct job *j);

/* Notes a RESULT; -1 when it names no recipient of ours. */
int job_note(struct job *j, const struct job_result *r);

/* The clock was set: what the job knows of the queue's instants moves too. */
void job_move_times(struct job *j, int64_t by_s);

/*
 * Work for a batch: moves the recipients to active.  -1 with class ERR_PERM
 * when one of them is no longer waiting (held or removed meanwhile).
 */
int job_claim(struct store *s, struct job *j, struct err *e);

#endif
