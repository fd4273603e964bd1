/* SPDX-License-Identifier: ISC */
/* Putting the queue together, and taking it apart. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/admit.h"
#include "queue/alarm.h"
#include "queue/ask.h"
#include "queue/ballast.h"
#include "queue/batch.h"
#include "queue/devices.h"
#include "queue/bounce.h"
#include "queue/calendar.h"
#include "queue/dispatch.h"
#include "queue/expand.h"
#include "queue/limits.h"
#include "queue/loop.h"
#include "queue/parts.h"
#include "queue/proved.h"
#include "queue/refuse.h"
#include "queue/since.h"
#include "queue/store.h"
#include "queue/waiting.h"

struct event_base *
parts_base(void)
{
	struct event_base *base = event_base_new();

	if (base == NULL ||
	    event_base_priority_init(base, LOOP_PRIORITIES) == -1)
		fatalx(EX_OSERR, "libevent: no event loop");
	return base;
}

static void
log_opened(const struct store_opened *o)
{
	struct buf b;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "queue-opened");
	log_num(&b, "created", o->created);
	log_num(&b, "migrated_from", o->migrated_from);
	log_num(&b, "checked", o->checked);
	log_num(&b, "uncertain", (int64_t)o->uncertain);
	log_num(&b, "swept", (int64_t)o->swept);
	log_num(&b, "repaired", (int64_t)o->repaired);
	log_end(&b, o->uncertain > 0 ? LOG_WARNING : LOG_INFO);
	buf_clear(&b);
}

/*
 * The queue was damaged: said in the log now, and by status for as long as the
 * damaged file lies there.
 */
static int
note_replaced(struct parts *p, const struct store_opened *o, struct err *e)
{
	char *text = xasprintf(
	    "the queue was damaged: %llu messages were saved, %llu were not%s",
	    (unsigned long long)o->saved, (unsigned long long)o->lost,
	    o->by_hand ? " (nothing could be read: too damaged, no room, or "
			 "reading it ended the process)"
		       : "");
	int rc = -1;

	log_event(LOG_ERR, "queue-replaced", "text", text, "file", o->aside,
	    "fix",
	    "check the disk; look for what is missing with sqlite3 on a copy "
	    "of that file, or in a backup; then move the file away",
	    NULL);
	if (store_begin(p->store, e) == -1)
		goto out;
	if (store_fact_put(p->store, FACT_DAMAGED, o->aside, e) == -1 ||
	    store_fact_put(p->store, FACT_DAMAGE, text, e) == -1)
		store_rollback(p->store);
	else if ((rc = store_commit(p->store, e)) == 0)
		store_replaced_told(p->store);
out:
	free(text);
	return rc;
}

/*
 * Mail of an account that the configuration no longer names goes by the
 * default one: it must not wait for ever.
 */
static int
adopt_orphans(struct parts *p, struct err *e)
{
	const struct conf *c = p->conf;
	const char *heir = c->accounts[c->default_account].name;
	struct strlist names = { NULL, 0 };
	size_t i;
	int rc = -1;

	if (store_account_names(p->store, &names, e) == -1)
		goto out;
	for (i = 0; i < names.n; i++) {
		if (conf_account_find(c, names.v[i]) != NULL)
			continue;
		if (store_begin(p->store, e) == -1)
			goto out;
		if (store_account_move(p->store, names.v[i], heir, e) == -1 ||
		    waiting_move(p->store, names.v[i], heir, e) == -1) {
			store_rollback(p->store);
			goto out;
		}
		if (store_commit(p->store, e) == -1)
			goto out;
		log_event(LOG_WARNING, "account-gone", "account", names.v[i],
		    "text", "its mail goes by the default account now", NULL);
	}
	rc = 0;
out:
	strlist_clear(&names);
	return rc;
}

/*
 * An account that is named for the first time is ready from now on: how long
 * it has been must not begin anew with each start.
 */
static int
greet_account(
    struct parts *p, const struct conf_account *c, int64_t now, struct err *e)
{
	struct store_account known;
	int found = store_account_get(p->store, c->name, &known, e);

