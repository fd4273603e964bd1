/* SPDX-License-Identifier: ISC */
/*
 * The octets of a message, by DATA (RFC 5321 4.1.1.4) or in chunks by BDAT
 * (RFC 3030).
 *
 * is_committed is set before the last of them is handed to the connection, and
 * taken back when the answer was read: in between nobody but the server knows,
 * unless the connection broke with some octets still here (conn_is_mute).
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "mail/dotline.h"
#include "mail/header.h"
#include "mail/verdict.h"
#include "delivery/command.h"
#include "delivery/conn.h"
#include "delivery/session.h"
#include "delivery/transaction_priv.h"

/* One BDAT of a large message. */
#define CHUNK (1024 * 1024)

/* Chunks in flight, with PIPELINING; their replies are few and short. */
#define WINDOW 8

/* A reply while the data is under way: the server has had enough. */
static int
take_early_reply(struct transaction *t)
{
	struct job_result r;

	if (transaction_read_reply(t, PHASE_BODY) == -1)
		return -1;
	if (reply_class(&t->reply) < 4)
		return settle_out_of_place(t);
	verdict_reply(PHASE_BODY, &t->reply, &r);
	settle_rest(t, &r);
	/*
	 * It expects more data, and gets none.  Unless it was the connection's
	 * fault, that is no reason to wait with the next one.
	 */
	t->s->is_broken = true;
	if (r.scope != JOB_SCOPE_CONNECTION)
		r.outcome = JOB_UNTRIED;
	r.scope = JOB_SCOPE_CONNECTION;
	return settle_end(t, &r);
}

/* The answer to the whole message. */
static int
take_final_reply(struct transaction *t)
{
	struct job_result r;

	/* Not all of it left: no answer takes it for whole. */
	if (conn_is_mute(t->s->conn))
		return take_early_reply(t);
	if (transaction_read_reply(t, PHASE_FINAL) == -1)
		return -1;
	if (reply_class(&t->reply) == 3)
		return settle_out_of_place(t);
	t->is_committed = false;
	t->s->needs_reset = false;
	verdict_reply(PHASE_FINAL, &t->reply, &r);
	if (reply_class(&t->reply) != 2)
		return settle_refused(t, &r);
	r.outcome = JOB_DELIVERED;
	r.scope = JOB_SCOPE_MESSAGE;
	r.meaning[0] = r.fix[0] = '\0';
	r.wait_s = 0;
	settle_rest(t, &r);
	return 0;
}

/* Everything has been put: the last octet leaves now. */
static int
commit(struct transaction *t)
{
	struct err e;

	conn_phase(t->s->conn, PHASE_BODY);
	t->is_committed = true;
	if (conn_flush(t->s->conn, &e) == -1)
		return settle_broken(t, &e);
	return 0;
}

/* As body_next. */
static int
next_octets(struct transaction *t, const char **p, size_t *n)
{
	struct err e;
	int more = body_next(&t->body, p, n, &e);

	return more == -1 ? settle_lost_body(t, &e) : more;
}

/* The same with dots doubled. */
static int
next_piece(struct transaction *t, struct dotline *d, struct buf *wire)
{
	const char *p;
	struct err e;
	size_t n;
	int more;

	buf_truncate(wire, 0);
	if ((more = next_octets(t, &p, &n)) == -1)
		return -1;
	if (dotline_put(d, p, n, wire) == 0 &&
	    (more == 1 || dotline_end(d, wire) == 0))
		return more;
	err_set(&e, ERR_LOCAL, "4.3.0", "output overrun");
	return settle_lost_body(t, &e);
}

/* The whole of it, and the dot. */
static int
stream_pieces(struct transaction *t, struct buf *wire)
{
	struct conn *c = t->s->conn;
	struct dotline d;
	struct err e;
	int more;

	dotline_init(&d);
	do {
		conn_phase(c, PHASE_BODY);
		if ((more = next_piece(t, &d, wire)) == -1)
			return -1;
		if (conn_has_input(c))
			return take_early_reply(t);
		t->is_committed = more == 0;
		if (conn_put(c, wire->data, wire->len, &e) == -1)
			return settle_broken(t, &e);
		t->times.octets += wire->len;
	} while (more == 1);
	return commit(t);
}

