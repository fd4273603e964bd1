/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SINCE_H
#define QUEUE_SINCE_H

#include "queue/store.h"

/* Since when there has been mail in a state, or delivery been off. */

/*
 * In a transaction, before a recipient comes into that state: notes the instant
 * when no message is in it yet.  Of held and uncertain; else it does nothing.
 */
int since_note(
    struct store *s, enum rcpt_state state, int64_t now, struct err *e);

/* 0 where it is not known.  Of no use when nothing is in that state. */
int since_get(
    struct store *s, enum rcpt_state state, int64_t *since, struct err *e);

/* At a start, outside of a transaction: what the configuration says now. */
int since_note_delivery(
    struct store *s, bool is_on, int64_t now, struct err *e);
int since_get_off(struct store *s, int64_t *since, struct err *e);

#endif
