/* SPDX-License-Identifier: ISC */
/*
 * Why a recipient waits, until when, and what to do: what every listing shows
 * of it.  Of several causes the one is told that would keep it though the
 * others were gone, in this order:
 *
 *	held                by somebody, or by mailchuted
 *	being sent          a connection has it
 *	delivery is off, or paused
 *	the account         is held, backs off, or has spent a budget
 *	its user            has had his share of the account's day
 *	itself              what its last attempt met, or its turn has not come
 *
 * That no daemon runs is told with each of them, and alone in place of a turn:
 * where "sendmail -q" is run now and then, mail waits for other reasons, too.
 *
 * Whatever the cause, there are a text, and a meaning or a fix.  There is an
 * instant of the next try, too, and one that is over means: as soon as its turn
 * has come; or it waits for somebody, and the meaning says "until".  What has
 * a beginning of its own says since when it lasts.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/control_priv.h"
#include "queue/control_reason.h"
#include "queue/dispatch.h"
#include "queue/signin.h"
#include "queue/submitter.h"
#include "queue/times.h"

#define AGAIN "Nothing to do: it is tried again by itself."
#define FRESH "not tried yet"
#define KEPT  "Mail is taken and kept, and none goes out until somebody "

enum cause {
	CAUSE_HELD,
	CAUSE_NO_DAEMON,
	CAUSE_SENDING,
	CAUSE_OFF,
	CAUSE_PAUSED,
	CAUSE_ACCOUNT_HELD,
	CAUSE_ACCOUNT_SECRET, /* the same, for those who may not know why */
	CAUSE_ACCOUNT_BACKOFF,
	CAUSE_PUT_OFF,
	/* its turn has not come, by what the account does meanwhile */
	CAUSE_NEXT,
	CAUSE_TOKEN,
	CAUSE_CONNECTING,
	CAUSE_BEHIND,
	CAUSE_STAGING
};

static const struct words {
	const char *text, *meaning, *fix;
} words[] = {
	[CAUSE_HELD] = { "held", RCPT_HELD_MEANING, RCPT_HELD_FIX },
	[CAUSE_NO_DAEMON] = { "mailchuted is not running",
	    "No mail goes out until somebody starts mailchuted.",
	    "Start mailchuted; \"sendmail -q\" sends once what waits." },
	[CAUSE_SENDING] = { "being sent now",
	    "A connection to the server has it.", NULL },
	[CAUSE_OFF] = { "delivery is off (queue.delivery)",
	    KEPT "switches delivery on.",
	    "Set queue.delivery = on and send mailchuted a SIGHUP." },
	[CAUSE_PAUSED] = { "delivery is paused", KEPT "resumes delivery.",
	    "Run \"mailchute resume\"." },
	[CAUSE_ACCOUNT_HELD] = { "the account is held",
	    "The account cannot deliver.",
	    "See \"mailchute status\"; when the cause is mended, run "
	    "\"mailchute retry ALL\"." },
	[CAUSE_ACCOUNT_SECRET] = { "the account cannot sign in",
	    "The account cannot deliver.",
	    "Ask whoever runs mailchute here: \"mailchute status\" tells him "
	    "why." },
	[CAUSE_ACCOUNT_BACKOFF] = { "the account backs off",
	    "The account is left alone for a while after a failure.", AGAIN },
	[CAUSE_PUT_OFF] = { "the server gave no reason", NULL, AGAIN },
	[CAUSE_NEXT] = { FRESH, "It waits for its turn, which comes at once.",
	    NULL },
	[CAUSE_TOKEN] = { FRESH,
	    "It waits for its turn: mailchuted is asking for an access token.",
	    NULL },
	[CAUSE_CONNECTING] = { FRESH,
	    "It waits for its turn: mailchuted is connecting to the server.",
	    NULL },
	[CAUSE_BEHIND] = { FRESH,
	    "It waits for its turn: other mail of the account goes before it.",
	    NULL },
	[CAUSE_STAGING] = { "still being handed in",
	    "It is mail once its sender has handed in all of it.", NULL },
};

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static bool
is_empty(const char *s)
{
	return s == NULL || *s == '\0';
}

