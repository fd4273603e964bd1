/* SPDX-License-Identifier: ISC */
/*
 * What an alarm may be about.  Each kind is a row: when it has come, when it
 * is over, and what is said of it.  The list is short on purpose; what passes
 * by itself, and what somebody is told of anyway, is in the log alone.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/alarm_priv.h"
#include "queue/dispatch.h"
#include "queue/parts.h"
#include "queue/room.h"
#include "queue/submitter.h"
#include "queue/whose.h"

#define FULL_S 60 /* the disk is full for so long: an alarm */

static struct dispatch_view
view_of(struct alarms *a, const struct alarm *m)
{
	struct dispatch_view v;

	dispatch_view(a->parts.dispatch, m->account, &v);
	return v;
}

static uint64_t
waiting_of(struct alarms *a, const struct dispatch_view *v)
{
	uint64_t waiting = 0;
	struct err e;

	return store_account_waiting(
		   a->parts.store, v->conf->name, &waiting, &e) == -1
		   ? 0
		   : waiting;
}

static char *
copy(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : xstrdup(s);
}

/* ---- an account is held ---- */

/*
 * A try that found no connection says nothing about the account's own fault:
 * only a message that was taken does.
 */
static enum alarm_judged
judge_held(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	struct dispatch_view v = view_of(a, m);

	(void)now;
	switch (v.known->state) {
	case ACCOUNT_HELD:
		*since = v.known->since;
		return ALARM_COME;
	case ACCOUNT_READY:
		return ALARM_OVER;
	case ACCOUNT_BACKOFF:
		break;
	}
	return ALARM_AS_BEFORE;
}

static void
describe_held(struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	struct dispatch_view v = view_of(a, m);

	w->title = xasprintf(v.known->state == ACCOUNT_HELD
				 ? "account %s is held"
				 : "account %s was held, and has not "
				   "delivered since",
	    account_shown_name(v.conf));
	w->text = xasprintf("%s: %s", w->title,
	    v.known->text == NULL ? "nothing more is known" : v.known->text);
	w->meaning = copy(v.known->meaning);
	w->fix = copy(v.known->fix);
	w->waiting = waiting_of(a, &v);
}

/* ---- nothing is delivered ---- */

static bool
may_deliver(
    struct alarms *a, const struct alarm *m, const struct dispatch_view *v)
{
	return a->parts.conf->queue.delivery &&
	       !dispatch_is_paused(a->parts.dispatch) &&
	       v->known->state != ACCOUNT_HELD &&
	       !alarm_find(a, ALARM_ACCOUNT_HELD, m->account)->is_on;
}

static enum alarm_judged
judge_stall(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	struct dispatch_view v = view_of(a, m);
	struct stall_facts f = { .now = now,
		.limit_s = a->parts.conf->queue.stall_s,
		.may_deliver = may_deliver(a, m, &v),
		.has_waiting = waiting_of(a, &v) > 0,
		.tried_at = v.tried_at,
		.delivered_at = v.known->last_success_at };

	/* What waits for its user's share delays nobody else's. */
	f.is_due =
	    f.has_waiting && dispatch_has_due(a->parts.dispatch, m->account);
	switch (stall_look(&m->stall, &f)) {
	case STALL_NONE:
		return ALARM_OVER;
	case STALL_COME:
		*since = m->stall.since;
		return ALARM_COME;
	case STALL_WAITING:
		break;
	}
	return ALARM_AS_BEFORE;
}

/* What keeps it, as mailq tells it. */
static void
describe_stall(struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	struct dispatch_view v = view_of(a, m);
	const struct store_account *k = v.known;
	const char *why = "the server puts each message off";

	if (strcmp(v.state, "budget") == 0) {
		why = "it has spent its budget of messages or recipients";
		w->meaning =
		    xstrdup("The mail goes as soon as the budget allows it.");
		w->fix = xstrdup("See who sends so much (mailchute queue); "
				 "the limits are account.rate and "
				 "account.recipients_per_day.");
	} else if (k->state != ACCOUNT_READY && k->text != NULL) {
		why = k->text;
		w->meaning = copy(k->meaning);
		w->fix = copy(k->fix);
	}
	if (w->fix == NULL)
		w->fix = xstrdup("mailchute queue tells what the server says; "
				 "mailchute retry ALL tries again at once.");
	w->title = xasprintf(
	    "account %s delivers nothing", account_shown_name(v.conf));
	w->text = xasprintf("%s, though mail is due: %s", w->title, why);
	w->waiting = waiting_of(a, &v);
}

/* ---- mail is held that somebody must look at ---- */

