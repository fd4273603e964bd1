/* SPDX-License-Identifier: ISC */
/*
 * Status: is my mail going out?  One verdict over all accounts, and what it
 * rests on.
 *
 *	critical   an account is held, or delivers nothing though mail is due;
 *	           a listener is shut, or lets nobody in
 *	warning    an account backs off with mail waiting, or has spent its
 *	           budget for longer than a rate's window; delivery is paused or
 *	           off with mail waiting; mail is held or uncertain; another
 *	           alarm lasts; what an account signs in with, or a listener's
 *	           certificate, ends within a fortnight; a listener's files or
 *	           place are not as they should be
 *	ok         otherwise
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <linux/magic.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/alarm.h"
#include "queue/calendar.h"
#include "queue/control_priv.h"
#include "queue/control_reason.h"
#include "queue/dispatch.h"
#include "queue/legacy.h"
#include "queue/parts.h"
#include "queue/since.h"
#include "queue/whose.h"

/* A rate of so many a minute makes mail wait every day, and is no trouble. */
#define BUDGET_WAIT_S 300
#define DAY_S         (24 * 60 * 60) /* whose failures are counted */

enum level {
	LEVEL_OK,
	LEVEL_WARNING,
	LEVEL_CRITICAL
};

struct finding {
	enum level level;
	int64_t since;
	char *reason;
	bool for_anyone; /* it names no account, server or file */
};

/* Keeps the worst; of equals the first. */
static void
find(struct finding *f, enum level level, int64_t since, const char *reason)
{
	if (level <= f->level)
		return;
	free(f->reason);
	f->level = level;
	f->since = since;
	f->reason = xstrdup(reason);
}

const char *
status_account_name(const struct client *c, const char *stored)
{
	const struct conf *conf = c->parts->conf;
	size_t i;

	for (i = 0; stored != NULL && i < conf->naccounts; i++)
		if (strcmp(conf->accounts[i].name, stored) == 0)
			return account_shown_name(&conf->accounts[i]);
	return stored == NULL ? "" : stored;
}

/* How bad that account's state is, with so much mail waiting for it. */
static enum level
level_of(const struct dispatch_view *v, uint64_t waiting, int64_t now)
{
	switch (v->known->state) {
	case ACCOUNT_HELD:
		return LEVEL_CRITICAL;
	case ACCOUNT_BACKOFF:
		return waiting > 0 ? LEVEL_WARNING : LEVEL_OK;
	case ACCOUNT_READY:
		break;
	}
	if (strcmp(v->state, "budget") == 0 && waiting > 0 &&
	    (v->is_day_spent || v->next_at - now > BUDGET_WAIT_S))
		return LEVEL_WARNING;
	return LEVEL_OK;
}

static void
judge_account(
    struct client *c, const struct dispatch_view *v, struct finding *f)
{
	int64_t now = clock_wall();
	uint64_t waiting = 0;
	enum level level;
	char *reason;
	struct err e;

	if (store_account_waiting(
		c->parts->store, v->conf->name, &waiting, &e) == -1)
		return;
	if ((level = level_of(v, waiting, now)) == LEVEL_OK)
		return;
	if (c->may_all)
		reason = reason_account(
		    v, account_shown_name(v->conf), waiting, now);
	else
		reason = xstrdup(reason_for_anyone(v));
	find(f, level, v->since, reason);
	free(reason);
}

/* A damaged queue is told of until its file is moved away. */
static void
judge_damage(struct client *c, struct finding *f)
{
	char *file = NULL, *text = NULL, *reason;
	struct stat st;
	struct err e;

	if (store_fact_get(c->parts->store, FACT_DAMAGED, &file, &e) == 1 &&
	    lstat(file, &st) == 0 &&
	    store_fact_get(c->parts->store, FACT_DAMAGE, &text, &e) == 1) {
		reason = c->may_all ? xasprintf("%s; see %s, then move it away",
					  text, file)
				    : xstrdup(text);
		find(f, LEVEL_WARNING, st.st_ctime, reason);
		free(reason);
	}
	free(file);
	free(text);
}

/* Where nobody has written it down, nothing is told. */
static int64_t
since_of(struct client *c, enum rcpt_state state)
{
	int64_t since;
	struct err e;

	return since_get(c->parts->store, state, &since, &e) == 0 ? since : 0;
}

static void
judge_alarm(void *arg, const struct alarm_view *v)
{
	struct finding *f = arg;
	char *reason = f->for_anyone ? xasprintf("an alarm lasts: %s", v->kind)
				     : xstrdup(v->text);

	find(f, v->is_critical ? LEVEL_CRITICAL : LEVEL_WARNING, v->since,
	    reason);
	free(reason);
}

