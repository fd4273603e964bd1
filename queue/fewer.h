/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FEWER_H
#define QUEUE_FEWER_H

#include "queue/store.h"

/*
 * Fewer connections than account.connections, for an hour: the server has said
 * that they are too many, since others use the same mailbox.  It counts by
 * mailbox, so this is the mailbox's, and its accounts have the same.  Kept over
 * restarts, as a fact of the store.
 */
#define FEWER_S 3600

struct fewer {
	unsigned connections; /* 0: as configured */
	int64_t until;
};

/* How many there may be now, of those that are configured. */
unsigned fewer_limit(const struct fewer *f, unsigned configured, int64_t now);

/* The server has said so: one less than now, and at least one, for an hour. */
void fewer_note(struct fewer *f, unsigned configured, int64_t now);

/* The clock was set. */
void fewer_move_times(struct fewer *f, int64_t by_s);

/* An hour that a wrong clock has put far ahead is one from now. */
int fewer_load(struct fewer *f, struct store *s, const char *mailbox,
    int64_t now, struct err *e);
int fewer_save(
    const struct fewer *f, struct store *s, const char *mailbox, struct err *e);

#endif
