/* SPDX-License-Identifier: ISC */
/*
 * The answer of "mailchute metrics": a report as Prometheus reads it.
 *
 * Every series that can be is there from the first day on, at 0, since a rule
 * about one that is missing never fires.  Names and labels are an interface:
 * more may come, none changes its meaning.  docs/metrics.md explains each
 * (tests/lint/metrics.sh).
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "admin/exposition.h"
#include "admin/report.h"

#define GAUGE       EXPOSITION_GAUGE
#define COUNTER     EXPOSITION_COUNTER
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define NO_LABELS   ((const char *const[]){ NULL })
#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- the whole ---- */

static void
put_one(struct exposition *x, const char *name, const char *help, uint64_t v)
{
	exposition_begin(x, name, GAUGE, help);
	exposition_number(x, NO_LABELS, v);
}

static void
put_verdict(struct exposition *x, const struct report *r)
{
	const char *name;
	int i;

	exposition_begin(x, "mailchute_verdict", GAUGE,
	    "The verdict of mailchute status: 1 for the one that holds.");
	for (i = 0; (name = report_verdict_name(i)) != NULL; i++)
		exposition_number(
		    x, LABELS("verdict", name), report_status(r) == i);
}

static void
put_head(struct exposition *x, const struct report *r)
{
	put_one(x, "mailchute_up",
	    "Whether a running mailchuted has answered: 1 when it has.",
	    r->is_whole && !r->totals.no_daemon);
	exposition_begin(x, "mailchute_build_info", GAUGE,
	    "The version of mailchute, as a label; always 1.");
	exposition_number(x, LABELS("version", PACKAGE_VERSION), 1);
	put_verdict(x, r);
}

static void
put_depths(
    struct exposition *x, const struct report *r, bool by_account, bool octets)
{
	size_t i;

	for (i = 0; i < r->ndepths; i++) {
		const struct ctl_depth *d = &r->depths[i];
		uint64_t v = octets ? d->octets : d->messages;

		if (by_account && d->account != NULL)
			exposition_number(x,
			    LABELS("account", d->account, "state", d->state),
			    v);
		else if (!by_account && d->account == NULL)
			exposition_number(x, LABELS("state", d->state), v);
	}
}

static void
put_totals(struct exposition *x, const struct report *r)
{
	const struct ctl_totals *t = &r->totals;

	put_one(x, "mailchute_complete",
	    "Whether the caller may see everything: 0 when accounts are left "
	    "out.",
	    !t->own_only);
	put_one(x, "mailchute_delivery_enabled",
	    "Whether queue.delivery is on: 1 when it is.", !t->delivery_off);
	put_one(x, "mailchute_delivery_paused",
	    "Whether delivery is paused by mailchute pause: 1 when it is.",
	    t->paused);
	exposition_begin(
	    x, "mailchute_queue_messages", GAUGE, "Messages in the queue.");
	put_depths(x, r, false, false);
	exposition_begin(
	    x, "mailchute_queue_bytes", GAUGE, "Octets of those messages.");
	put_depths(x, r, false, true);
	exposition_begin(x, "mailchute_queue_oldest_timestamp_seconds", GAUGE,
	    "When the oldest message in the queue arrived; NaN without any.");
	exposition_time(x, NO_LABELS, t->oldest_at);
	put_one(x, "mailchute_day_failed_messages",
	    "Messages that bounced or expired in the last 24 hours, for some "
	    "or all of their recipients.",
	    t->failed);
}

/* ---- the host ---- */

static void
put_disks(struct exposition *x, const struct ctl_host *h)
{
	exposition_begin(x, "mailchute_disk_size_bytes", GAUGE,
	    "Size of the disk that holds the folder.");
	if (h->queue_size > 0)
		exposition_number(x, LABELS("folder", "queue"), h->queue_size);
	if (h->drop_size > 0)
		exposition_number(x, LABELS("folder", "drop"), h->drop_size);
	exposition_begin(x, "mailchute_disk_free_bytes", GAUGE,
	    "What is free on the disk that holds the folder.");
	if (h->queue_size > 0)
		exposition_number(x, LABELS("folder", "queue"), h->queue_free);
	if (h->drop_size > 0)
		exposition_number(x, LABELS("folder", "drop"), h->drop_free);
	put_one(x, "mailchute_disk_free_min_bytes",
	    "queue.free_space_min: with less mail is refused for now.",
	    h->free_min);
}

