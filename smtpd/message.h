/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_MESSAGE_H
#define SMTPD_MESSAGE_H

#include "common/envelope.h"
#include "common/err.h"
#include "common/source.h"
#include "smtpd/reply.h"
#include "smtpd/service.h"

/*
 * Makes one message safe.  0 with *r, which is 250, only when it is on disk, in
 * the queue or in the drop folder.  -1 with *e filled when nothing was queued;
 * the text may then have been read to any place.
 */
int message_take(const struct source *text, const struct service *service,
    struct envelope *env, struct reply *r, struct err *e);

#endif
