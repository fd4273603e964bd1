/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SURVEY_H
#define QUEUE_SURVEY_H

#include "mail/look.h"
#include "queue/store.h"

/*
 * A look over a stored message, in slices of 1 MiB, so that others are served
 * in between: does anything in it keep it from travelling as it is?
 */
struct survey {
	struct look look;
	uint32_t next; /* chunk */
};

void survey_init(struct survey *s);

/*
 * Goes on; is there more to be looked at?  If not, look is final.  It is empty
 * for a message that deliver holds whole, and sees for itself.  Where a chunk
 * cannot be had it ends: that is found out when the message is sent.
 */
bool survey_slice(
    struct survey *s, struct store *store, const struct store_message *m);

#endif
