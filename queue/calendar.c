/* SPDX-License-Identifier: ISC */
/*
 * The expiry calendar: brought up to what is known each minute and whenever
 * somebody asks for status.  What changes is in memory at once and joins a
 * batch; told is after the commit, so that a crash tells nothing twice; what
 * could not be written is tried again with the next look.
 *
 * A date is the wall clock's; the mail of it is as old as the rest of the
 * queue, which may not have followed yet when somebody has set that clock.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/alarm.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/calendar.h"
#include "queue/dirs.h"
#include "queue/dispatch.h"
#include "queue/expand.h"
#include "queue/expiry_store.h"
#include "queue/letter.h"
#include "queue/limits.h"
#include "queue/times.h"

struct entry {
	struct expiry now;    /* as it is */
	struct expiry stored; /* as it is on disk */
	bool is_written;      /* by the transaction under way */
	bool wants_telling, wants_mail;
	uint64_t mail_id;
	size_t mail_octets;
};

/* A row of what the configuration does not name any more. */
struct left {
	char *subject;
	enum expiry_what what;
};

struct calendar {
	struct calendar_parts parts;
	/* EXPIRY_WHATS for each account, and behind them for each listener */
	struct entry *v;
	size_t n;
	struct left *gone;
	size_t ngone;
	bool is_saving;
	int64_t at; /* of the look that is being saved */
	struct expanded *readers;
};

static struct expiry_subject
subject_of(const struct calendar *c, size_t i)
{
	const struct conf *conf = c->parts.conf;
	size_t k = i / EXPIRY_WHATS;

	if (k < conf->naccounts)
		return (struct expiry_subject){ .account = &conf->accounts[k] };
	return (struct expiry_subject){
		.listener = &conf->listeners[k - conf->naccounts]
	};
}

static enum expiry_what
what_of(size_t i)
{
	return (enum expiry_what)(i % EXPIRY_WHATS);
}

/* ---- telling ---- */

/* What logs and mails say whose it is. */
static const char *
kind_of(const struct expiry_subject *s)
{
	return s->account != NULL ? "account" : "listener";
}

static void
log_one(const struct calendar *c, size_t i, int64_t now)
{
	const struct expiry_subject s = subject_of(c, i);
	const struct entry *x = &c->v[i];
	struct expiry_words w;
	struct buf b;

	expiry_describe(c->parts.conf, &s, what_of(i), &x->now, now, &w);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, x->now.at <= now ? "expired" : "expires");
	log_str(&b, kind_of(&s), expiry_subject_name(&s));
	log_str(&b, "what", expiry_what_name(what_of(i)));
	log_num(&b, "days", expiry_days(x->now.at, now));
	log_str(&b, "source", expiry_source_name(x->now.source));
	log_str(&b, "text", w.text);
	log_str(&b, "fix", w.fix);
	log_end(&b, x->now.at <= now ? LOG_ERR : LOG_WARNING);
	buf_clear(&b);
	expiry_words_clear(&w);
}

static void
put_fact(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s: ", name);
	utf8_put_safe(b, value);
	buf_putc(b, '\n');
}

static int
mail_one(struct calendar *c, size_t i, struct err *e)
{
	const struct expiry_subject s = subject_of(c, i);
	struct entry *x = &c->v[i];
	struct expiry_words w;
	struct letter l = { c->parts.conf, c->parts.identity, c->parts.store,
		c->readers, NULL, NULL, times_now(c->parts.times) };
	struct buf b;
	int rc;

	expiry_describe(c->parts.conf, &s, what_of(i), &x->now, c->at, &w);
	buf_init(&b, LETTER_TEXT_MAX);
	buf_printf(&b, "mailchute on %s: ", c->parts.conf->local.hostname);
	utf8_put_safe(&b, w.text);
	buf_puts(&b, "\n\n");
	put_fact(&b, kind_of(&s),
	    s.listener != NULL ? s.listener->name
			       : account_shown_name(s.account));
	put_fact(&b, "meaning", w.meaning);
	put_fact(&b, "do", w.fix);
	buf_puts(&b,
	    "\nThis is told 30, 14, 7 and 1 days ahead, and at the end.\n"
	    "mailchute status tells how it stands.\n");
	l.title = w.title;
	l.text = buf_data(&b);
	rc = letter_insert(&l, &x->mail_id, &x->mail_octets, e);
	buf_clear(&b);
	expiry_words_clear(&w);
	return rc;
}

