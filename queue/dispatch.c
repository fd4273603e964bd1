/* SPDX-License-Identifier: ISC */
/*
 * Delivery as a whole: the lanes of all accounts.  What concerns more than one
 * of them is here: the pause, the end, and the ledger that accounts of one
 * mailbox share.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/dispatch_priv.h"
#include "queue/trial.h"

#define ASKING_MAX 4 /* tokens at once, of all applications */

static void
on_sent(void *arg, const char *budget_key, const struct account_sent *t)
{
	struct dispatch *d = arg;
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		lane_note_sent(d->lanes[i], budget_key, t);
}

static void
on_ended(void *arg, const char *budget_key, const struct account_sent *t)
{
	struct dispatch *d = arg;
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		lane_note_ended(d->lanes[i], budget_key, t);
}

/* ---- tokens ---- */

static bool
is_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What an endpoint counts by. */
static bool
is_same_application(const struct lane *a, const struct lane *b)
{
	const struct conf_account *x = lane_conf(a), *y = lane_conf(b);

	return a != b && conf_asks_tokens(x) && conf_asks_tokens(y) &&
	       is_equal(x->token_url, y->token_url) &&
	       is_equal(x->client_id, y->client_id);
}

static bool
may_ask(void *arg, const struct lane *l)
{
	const struct dispatch *d = arg;
	size_t i, n = 0;

	for (i = 0; i < d->nlanes; i++) {
		if (!lane_token_is_asking(d->lanes[i]))
			continue;
		if (is_same_application(d->lanes[i], l))
			return false;
		n++;
	}
	return n < ASKING_MAX;
}

static void
on_asked(void *arg, const struct lane *l)
{
	struct dispatch *d = arg;
	size_t i;

	(void)l;
	for (i = 0; i < d->nlanes; i++)
		if (lane_token_is_in_line(d->lanes[i]))
			lane_kick(d->lanes[i]);
}

/* It would be asked a thousand times for the same answer. */
static void
on_put_off(void *arg, const struct lane *l, const struct token_failed *x)
{
	struct dispatch *d = arg;
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if (is_same_application(d->lanes[i], l) &&
		    lane_token_is_in_line(d->lanes[i]))
			lane_token_hear(d->lanes[i], x);
}

void
dispatch_keep_tokens(struct dispatch *d)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		lane_token_keep(d->lanes[i]);
}

/* ---- */

static void
on_rest(void *arg)
{
	struct dispatch *d = arg;

	if (d->rest != NULL && dispatch_is_idle(d))
		d->rest(d->rest_arg);
}

static void
on_trouble(void *arg, uint32_t account, uint64_t held)
{
	struct dispatch *d = arg;

	if (d->trouble != NULL)
		d->trouble(d->trouble_arg, account, held);
}

static const struct lane_calls lane_calls = {
	.sent = on_sent,
	.ended = on_ended,
	.has_place = dispatch_has_place,
	.crowded = dispatch_crowded,
	.fewer = dispatch_fewer,
	.freed = dispatch_freed,
	.may_ask = may_ask,
	.asked = on_asked,
	.put_off = on_put_off,
	.rest = on_rest,
	.trouble = on_trouble,
};

struct dispatch *
dispatch_new(const struct dispatch_parts *parts, struct err *e)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));
	size_t n = parts->conf->naccounts;

	d->parts = *parts;
	d->lanes = xcalloc(n, sizeof(struct lane *));
	for (; d->nlanes < n; d->nlanes++) {
		d->lanes[d->nlanes] =
		    lane_new(parts, (uint32_t)d->nlanes, &lane_calls, d, e);
		if (d->lanes[d->nlanes] == NULL) {
			dispatch_free(d);
			return NULL;
		}
	}
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->nlanes; i++)
		lane_free(d->lanes[i]);
	trial_free(d->trial);
	free(d->lanes);
	free(d);
}

void
dispatch_kick(struct dispatch *d, const char *account)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if (account == NULL ||
		    strcmp(lane_account(d->lanes[i]), account) == 0)
			lane_kick(d->lanes[i]);
}

static void
set_closed(struct dispatch *d)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		lane_set_closed(
		    d->lanes[i], dispatch_is_paused(d) || d->is_stopping);
}

