/* SPDX-License-Identifier: ISC */
/*
 * Alarms as they come, last and end.
 *
 *	over --judged to have come--> on, told --a day later--> told again
 *	  ^                            |
 *	  +------- judged over --------+
 *
 * What changes is in memory at once and joins a batch; told is after the
 * commit, and also when there was none: that a disk is full must be heard all
 * the more.  Only then may a crash make one occurrence heard twice.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/alarm_priv.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/dirs.h"
#include "queue/dispatch.h"
#include "queue/expand.h"
#include "queue/limits.h"
#include "queue/loop.h"
#include "queue/times.h"

#define AGAIN_S   (24 * 3600)
#define VALUE_MAX 512 /* of a fact */

struct alarm *
alarm_find(struct alarms *a, enum alarm_kind kind, size_t account)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->v[i].kind == kind &&
		    (!alarm_is_of_account(kind) || a->v[i].account == account))
			return &a->v[i];
	return NULL;
}

/* ---- what is remembered ---- */

/* "alarm stall NAME"; for the caller to free. */
static char *
fact_name(const struct alarms *a, const struct alarm *m)
{
	const char *kind = alarm_kind_name(m->kind);

	return alarm_is_of_account(m->kind)
		   ? xasprintf("alarm %s %s", kind,
			 a->parts.conf->accounts[m->account].name)
		   : xasprintf("alarm %s", kind);
}

/* "SINCE TOLD_AT MAILED", and the messages of mail-held. */
static void
take_fact(struct alarm *m, char *value)
{
	int64_t numbers[3 + ALARM_MESSAGES_MAX];
	const char *why, *word;
	size_t n = 0;

	while ((word = strsep(&value, " ")) != NULL &&
	       n < sizeof(numbers) / sizeof(numbers[0])) {
		numbers[n] = strtonum(word, 0, INT64_MAX, &why);
		if (why != NULL)
			return;
		n++;
	}
	if (n < 3)
		return;
	m->is_on = true;
	m->since = m->stall.since = numbers[0];
	m->told_at = numbers[1];
	m->is_mailed = numbers[2] != 0;
	for (; m->nmessages + 3 < n; m->nmessages++)
		m->messages[m->nmessages] = (uint64_t)numbers[m->nmessages + 3];
}

static int
recall(struct alarms *a, struct alarm *m, struct err *e)
{
	char *name = fact_name(a, m), *value = NULL;
	int found = store_fact_get(a->parts.store, name, &value, e);

	if (found == 1)
		take_fact(m, value);
	free(value);
	free(name);
	return found == -1 ? -1 : 0;
}

static int
remember(struct alarms *a, const struct alarm *m, struct err *e)
{
	char *name = fact_name(a, m);
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, VALUE_MAX);
	buf_printf(&b, "%lld %lld %d", (long long)m->since,
	    (long long)m->told_at, m->is_mailed || m->wants_mail);
	for (i = 0; i < m->nmessages; i++)
		buf_printf(&b, " %llu", (unsigned long long)m->messages[i]);
	rc = m->is_on ? store_fact_put(a->parts.store, name, buf_data(&b), e)
		      : store_fact_delete(a->parts.store, name, e);
	buf_clear(&b);
	free(name);
	return rc;
}

/* ---- telling ---- */

static const char *
account_of(const struct alarms *a, const struct alarm *m)
{
	return alarm_is_of_account(m->kind)
		   ? account_shown_name(&a->parts.conf->accounts[m->account])
		   : NULL;
}

static void
tell(struct alarms *a, struct alarm *m, int64_t now)
{
	char text[ALARM_TEXT_MAX];
	struct alarm_words w;
	struct buf b;

	alarm_describe(a, m, &w);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "alarm");
	log_str(&b, "kind", alarm_kind_name(m->kind));
	log_str(&b, "account", account_of(a, m));
	log_num(&b, "for_s", now - m->since);
	log_str(&b, "text", w.text);
	log_str(&b, "fix", w.fix);
	log_end(&b, LOG_ERR);
	buf_clear(&b);
	alarm_words_clear(&w);
	alarm_text(a, m, text);
	ask_alarm(a->parts.ask, text);
}

static void
log_over(const struct alarms *a, const struct alarm *m, int64_t now)
{
	struct buf b;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "alarm-over");
	log_str(&b, "kind", alarm_kind_name(m->kind));
	log_str(&b, "account", account_of(a, m));
	log_num(&b, "for_s", now - m->since);
	log_end(&b, LOG_NOTICE);
	buf_clear(&b);
}

