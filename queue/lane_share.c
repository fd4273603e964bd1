/* SPDX-License-Identifier: ISC */
/*
 * Users' shares of the day of the lane's mailbox (queue/share.h): who may send
 * more, and a word in the log about who has sent much.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "common/log.h"
#include "queue/lane_priv.h"
#include "queue/submitter.h"
#include "queue/times.h"
#include "queue/whose.h"

void
lane_share(struct lane *l, uint64_t who, struct share *out)
{
	shares_look(l->account.shares, l->account.budget, who,
	    times_now(l->parts.times), out);
}

int64_t
lane_expect(struct lane *l, uint64_t before)
{
	return budget_expect(
	    l->account.budget, times_now(l->parts.times), before);
}

bool
lane_share_next(struct lane *l, int64_t after, struct share *out)
{
	uint64_t who;

	if (!shares_next(l->account.shares, after, &who))
		return false;
	lane_share(l, who, out);
	return true;
}

bool
lane_may(void *arg, uint64_t who)
{
	struct share share;

	lane_share(arg, who, &share);
	return share.left > 0;
}

bool
lane_has_due(struct lane *l)
{
	struct store_due due = { .account = l->account.conf->name,
		.now = times_now(l->parts.times),
		.may = lane_may,
		.arg = l };
	struct err e;

	return store_due_next(l->parts.store, &due, &e) == 1;
}

/* Once, at half of it: there is time to look before any mail waits. */
static void
warn(struct lane *l, uint64_t who)
{
	struct share share;
	char *device;
	struct buf b;

	lane_share(l, who, &share);
	if (!shares_is_news(l->account.shares, &share))
		return;
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "share");
	log_str(&b, "account", l->account.conf->name);
	log_num(&b, "uid", submitter_uid(who));
	if (submitter_device(who) != DEVICE_NONE) {
		device = whose_words(l->parts.store, who);
		log_str(&b, "device", device);
		free(device);
	}
	log_num(&b, "rcpts_day", (int64_t)share.used);
	log_num(&b, "left", (int64_t)share.left);
	log_num(&b, "of", (int64_t)l->account.conf->recipients_per_day);
	log_end(&b, LOG_WARNING);
	buf_clear(&b);
}

void
lane_sent(struct lane *l, struct job *j, int64_t now)
{
	const struct account_sent t = { j->msg.kind,
		submitter_of(j->msg.uid, j->msg.device), now,
		(unsigned)j->nrcpts };

	j->is_sent = true;
	l->calls->sent(l->arg, l->account.budget_key, &t);
	if (j->msg.kind != KIND_ALARM)
		warn(l, t.who);
}

void
lane_ended(struct lane *l, struct job *j, int64_t now)
{
	const struct account_sent t = { j->msg.kind,
		submitter_of(j->msg.uid, j->msg.device), now,
		(unsigned)j->nrcpts };

	if (j->is_sent)
		l->calls->ended(l->arg, l->account.budget_key, &t);
	j->is_sent = false;
}
