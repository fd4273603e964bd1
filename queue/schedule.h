/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SCHEDULE_H
#define QUEUE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"

/*
 * When to try again, and how fast.  Pure functions: the clock and the dice
 * are arguments, nothing is kept but in the caller's structs.  Times are wall
 * seconds.  rnd is 32 uniform random bits.
 */

/*
 * Delay before the next attempt of a message after so many attempts (>= 1):
 * the attempts-th of the list, its last one repeated, +-20 %.
 */
int64_t schedule_retry(
    const int64_t *retry_s, size_t n, unsigned attempts, uint32_t rnd);

/*
 * The n-th back-off of an account (n >= 1): uniform in [d/2, d], d = min_s
 * doubled n - 1 times, at most max_s.  Never less than a second.
 */
int64_t schedule_backoff(
    int64_t min_s, int64_t max_s, unsigned n, uint32_t rnd);

/* An instant later than now counts as now (a clock set back). */
int64_t schedule_past(int64_t at, int64_t now);

/* A due time is never further off than the delay that made it. */
int64_t schedule_due(int64_t due_at, int64_t now, int64_t delay_s);

/*
 * Slow start.  After start, idleness or a back-off an account uses one
 * connection; each 250 opens the next step: 1, 2, connections.
 */
struct pace {
	unsigned limit; /* account.connections */
	unsigned open;  /* connections allowed now */
};
void pace_reset(struct pace *p, unsigned limit);
void pace_limit(struct pace *p, unsigned limit); /* another one */
void pace_success(struct pace *p);
bool pace_allows(const struct pace *p, unsigned connections);

/*
 * A budget over sliding windows: so many messages in account.rate's window
 * and so many recipients in 24 hours.  What is counted is what was handed to
 * the server, by the second.
 *
 * The server counts a message at some moment between its handing over and its
 * answer, and does not tell when.  So it counts from its begin on, however
 * long it takes, until it has left the windows that begin with its end.
 */
struct budget;
struct budget *budget_new(struct rate rate, uint64_t recipients_per_day);
void budget_free(struct budget *b);
void budget_begin(struct budget *b, int64_t at, unsigned recipients);
void budget_end(struct budget *b, int64_t at, unsigned recipients);

/* What is over. */
void budget_note(
    struct budget *b, int64_t at, unsigned messages, unsigned recipients);

/*
 * 0 when a message of so many recipients may go now, else the instant when it
 * may; of a message that is larger than the whole budget, when the windows
 * are empty.
 */
int64_t budget_next(struct budget *b, int64_t now, unsigned recipients);

/*
 * When a message to one recipient goes that so many others like it go before,
 * if nothing but the budget keeps them; not before now.
 */
int64_t budget_expect(struct budget *b, int64_t now, uint64_t before);

/* How many recipients the day still has room for. */
uint64_t budget_rcpts_left(struct budget *b, int64_t now);

/*
 * How many recipients of what is known now count at that instant, which is not
 * before the last one asked about.
 */
uint64_t budget_rcpts_at(const struct budget *b, int64_t at);

/* When something last went, within a day; 0: nothing did. */
int64_t budget_last(const struct budget *b);

/* What went in the last minute and in the last day, for status. */
void budget_used(struct budget *b, int64_t now, uint64_t *minute_messages,
    uint64_t *day_messages, uint64_t *day_recipients);

/* Messages in account.rate's window, or in a minute where that is "none". */
uint64_t budget_in_window(struct budget *b, int64_t now);

/* The wall clock was set: every instant kept moves by delta_s. */
void budget_shift(struct budget *b, int64_t delta_s);

#endif