/* After 354. */
static int
stream_data(struct transaction *t)
{
	struct buf wire;
	int rc;

	buf_init(&wire, DOTLINE_ROOM(BODY_PIECE_MAX));
	conn_listen(t->s->conn, true);
	rc = stream_pieces(t, &wire);
	conn_listen(t->s->conn, false);
	buf_clear(&wire);
	return rc == -1 ? -1 : take_final_reply(t);
}

/* The lone dot for a server that said 354 although it took no recipient. */
static int
send_nothing(struct transaction *t)
{
	struct err e;

	if (conn_puts(t->s->conn, ".\r\n", &e) == -1 ||
	    conn_flush(t->s->conn, &e) == -1)
		return settle_broken(t, &e);
	if (transaction_read_reply(t, PHASE_FINAL) == -1)
		return -1;
	t->s->needs_reset = false;
	return 0;
}

static int
send_by_data(struct transaction *t)
{
	struct job_result r;
	struct err e;

	if (t->mail_is_refused ||
	    (!transaction_offers(t, EHLO_PIPELINING) && t->accepted == 0))
		return 0;
	if (command_put(t->s->conn, &e, "DATA") == -1)
		return settle_broken(t, &e);
	if (transaction_take_replies(t, t->m->env.nrcpts) == -1)
		return -1;
	/* Not pipelined: the replies were read before, DATA was just flushed.
	 */
	if (transaction_read_reply(t, PHASE_DATA) == -1)
		return -1;
	if (t->accepted == 0)
		return t->reply.code == 354 ? send_nothing(t) : 0;
	if (t->reply.code == 354)
		return stream_data(t);
	if (reply_class(&t->reply) < 4)
		return settle_out_of_place(t);
	verdict_reply(PHASE_DATA, &t->reply, &r);
	return settle_refused(t, &r);
}

/* The whole of a small message behind the envelope, in one flight. */
static int
send_in_one_flight(struct transaction *t)
{
	const char *p;
	struct err e;
	size_t n;

	if (body_next(&t->body, &p, &n, &e) != 0)
		return settle_lost_body(t, &e);
	assert(n == t->body.size);
	if (command_put(t->s->conn, &e, "BDAT %zu LAST", n) == -1)
		return settle_broken(t, &e);
	t->is_committed = true;
	if (conn_put(t->s->conn, p, n, &e) == -1)
		return settle_broken(t, &e);
	t->times.octets = n;
	if (transaction_take_replies(t, t->m->env.nrcpts) == -1)
		return -1;
	if (t->accepted > 0)
		return take_final_reply(t);
	/* 503: there was nobody to send it to. */
	t->is_committed = false;
	return transaction_read_reply(t, PHASE_FINAL);
}

/* The answer to a chunk that is not the last. */
static int
take_chunk_reply(struct transaction *t)
{
	struct job_result r;

	if (transaction_read_reply(t, PHASE_BODY) == -1)
		return -1;
	if (reply_class(&t->reply) == 2 || t->is_refused)
		return 0;
	if (reply_class(&t->reply) == 3)
		return settle_out_of_place(t);
	verdict_reply(PHASE_BODY, &t->reply, &r);
	return settle_refused(t, &r);
}

/* Octets of the body, as far as they go into chunks. */
struct chunks {
	const char *p;
	size_t n;           /* left of what body_next gave */
	int more;           /* body_next has more */
	uint64_t left;      /* octets of the message still to be announced */
	unsigned in_flight; /* chunks whose answer was not read */
	/* Of a message whose size is not known: the next chunk, as it is. */
	struct buf ahead;
	size_t ahead_at;
};

/* Octets of the body, at most max; 0 when the session is over. */
static size_t
take_part(struct transaction *t, struct chunks *c, size_t max, const char **p)
{
	size_t part;

	if (c->n == 0 && c->more == 1 &&
	    (c->more = next_octets(t, &c->p, &c->n)) == -1)
		return 0;
	part = c->n < max ? c->n : max;
	assert(part > 0);
	*p = c->p;
	c->p += part;
	c->n -= part;
	return part;
}

/*
 * What is encoded on the way has no size before it is there: a chunk of it is
 * gathered before it is announced, and the last when all was read.
 */