static void
note_mail(struct calendar *c, size_t i)
{
	const struct expiry_subject s = subject_of(c, i);
	const struct entry *x = &c->v[i];
	char id[QUEUE_ID_TEXT];

	limits_add(c->parts.limits, c->parts.identity->uid, 1, x->mail_octets);
	queue_id_format(x->mail_id, id);
	log_event(LOG_INFO, "expiry-mailed", "id", id, kind_of(&s),
	    expiry_subject_name(&s), "what", expiry_what_name(what_of(i)),
	    "rcpt", c->parts.conf->local.admin, NULL);
}

/* ---- the commit ---- */

static void
clear_gone(struct calendar *c)
{
	for (; c->ngone > 0; c->ngone--)
		free(c->gone[c->ngone - 1].subject);
}

static int
save_work(void *arg, struct err *e)
{
	static const struct expiry none = { .at = 0 };
	struct calendar *c = arg;
	struct expiry_subject s;
	size_t i;

	for (i = 0; i < c->ngone; i++)
		if (expiry_put(c->parts.store, c->gone[i].subject,
			c->gone[i].what, &none, e) == -1)
			return -1;
	for (i = 0; i < c->n; i++) {
		s = subject_of(c, i);
		if (c->v[i].is_written &&
		    expiry_put(c->parts.store, expiry_subject_name(&s),
			what_of(i), &c->v[i].now, e) == -1)
			return -1;
		if (c->v[i].wants_mail && mail_one(c, i, e) == -1)
			return -1;
	}
	return 0;
}

static void
save_done(void *arg, const struct err *failed)
{
	struct calendar *c = arg;
	bool has_mail = false;
	struct entry *x;
	size_t i;

	c->is_saving = false;
	if (failed != NULL)
		log_event(LOG_WARNING, "expiry-not-saved", "text", failed->text,
		    NULL);
	else
		clear_gone(c);
	for (i = 0; i < c->n; i++) {
		x = &c->v[i];
		if (x->is_written && failed != NULL)
			x->now = x->stored; /* the next look begins anew */
		if (x->is_written && failed == NULL) {
			x->stored = x->now;
			if (x->wants_telling)
				log_one(c, i, c->at);
			if (x->wants_mail)
				note_mail(c, i);
			has_mail = has_mail || x->wants_mail;
		}
		x->is_written = x->wants_telling = x->wants_mail = false;
	}
	expanded_free(c->readers);
	c->readers = NULL;
	if (has_mail)
		dispatch_kick(c->parts.dispatch,
		    c->parts.conf->accounts[c->parts.conf->default_account]
			.name);
}

/* ---- looking ---- */

static bool
is_same(const struct expiry *a, const struct expiry *b)
{
	return a->at == b->at && a->source == b->source &&
	       a->warned == b->warned && a->mailed == b->mailed;
}

/* What is known of whose it is. */
static void
inquire(struct calendar *c, struct expiry_subject *s)
{
	const struct conf *conf = c->parts.conf;
	struct dispatch_view v;
	struct door_view door;
	struct err e;

	if (s->account != NULL) {
		dispatch_view(c->parts.dispatch,
		    (size_t)(s->account - conf->accounts), &v);
		s->signin = v.signin;
	} else if (ask_listener(c->parts.ask,
		       (uint32_t)(s->listener - conf->listeners), &door,
		       &e) == 0) {
		s->cert_until = door.pair_until;
	}
}

/* Whether the entry is what is known; no more is told of it here. */
static void
update(struct calendar *c, size_t i)
{
	struct expiry_subject s = subject_of(c, i);
	struct expiry found;
	bool is_found;

	if (!expiry_applies(&s, what_of(i))) {
		memset(&c->v[i].now, 0, sizeof(c->v[i].now));
		return;
	}
	inquire(c, &s);
	is_found = expiry_find(&s, what_of(i), &found);
	expiry_update(&c->v[i].now, is_found ? &found : NULL, s.signin);
}

/* A date of others is no word for a host that has yet to send its first. */
static bool
has_delivered(const struct calendar *c)
{
	struct dispatch_view v;

	dispatch_view(c->parts.dispatch, c->parts.conf->default_account, &v);
	return v.known->last_success_at > 0;
}

