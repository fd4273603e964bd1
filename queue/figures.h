/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FIGURES_H
#define QUEUE_FIGURES_H

#include "queue/store.h"

/*
 * What the store knows by counting along: how deep the queue is (totals.c), how
 * recipients fared, and what came by listeners (tally.c).
 */

/* Messages by state, and their octets. */
struct store_depth {
	uint64_t messages[RCPT_STATES], octets[RCPT_STATES];
};

/* Of that account, or (NULL) of the whole queue. */
int store_depth(
    struct store *s, const char *account, struct store_depth *d, struct err *e);

/*
 * How recipients fared since the store was opened, for whoever draws curves:
 * counted in memory, so that no delivery pays for it, and only what was
 * committed.  Ends are counted with their event; for the others there is
 * store_count, in a transaction.
 */
enum store_result {
	RESULT_DELIVERED,
	RESULT_DEFERRED,  /* put off by the server, for reasons of its own */
	RESULT_UNCERTAIN, /* the answer was lost */
	RESULT_BOUNCED,
	RESULT_EXPIRED,
	RESULT_REMOVED,
	STORE_RESULTS
};
struct store_tally {
	uint64_t n[STORE_RESULTS];
};
void store_count(struct store *s, const char *account, enum store_result what);
void store_tally(
    const struct store *s, const char *account, struct store_tally *t);

/* The same of messages that were taken by a listener. */
void store_count_listened(struct store *s, const char *listener);
uint64_t store_listened(const struct store *s, const char *listener);
int64_t store_opened_at(const struct store *s);

#endif
