/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SHARE_H
#define QUEUE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/schedule.h"

/*
 * How much of a mailbox's day one user may take (account.recipients_per_day,
 * queue.uid_share), or one device of a listener: a submitter
 * (queue/submitter.h).  Pure, like schedule.h: the clock is an argument.
 *
 * The rule: what a user has sent within the day, and what remains of it after
 * him, are as percent to 100 - percent at most.  With 75, one who floods it
 * alone is stopped at three quarters; the next one may take three quarters of
 * what is left, and so on: two at once have three sevenths each, and something
 * always remains for who comes next.  Nobody needs to be known beforehand, and
 * a user whose mail grows old has his share again.
 *
 * A day without a limit has no shares, nor has 100 percent.  Of a day of very
 * few recipients (two, with 75) a part is no whole recipient, and none is kept.
 */
uint64_t share_left(unsigned percent, uint64_t remaining, uint64_t used);

struct shares;
struct shares *shares_new(unsigned percent, uint64_t recipients_per_day);
void shares_free(struct shares *s); /* NULL is fine */
void shares_note(
    struct shares *s, uint64_t who, int64_t at, unsigned recipients);
void shares_shift(struct shares *s, int64_t delta_s);

/* How one user stands; day is the whole mailbox's ledger. */
struct share {
	uint64_t who;
	uint64_t used;   /* recipients within a day */
	uint64_t left;   /* for him; UINT64_MAX: there is no limit */
	int64_t next_at; /* when left is more than 0; 0: it is */
};
void shares_look(struct shares *s, struct budget *day, uint64_t who,
    int64_t now, struct share *out);

/*
 * The user after that one, of those who sent within a day; the first is the one
 * after -1.  False: there is none.
 */
bool shares_next(const struct shares *s, int64_t after, uint64_t *who);

/*
 * Has he come to use as much as is left for him, which is half of his share?
 * True once, until he is below it again.
 */
bool shares_is_news(struct shares *s, const struct share *how);

#endif
