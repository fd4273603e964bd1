/* SPDX-License-Identifier: ISC */
/*
 * What the queue is told of a message.  Every recipient is settled at most
 * once, and what a broken connection means is decided in one place,
 * settle_broken.
 */
#include "config.h"

#include <string.h>

#include "mail/verdict.h"
#include "delivery/channel.h"
#include "delivery/conn.h"
#include "delivery/session.h"
#include "delivery/transaction_priv.h"

/* Who signed in, and under whose name the message is sent. */
static void
name_names(const struct transaction *t, struct job_result *r)
{
	verdict_name(r, t->s->job->user, t->out.sender);
}

void
settle_one(struct transaction *t, size_t i, const struct job_result *verdict)
{
	struct job_result r = *verdict;

	if (t->out.rcpts[i].is_settled || t->queue_is_gone)
		return;
	t->out.rcpts[i].is_settled = true;
	r.rcpt = t->m->rcpt_ids[i];
	name_names(t, &r);
	if (channel_result(t->s->channel, &r, t->queue) == -1)
		t->queue_is_gone = true;
}

void
settle_rest(struct transaction *t, const struct job_result *verdict)
{
	size_t i;

	for (i = 0; i < t->m->env.nrcpts; i++)
		settle_one(t, i, verdict);
}

/* The session ends here, for this reason. */
int
settle_end(struct transaction *t, const struct job_result *verdict)
{
	if (!t->s->is_over) {
		*t->why = *verdict;
		name_names(t, t->why);
	}
	t->s->is_over = true;
	return -1;
}

/*
 * The connection failed.  What that means for whom is still without an answer
 * depends on how far we were.
 */
int
settle_broken(struct transaction *t, const struct err *e)
{
	struct job_result r;

	t->s->is_broken = true;
	verdict_error(conn_get_phase(t->s->conn), e, &r);
	if (t->is_refused) {
		/* It had its answer; that the server then left hurts nobody. */
		r.outcome = JOB_UNTRIED;
	} else if (t->is_committed && !conn_is_mute(t->s->conn)) {
		r.outcome = JOB_UNCERTAIN;
		r.scope = JOB_SCOPE_MESSAGE;
		settle_rest(t, &r);
		r.scope = JOB_SCOPE_CONNECTION;
	} else if (!t->mail_is_answered && t->s->transactions > 1) {
		/* The server had ended an idle connection: nobody's fault. */
		r.outcome = JOB_UNTRIED;
		settle_rest(t, &r);
	} else {
		settle_rest(t, &r);
	}
	return settle_end(t, &r);
}

/*
 * A refusal of the message: all are told.  A connection's ends the session, and
 * so does 421, whoever is to blame.
 */
int
settle_refused(struct transaction *t, const struct job_result *verdict)
{
	settle_rest(t, verdict);
	t->is_refused = true;
	if (verdict->scope != JOB_SCOPE_CONNECTION && verdict->code != 421)
		return 0;
	/* Other answers may be under way; QUIT would not meet its own. */
	if (verdict->code == 421 || t->mail_is_refused ||
	    conn_get_phase(t->s->conn) != PHASE_FINAL)
		t->s->is_broken = true;
	return settle_end(t, verdict);
}

int
settle_out_of_place(struct transaction *t)
{
	struct err e;

	err_set(&e, ERR_TEMP, "4.5.0",
	    "protocol error: the server answered %u %.200s", t->reply.code,
	    buf_data(&t->reply.text));
	return settle_broken(t, &e);
}

/* Our own reasons not to send it. */
void
settle_ours(struct transaction *t, const char *status, const char *text,
    const char *fix)
{
	struct job_result r;

	memset(&r, 0, sizeof(r));
	r.outcome = JOB_REJECTED;
	r.scope = JOB_SCOPE_MESSAGE;
	strlcpy(r.status, status, sizeof(r.status));
	strlcpy(r.phase, "before sending", sizeof(r.phase));
	strlcpy(r.text, text, sizeof(r.text));
	strlcpy(r.fix, fix, sizeof(r.fix));
	settle_rest(t, &r);
	t->is_refused = true;
}

/*
 * The body cannot be had: the queue sent ABORT, or is gone.  The connection is
 * closed in the middle, so that the server has no whole message, and the queue
 * is told no result but the recipients' that were refused.
 */
int
settle_lost_body(struct transaction *t, const struct err *e)
{
	struct job_result r;

	t->s->is_broken = true;
	verdict_error(conn_get_phase(t->s->conn), e, &r);
	r.outcome = JOB_UNTRIED;
	return settle_end(t, &r);
}
