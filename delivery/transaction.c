/* SPDX-License-Identifier: ISC */
/*
 * One message: MAIL, RCPT, and DATA or BDAT.
 *
 * With PIPELINING (RFC 2920) the whole envelope leaves in one flight, and with
 * it DATA, or a small message as one BDAT LAST: then a message costs a single
 * round trip.  Replies are read in the order of the commands.
 *
 * When may a message have been taken although we were not told?  From the
 * moment its last octet may leave, which is_committed notes, until the answer
 * to it is read.  A connection that breaks in between leaves the recipients
 * uncertain; one that breaks before leaves them undelivered for sure.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "mail/addr.h"
#include "mail/verdict.h"
#include "delivery/channel.h"
#include "delivery/command.h"
#include "delivery/conn.h"
#include "delivery/session.h"
#include "delivery/transaction.h"
#include "delivery/transaction_priv.h"

/*
 * RCPTs in flight before their replies are read.  Neither side may be kept from
 * reading by what it still has to write: a hundred replies fit into any
 * socket's buffers.
 */
#define BATCH 100

/* ---- replies ---- */

int
transaction_read_reply(struct transaction *t, enum phase p)
{
	struct err e;

	conn_phase(t->s->conn, p);
	if (reply_read(&t->reply, t->s->conn, &e) == -1)
		return settle_broken(t, &e);
	return 0;
}

static int
take_mail_reply(struct transaction *t)
{
	struct job_result r;

	if (transaction_read_reply(t, PHASE_MAIL) == -1)
		return -1;
	t->mail_is_answered = true;
	if (reply_class(&t->reply) == 2)
		return 0;
	if (reply_class(&t->reply) == 3)
		return settle_out_of_place(t);
	t->mail_is_refused = true;
	verdict_reply(PHASE_MAIL, &t->reply, &r);
	/* 421 on a connection that was idle: it was closed for that. */
	if (r.code == 421 && r.scope == JOB_SCOPE_CONNECTION &&
	    t->s->transactions > 1)
		r.outcome = JOB_UNTRIED;
	return settle_refused(t, &r);
}

static int
take_rcpt_reply(struct transaction *t, size_t i)
{
	struct job_result r;

	if (transaction_read_reply(t, PHASE_RCPT) == -1)
		return -1;
	if (t->mail_is_refused)
		return 0; /* 503, as it must be */
	if (reply_class(&t->reply) == 2) {
		t->out.rcpts[i].is_accepted = true;
		t->accepted++;
		return 0;
	}
	if (reply_class(&t->reply) == 3)
		return settle_out_of_place(t);
	verdict_reply(PHASE_RCPT, &t->reply, &r);
	if (r.scope == JOB_SCOPE_CONNECTION || r.code == 421)
		return settle_refused(t, &r);
	settle_one(t, i, &r);
	return 0;
}

/* Sends what is there and reads the replies of recipients before limit. */
int
transaction_take_replies(struct transaction *t, size_t limit)
{
	struct err e;

	if (conn_flush(t->s->conn, &e) == -1)
		return settle_broken(t, &e);
	if (!t->mail_is_answered && take_mail_reply(t) == -1)
		return -1;
	for (; t->answered < limit; t->answered++)
		if (t->out.rcpts[t->answered].is_sent &&
		    take_rcpt_reply(t, t->answered) == -1)
			return -1;
	return 0;
}

/* ---- envelope ---- */

bool
transaction_offers(const struct transaction *t, unsigned what)
{
	return (t->s->ehlo.offers & what) != 0;
}

static int
put_mail(struct transaction *t)
{
	uint64_t size = t->body.has_size ? t->body.size : 0;
	struct err e;

	conn_phase(t->s->conn, PHASE_MAIL);
	t->mail_is_sent = true;
	t->s->needs_reset = true;
	if (outgoing_put_mail(
		&t->out, t->s->conn, size, t->body.has_8bit, &e) == -1)
		return settle_broken(t, &e);
	return 0;
}

/*
 * The whole envelope.  On return its last batch may still be in the output, its
 * replies to come: with PIPELINING the data can go with it.
 */
static int
send_envelope(struct transaction *t)
{
	bool pipelining = transaction_offers(t, EHLO_PIPELINING);
	size_t i, in_flight = 0;
	struct err e;

	if (put_mail(t) == -1)
		return -1;
	for (i = 0; i < t->m->env.nrcpts; i++) {
		if (t->out.rcpts[i].is_settled)
			continue;
		if ((!pipelining || in_flight == BATCH) &&
		    transaction_take_replies(t, i) == -1)
			return -1;
		if (t->mail_is_refused)
			return 0;
		if (in_flight == BATCH)
			in_flight = 0;
		in_flight++;
		t->out.rcpts[i].is_sent = true;
		conn_phase(t->s->conn, PHASE_RCPT);
		if (outgoing_put_rcpt(&t->out, i, t->s->conn, &e) == -1)
			return settle_broken(t, &e);
	}
	return pipelining ? 0 : transaction_take_replies(t, i);
}

/* ---- the whole ---- */

/* Is the message, and its sender, one that this server takes? */
static bool
check_message(struct transaction *t)
{
	uint64_t limit = t->s->ehlo.size_max;
	struct err e;

	if (limit != 0 && t->body.size > limit)
		settle_ours(t, "5.3.4",
		    "the message is larger than the server takes",
		    "Send it in parts, or a link instead.");
	else if (t->out.sender == NULL ||
		 (t->out.sender[0] != '\0' &&
		     addr_check(t->out.sender, "5.1.7", NULL, &e) == -1))
		settle_ours(t, "5.1.7",
		    "the sender's address cannot be said to this server", "");
	else
		return true;
	return false;
}