void
dispatch_set_paused(struct dispatch *d, int64_t since)
{
	d->paused_since = since;
	set_closed(d);
}

bool
dispatch_is_paused(const struct dispatch *d)
{
	return d->paused_since != 0;
}

int64_t
dispatch_paused_since(const struct dispatch *d)
{
	return d->paused_since;
}

void
dispatch_stop(struct dispatch *d)
{
	size_t i;

	d->is_stopping = true;
	for (i = 0; i < d->nlanes; i++)
		lane_token_end(d->lanes[i]);
	for (i = 0; i < d->nlanes; i++)
		lane_check_end(d->lanes[i]);
	set_closed(d);
}

bool
dispatch_is_idle(const struct dispatch *d)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if (!lane_is_idle(d->lanes[i]))
			return false;
	return true;
}

bool
dispatch_probe(struct dispatch *d, size_t i, bool also_held, uint64_t first)
{
	return lane_probe(d->lanes[i], also_held, first);
}

void
dispatch_probe_all(struct dispatch *d, bool also_held)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		lane_probe(d->lanes[i], also_held, 0);
}

void
dispatch_set_legacy(struct dispatch *d, size_t i, int64_t for_s)
{
	lane_set_legacy(d->lanes[i], for_s);
}

int
dispatch_save(struct dispatch *d, size_t i, struct err *e)
{
	return lane_store(d->lanes[i], e);
}

void
dispatch_try_tls(struct dispatch *d)
{
	const struct conf *c = d->parts.conf;
	uint32_t i;

	for (i = 0; i < c->naccounts; i++)
		if (c->accounts[i].legacy != LEGACY_OFF)
			break;
	if (i < c->naccounts && d->trial == NULL)
		d->trial = trial_start(&d->parts, i);
}

void
dispatch_check(struct dispatch *d, size_t i, dispatch_checked *f, void *arg)
{
	if (d->is_stopping)
		f(arg, NULL, NULL);
	else
		lane_check(d->lanes[i], f, arg);
}

void
dispatch_move_times(struct dispatch *d, int64_t by_s)
{
	size_t i;

	/* 0 is no instant, and never becomes one, nor is made of one. */
	if (d->paused_since != 0 && (d->paused_since += by_s) < 1)
		d->paused_since = 1;
	for (i = 0; i < d->nlanes; i++)
		lane_move_times(d->lanes[i], by_s);
}

bool
dispatch_has(const struct dispatch *d, uint64_t message)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if (lane_has(d->lanes[i], message))
			return true;
	return false;
}

const struct job_ready *
dispatch_session(const struct dispatch *d, uint64_t message,
    const struct conf_account **account)
{
	const struct job_ready *r;
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if ((r = lane_session(d->lanes[i], message)) != NULL) {
			*account = lane_conf(d->lanes[i]);
			return r;
		}
	return NULL;
}

void
dispatch_on_rest(struct dispatch *d, dispatch_rest *f, void *arg)
{
	d->rest = f;
	d->rest_arg = arg;
}

void
dispatch_on_trouble(struct dispatch *d, dispatch_trouble *f, void *arg)
{
	d->trouble = f;
	d->trouble_arg = arg;
}

size_t
dispatch_accounts(const struct dispatch *d)
{
	return d->nlanes;
}

bool
dispatch_share(const struct dispatch *d, const char *account, uint64_t who,
    struct share *out)
{
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if (strcmp(lane_account(d->lanes[i]), account) == 0) {
			lane_share(d->lanes[i], who, out);
			return true;
		}
	return false;
}

bool
dispatch_share_next(
    const struct dispatch *d, size_t i, int64_t after, struct share *out)
{
	return lane_share_next(d->lanes[i], after, out);
}

int64_t
dispatch_expect(const struct dispatch *d, size_t i, uint64_t before)
{
	return lane_expect(d->lanes[i], before);
}

bool
dispatch_has_due(const struct dispatch *d, size_t i)
{
	return lane_has_due(d->lanes[i]);
}

void
dispatch_view(const struct dispatch *d, size_t i, struct dispatch_view *v)
{
	lane_view(d->lanes[i], v);
	if (v->conf->legacy != LEGACY_OFF && d->trial != NULL)
		v->forbidden = trial_forbidden(d->trial);
}