static void
judge_expiry(void *arg, const struct calendar_view *v)
{
	struct finding *f = arg;

	const char *for_anyone =
	    expiry_is_listeners(v->what)
		? "the certificate of a listener ends soon"
		: "what an account signs in with ends soon";

	if (expiry_is_soon(v->expiry, v->now))
		find(f, LEVEL_WARNING, v->expiry->at - EXPIRY_SOON_S,
		    f->for_anyone ? for_anyone : v->words.text);
}

static void
judge_listener(void *arg, const struct door_trouble *t)
{
	struct finding *f = arg;

	find(f, t->is_critical ? LEVEL_CRITICAL : LEVEL_WARNING, t->since,
	    f->for_anyone ? t->for_anyone : t->reason);
}

static void
judge_queue(struct client *c, const struct store_totals *t, struct finding *f)
{
	const struct dispatch *d = c->parts->dispatch;

	if (t->waiting > 0 && !c->parts->conf->queue.delivery)
		find(f, LEVEL_WARNING, c->off_since,
		    "delivery is off (queue.delivery)");
	if (t->waiting > 0 && dispatch_is_paused(d))
		find(f, LEVEL_WARNING, dispatch_paused_since(d),
		    "delivery is paused (mailchute resume)");
	if (t->held > 0)
		find(f, LEVEL_WARNING, since_of(c, RCPT_HELD),
		    "mail is held (mailchute queue, release)");
	if (t->uncertain > 0)
		find(f, LEVEL_WARNING, since_of(c, RCPT_UNCERTAIN),
		    "the server did not confirm mail that it may have taken");
	if (!c->parts->is_daemon && t->waiting > 0)
		find(f, LEVEL_CRITICAL, 0, "mailchuted is not running");
}

void
status_put_totals(struct client *c)
{
	static const char *const names[] = { "ok", "warning", "critical" };
	struct finding f = { LEVEL_OK, 0, NULL, !c->may_all };
	struct dispatch_view v;
	struct store_totals t;
	struct ctl_totals out;
	int64_t ready_since = 0; /* the last account to become ready */
	struct err e;
	size_t i;

	if (store_totals(c->parts->store, &t, &e) == -1) {
		client_done(c, EX_TEMPFAIL, "%s", e.text);
		return;
	}
	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++) {
		dispatch_view(c->parts->dispatch, i, &v);
		judge_account(c, &v, &f);
		if (v.known->since > ready_since)
			ready_since = v.known->since;
	}
	if (c->parts->is_daemon)
		status_judge_listeners(c, judge_listener, &f);
	alarm_each(c->parts->alarms, judge_alarm, &f);
	calendar_each(c->parts->calendar, judge_expiry, &f);
	judge_queue(c, &t, &f);
	judge_damage(c, &f);
	if (f.level == LEVEL_OK) {
		f.since = ready_since;
		f.reason = xstrdup(
		    t.waiting > 0 ? "mail is going out" : "no mail waits");
	}
	memset(&out, 0, sizeof(out));
	out.messages = t.messages;
	out.octets = t.octets;
	out.waiting = t.waiting;
	out.held = t.held;
	out.failed = c->failures.n;
	out.uncertain = t.uncertain;
	out.oldest_at = t.oldest_at;
	out.paused = dispatch_is_paused(c->parts->dispatch);
	out.delivery_off = !c->parts->conf->queue.delivery;
	out.own_only = !c->may_all;
	out.no_daemon = !c->parts->is_daemon;
	out.verdict = xstrdup(names[f.level]);
	out.since = f.since;
	out.reason = f.reason;
	ctl_put_totals(&c->out, &out);
	ctl_totals_clear(&out);
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

/* What keeps the account from sending, when something does. */
static void
explain(struct ctl_account *out, const struct dispatch_view *v)
{
	if (v->known->state != ACCOUNT_READY) {
		out->code = v->known->code;
		out->status = xstrdup(v->known->status);
		out->text = copy(v->known->text);
		out->meaning = copy(v->known->meaning);
		out->fix = copy(v->known->fix);
	} else if (strcmp(v->state, "budget") == 0) {
		out->text = reason_budget(v);
		out->meaning = xstrdup(reason_budget_meaning(v));
		out->fix = xstrdup(REASON_BUDGET_FIX);
	}
}

static void
put_legacy(struct ctl_account *out, const struct dispatch_view *v)
{
	static const char *const modes[] = { [LEGACY_OFF] = "off",
		[LEGACY_FALLBACK] = "fallback",
		[LEGACY_ALWAYS] = "always" };

	out->legacy = xstrdup(modes[v->conf->legacy]);
	if (v->is_away)
		out->legacy_host = copy(v->conf->legacy_host);
	if (v->is_away && v->conf->legacy == LEGACY_FALLBACK) {
		out->legacy_since = v->legacy->since;
		out->legacy_until = legacy_until(v->legacy);
	}
	out->old_tls = v->old_tls;
	out->old_tls_ever = v->legacy->sessions;
}