/* Those whose address cannot be said are settled. */
static void
check_rcpts(struct transaction *t)
{
	struct job_result r;
	struct err e;
	size_t i;

	memset(&r, 0, sizeof(r));
	r.outcome = JOB_REJECTED;
	r.scope = JOB_SCOPE_RECIPIENT;
	strlcpy(r.phase, "before sending", sizeof(r.phase));
	for (i = 0; i < t->m->env.nrcpts; i++) {
		if (t->out.rcpts[i].address == NULL)
			err_set(&e, ERR_PERM, "5.6.7",
			    "the address is beyond ASCII and the server does "
			    "not take that (SMTPUTF8)");
		else if (addr_check(
			     t->out.rcpts[i].address, "5.1.3", NULL, &e) == 0)
			continue;
		strlcpy(r.status, e.status, sizeof(r.status));
		strlcpy(r.text, e.text, sizeof(r.text));
		settle_one(t, i, &r);
	}
}

/* Takes a transaction that was not finished off the server's mind. */
static int
reset(struct transaction *t)
{
	struct err e;

	conn_phase(t->s->conn, PHASE_RSET);
	if (command_put(t->s->conn, &e, "RSET") == -1 ||
	    conn_flush(t->s->conn, &e) == -1 ||
	    reply_read(&t->reply, t->s->conn, &e) == -1)
		return settle_lost_body(t, &e);
	if (t->reply.code != 250) {
		err_set(&e, ERR_TEMP, "4.5.0", "the server answered %u to RSET",
		    t->reply.code);
		return settle_lost_body(t, &e);
	}
	t->s->needs_reset = false;
	return 0;
}

/*
 * What the server said while the message came in, though nothing was asked: 421
 * most likely.  The message was not begun.
 */
static int
heed_idle(struct transaction *t)
{
	struct job_result why;

	if (!conn_has_input(t->s->conn))
		return 0;
	session_heed(t->s, &why);
	return settle_end(t, &why);
}

static bool
has_unsettled(const struct transaction *t)
{
	size_t i;

	for (i = 0; i < t->m->env.nrcpts; i++)
		if (!t->out.rcpts[i].is_settled)
			return true;
	return false;
}

/* From here on the message counts as begun. */
static void
send_message(struct transaction *t)
{
	int64_t start = clock_mono_ms();

	t->s->transactions++;
	if (send_envelope(t) == -1)
		return;
	t->times.envelope_ms = (uint64_t)(clock_mono_ms() - start);
	start = clock_mono_ms();
	(void)data_send(t);
	t->times.data_ms = (uint64_t)(clock_mono_ms() - start);
}

static void
run(struct transaction *t)
{
	const struct body_way way = { .rules = &t->rules,
		.is_7bit = !transaction_offers(t, EHLO_8BITMIME),
		.has_utf8 = t->out.needs_utf8 };
	struct err e;

	err_clear(&e);
	if (body_open(&t->body, &way, &e) == -1) {
		if (e.class != ERR_PERM) {
			settle_lost_body(t, &e);
			return;
		}
		settle_ours(t, e.status, e.text, "");
	} else if (check_message(t)) {
		check_rcpts(t);
	}
	if (has_unsettled(t)) {
		if (t->s->needs_reset && reset(t) == -1)
			return;
		if (heed_idle(t) == -1)
			return;
		send_message(t);
	}
	/* The queue sends the body to its end, whatever came of it. */
	if (!t->s->is_over && body_drain(&t->body, &e) == -1)
		settle_lost_body(t, &e);
}

int
transaction_run(struct session *s, const struct job_message *m,
    struct job_result *why, struct err *e)
{
	struct transaction t = {
		.s = s, .m = m, .rules = s->rules, .why = why, .queue = e
	};
	int64_t start = clock_mono_ms();
	char *sender;

	/* A report of ours comes from the account, or Exchange refuses it. */
	if (m->is_notice && !t.rules.null_sender_ok &&
	    t.rules.mode == REWRITE_NEVER)
		t.rules.mode = REWRITE_AUTO;
	if (m->instead_of != NULL)
		t.rules.mode = REWRITE_ALWAYS;
	t.rules.from_is_local =
	    m->env.from != NULL && addr_domain(m->env.from) == NULL;
	t.rules.is_automatic = m->env.sender[0] == '\0';
	sender = rewrite_sender(&t.rules, m->env.sender);
	outgoing_init(&t.out, m, sender, s->ehlo.offers);
	free(sender);
	body_init(&t.body, s->channel, m);
	reply_init(&t.reply);
	run(&t);
	t.times.wait_ms = (uint64_t)(clock_mono_ms() - start) -
			  t.times.envelope_ms - t.times.data_ms;
	if (!t.queue_is_gone && !has_unsettled(&t) &&
	    job_put_done(&s->channel->out, &t.times) == -1)
		t.queue_is_gone = true;
	if (!t.queue_is_gone && channel_flush(s->channel, e) == -1)
		t.queue_is_gone = true;
	outgoing_clear(&t.out);
	body_clear(&t.body);
	reply_clear(&t.reply);
	if (t.queue_is_gone)
		return -1;
	return s->is_over ? 1 : 0;
}
