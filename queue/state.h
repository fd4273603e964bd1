/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_STATE_H
#define QUEUE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/*
 * The life of a recipient.  queue/state.c draws it, and state_set is the only
 * way to change one.
 */
enum rcpt_state {
	RCPT_STAGING,
	RCPT_QUEUED,
	RCPT_ACTIVE,
	RCPT_DELIVERED,
	RCPT_FAILED,
	RCPT_EXPIRED,
	RCPT_UNCERTAIN,
	RCPT_HELD,
	RCPT_REMOVED
};
#define RCPT_STATES 9

/* What an administrator's hold means, and what to do. */
#define RCPT_HELD_MEANING "It waits until somebody releases it."
#define RCPT_HELD_FIX \
	"Run \"mailchute release ID\", or \"mailchute remove ID\"."

/* What uncertain means, and what to do when it is tried again, or held. */
#define RCPT_UNCERTAIN_MEANING "It may have been delivered, or not."
#define RCPT_UNCERTAIN_HELD \
	RCPT_UNCERTAIN_MEANING " It waits until somebody decides."
#define RCPT_UNCERTAIN_AGAIN \
	"Nothing to do: it is sent again by itself, perhaps a second time. " \
	"If it has arrived, \"mailchute remove\" it."
#define RCPT_UNCERTAIN_FIX \
	"Ask whether it arrived; then \"mailchute remove\" it, or " \
	"\"mailchute release\" it to send it again."

/* The same in the notice of one that is given up. */
#define RCPT_UNCERTAIN_END \
	"The last try ended without an answer from the server: it may have " \
	"arrived, or not."
#define RCPT_UNCERTAIN_ASK \
	"Ask the recipient whether it arrived, before you send it again."

enum account_state {
	ACCOUNT_READY,
	ACCOUNT_BACKOFF,
	ACCOUNT_HELD
};

/* Names as in the database, in --json and in the manual; never NULL. */
const char *rcpt_state_name(enum rcpt_state s);
int rcpt_state_parse(const char *name, enum rcpt_state *s);
const char *account_state_name(enum account_state s);
int account_state_parse(const char *name, enum account_state *s);

bool state_is_legal(enum rcpt_state from, enum rcpt_state to);
bool state_is_final(enum rcpt_state s); /* nothing more will happen */

struct store;
struct rcpt_change;

/*
 * Moves a recipient from one state to another: -1 when that is no legal move
 * (our bug; nothing is changed) or the store failed.
 */
int state_set(struct store *s, uint64_t message, uint64_t rcpt,
    enum rcpt_state from, const struct rcpt_change *c, struct err *e);

#endif
