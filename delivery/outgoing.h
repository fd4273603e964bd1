/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_OUTGOING_H
#define DELIVERY_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/proto_job.h"

/*
 * The envelope as it is said to one server: addresses in a form that it takes,
 * and the parameters of MAIL and RCPT that it offers (delivery/ehlo.h).
 */

struct conn;

struct outgoing_rcpt {
	char *address;    /* NULL: it cannot be said to this server */
	bool is_sent;     /* RCPT left, or is about to */
	bool is_accepted; /* 250 */
	bool is_settled;  /* the queue was told what became of it */
};

struct outgoing {
	const struct job_message *message;
	unsigned offers;
	char *sender; /* NULL: it cannot be said to this server */
	struct outgoing_rcpt *rcpts; /* as many as message has, in its order */
	bool needs_utf8; /* RFC 6531: an address cannot be said otherwise */
};

/*
 * Domains beyond ASCII go out as A-labels unless their local part is beyond
 * ASCII as well; then the server has to offer SMTPUTF8.  sender is the one to
 * use, rewritten.
 */
void outgoing_init(struct outgoing *o, const struct job_message *m,
    const char *sender, unsigned offers);
void outgoing_clear(struct outgoing *o);

/*
 * Puts the commands; -1 with *e filled, of class ERR_LOCAL if our fault.  size
 * is 0 when it is not known before it is sent.
 */
int outgoing_put_mail(const struct outgoing *o, struct conn *c, uint64_t size,
    bool is_8bit, struct err *e);
int outgoing_put_rcpt(
    const struct outgoing *o, size_t i, struct conn *c, struct err *e);

#endif