static void
set(char **to, const char *text)
{
	free(*to);
	*to = copy(text);
}

static void
say(struct ctl_recipient *out, enum cause cause)
{
	const struct words *w = &words[cause];

	set(&out->text, w->text);
	set(&out->meaning, w->meaning);
	set(&out->fix, w->fix);
}

/* For rows without words of their own, such as an older version wrote. */
static void
say_what_lacks(struct ctl_recipient *out, enum cause cause)
{
	const struct words *w = &words[cause];

	if (is_empty(out->text))
		set(&out->text, w->text);
	if (!is_empty(out->meaning) || !is_empty(out->fix))
		return;
	set(&out->meaning, w->meaning);
	set(&out->fix, w->fix);
}

/* ---- the account ---- */

static bool
find_view(const struct client *c, const char *account, struct dispatch_view *v)
{
	size_t i = client_account(c, account);

	if (i == SIZE_MAX)
		return false;
	dispatch_view(c->parts->dispatch, i, v);
	return true;
}

/* Our own words may name a file of secrets: those are not for everybody. */
static bool
may_be_told(const struct client *c, const struct dispatch_view *v)
{
	return c->may_all || v->known->state != ACCOUNT_HELD ||
	       v->known->code != 0;
}

/* Does the account keep its mail back?  Then *out says why. */
static bool
explain_account(const struct client *c, const struct dispatch_view *v,
    struct ctl_recipient *out)
{
	if (strcmp(v->state, "ready") == 0)
		return false;
	if (v->next_at > out->next_at)
		out->next_at = v->next_at;
	out->since = v->since;
	if (strcmp(v->state, "budget") == 0) {
		out->text = reason_budget(v);
		out->meaning = xstrdup(reason_budget_meaning(v));
		out->fix = xstrdup(REASON_BUDGET_FIX);
		return true;
	}
	if (!may_be_told(c, v)) {
		say(out, CAUSE_ACCOUNT_SECRET);
		return true;
	}
	out->code = v->known->code;
	set(&out->status, v->known->status);
	out->text = copy(v->known->text);
	out->meaning = copy(v->known->meaning);
	out->fix = copy(v->known->fix);
	say_what_lacks(out, v->known->state == ACCOUNT_HELD
				? CAUSE_ACCOUNT_HELD
				: CAUSE_ACCOUNT_BACKOFF);
	return true;
}

/* ---- the recipient ---- */

/* What was said of it last. */
static void
explain_own(const struct store_rcpt *r, struct ctl_recipient *out)
{
	out->code = r->code;
	set(&out->status, r->status);
	out->text = copy(r->text);
	out->meaning = copy(r->meaning);
	out->fix = copy(r->fix);
}

/* Its turn has not come: v is its account, or NULL. */
static void
explain_turn(const struct store_rcpt *r, const struct dispatch_view *v,
    struct ctl_recipient *out)
{
	enum cause cause = CAUSE_NEXT;

	if (v != NULL && v->signin != NULL && v->signin->is_asking &&
	    v->connections == 0)
		cause = CAUSE_TOKEN;
	else if (v != NULL && v->connections > 0)
		cause = v->relay[0] == '\0' ? CAUSE_CONNECTING : CAUSE_BEHIND;
	say(out, cause);
	if (r->attempts > 0)
		set(&out->text, "not tried again yet");
}

/*
 * Others of the account go before it, and the budget lets so many go a minute,
 * or a day: its turn is further off than the account's next message.
 */
static void
explain_line(const struct client *c, const struct store_message *m,
    const struct dispatch_view *v, struct ctl_recipient *out)
{
	int64_t at = 0;

	if (strcmp(v->state, "ready") == 0 || strcmp(v->state, "budget") == 0)
		at = client_turn(c, m);
	if (at <= out->next_at || at <= times_now(c->parts->times))
		return;
	out->next_at = at;
	if (strcmp(out->text, FRESH) == 0)
		set(&out->meaning, words[CAUSE_BEHIND].meaning);
}

