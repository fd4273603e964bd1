/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CONTROL_REASON_H
#define QUEUE_CONTROL_REASON_H

#include <stdint.h>

struct dispatch_view;

/*
 * Words for what keeps an account from sending; what is a char * is the
 * caller's to free.
 */

/* Of an account whose state is budget: which one is spent, and why it is. */
char *reason_budget(const struct dispatch_view *v);
const char *reason_budget_meaning(const struct dispatch_view *v);
#define REASON_BUDGET_FIX \
	"Nothing to do: it goes by itself. Where it is too slow, let another " \
	"mailbox (account) send a part."

/* Of a user who has had his share of the account's day (queue/share.h). */
struct share;
char *reason_share(const struct dispatch_view *v, const struct share *share);
#define REASON_SHARE_MEANING \
	"The rest of the day is kept for other users (queue.uid_share)."
#define REASON_SHARE_FIX \
	"It goes by itself as older mail leaves the day; an administrator's " \
	"\"mailchute release\" lets it go at once."

/*
 * Of an account that is held, backs off or has spent its budget: what it is,
 * why, how much waits and until when, for whoever reads nothing else.
 */
char *reason_account(const struct dispatch_view *v, const char *name,
    uint64_t waiting, int64_t now);

/*
 * The same for those who may not know which, nor what a server or a file of
 * secrets has to do with it.
 */
const char *reason_for_anyone(const struct dispatch_view *v);

#endif
