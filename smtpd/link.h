/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_LINK_H
#define SMTPD_LINK_H

#include "common/parcel.h"
#include "common/proto_words.h"
#include "common/submit.h"
#include "smtpd/channel.h"

/*
 * The connection to mailchuted by which the messages of a listener's client go.
 * It is asked of the parent, which has said on it already whose messages they
 * will be: nothing that a client makes of this process can be somebody else's
 * mail.  It is kept for the next message as long as mailchuted lets it stand.
 */
struct link {
	struct channel *channel;   /* the caller's */
	struct submit_link submit; /* fd -1: there is none */
	struct client_words words; /* which the parent has passed on */
};
#define LINK_BY(c) \
	{ \
		.channel = (c), .submit = {.fd = -1 } \
	}

/*
 * One message, of a client that says this of itself.  0 with queue_id filled:
 * it is in the queue; -1 with *e filled: it is not, or nobody knows.
 */
int link_hand_over(struct link *l, const struct client_words *words,
    struct parcel *p, char queue_id[QUEUE_ID_LEN + 1], struct err *e);

/* The next message needs another: who sends it has changed, or it is over. */
void link_drop(struct link *l);

#endif