static void
note_mail(struct alarms *a, struct alarm *m)
{
	char id[QUEUE_ID_TEXT];

	m->is_mailed = true;
	limits_add(a->parts.limits, a->parts.identity->uid, 1, m->mail_octets);
	queue_id_format(m->mail_id, id);
	log_event(LOG_INFO, "alarm-mailed", "id", id, "kind",
	    alarm_kind_name(m->kind), "rcpt", a->parts.conf->local.admin, NULL);
}

/* ---- the commit ---- */

static int
save_work(void *arg, struct err *e)
{
	struct alarms *a = arg;
	int64_t now = times_now(a->parts.times);
	struct alarm *m;

	for (m = a->v; m < a->v + a->n; m++) {
		if (m->is_written && remember(a, m, e) == -1)
			return -1;
		if (m->wants_mail && alarm_mail(a, m, now, e) == -1)
			return -1;
	}
	return 0;
}

static void
save_done(void *arg, const struct err *failed)
{
	struct alarms *a = arg;
	int64_t now = times_now(a->parts.times);
	bool has_mail = false, wants_look = false;
	struct alarm *m;

	a->is_saving = false;
	if (failed != NULL)
		log_event(
		    LOG_WARNING, "alarm-not-saved", "text", failed->text, NULL);
	for (m = a->v; m < a->v + a->n; m++) {
		/* The next look tries again what could not be written. */
		m->is_dirty |= m->is_written && failed != NULL;
		m->is_written = false;
		if (m->wants_telling)
			tell(a, m, now);
		if (m->has_ended)
			log_over(a, m, now);
		if (m->wants_mail && failed == NULL) {
			note_mail(a, m);
			has_mail = true;
		}
		m->wants_telling = m->has_ended = m->wants_mail = false;
		wants_look = wants_look || m->wants_look;
	}
	expanded_free(a->readers);
	a->readers = NULL;
	if (wants_look)
		event_active(a->look, EV_TIMEOUT, 0);
	if (has_mail)
		dispatch_kick(a->parts.dispatch,
		    a->parts.conf->accounts[a->parts.conf->default_account]
			.name);
}

/* ---- looking ---- */

/* One of held mail counts when a notice is among it. */
static bool
is_on(struct alarms *a, enum alarm_kind kind, size_t account)
{
	const struct alarm *m = alarm_find(a, kind, account);

	return m != NULL && m->is_on &&
	       (kind != ALARM_MAIL_HELD || m->has_notice);
}

bool
alarm_can_mail(struct alarms *a)
{
	size_t by = a->parts.conf->default_account;

	return a->parts.conf->local.admin != NULL &&
	       !is_on(a, ALARM_ACCOUNT_HELD, by) &&
	       !is_on(a, ALARM_STALL, by) && !is_on(a, ALARM_MAIL_HELD, 0);
}

/* Whose mail is to be written now.  Without readers there will be none. */
static void
choose_mail(struct alarms *a)
{
	const char *admin = a->parts.conf->local.admin;
	struct alarm *m;
	struct err e;

	for (m = a->v; m < a->v + a->n; m++) {
		if (!m->is_on || m->is_mailed)
			continue;
		if (a->readers == NULL)
			a->readers = expand_address(a->parts.expand, admin, &e);
		m->is_dirty = true;
		m->wants_mail = a->readers != NULL;
		if (m->wants_mail)
			continue;
		m->is_mailed = true;
		log_event(LOG_WARNING, "alarm-not-mailed", "kind",
		    alarm_kind_name(m->kind), "rcpt", admin, "text", e.text,
		    NULL);
	}
}

static void
raise_one(struct alarm *m, int64_t now, int64_t since)
{
	m->is_on = m->wants_telling = m->is_dirty = true;
	m->is_repeated = m->is_mailed = false;
	m->since = since > now ? now : since;
	m->told_at = now;
}

static void
end_one(struct alarm *m)
{
	m->is_on = false;
	m->has_ended = m->is_dirty = true;
	m->nmessages = 0;
}

static void
tell_again(struct alarm *m, int64_t now)
{
	m->wants_telling = m->is_dirty = m->is_repeated = true;
	m->is_mailed = false;
	m->told_at = now;
}

static void
look_at(struct alarms *a, struct alarm *m, int64_t now)
{
	int64_t since;

	m->wants_look = false;
	switch (alarm_judge(a, m, now, &since)) {
	case ALARM_COME:
		if (!m->is_on)
			raise_one(m, now, since);
		break;
	case ALARM_OVER:
		if (m->is_on)
			end_one(m);
		break;
	case ALARM_AS_BEFORE:
		break;
	}
	/* A clock that was set back while nothing ran. */
	if (m->told_at > now)
		m->told_at = now;
	if (m->is_on && now - m->told_at >= AGAIN_S)
		tell_again(m, now);
}

