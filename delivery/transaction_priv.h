/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TRANSACTION_PRIV_H
#define DELIVERY_TRANSACTION_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/proto_job.h"
#include "mail/phase.h"
#include "delivery/body.h"
#include "delivery/outgoing.h"
#include "delivery/reply_read.h"

/*
 * One message under way, shared by transaction.c (envelope), data.c (DATA and
 * BDAT) and settle.c (what the queue is told).
 */

struct transaction {
	struct session *s;
	const struct job_message *m;
	struct rewrite_rules rules; /* the session's, as they apply to m */
	struct outgoing out;
	struct body body;
	struct reply reply;
	size_t answered; /* recipients up to here have had their reply */
	size_t accepted; /* how many the server took */
	bool mail_is_sent;
	bool mail_is_answered;
	bool mail_is_refused;
	bool is_committed; /* the last octet may have left, no answer yet */
	bool is_refused;   /* the data: every recipient is settled */
	struct job_result *why; /* for CLOSED, once s->is_over */
	struct err *queue;      /* filled when the queue is gone */
	bool queue_is_gone;
	struct job_done times;
};

/* ---- transaction.c: 0, or -1 when the session is over ---- */

bool transaction_offers(const struct transaction *t, unsigned what);
int transaction_read_reply(struct transaction *t, enum phase p);

/* Sends what is there and reads the replies of recipients before limit. */
int transaction_take_replies(struct transaction *t, size_t limit);

/* ---- data.c ---- */

/* The message behind its envelope, and the answer to it. */
int data_send(struct transaction *t);

/* ---- settle.c: those that return int always return -1, for "return" ---- */

/* Tells what became of one recipient, or of all that nothing was told of. */
void settle_one(
    struct transaction *t, size_t i, const struct job_result *verdict);
void settle_rest(struct transaction *t, const struct job_result *verdict);

/* The session ends here, for this reason. */
int settle_end(struct transaction *t, const struct job_result *verdict);

/* The connection failed; what that means depends on how far we were. */
int settle_broken(struct transaction *t, const struct err *e);

/* The reply makes no sense here: the same. */
int settle_out_of_place(struct transaction *t);

/*
 * A refusal of the message: 0, or -1 when it is one of the connection, which
 * ends the session.
 */
int settle_refused(struct transaction *t, const struct job_result *verdict);

/* Our own reasons not to send it. */
void settle_ours(struct transaction *t, const char *status, const char *text,
    const char *fix);

/* The body cannot be had: nothing is told but the end of the session. */
int settle_lost_body(struct transaction *t, const struct err *e);

#endif