/* By mail, where it can leave and has a reader. */
static void
choose_mail(struct calendar *c)
{
	const char *admin = c->parts.conf->local.admin;
	bool takes_notes = has_delivered(c);
	struct entry *x;
	struct err e;

	for (x = c->v; x < c->v + c->n; x++) {
		if ((x->now.source == EXPIRY_BY_NOTE && !takes_notes) ||
		    !expiry_mail(&x->now))
			continue;
		if (c->readers == NULL)
			c->readers = expand_address(c->parts.expand, admin, &e);
		x->wants_mail = c->readers != NULL;
		if (!x->wants_mail)
			log_event(LOG_WARNING, "expiry-not-mailed", "rcpt",
			    admin, "text", e.text, NULL);
	}
}

void
calendar_look(struct calendar *c)
{
	calendar_look_at(c, clock_wall());
}

void
calendar_look_at(struct calendar *c, int64_t now)
{
	bool wants_saving = c->ngone > 0;
	struct entry *x;
	size_t i;

	if (c->is_saving)
		return;
	c->at = now;
	for (i = 0; i < c->n; i++) {
		update(c, i);
		c->v[i].wants_telling = expiry_warn(&c->v[i].now, c->at);
	}
	if (alarm_can_mail(c->parts.alarms))
		choose_mail(c);
	for (x = c->v; x < c->v + c->n; x++) {
		x->is_written = !is_same(&x->now, &x->stored);
		wants_saving = wants_saving || x->is_written;
	}
	if (!wants_saving)
		return;
	c->is_saving = true;
	batch_join(c->parts.batch, 0, save_work, save_done, c);
}

static void
show(struct calendar *c, size_t i, calendar_row *row, void *arg)
{
	struct calendar_view v = { .subject = subject_of(c, i),
		.what = what_of(i),
		.expiry = &c->v[i].now,
		.now = clock_wall() };

	if (v.expiry->at == 0)
		return;
	expiry_describe(
	    c->parts.conf, &v.subject, v.what, v.expiry, v.now, &v.words);
	row(arg, &v);
	expiry_words_clear(&v.words);
}

void
calendar_each(struct calendar *c, calendar_row *row, void *arg)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		show(c, i, row, arg);
}

void
calendar_listener(
    struct calendar *c, size_t listener, calendar_row *row, void *arg)
{
	size_t first = (c->parts.conf->naccounts + listener) * EXPIRY_WHATS;

	show(c, first + EXPIRY_LISTENER, row, arg);
}

/* ---- life ---- */

/* Its entry, or NULL: the configuration names none. */
static struct entry *
find_entry(struct calendar *c, const char *subject, enum expiry_what what)
{
	const struct conf *conf = c->parts.conf;
	const struct conf_account *a = conf_account_find(conf, subject);
	const struct conf_listen *l = conf_listen_find(conf, subject);
	size_t k;

	if (expiry_is_listeners(what) ? l == NULL : a == NULL)
		return NULL;
	k = expiry_is_listeners(what)
		? conf->naccounts + (size_t)(l - conf->listeners)
		: (size_t)(a - conf->accounts);
	return &c->v[k * EXPIRY_WHATS + what];
}

static void
recall(void *arg, const char *subject, enum expiry_what what,
    const struct expiry *x)
{
	struct calendar *c = arg;
	struct entry *entry = find_entry(c, subject, what);

	if (entry != NULL) {
		entry->now = entry->stored = *x;
		return;
	}
	c->gone = xreallocarray(c->gone, c->ngone + 1, sizeof(*c->gone));
	c->gone[c->ngone++] = (struct left){ xstrdup(subject), what };
}

struct calendar *
calendar_new(const struct calendar_parts *parts, struct err *e)
{
	struct calendar *c = xcalloc(1, sizeof(*c));

	c->parts = *parts;
	c->n =
	    (parts->conf->naccounts + parts->conf->nlisteners) * EXPIRY_WHATS;
	c->v = xcalloc(c->n, sizeof(*c->v));
	if (expiry_each(parts->store, recall, c, e) == -1) {
		calendar_free(c);
		return NULL;
	}
	return c;
}

void
calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	clear_gone(c);
	free(c->gone);
	expanded_free(c->readers);
	free(c->v);
	free(c);
}
