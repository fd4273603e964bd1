/* SPDX-License-Identifier: ISC */
/*
 * Why an account's mail waits, in words: a sentence for the verdict, which a
 * pager shows alone.  Pure.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/conf_value.h"
#include "common/xalloc.h"
#include "queue/control_reason.h"
#include "queue/dispatch.h"
#include "queue/submitter.h"

#define SPAN_MAX   24
#define BUDGET_MAX 256
#define DAY_S      (24 * 60 * 60)

static const struct {
	int64_t s;
	char name;
} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
#define UNITS (sizeof(units) / sizeof(units[0]))

/* "23h": one unit, rounded down, as people say how long they wait. */
static void
format_span(int64_t seconds, char out[SPAN_MAX])
{
	size_t i = 0;

	while (i < UNITS - 1 && seconds < units[i].s)
		i++;
	snprintf(out, SPAN_MAX, "%lld%c", (long long)(seconds / units[i].s),
	    units[i].name);
}

char *
reason_budget(const struct dispatch_view *v)
{
	const struct conf_account *a = v->conf;
	uint64_t most = v->is_day_spent ? a->recipients_per_day : a->rate.count;
	struct buf b;
	char *text;

	buf_init(&b, BUDGET_MAX);
	buf_printf(&b, "account.%s is used up (%llu %s%s in ",
	    v->is_day_spent ? "recipients_per_day" : "rate",
	    (unsigned long long)most, v->is_day_spent ? "recipient" : "message",
	    most == 1 ? "" : "s");
	conf_put_duration(&b, v->is_day_spent ? DAY_S : a->rate.per_s);
	buf_puts(&b, ")");
	text = xstrdup(buf_data(&b));
	buf_clear(&b);
	return text;
}

char *
reason_share(const struct dispatch_view *v, const struct share *share)
{
	char *whose, *text;

	/* Which device, the listing says beside it. */
	if (submitter_device(share->who) != DEVICE_NONE)
		whose = xstrdup("its device has had its");
	else
		whose = xasprintf("user id %u has had his",
		    (unsigned)submitter_uid(share->who));
	text = xasprintf("%s share of account.recipients_per_day (%llu of %llu "
			 "recipients in 1d)",
	    whose, (unsigned long long)share->used,
	    (unsigned long long)v->conf->recipients_per_day);
	free(whose);
	return text;
}

const char *
reason_budget_meaning(const struct dispatch_view *v)
{
	if (!provider_is_office365(v->conf->provider))
		return "mailchute sends no more than the configuration allows.";
	return v->is_day_spent
		   ? "Exchange Online takes 10,000 recipients a day from a "
		     "mailbox, and refuses what is more."
		   : "Exchange Online takes 30 messages a minute from a "
		     "mailbox, and throttles who sends more.";
}

/* What the server said in our words where there are some, else in its own. */
static char *
format_cause(const struct store_account *k)
{
	const char *text = k->text == NULL ? "" : k->text;
	size_t n;

	if (k->code == 0)
		return xstrdup(text);
	if (k->meaning == NULL || *k->meaning == '\0')
		return xasprintf("%u %s%s%s", k->code,
		    strstr(text, k->status) == NULL ? k->status : "",
		    strstr(text, k->status) == NULL ? " " : "", text);
	n = strlen(k->meaning);
	if (k->meaning[n - 1] == '.')
		n--;
	return xasprintf("%.*s (%u%s%s)", (int)n, k->meaning, k->code,
	    *k->status == '\0' ? "" : " ", k->status);
}

static char *
format_what(const struct dispatch_view *v, const char *name)
{
	char *cause, *what;

	if (v->known->state == ACCOUNT_READY) {
		cause = reason_budget(v);
		what = xasprintf(
		    "account %s may send no more for now: %s", name, cause);
	} else {
		cause = format_cause(v->known);
		what = xasprintf("account %s %s%s%s", name,
		    v->known->state == ACCOUNT_HELD ? "is held" : "backs off",
		    *cause == '\0' ? "" : ": ", cause);
	}
	free(cause);
	return what;
}

char *
reason_account(const struct dispatch_view *v, const char *name,
    uint64_t waiting, int64_t now)
{
	char *what = format_what(v, name), *all, span[SPAN_MAX];

	format_span(v->next_at - now, span);
	all = xasprintf("%s; %llu message%s wait%s%s%s", what,
	    (unsigned long long)waiting, waiting == 1 ? "" : "s",
	    waiting == 1 ? "s" : "",
	    v->next_at > now ? ", the next try is in " : "",
	    v->next_at > now ? span : "");
	free(what);
	return all;
}

const char *
reason_for_anyone(const struct dispatch_view *v)
{
	switch (v->known->state) {
	case ACCOUNT_HELD:
		return "an account is held: its mail waits until something is "
		       "changed";
	case ACCOUNT_BACKOFF:
		return "an account backs off: its mail waits";
	case ACCOUNT_READY:
		break;
	}
	return "an account may send no more for now: its mail waits";
}
