/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_INCOMING_H
#define QUEUE_INCOMING_H

#include "queue/admit.h"

/*
 * The reading half of the submission contract: frames in, an admission out.
 * The same for a socket and for a drop file.
 */
struct incoming;
struct incoming *incoming_new(
    struct admit *a, const struct admission_caller *caller);
void incoming_free(struct incoming *s);

/*
 * Takes whole frames from the front of in while it may; the rest stays there.
 * It stops behind an ORIGIN, which the caller may look at (incoming_origin).
 * 0, or -1 with *e filled when the submission is refused.
 */
int incoming_feed(struct incoming *s, struct buf *in, struct err *e);

/* Whole and answered: on to the next one, of the same origin. */
void incoming_next(struct incoming *s);

/* Its envelope was read, and its END was not answered yet. */
bool incoming_has_begun(const struct incoming *s);

/* A commit is under way: feed nothing before room or end was called. */
bool incoming_is_busy(const struct incoming *s);

/* Whole, and by an smtpd of ours: it waits for nothing but the answer. */
bool incoming_is_ours(const struct incoming *s);

/* END was read, and the caller's end will be called. */
bool incoming_is_complete(const struct incoming *s);

/*
 * After a refusal: it was the frames' fault, so that what they were to say is
 * not known.  Otherwise admission has refused a message that it understood.
 */
bool incoming_is_broken(const struct incoming *s);

/* For the log; NULL before the envelope was read. */
const char *incoming_sender(const struct incoming *s);

/* The same; NULL: it comes by no listener. */
const struct origin *incoming_origin(const struct incoming *s);

#endif