/* Is one of its recipients held?  1, 0, -1. */
static int
is_held(struct alarms *a, uint64_t message, bool *is_notice)
{
	struct store_rcpt *v = NULL;
	struct store_message m;
	int found, held = 0;
	struct err e;
	size_t i, n = 0;

	memset(&m, 0, sizeof(m));
	found = store_message_get(a->parts.store, message, &m, &e);
	*is_notice = found == 1 && m.kind != KIND_MAIL;
	store_message_clear(&m);
	if (found != 1)
		return found;
	if (store_rcpts_get(a->parts.store, message, &v, &n, &e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		held |= v[i].state == RCPT_HELD;
		store_rcpt_clear(&v[i]);
	}
	free(v);
	return held;
}

/* Those that were released or removed are forgotten. */
static enum alarm_judged
judge_mail_held(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	bool is_notice;
	size_t i, n = 0;

	(void)now;
	(void)since;
	m->has_notice = false;
	for (i = 0; i < m->nmessages; i++) {
		if (is_held(a, m->messages[i], &is_notice) == 0)
			continue;
		m->has_notice = m->has_notice || is_notice;
		m->messages[n++] = m->messages[i];
	}
	m->is_dirty = m->is_dirty || n != m->nmessages;
	m->nmessages = n;
	return n > 0 ? ALARM_COME : ALARM_OVER;
}

/*
 * Anyone may read it in status: no address, and no words of a server, which
 * often repeat one.
 */
static void
describe_mail_held(
    struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	char id[QUEUE_ID_TEXT] = "";

	(void)a;
	if (m->nmessages > 0)
		queue_id_format(m->messages[0], id);
	w->title = xstrdup("mail is held");
	if (m->nmessages > 1)
		w->text = xasprintf("message %s and %zu more are held and wait "
				    "for an administrator",
		    id, m->nmessages - 1);
	else
		w->text = xasprintf(
		    "message %s is held and waits for an administrator", id);
	w->meaning = xstrdup(
	    m->has_notice
		? "A notice or an alarm was not taken even by local.admin: "
		  "somebody's mail may have failed without anyone having "
		  "been told."
		: "It failed and nobody could be told, or what is stored of "
		  "it is damaged.");
	w->fix = xasprintf("mailchute show %s tells why; see that local.admin "
			   "can be reached, then release or remove it",
	    id);
}

/* ---- a user has had his share of the day ---- */

/* The first of those whose mail waits for it. */
static bool
find_spent(struct alarms *a, const struct alarm *m, struct share *share)
{
	const struct dispatch *d = a->parts.dispatch;
	const char *account = a->parts.conf->accounts[m->account].name;
	int64_t after = -1;
	struct err e;

	while (dispatch_share_next(d, m->account, after, share)) {
		if (share->left == 0 && store_waits_unreleased(a->parts.store,
					    account, share->who, &e) == 1)
			return true;
		after = (int64_t)share->who;
	}
	return false;
}

/*
 * Over when all of it has gone, or may go: not while he has again what little
 * has left the day, and at once nothing.
 */
static enum alarm_judged
judge_share(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	const struct dispatch *d = a->parts.dispatch;
	const char *account = a->parts.conf->accounts[m->account].name;
	int64_t after = -1;
	struct share share;
	struct err e;

	(void)now;
	(void)since;
	if (find_spent(a, m, &share))
		return ALARM_COME;
	for (; dispatch_share_next(d, m->account, after, &share);
	     after = (int64_t)share.who)
		if (share.used > share.left &&
		    store_waits_unreleased(
			a->parts.store, account, share.who, &e) != 0)
			return ALARM_AS_BEFORE;
	return ALARM_OVER;
}

static void
describe_share(struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	const struct conf_account *c = &a->parts.conf->accounts[m->account];
	const char *name = account_shown_name(c);
	struct share share;
	bool is_found = find_spent(a, m, &share);
	bool is_device = is_found && submitter_device(share.who) != DEVICE_NONE;
	char *whose;

	w->title = xasprintf("%s share of account %s's day",
	    is_device ? "a device has had its" : "a user has had his", name);
	if (is_found) {
		whose = whose_words(a->parts.store, share.who);
		w->text = xasprintf("%s: %s has sent to %llu of %llu "
				    "recipients within a day, and more of %s "
				    "mail waits",
		    w->title, whose, (unsigned long long)share.used,
		    (unsigned long long)c->recipients_per_day,
		    is_device ? "its" : "his");
		free(whose);
	} else
		w->text = xstrdup(w->title);
	w->meaning = xstrdup("The rest of the day is kept for others, whose "
			     "mail goes on.");
	w->fix = xstrdup("mailchute queue shows that mail: remove what a "
			 "program sent without end, or release what shall go "
			 "now; queue.uid_share is the limit.");
}

/* ---- a damaged queue gave way ---- */

static enum alarm_judged
judge_replaced(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	enum alarm_judged judged = ALARM_OVER;
	char *file = NULL;
	struct stat st;
	struct err e;

	(void)m;
	(void)now;
	switch (store_fact_get(a->parts.store, FACT_DAMAGED, &file, &e)) {
	case 1:
		if (lstat(file, &st) == 0) {
			*since = st.st_ctime;
			judged = ALARM_COME;
		}
		break;
	case -1:
		judged = ALARM_AS_BEFORE;
		break;
	default:
		break;
	}
	free(file);
	return judged;
}

static void
describe_replaced(
    struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	char *file = NULL, *text = NULL;
	struct err e;

	(void)m;
	store_fact_get(a->parts.store, FACT_DAMAGED, &file, &e);
	store_fact_get(a->parts.store, FACT_DAMAGE, &text, &e);
	w->title = xstrdup("the queue was damaged");
	w->text = xasprintf("%s; see %s, then move it away",
	    text == NULL ? w->title : text, file == NULL ? "the log" : file);
	w->meaning = xstrdup("A new queue has taken its place, with all that "
			     "could be read of the old one.");
	w->fix = xstrdup("Check the disk; look for what is missing with "
			 "sqlite3 on a copy of that file, or in a backup; "
			 "then move the file away.");
	free(file);
	free(text);
}

/* ---- there is no room ---- */

/*
 * What passes within a minute is told to nobody; and it is not over before
 * there is a tenth more, or it would come and go.
 */
static enum alarm_judged
judge_disk(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	const struct conf_queue *q = &a->parts.conf->queue;
	struct err e;

	if (room_check(q, a->parts.store, 0, &e) == -1) {
		if (m->full_at == 0 || m->full_at > now)
			m->full_at = now;
		*since = m->full_at;
		return now - m->full_at >= FULL_S ? ALARM_COME
						  : ALARM_AS_BEFORE;
	}
	m->full_at = 0;
	return room_check(q, a->parts.store, q->free_space_min / 10, &e) == 0
		   ? ALARM_OVER
		   : ALARM_AS_BEFORE;
}

static void
describe_disk(struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	const struct conf_queue *q = &a->parts.conf->queue;
	struct err e;

	(void)m;
	w->title = xstrdup("there is no room for mail");
	if (room_check(q, a->parts.store, 0, &e) == -1)
		w->text = xasprintf("no mail is taken: %s", e.text);
	else
		w->text =
		    xasprintf("the disk of %s is nearly full", q->directory);
	w->meaning = xstrdup("Programs that send mail are told to try again "
			     "later (exit status 75); mail that was taken "
			     "before still goes out.");
	w->fix = xasprintf("Make room on the disk of %s.", q->directory);
}

/* ---- the rows ---- */

static const struct {
	const char *name;
	bool is_of_account, is_critical;
	enum alarm_judged (*judge)(
	    struct alarms *a, struct alarm *m, int64_t now, int64_t *since);
	void (*describe)(
	    struct alarms *a, const struct alarm *m, struct alarm_words *w);
} kinds[ALARM_KINDS] = {
	[ALARM_ACCOUNT_HELD] = { "account-held", true, true, judge_held,
	    describe_held },
	[ALARM_STALL] = { "stall", true, true, judge_stall, describe_stall },
	[ALARM_MAIL_HELD] = { "mail-held", false, false, judge_mail_held,
	    describe_mail_held },
	[ALARM_SHARE] = { "share", true, false, judge_share, describe_share },
	[ALARM_QUEUE_REPLACED] = { "queue-replaced", false, false,
	    judge_replaced, describe_replaced },
	[ALARM_DISK_FULL] = { "disk-full", false, false, judge_disk,
	    describe_disk },
};

const char *
alarm_kind_name(enum alarm_kind kind)
{
	return kinds[kind].name;
}

bool
alarm_is_of_account(enum alarm_kind kind)
{
	return kinds[kind].is_of_account;
}

bool
alarm_is_critical(enum alarm_kind kind)
{
	return kinds[kind].is_critical;
}

enum alarm_judged
alarm_judge(struct alarms *a, struct alarm *m, int64_t now, int64_t *since)
{
	*since = now;
	return kinds[m->kind].judge(a, m, now, since);
}

void
alarm_describe(struct alarms *a, const struct alarm *m, struct alarm_words *w)
{
	memset(w, 0, sizeof(*w));
	kinds[m->kind].describe(a, m, w);
}

void
alarm_words_clear(struct alarm_words *w)
{
	free(w->title);
	free(w->text);
	free(w->meaning);
	free(w->fix);
	memset(w, 0, sizeof(*w));
}
