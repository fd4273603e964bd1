/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_CHANNEL_H
#define SMTPD_CHANNEL_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/fdpass.h"

/*
 * The channel to mailchuted's parent (common/proto_listen.h).  An answer bears
 * no number: it is to the one question that is open.  One that is late would be
 * taken for that to the next question, and a password go to where messages do.
 * Therefore the first answer that does not come, or is none, is the end of the
 * channel, and nothing is asked or heard by it any more.
 */
struct channel {
	int fd; /* -1: it is over */
};

/* b is a record; whether the parent has room for it is not waited for. */
int channel_tell(struct channel *c, const struct buf *b);

/*
 * Asks by that record, and hears the answer: *fd, the caller's, or -1 when none
 * came, and text.  -1 with *e filled (ERR_TEMP) when it is over.
 */
int channel_ask(struct channel *c, const struct buf *b, int *fd,
    char text[FDPASS_TEXT_MAX], int64_t deadline_ms, struct err *e);

/* What else the parent says to that. */
int channel_hear(struct channel *c, int *fd, char text[FDPASS_TEXT_MAX],
    int64_t deadline_ms, struct err *e);

/* What was heard was no answer to what was asked. */
void channel_end(struct channel *c);

#endif