static size_t
gather_chunk(struct transaction *t, struct chunks *c)
{
	const char *p;
	size_t n;

	buf_truncate(&c->ahead, 0);
	c->ahead_at = 0;
	while (c->ahead.len < CHUNK && (c->n > 0 || c->more == 1)) {
		if ((n = take_part(t, c, CHUNK - c->ahead.len, &p)) == 0)
			return 0;
		buf_append(&c->ahead, p, n);
	}
	/* One octet stands for what follows. */
	c->left = c->ahead.len + (c->n > 0 || c->more == 1);
	return c->ahead.len;
}

/* The octets of the chunk that was announced: as take_part. */
static size_t
next_part(struct transaction *t, struct chunks *c, size_t max, const char **p)
{
	if (t->body.has_size)
		return take_part(t, c, max, p);
	*p = buf_data(&c->ahead) + c->ahead_at;
	c->ahead_at += max;
	return max;
}

/* Sends one chunk: announced by BDAT, then exactly so many octets. */
static int
send_chunk(struct transaction *t, struct chunks *c)
{
	size_t part, size = c->left < CHUNK ? (size_t)c->left : CHUNK;
	const char *p;
	struct err e;

	if (!t->body.has_size)
		size = gather_chunk(t, c);

	if (size == 0)
		return -1;
	if (command_put(t->s->conn, &e, "BDAT %zu%s", size,
		c->left == size ? " LAST" : "") == -1)
		return settle_broken(t, &e);
	c->left -= size;
	while (size > 0 && !conn_is_mute(t->s->conn)) {
		conn_phase(t->s->conn, PHASE_BODY);
		if ((part = next_part(t, c, size, &p)) == 0)
			return -1;
		t->is_committed = c->left == 0 && part == size;
		if (conn_put(t->s->conn, p, part, &e) == -1)
			return settle_broken(t, &e);
		size -= part;
		t->times.octets += part;
	}
	c->in_flight++;
	return 0;
}

/* What has been answered by now, and what must be before the next chunk. */
static int
take_chunk_replies(struct transaction *t, struct chunks *c)
{
	unsigned window = transaction_offers(t, EHLO_PIPELINING) ? WINDOW : 1;
	struct err e;

	if (c->in_flight >= window && conn_flush(t->s->conn, &e) == -1)
		return settle_broken(t, &e);
	while (c->in_flight >= window ||
	       (c->in_flight > 0 && conn_has_input(t->s->conn))) {
		if (take_chunk_reply(t) == -1)
			return -1;
		c->in_flight--;
	}
	return 0;
}

/*
 * A large message in chunks, without waiting for the answer to each.  A chunk
 * that is refused ends it between two chunks, where the dialogue is in step.
 */
static int
put_chunks(struct transaction *t, struct chunks *c)
{
	struct err e;

	do {
		if (send_chunk(t, c) == -1)
			return -1;
		if (c->left > 0 && take_chunk_replies(t, c) == -1)
			return -1;
	} while (c->left > 0 && !t->is_refused);
	if (!t->is_refused && commit(t) == -1)
		return -1;
	if (t->is_refused && conn_flush(t->s->conn, &e) == -1)
		return settle_broken(t, &e);
	for (; c->in_flight > 1; c->in_flight--)
		if (take_chunk_reply(t) == -1)
			return -1;
	if (c->in_flight == 0)
		return 0;
	return t->is_refused ? take_chunk_reply(t) : take_final_reply(t);
}

static int
send_chunks(struct transaction *t)
{
	struct chunks c = { .more = 1, .left = t->body.size };
	int rc;

	buf_init(&c.ahead, CHUNK);
	rc = put_chunks(t, &c);
	buf_clear(&c.ahead);
	return rc;
}

static int
send_by_chunks(struct transaction *t)
{
	if (transaction_offers(t, EHLO_PIPELINING) && !t->mail_is_refused &&
	    t->body.is_complete && t->body.size <= BODY_WHOLE)
		return send_in_one_flight(t);
	if (transaction_take_replies(t, t->m->env.nrcpts) == -1)
		return -1;
	return t->accepted == 0 ? 0 : send_chunks(t);
}

int
data_send(struct transaction *t)
{
	if (transaction_offers(t, EHLO_CHUNKING) && t->s->job->chunking)
		return send_by_chunks(t);
	return send_by_data(t);
}