/* Puts two sentences into one place; either may be missing. */
static void
join(char **to, const char *first, const char *second)
{
	char *whole;

	if (is_empty(first) || is_empty(second))
		whole = copy(is_empty(first) ? second : first);
	else
		whole = xasprintf("%s %s", first, second);
	free(*to);
	*to = whole;
}

/* What keeps all mail does not say of this one that it may come twice. */
static void
add_uncertain(struct ctl_recipient *out)
{
	if (is_empty(out->meaning) ||
	    strstr(out->meaning, RCPT_UNCERTAIN_MEANING) == NULL)
		join(&out->meaning, RCPT_UNCERTAIN_MEANING, out->meaning);
}

/* No time comes by itself then. */
static void
add_no_daemon(struct ctl_recipient *out)
{
	const struct words *w = &words[CAUSE_NO_DAEMON];

	out->next_at = 0;
	if (strcmp(out->text, w->text) == 0)
		return;
	join(&out->meaning, out->meaning, w->meaning);
	join(&out->fix, w->fix, out->fix);
}

static bool
is_being_sent(
    const struct client *c, uint64_t message, const struct store_rcpt *r)
{
	if (r->state == RCPT_ACTIVE)
		return c->parts->is_daemon; /* or a crash has left it */
	return dispatch_has(c->parts->dispatch, message) &&
	       r->due_at <= times_now(c->parts->times);
}

/* Does it wait for its user's share of the day, for longer than by itself? */
static bool
explain_share(const struct client *c, const struct store_message *m,
    const struct dispatch_view *v, struct ctl_recipient *out)
{
	struct share share;
	struct err e;

	if (m->kind == KIND_ALARM ||
	    !dispatch_share(c->parts->dispatch, m->account,
		submitter_of(m->uid, m->device), &share) ||
	    share.left > 0 || share.next_at <= out->next_at ||
	    store_is_released(c->parts->store, m->uid, m->id, &e) == 1)
		return false;
	out->next_at = share.next_at;
	out->text = reason_share(v, &share);
	out->meaning = xstrdup(REASON_SHARE_MEANING);
	out->fix = xstrdup(REASON_SHARE_FIX);
	return true;
}

/*
 * Of one that waits for a time: its account's mail, its user's, or its own last
 * attempt.
 */
static void
explain_wait(const struct client *c, const struct store_message *m,
    const struct store_rcpt *r, struct ctl_recipient *out)
{
	struct dispatch_view v;
	bool is_known = find_view(c, m->account, &v);

	out->next_at = r->due_at;
	if (!is_known ||
	    (!explain_account(c, &v, out) && !explain_share(c, m, &v, out))) {
		if (!is_empty(r->text) || r->code != 0)
			explain_own(r, out);
		else if (!c->parts->is_daemon)
			say(out, CAUSE_NO_DAEMON);
		else
			explain_turn(r, is_known ? &v : NULL, out);
		say_what_lacks(out, CAUSE_PUT_OFF);
	}
	if (is_known && r->due_at <= times_now(c->parts->times))
		explain_line(c, m, &v, out);
}

static bool
is_waiting(enum rcpt_state s)
{
	return s == RCPT_QUEUED || s == RCPT_UNCERTAIN || s == RCPT_ACTIVE;
}

void
client_explain(const struct client *c, const struct store_message *m,
    const struct store_rcpt *r, struct ctl_recipient *out)
{
	if (r->state == RCPT_STAGING)
		say(out, CAUSE_STAGING);
	else if (!is_waiting(r->state))
		explain_own(r, out);
	else if (is_being_sent(c, m->id, r))
		say(out, CAUSE_SENDING);
	else if (!c->parts->conf->queue.delivery) {
		say(out, CAUSE_OFF);
		out->since = c->off_since;
	} else if (dispatch_is_paused(c->parts->dispatch)) {
		say(out, CAUSE_PAUSED);
		out->since = dispatch_paused_since(c->parts->dispatch);
	} else
		explain_wait(c, m, r, out);
	if (r->state == RCPT_HELD)
		say_what_lacks(out, CAUSE_HELD);
	if (r->state == RCPT_UNCERTAIN)
		add_uncertain(out);
	if (!c->parts->is_daemon && is_waiting(r->state))
		add_no_daemon(out);
}