static void
put_host(struct exposition *x, const struct report *r)
{
	const struct ctl_host *h = &r->host;

	if (!r->has_host)
		return;
	if (h->started_at != 0)
		put_one(x, "mailchute_start_time_seconds",
		    "When mailchuted began, or last read its configuration: "
		    "counters are from then on.",
		    (uint64_t)h->started_at);
	put_disks(x, h);
	if (!h->has_drops)
		return;
	exposition_begin(x, "mailchute_drop_folder_files", GAUGE,
	    "Files in the drop folder: waiting to be taken, or put aside "
	    "since they are no mail.");
	exposition_number(x, LABELS("kind", "waiting"), h->drops_waiting);
	exposition_number(x, LABELS("kind", "aside"), h->drops_aside);
}

/* ---- accounts ---- */

static void
put_states(struct exposition *x, const struct report *r)
{
	static const char *const states[] = { "ready", "backoff", "held",
		"budget" };
	size_t i, k;

	exposition_begin(x, "mailchute_account_state", GAUGE,
	    "The state of an account: 1 for the one that it is in.");
	for (i = 0; i < r->naccounts; i++)
		for (k = 0; k < COUNT(states); k++)
			exposition_number(x,
			    LABELS("account", r->accounts[i].name, "state",
				states[k]),
			    strcmp(r->accounts[i].state, states[k]) == 0);
}

/* A number of each account, by where it stands in the struct. */
enum how {
	A_NUMBER,
	A_TIME,
	A_LIMIT
};
static const struct figure {
	const char *name;
	enum exposition_type type;
	enum how how;
	size_t offset;
	const char *help;
} figures[] = {
	{ "mailchute_account_next_try_timestamp_seconds", GAUGE, A_TIME,
	    offsetof(struct ctl_account, next_at),
	    "When an account that does not send is tried again; NaN when "
	    "nothing keeps it, or nothing comes by itself." },
	{ "mailchute_account_window_messages", GAUGE, A_NUMBER,
	    offsetof(struct ctl_account, sent_window),
	    "Messages sent within account.rate's window." },
	{ "mailchute_account_window_messages_limit", GAUGE, A_LIMIT,
	    offsetof(struct ctl_account, rate_count),
	    "How many account.rate allows within it." },
	{ "mailchute_account_day_messages", GAUGE, A_NUMBER,
	    offsetof(struct ctl_account, sent_day),
	    "Messages sent in the last 24 hours." },
	{ "mailchute_account_day_recipients", GAUGE, A_NUMBER,
	    offsetof(struct ctl_account, rcpts_day),
	    "Recipients sent to in the last 24 hours." },
	{ "mailchute_account_day_recipients_limit", GAUGE, A_LIMIT,
	    offsetof(struct ctl_account, rcpts_max),
	    "How many account.recipients_per_day allows." },
	{ "mailchute_account_connections", GAUGE, A_NUMBER,
	    offsetof(struct ctl_account, connections),
	    "Connections to the server that are open." },
	{ "mailchute_account_connections_limit", GAUGE, A_NUMBER,
	    offsetof(struct ctl_account, connections_max),
	    "How many there may be: account.connections, or fewer for now." },
	{ "mailchute_account_old_tls_sessions", GAUGE, A_NUMBER,
	    offsetof(struct ctl_account, old_tls),
	    "Open sessions below TLS 1.2." },
	{ "mailchute_account_old_tls_sessions_total", COUNTER, A_NUMBER,
	    offsetof(struct ctl_account, old_tls_ever),
	    "Sessions below TLS 1.2 so far; kept over restarts." },
};

static void
put_figure(struct exposition *x, const struct report *r, const struct figure *f)
{
	uint64_t v;
	size_t i;

	exposition_begin(x, f->name, f->type, f->help);
	for (i = 0; i < r->naccounts; i++) {
		const struct ctl_account *a = &r->accounts[i];
		const char *const labels[] = { "account", a->name, NULL };

		memcpy(&v, (const char *)a + f->offset, sizeof(v));
		if (f->how == A_TIME)
			exposition_time(x, labels, (int64_t)v);
		else if (f->how == A_LIMIT)
			exposition_limit(x, labels, v);
		else
			exposition_number(x, labels, v);
	}
}

/* Where account.rate is none, a minute is as good as any other time. */
static void
put_windows(struct exposition *x, const struct report *r)
{
	size_t i;

	exposition_begin(x, "mailchute_account_window_seconds", GAUGE,
	    "The length of account.rate's window; 60 where that is none.");
	for (i = 0; i < r->naccounts; i++) {
		const struct ctl_account *a = &r->accounts[i];

		exposition_number(x, LABELS("account", a->name),
		    a->rate_count == 0 ? 60 : (uint64_t)a->rate_per_s);
	}
}

static void
put_legacy(struct exposition *x, const struct report *r)
{
	size_t i;

	exposition_begin(x, "mailchute_account_legacy_host", GAUGE,
	    "Whether the next connection goes to the legacy host: 1 when it "
	    "does.");
	for (i = 0; i < r->naccounts; i++)
		exposition_number(x, LABELS("account", r->accounts[i].name),
		    r->accounts[i].legacy_host != NULL);
}