	if (found == 0) {
		known.name = xstrdup(c->name);
		known.state = ACCOUNT_READY;
		known.since = now;
		found = store_account_put(p->store, &known, e);
	} else if (found == 1 && account_bound(&known, c, now)) {
		found = store_account_put(p->store, &known, e);
	}
	store_account_clear(&known);
	return found == -1 ? -1 : 0;
}

struct greeting {
	const struct conf_queue *queue;
	int64_t now;
};

/* What was never tried was due when it came. */
static int64_t
latest_due(void *arg, unsigned attempts)
{
	const struct greeting *g = arg;

	if (attempts == 0)
		return g->now;
	return g->now + schedule_retry(g->queue->retry_s, g->queue->nretry,
			    attempts, UINT32_MAX);
}

/* The clock may have been ahead when the queue was left, and be right now. */
static int
greet_all(struct parts *p, int64_t now, struct err *e)
{
	const struct conf *c = p->conf;
	struct greeting g = { &c->queue, now };
	size_t i;

	if (store_begin(p->store, e) == -1)
		return -1;
	if (store_bound_times(p->store, now, latest_due, &g, e) == -1)
		goto fail;
	for (i = 0; i < c->naccounts; i++)
		if (greet_account(p, &c->accounts[i], now, e) == -1)
			goto fail;
	return store_commit(p->store, e);
fail:
	store_rollback(p->store);
	return -1;
}

/* An answer that a crash cut off: due by the first step, or held. */
static int64_t
uncertain_due(const struct conf_queue *q, int64_t now)
{
	return q->uncertain == UNCERTAIN_HOLD ? 0 : now + q->retry_s[0];
}

/* Without it mail still flows; the disk is just nearer to its end. */
static void
make_ballast(struct parts *p)
{
	struct err e;

	if (ballast_make(p->ballast, &e) == -1)
		log_event(LOG_WARNING, "ballast", "text", e.text, NULL);
}

static int
make_rest(struct parts *p, bool may_write, struct err *e)
{
	struct dispatch_parts dp;
	struct alarm_parts lp;
	struct calendar_parts cp;
	struct refuse_parts rp;
	struct admit_parts ap;

	p->limits =
	    limits_new(p->conf->queue.uid_messages, p->conf->queue.uid_bytes);
	if (store_usage_each(p->store, limits_load, p->limits, e) == -1)
		return -1;
	p->proved =
	    proved_open(p->conf->queue.directory, p->store, may_write, e);
	if (p->proved == NULL)
		return -1;
	p->batch = batch_new(p->base, p->store, p->ballast);
	if (may_write)
		p->devices = devices_new(p->store, p->batch, p->ask);
	p->expand = expand_new(p->conf, p->ask);
	p->bounce = bounce_new(p->conf, p->store, p->expand);
	ap = (struct admit_parts){ p->conf, &p->times, p->store, p->batch,
		p->limits, p->expand, p->ask };
	p->admit = admit_new(&ap);
	rp = (struct refuse_parts){ p->conf, &p->times, p->store, p->batch,
		p->limits, p->expand, p->bounce, p->ask, p->admit };
	p->refuse = refuse_new(&rp);
	dp = (struct dispatch_parts){ p->base, p->conf, &p->times, p->store,
		p->batch, p->ask, p->limits, p->bounce, p->proved };
	if ((p->dispatch = dispatch_new(&dp, e)) == NULL)
		return -1;
	lp = (struct alarm_parts){ p->base, p->conf, p->identity, &p->times,
		p->store, p->batch, p->ask, p->limits, p->expand, p->dispatch };
	if ((p->alarms = alarm_new(&lp, e)) == NULL)
		return -1;
	cp = (struct calendar_parts){ p->conf, p->identity, &p->times, p->store,
		p->batch, p->limits, p->expand, p->dispatch, p->alarms,
		p->ask };
	p->calendar = calendar_new(&cp, e);
	return p->calendar == NULL ? -1 : 0;
}

