/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_SESSION_H
#define DELIVERY_SESSION_H

#include <stdbool.h>

#include "common/proto_job.h"
#include "mail/rewrite.h"
#include "delivery/ehlo.h"

/*
 * One connection to a server, from its greeting to QUIT: session.c opens and
 * closes it, serve.c takes messages for it, transaction.c carries each of them.
 */

struct channel;
struct conn;
struct tls_policy;

struct session {
	const struct job_session *job;
	struct channel *channel;
	struct conn *conn;               /* owned */
	const struct tls_policy *policy; /* NULL: account.tls = none */
	bool is_loopback;                /* the server is on this machine */
	struct ehlo ehlo;
	struct job_ready ready;
	struct rewrite_rules rules;
	unsigned transactions; /* begun on this connection */
	bool needs_reset;      /* the server has a half-done one in mind */
	bool ticket_is_told;   /* TICKET was sent to the queue */
	bool is_over;          /* it takes no more messages */
	bool is_broken;        /* nor any command: closed, or out of step */
};

/*
 * Greeting, EHLO, TLS, EHLO, AUTH.  -1 with *why filled: what the queue is to
 * be told as FAILED.
 */
int session_open(struct session *s, struct job_result *why);

/*
 * Message after message, as the queue sends them, until it says QUIT or sends
 * none for long enough, or the connection fails.  Tells the queue READY, every
 * result and CLOSED.  -1 when the queue itself is gone.
 */
int session_serve(struct session *s, struct err *e);

/*
 * The server spoke while nothing was asked, most likely 421 and its end.  After
 * a message that is the ordinary end of a session, and a new one may be made at
 * once; before the first one it is trouble with the connection.
 */
void session_heed(struct session *s, struct job_result *why);

/* Says goodbye if that makes sense, and closes. */
void session_close(struct session *s);

#endif