/* Without a daemon nothing is counted, and 0 would be a counter's reset. */
static void
put_results(struct exposition *x, const struct report *r)
{
	size_t i, k;

	if (r->host.started_at == 0)
		return;
	exposition_begin(x, "mailchute_account_recipient_results_total",
	    COUNTER, "How recipients fared, try by try.");
	for (i = 0; i < r->nledgers; i++) {
		const struct ctl_ledger *l = &r->ledgers[i];
		const struct {
			const char *name;
			uint64_t v;
		} results[] = {
			{ "delivered", l->delivered },
			{ "deferred", l->deferred },
			{ "uncertain", l->uncertain },
			{ "bounced", l->bounced },
			{ "expired", l->expired },
			{ "removed", l->removed },
		};

		for (k = 0; k < COUNT(results); k++)
			exposition_number(x,
			    LABELS("account", l->account, "result",
				results[k].name),
			    results[k].v);
	}
}

static void
put_accounts(struct exposition *x, const struct report *r)
{
	size_t i;

	put_states(x, r);
	exposition_begin(x, "mailchute_account_queue_messages", GAUGE,
	    "Messages of an account in the queue.");
	put_depths(x, r, true, false);
	exposition_begin(x, "mailchute_account_queue_bytes", GAUGE,
	    "Octets of those messages.");
	put_depths(x, r, true, true);
	for (i = 0; i < COUNT(figures); i++)
		put_figure(x, r, &figures[i]);
	put_windows(x, r);
	put_legacy(x, r);
	put_results(x, r);
}

/* ---- what ends, and what is wrong ---- */

static void
put_tokens(struct exposition *x, const struct report *r)
{
	size_t i;

	exposition_begin(x, "mailchute_account_token_expires_timestamp_seconds",
	    GAUGE,
	    "When the access token ends, which is renewed all the time; NaN "
	    "when none is good.");
	for (i = 0; i < r->ntokens; i++)
		exposition_time(x, LABELS("account", r->tokens[i].account),
		    r->tokens[i].until);
	exposition_begin(x, "mailchute_account_token_failures", GAUGE,
	    "How often in a row no access token was got.");
	for (i = 0; i < r->ntokens; i++)
		exposition_number(x, LABELS("account", r->tokens[i].account),
		    r->tokens[i].failures);
}

/* An access token ends within the hour, and no rule about the others is its. */
static void
put_ends(struct exposition *x, const struct report *r)
{
	size_t i;

	exposition_begin(x, "mailchute_expires_timestamp_seconds", GAUGE,
	    "When something ends that an account signs in with.");
	for (i = 0; i < r->nexpiries; i++) {
		const struct ctl_expiry *e = &r->expiries[i];

		if (strcmp(e->what, "access_token") != 0)
			exposition_time(x,
			    LABELS("account", e->account, "what", e->what),
			    e->at);
	}
}

/* As queue/alarm_kind.c has them, so that each is there while it is not on. */
static const struct alarm_kind {
	const char *name;
	bool is_of_account;
} alarm_kinds[] = {
	{ "account-held", true },
	{ "stall", true },
	{ "mail-held", false },
	{ "share", true },
	{ "queue-replaced", false },
	{ "disk-full", false },
};

/* Those that last first: what is off is not told of a second time. */
static void
put_alarms(struct exposition *x, const struct report *r)
{
	size_t i, k;

	exposition_begin(x, "mailchute_alarm", GAUGE,
	    "Whether an alarm lasts: 1 while it does.");
	for (i = 0; i < r->nalarms; i++) {
		const struct ctl_alarm *a = &r->alarms[i];

		exposition_number(x,
		    LABELS("account", a->account == NULL ? "" : a->account,
			"kind", a->kind),
		    1);
	}
	for (k = 0; k < COUNT(alarm_kinds); k++) {
		if (!alarm_kinds[k].is_of_account)
			exposition_number(x,
			    LABELS("account", "", "kind", alarm_kinds[k].name),
			    0);
		for (i = 0; alarm_kinds[k].is_of_account && i < r->naccounts;
		     i++)
			exposition_number(x,
			    LABELS("account", r->accounts[i].name, "kind",
				alarm_kinds[k].name),
			    0);
	}
}

void
report_metrics(const struct report *r, FILE *to)
{
	struct exposition x;

	exposition_init(&x, to);
	put_head(&x, r);
	if (r->is_whole)
		put_totals(&x, r);
	if (r->is_whole && !r->totals.own_only) {
		put_host(&x, r);
		put_accounts(&x, r);
		put_tokens(&x, r);
		put_ends(&x, r);
		report_metrics_listeners(r, &x);
		put_alarms(&x, r);
	}
	exposition_clear(&x);
}