static void
put_account(struct client *c, const struct dispatch_view *v)
{
	struct ctl_account out;
	struct err e;

	memset(&out, 0, sizeof(out));
	out.name = xstrdup(account_shown_name(v->conf));
	out.state = xstrdup(v->state);
	out.since = v->since;
	out.next_at = v->next_at;
	explain(&out, v);
	if (store_account_waiting(
		c->parts->store, v->conf->name, &out.waiting, &e) == -1)
		out.waiting = 0;
	out.sent_window = v->sent_window;
	out.sent_minute = v->sent_minute;
	out.sent_day = v->sent_day;
	out.rcpts_day = v->rcpts_day;
	out.connections = v->connections;
	out.rate_count = v->conf->rate.count;
	out.rate_per_s = v->conf->rate.per_s;
	out.rcpts_max = v->conf->recipients_per_day;
	out.connections_max = v->connections_max;
	out.relay = xstrdup(v->relay);
	out.tls = xstrdup(v->tls);
	put_legacy(&out, v);
	ctl_put_account(&c->out, &out);
	ctl_account_clear(&out);
}

static void
put_alarm(void *arg, const struct alarm_view *v)
{
	struct client *c = arg;
	struct ctl_alarm out;

	memset(&out, 0, sizeof(out));
	out.kind = xstrdup(v->kind);
	out.account = v->account == NULL ? NULL : xstrdup(v->account);
	out.since = v->since;
	out.text = xstrdup(v->text);
	out.fix = v->fix == NULL ? NULL : xstrdup(v->fix);
	ctl_put_alarm(&c->out, &out);
	ctl_alarm_clear(&out);
}

/* What is nobody's business but of those who may change it. */
static void
put_accounts(struct client *c)
{
	struct dispatch_view v;
	size_t i;

	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++) {
		dispatch_view(c->parts->dispatch, i, &v);
		put_account(c, &v);
	}
}

/* What the system does not let account.legacy have. */
static void
put_forbidden(struct client *c)
{
	struct dispatch_view v;
	size_t i;

	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++) {
		dispatch_view(c->parts->dispatch, i, &v);
		if (v.forbidden != NULL)
			client_say(c, "account %s has legacy = %s in vain: %s",
			    account_shown_name(v.conf),
			    v.conf->legacy == LEGACY_ALWAYS ? "always"
							    : "fallback",
			    v.forbidden);
	}
}

/* Who has used half of his share of the account's day. */
static void
put_shares(struct client *c, size_t i, const struct dispatch_view *v)
{
	struct share share;
	int64_t after = -1;
	char *whose;

	for (; dispatch_share_next(c->parts->dispatch, i, after, &share);
	     after = (int64_t)share.who) {
		if (share.used == 0 || share.used < share.left)
			continue;
		whose = whose_words(c->parts->store, share.who);
		client_say(c,
		    "%s has sent to %llu of the %llu recipients a day of "
		    "account %s, and may send to %llu more",
		    whose, (unsigned long long)share.used,
		    (unsigned long long)v->conf->recipients_per_day,
		    account_shown_name(v->conf),
		    (unsigned long long)share.left);
		free(whose);
	}
}

/* They change neither the verdict nor the exit status. */
static void
put_remarks(struct client *c)
{
	const char *directory = c->parts->conf->queue.directory;
	struct dispatch_view v;
	struct statfs f;
	size_t i;

	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++) {
		dispatch_view(c->parts->dispatch, i, &v);
		put_shares(c, i, &v);
	}
	if (statfs(directory, &f) == -1)
		return;
	if (f.f_type == TMPFS_MAGIC || f.f_type == RAMFS_MAGIC)
		client_say(c,
		    "the queue in %s lies in memory: its mail is lost when the "
		    "host stops",
		    directory);
	else if (f.f_type == OVERLAYFS_SUPER_MAGIC)
		client_say(c,
		    "the queue in %s lies on an overlay: its mail is lost with "
		    "the container, unless a volume is mounted there",
		    directory);
}

/* Of a day, in turns: others are served in between. */
static bool
is_counting(struct client *c)
{
	struct store_failures *f = &c->failures;
	struct err e;
	int more;

	if (f->at == 0)
		f->at = clock_wall() - DAY_S;
	if ((more = store_failures_next(c->parts->store, f, &e)) == -1)
		client_done(c, EX_TEMPFAIL, "%s", e.text);
	return more == 1;
}

void
source_status(struct client *c)
{
	if (is_counting(c) || c->is_done)
		return;
	/* One whose cause was just mended is over now, not in a minute. */
	if (c->parts->is_daemon) {
		alarm_look(c->parts->alarms);
		calendar_look(c->parts->calendar);
	}
	if (c->may_all) {
		put_accounts(c);
		status_put_tokens(c);
		status_put_listeners(c);
		alarm_each(c->parts->alarms, put_alarm, c);
		put_remarks(c);
		put_forbidden(c);
	}
	status_put_totals(c);
	if (!c->is_done)
		client_done(c, 0, "%s", "");
}
