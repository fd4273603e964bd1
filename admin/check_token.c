/* SPDX-License-Identifier: ISC */
/*
 * The doctor tells of access tokens: what they say of themselves, never the
 * token, and of the days on which what gets them ends.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/check.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/xalloc.h"

static bool
is_of(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

const struct ctl_token *
check_token_of(const struct check *k, const char *account)
{
	size_t i;

	for (i = 0; i < k->asked.ntokens; i++)
		if (is_of(k->asked.tokens[i].account, account))
			return &k->asked.tokens[i];
	return NULL;
}

/* ---- the token ---- */

static void
add_claim(struct buf *b, const char *name, const char *value)
{
	if (value != NULL)
		buf_printf(b, "%s %s; ", name, value);
}

/* "aud https://outlook.office365.com; roles SMTP.SendAsApp; ..." */
static void
put_claims(struct buf *b, const struct ctl_token *t)
{
	char until[TEXT_TIME];

	add_claim(b, "by", t->grant);
	add_claim(b, "aud", t->aud);
	add_claim(b, "roles", t->roles);
	add_claim(b, "scp", t->scp);
	add_claim(b, "appid", t->appid);
	add_claim(b, "oid", t->oid);
	add_claim(b, "upn", t->upn);
	if (t->until == 0) {
		buf_printf(b, "refused by the mail server");
		return;
	}
	text_utc_time(t->until, until);
	buf_printf(b, "good until %s", until);
}

/* There is one: the server's word on it weighs more than a doubt of ours. */
static void
say_good(
    struct check *k, const char *what, const struct ctl_token *t, bool is_taken)
{
	enum check_level level = CHECK_OK;
	const char *next = NULL;
	struct buf b;

	buf_init(&b, 4096);
	put_claims(&b, t);
	if (t->doubt != NULL && is_taken) {
		buf_printf(&b, "; the server takes it, although %s", t->doubt);
	} else if (t->doubt != NULL) {
		level = CHECK_WARN;
		next = t->doubt_fix;
		buf_printf(&b, "; but %s", t->doubt);
	}
	if (t->failures > 0) {
		level = CHECK_WARN;
		next = t->fix;
		buf_printf(&b, "; but another could not be had: %s",
		    t->text == NULL ? "?" : t->text);
	}
	if (level != CHECK_OK && next == NULL)
		next = "mailchute status";
	check_say(k, level, what, next, "%s", buf_data(&b));
	buf_clear(&b);
}

static void
note_clock(struct check *k, const struct ctl_token *t)
{
	if (t->server_at == 0 || t->asked_at == 0)
		return;
	k->ahead_s = t->server_at - t->asked_at;
	k->whose_clock = CLOCK_OF_ENDPOINT;
}

void
check_token(struct check *k, const struct ctl_session *s)
{
	const struct ctl_token *t = check_token_of(k, s->account);
	bool is_at_fault = s->phase != NULL && strcmp(s->phase, "token") == 0;
	char *what;

	if (t == NULL)
		return;
	note_clock(k, t);
	what = xasprintf("token of account %s", text_account(s->account));
	if (!is_at_fault && t->refreshed_at > 0)
		say_good(k, what, t, s->phase == NULL);
	else if (is_at_fault)
		check_say(k, CHECK_FAIL, what,
		    s->fix == NULL ? "mailchute status" : s->fix, "%s%s%s",
		    s->text == NULL ? "" : s->text,
		    s->meaning == NULL ? "" : " - ",
		    s->meaning == NULL ? "" : s->meaning);
	free(what);
}

/* Of an account whose sign-in was told there is no more to tell. */
void
check_token_known(struct check *k, const struct ctl_token *t)
{
	char *what;

	note_clock(k, t);
	if (t->text == NULL || check_token_of(k, t->account) != NULL)
		return;
	what = xasprintf("token of account %s", text_account(t->account));
	check_say(k, CHECK_WARN, what,
	    t->fix == NULL ? "mailchute status" : t->fix, "no new one: %s",
	    t->text);
	free(what);
}

/* ---- what ends ---- */

static void
say_end(struct check *k, const struct ctl_expiry *x)
{
	/* Microsoft's date can be put off: what is refused then says so. */
	bool is_ours = strcmp(x->source, "announcement") != 0;
	bool is_over = x->at <= clock_wall();
	char *what;

	if (x->text == NULL)
		return; /* an access token, which ends all the time */
	what = xasprintf("expiry %s", text_account(x->account));
	check_say(k,
	    is_over && is_ours      ? CHECK_FAIL
	    : is_over || x->is_soon ? CHECK_WARN
				    : CHECK_OK,
	    what, is_over || x->is_soon ? x->fix : NULL, "%s", x->text);
	free(what);
}

static bool
has(const struct report *r, const struct ctl_expiry *x)
{
	size_t i;

	for (i = 0; i < r->nexpiries; i++)
		if (is_of(r->expiries[i].account, x->account) &&
		    is_of(r->expiries[i].what, x->what))
			return true;
	return false;
}

/* The daemon remembers more than one sign-in shows. */
void
check_ends(struct check *k, const struct report *status)
{
	size_t i;

	for (i = 0; i < status->nexpiries; i++)
		say_end(k, &status->expiries[i]);
	for (i = 0; i < k->asked.nexpiries; i++)
		if (!has(status, &k->asked.expiries[i]))
			say_end(k, &k->asked.expiries[i]);
}