static int
load_paused(struct parts *p, struct err *e)
{
	char *value = NULL, *at = NULL;
	const char *why;
	int64_t since = 0;
	int rc = -1;

	if (store_fact_get(p->store, "paused", &value, e) == -1 ||
	    store_fact_get(p->store, "paused_at", &at, e) == -1)
		goto out;
	if (at != NULL)
		since = strtonum(at, 0, INT64_MAX, &why);
	if (value != NULL && strcmp(value, "yes") == 0)
		dispatch_set_paused(
		    p->dispatch, since == 0 ? clock_wall() : since);
	rc = 0;
out:
	free(value);
	free(at);
	return rc;
}

static int
open_all(struct parts *p, const struct conf *conf,
    const struct identity *identity, struct ask *ask, struct err *e)
{
	struct store_place place = {
		.directory = conf->queue.directory,
		.mode = STORE_REPLACE,
		.now = clock_wall(),
	};
	struct store_opened opened;

	place.uncertain_due = uncertain_due(&conf->queue, place.now);
	memset(p, 0, sizeof(*p));
	p->conf = conf;
	p->identity = identity;
	p->ask = ask;
	p->base = parts_base();
	times_init(&p->times, clock_wall_ms(), clock_mono_ms());
	p->ballast = ballast_new(conf->queue.directory, BALLAST_OCTETS);
	(void)ballast_drop_if_low(p->ballast);
	if (store_open(&place, &p->store, &opened, e) == -1)
		return -1;
	log_opened(&opened);
	make_ballast(p);
	if (opened.replaced && note_replaced(p, &opened, e) == -1)
		return -1;
	if (adopt_orphans(p, e) == -1 || greet_all(p, place.now, e) == -1 ||
	    since_note_delivery(p->store, conf->queue.delivery, place.now, e) ==
		-1 ||
	    make_rest(p, true, e) == -1)
		return -1;
	return load_paused(p, e);
}

/*
 * After a clean stop the file is not checked as a whole, so that damage may be
 * met only as it is read.  Then it is opened once more, as one that is damaged:
 * whoever starts us does not do so again after the status of this error.
 */
int
parts_open(struct parts *p, const struct conf *conf,
    const struct identity *identity, struct ask *ask, struct err *e)
{
	if (open_all(p, conf, identity, ask, e) == 0)
		return 0;
	if (p->store == NULL || !store_is_damaged(p->store))
		return -1;
	log_event(LOG_CRIT, "queue-damaged", "text", e->text, "fix",
	    "nothing yet: what can be read is saved, now", NULL);
	store_suspect(p->store);
	p->ask = NULL; /* it is not ours to close */
	parts_close(p);
	return open_all(p, conf, identity, ask, e);
}

int
parts_open_reader(struct parts *p, const struct conf *conf,
    const struct identity *identity, struct ask *ask, struct err *e)
{
	const struct store_place place = {
		.directory = conf->queue.directory,
		.mode = STORE_READ,
		.now = clock_wall(),
	};
	struct store_opened opened;

	memset(p, 0, sizeof(*p));
	p->conf = conf;
	p->identity = identity;
	p->ask = ask;
	p->base = parts_base();
	times_init(&p->times, clock_wall_ms(), clock_mono_ms());
	if (store_open(&place, &p->store, &opened, e) == -1 ||
	    make_rest(p, false, e) == -1)
		return -1;
	return load_paused(p, e);
}

static void
on_news(void *arg, const char *account)
{
	dispatch_kick(arg, account);
}

void
parts_try_at_once(struct parts *p)
{
	admit_on_news(p->admit, on_news, p->dispatch);
}

void
parts_close(struct parts *p)
{
	calendar_free(p->calendar);
	alarm_free(p->alarms);
	dispatch_free(p->dispatch);
	refuse_free(p->refuse);
	admit_free(p->admit);
	bounce_free(p->bounce);
	proved_free(p->proved);
	expand_free(p->expand);
	batch_free(p->batch);
	devices_free(p->devices);
	limits_free(p->limits);
	ballast_free(p->ballast);
	store_close(p->store);
	ask_free(p->ask);
	if (p->base != NULL)
		event_base_free(p->base);
	memset(p, 0, sizeof(*p));
}
