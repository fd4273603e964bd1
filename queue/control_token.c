/* SPDX-License-Identifier: ISC */
/* Status: the accounts' access tokens, and what ends when. */
#include "config.h"

#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/calendar.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"
#include "queue/signin.h"

static char *
lend(const char *text)
{
	return text[0] == '\0' ? NULL : (char *)(uintptr_t)text;
}

/* Of the last answer, whichever that was. */
static void
lend_clocks(const struct signin *s, struct ctl_token *out)
{
	if (s->failures > 0 && s->failed.server_at != 0) {
		out->server_at = s->failed.server_at;
		out->asked_at = s->failed.asked_at;
	} else if (s->has_token && s->granted.server_at != 0) {
		out->server_at = s->granted.server_at;
		out->asked_at = s->granted.asked_at;
	}
}

static void
lend_claims(const struct token_granted *g, struct ctl_token *out)
{
	const struct token_claims *k = &g->claims;

	out->aud = lend(k->aud);
	out->roles = lend(k->roles);
	out->scp = lend(k->scp);
	out->appid = lend(k->appid);
	out->oid = lend(k->oid);
	out->tid = lend(k->tid);
	out->upn = lend(k->upn);
	out->doubt = lend(g->doubt);
	out->doubt_fix = lend(g->fix);
}

static void
put_token(
    struct client *c, const struct dispatch_view *v, const struct signin *s)
{
	static const char *const grants[] = {
		[GRANT_CREDENTIALS] = "client_credentials",
		[GRANT_REFRESH_TOKEN] = "refresh_token",
		[GRANT_MANAGED_IDENTITY] = "managed_identity",
		[GRANT_FEDERATED] = "federated",
	};
	struct ctl_token out;
	int64_t at;

	memset(&out, 0, sizeof(out));
	out.account = (char *)(uintptr_t)account_shown_name(v->conf);
	out.grant = (char *)(uintptr_t)grants[v->conf->grant];
	out.until = signin_good_until(s) > 0 ? s->granted.until : 0;
	out.refreshed_at = s->has_token ? s->granted.asked_at : 0;
	at = signin_ask_at(s, clock_wall(), s->has_token);
	out.next_at = at == SIGNIN_NEVER ? 0 : at;
	out.failures = s->failures;
	if (s->failures > 0) {
		out.text = lend(s->failed.text);
		out.fix = lend(s->failed.fix);
		out.meaning = lend(s->failed.meaning);
	}
	if (s->has_token)
		lend_claims(&s->granted, &out);
	lend_clocks(s, &out);
	ctl_put_token(&c->out, &out);
	if (out.until == 0)
		return;
	ctl_put_expiry(&c->out, &(struct ctl_expiry){ .account = out.account,
				    .what = (char[]){ "access_token" },
				    .at = out.until,
				    .source = (char[]){ "token" } });
}

/* An account's. */
static void
put_expiry(void *arg, const struct calendar_view *v)
{
	struct client *c = arg;
	const struct ctl_expiry out = {
		.account =
		    (char *)(uintptr_t)account_shown_name(v->subject.account),
		.what = (char *)(uintptr_t)expiry_what_name(v->what),
		.at = v->expiry->at,
		.source =
		    (char *)(uintptr_t)expiry_source_name(v->expiry->source),
		.text = v->words.text,
		.fix = v->words.fix,
		.is_soon = expiry_is_soon(v->expiry, v->now),
	};

	ctl_put_expiry(&c->out, &out);
}

void
status_put_token(struct client *c, size_t account)
{
	struct dispatch_view v;

	dispatch_view(c->parts->dispatch, account, &v);
	if (v.signin != NULL)
		put_token(c, &v, v.signin);
}

void
status_put_ends(struct client *c, size_t account)
{
	struct calendar_view row = { .now = clock_wall() };
	struct dispatch_view v;
	struct expiry found;

	dispatch_view(c->parts->dispatch, account, &v);
	row.subject =
	    (struct expiry_subject){ .account = v.conf, .signin = v.signin };
	row.expiry = &found;
	for (row.what = 0; row.what < EXPIRY_WHATS; row.what++) {
		memset(&found, 0, sizeof(found));
		if (!expiry_applies(&row.subject, row.what) ||
		    !expiry_find(&row.subject, row.what, &found))
			continue;
		expiry_describe(c->parts->conf, &row.subject, row.what, &found,
		    row.now, &row.words);
		put_expiry(c, &row);
		expiry_words_clear(&row.words);
	}
}

static void
put_account_end(void *arg, const struct calendar_view *v)
{
	if (v->subject.account != NULL)
		put_expiry(arg, v);
}

void
status_put_tokens(struct client *c)
{
	size_t i;

	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++)
		status_put_token(c, i);
	calendar_each(c->parts->calendar, put_account_end, c);
}