static void
look(struct alarms *a)
{
	int64_t now = times_now(a->parts.times);
	bool wants_saving = false;
	struct alarm *m;

	/* Those that want it are looked at by the next one. */
	if (a->is_saving)
		return;
	for (m = a->v; m < a->v + a->n; m++)
		if (m->wants_look)
			look_at(a, m, now);
	if (alarm_can_mail(a))
		choose_mail(a);
	for (m = a->v; m < a->v + a->n; m++) {
		m->is_written = m->is_dirty;
		m->is_dirty = false;
		wants_saving = wants_saving || m->is_written;
	}
	if (!wants_saving)
		return;
	a->is_saving = true;
	batch_join(a->parts.batch, 0, save_work, save_done, a);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

void
alarm_look(struct alarms *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		a->v[i].wants_look = true;
	look(a);
}

/* A message that is not watched is still told of by status, as held mail. */
static void
note_held(struct alarms *a, uint64_t message)
{
	struct alarm *m = alarm_find(a, ALARM_MAIL_HELD, 0);
	size_t i;

	for (i = 0; i < m->nmessages; i++)
		if (m->messages[i] == message)
			return;
	if (m->nmessages == ALARM_MESSAGES_MAX)
		return;
	m->messages[m->nmessages++] = message;
	m->wants_look = m->is_dirty = true;
}

/* Within somebody else's work: the look is a turn of its own. */
static void
on_trouble(void *arg, size_t account, uint64_t held)
{
	struct alarms *a = arg;

	if (held != 0)
		note_held(a, held);
	alarm_find(a, ALARM_ACCOUNT_HELD, account)->wants_look = true;
	alarm_find(a, ALARM_STALL, account)->wants_look = true;
	event_active(a->look, EV_TIMEOUT, 0);
}

/* ---- the outside ---- */

void
alarm_each(struct alarms *a, alarm_row *row, void *arg)
{
	struct alarm_view v;
	struct alarm_words w;
	struct alarm *m;

	for (m = a->v; m < a->v + a->n; m++) {
		if (!m->is_on)
			continue;
		alarm_describe(a, m, &w);
		v = (struct alarm_view){ .kind = alarm_kind_name(m->kind),
			.account = account_of(a, m),
			.since = m->since,
			.text = w.text,
			.fix = w.fix,
			.is_critical = alarm_is_critical(m->kind) };
		row(arg, &v);
		alarm_words_clear(&w);
	}
}

void
alarm_move_times(struct alarms *a, int64_t by_s)
{
	struct alarm *m;

	for (m = a->v; m < a->v + a->n; m++) {
		stall_move_times(&m->stall, by_s);
		if (m->full_at != 0)
			m->full_at += by_s;
		if (!m->is_on)
			continue;
		m->since += by_s;
		m->told_at += by_s;
		m->is_dirty = true;
	}
	alarm_look(a);
}

void
alarm_watch(struct alarms *a)
{
	dispatch_on_trouble(a->parts.dispatch, on_trouble, a);
	alarm_look(a);
}

/* A row for each kind, and of some for each account. */
static void
make_rows(struct alarms *a)
{
	size_t i, of, accounts = a->parts.conf->naccounts;
	int kind;

	a->v = xcalloc(ALARM_KINDS * (accounts + 1), sizeof(*a->v));
	for (kind = 0; kind < ALARM_KINDS; kind++) {
		of = alarm_is_of_account((enum alarm_kind)kind) ? accounts : 1;
		for (i = 0; i < of; i++) {
			a->v[a->n].kind = (enum alarm_kind)kind;
			a->v[a->n++].account = i;
		}
	}
}

struct alarms *
alarm_new(const struct alarm_parts *parts, struct err *e)
{
	struct alarms *a = xcalloc(1, sizeof(*a));
	size_t i;

	a->parts = *parts;
	make_rows(a);
	a->look = event_new(parts->base, -1, 0, on_look, a);
	if (a->look == NULL)
		fatalx(EX_OSERR, "libevent: no event for alarms");
	for (i = 0; i < a->n; i++)
		if (recall(a, &a->v[i], e) == -1) {
			alarm_free(a);
			return NULL;
		}
	return a;
}

void
alarm_free(struct alarms *a)
{
	if (a == NULL)
		return;
	event_free(a->look);
	expanded_free(a->readers);
	free(a->v);
	free(a);
}
