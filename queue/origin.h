/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ORIGIN_H
#define QUEUE_ORIGIN_H

#include "common/buf.h"
#include "common/conf.h"
#include "common/envelope.h"
#include "common/frame.h"
#include "common/network.h"
#include "common/proto_origin.h"

/* Where a submission comes from that comes by a listener. */
struct origin {
	const struct conf_listen *listener; /* NULL: it comes by none */
	struct network address;
	char client[NETWORK_TEXT]; /* the address, as text */
	struct client_words words; /* by itself */
	uint32_t device;           /* whose turn it is (queue/submitter.h) */
	pid_t smtpd;               /* that goes on with it */
	char *login;               /* that it has signed in with; NULL: none */
	char *senders; /* of that login; NULL: as the listener says */
};

/*
 * Reads an ORIGIN frame.  -1 with *e filled when nobody is believed (token is
 * NULL), it is not the parent's, or the listener is gone since.
 */
int origin_take(const struct frame *f, const uint8_t *token,
    const struct conf *conf, struct origin *out, struct err *e);

void origin_release(struct origin *o);

/* A copy that lasts by itself, until origin_release. */
void origin_copy(struct origin *to, const struct origin *from);

/*
 * The number of a device (queue/submitter.h): of that listener's login, or, for
 * "", of that client.
 */
uint32_t origin_number(
    const char *listener, const char *login, const struct network *client);

/* As whom it has signed in; "": as nobody. */
const char *origin_login(const struct origin *o);

/* What the report of devices says of it; borrowed. */
struct device;
void origin_device(const struct origin *o, struct device *d);

/* Its part of a line of the log; NULL: it comes by no listener. */
void origin_log(const struct origin *o, struct buf *line);

/* The listener's own sender (listen.from), in place of the client's. */
void origin_force_sender(const struct origin *o, struct envelope *env);

/* May this listener's clients send that?  0, or -1 with *e filled. */
int origin_check(
    const struct origin *o, const struct envelope *env, struct err *e);

/* "Received: from ..." up to the id, which the caller appends. */
void origin_put_received(
    const struct origin *o, const char *hostname, struct buf *b);

#endif
