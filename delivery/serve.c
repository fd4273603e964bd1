/* SPDX-License-Identifier: ISC */
/*
 * Message after message over one connection, and how it ends: by the queue's
 * word, by the server's, or because there is no more mail.
 */
#include "config.h"

#include <string.h>

#include "common/clock.h"
#include "mail/verdict.h"
#include "delivery/channel.h"
#include "delivery/conn.h"
#include "delivery/reply_read.h"
#include "delivery/session.h"
#include "delivery/transaction.h"

#define HEED_MS 1000 /* for the rest of what began to come */

/* The word for an ordinary end of the session. */
static void
end_well(struct session *s, const char *text, struct job_result *why)
{
	memset(why, 0, sizeof(*why));
	why->outcome = JOB_UNTRIED;
	why->scope = JOB_SCOPE_CONNECTION;
	strlcpy(why->status, "2.0.0", sizeof(why->status));
	strlcpy(why->phase, phase_name(conn_get_phase(s->conn)),
	    sizeof(why->phase));
	strlcpy(why->text, text, sizeof(why->text));
}

/*
 * Of a connection that has not had one message: trouble, or signing in would be
 * repeated as fast as the server says goodbye.
 */
static void
judge_unasked(struct session *s, struct reply *r, struct job_result *why)
{
	struct err e;

	if (r->code == 421 || reply_class(r) >= 4) {
		verdict_reply(PHASE_MAIL, r, why);
	} else {
		err_set(&e, ERR_TEMP, "4.5.0",
		    "protocol error: the server said %u %.200s, unasked",
		    r->code, buf_data(&r->text));
		verdict_error(PHASE_MAIL, &e, why);
	}
	if (why->scope != JOB_SCOPE_CONNECTION &&
	    why->scope != JOB_SCOPE_ACCOUNT) {
		why->outcome = JOB_DEFERRED;
		why->scope = JOB_SCOPE_CONNECTION;
	}
	verdict_name(why, s->job->user, NULL);
}

void
session_heed(struct session *s, struct job_result *why)
{
	struct reply r;
	struct err e;

	reply_init(&r);
	conn_phase(s->conn, PHASE_MAIL);
	conn_deadline(s->conn, clock_mono_ms() + HEED_MS);
	if (reply_read(&r, s->conn, &e) == -1) {
		if (s->transactions > 0)
			end_well(s, e.text, why);
		else
			verdict_error(PHASE_MAIL, &e, why);
	} else if (s->transactions > 0) {
		end_well(s, buf_data(&r.text), why);
		why->code = r.code;
	} else {
		judge_unasked(s, &r, why);
	}
	s->is_broken = true;
	reply_clear(&r);
}

/* How the wait for the next frame ended. */
enum next {
	NEXT_FRAME,
	NEXT_END, /* *why says why */
	NEXT_LOST /* the queue is gone */
};

static enum next
wait_next(
    struct session *s, struct frame *f, struct job_result *why, struct err *e)
{
	int64_t wait = s->job->linger_ms;

	if (wait < JOB_LINGER_MIN_MS)
		wait = JOB_LINGER_MIN_MS;
	if (!channel_has_input(s->channel)) {
		switch (conn_idle(s->conn, clock_mono_ms() + wait)) {
		case CONN_SERVER:
			session_heed(s, why);
			return NEXT_END;
		case CONN_TIMEOUT:
			end_well(s, "no more mail", why);
			return NEXT_END;
		case CONN_CHANNEL:
			break;
		}
	}
	return channel_next(s->channel, f, e) == -1 ? NEXT_LOST : NEXT_FRAME;
}

/* MESSAGE with the RCPTS that follow it. */
static int
read_message(struct session *s, const struct frame *first,
    struct job_message *m, struct err *e)
{
	struct frame f;

	if (job_get_message(first, m, e) == -1)
		return -1;
	for (;;) {
		if (channel_next(s->channel, &f, e) == -1)
			break;
		if (f.type != JOB_RCPTS) {
			channel_unread(s->channel);
			return 0;
		}
		if (job_get_rcpts(&f, m, e) == -1)
			break;
	}
	job_message_clear(m);
	return -1;
}

/* 0: on to the next one; 1: the session is over, *why says why; -1. */
static int
serve_one(struct session *s, const struct frame *f, struct job_result *why,
    struct err *e)
{
	struct job_message m;
	int rc;

	if (read_message(s, f, &m, e) == -1)
		return -1;
	rc = transaction_run(s, &m, why, e);
	job_message_clear(&m);
	return rc;
}

/*
 * Servers send it with or soon after the handshake: it is looked for before
 * READY, and once more at the end.
 */
static int
put_ticket(struct session *s)
{
	const struct buf *ticket = conn_tls_ticket(s->conn);

	if (ticket == NULL || ticket->len == 0 || s->ticket_is_told)
		return 0;
	s->ticket_is_told = true;
	return frame_put_raw(
	    &s->channel->out, JOB_TICKET, ticket->data, ticket->len);
}

int
session_serve(struct session *s, struct err *e)
{
	struct job_result why;
	struct frame f;
	int rc = 0;

	if (put_ticket(s) == -1 ||
	    job_put_ready(&s->channel->out, &s->ready) == -1 ||
	    channel_flush(s->channel, e) == -1)
		return -1;
	while (rc == 0) {
		switch (wait_next(s, &f, &why, e)) {
		case NEXT_LOST:
			return -1;
		case NEXT_END:
			rc = 1;
			continue;
		case NEXT_FRAME:
			break;
		}
		if (f.type == JOB_QUIT) {
			end_well(s, "asked to end", &why);
			rc = 1;
		} else {
			rc = serve_one(s, &f, &why, e);
		}
	}
	if (rc == -1)
		return -1;
	/* Before QUIT, so that the queue does not send another in vain. */
	if (put_ticket(s) == -1 || job_put_closed(&s->channel->out, &why) == -1)
		return -1;
	return channel_flush(s->channel, e);
}
