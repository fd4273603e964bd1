/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_NOTICE_H
#define SENDMAIL_NOTICE_H

#include "common/buf.h"
#include "common/envelope.h"
#include "common/handover.h"
#include "common/strlist.h"
#include "sendmail/report.h"

/*
 * A mail to the sender about what was found wrong before his message was
 * queued: all of it (why is set), or some malformed recipients.
 */
struct notice {
	const struct envelope *env; /* of the message that it is about */
	const struct strlist *bad;  /* "ADDRESS: what is wrong" */
	const char *why;            /* the message was not sent, or NULL */
	const char *domain, *hostname, *date;
};

/*
 * Queues it.  -1 when there is no sender to tell, or when it could not be
 * queued; nobody is told of that.
 */
int notice_send(
    const struct notice *n, const struct route *to, const struct report *r);

/* The message itself, in canonical form, to an address with its domain. */
void notice_put(struct buf *b, const struct notice *n, const char *to,
    const char *message_id);

#endif
