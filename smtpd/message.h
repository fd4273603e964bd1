/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_MESSAGE_H
#define SMTPD_MESSAGE_H

#include <stdbool.h>

#include "common/envelope.h"
#include "common/site.h"
#include "smtpd/conn.h"
#include "smtpd/reply.h"

/*
 * Takes the text of one message from the connection and makes it safe; takes_lf
 * as in smtpd/data.h.  The text is read to its end whatever becomes of it, and
 * *r is the answer: 250 only when it is on disk, in the queue or in the drop
 * folder.  -1 when the text had no end, with the connection's fault set; then
 * nothing was queued.
 */
int message_take(struct conn *c, const struct site *site, struct envelope *env,
    bool takes_lf, struct reply *r);

#endif
