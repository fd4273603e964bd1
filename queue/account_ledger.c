/* SPDX-License-Identifier: ISC */
/*
 * The ledgers of an account: what its mailbox has sent, and the part that each
 * submitter has of it.  Accounts of one mailbox have the same ones.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/account.h"

#define DAY_S (24 * 3600)

static void
note_budget(void *arg, int64_t at, unsigned messages, unsigned recipients)
{
	budget_note(arg, at, messages, recipients);
}

#define SHARE_KEYS "user %s "

static void
note_share(void *arg, const char *number, int64_t at, unsigned messages,
    unsigned recipients)
{
	const char *why;
	uint64_t who = (uint64_t)strtonum(number, 0, INT64_MAX, &why);

	(void)messages;
	if (why == NULL)
		shares_note(arg, who, at, recipients);
}

/* A mailbox has one name in any case. */
static char *
make_budget_key(const struct conf_account *c)
{
	char *key = xstrdup(c->user != NULL ? c->user : c->name), *p;

	for (p = key; c->user != NULL && *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

void
account_open_ledgers(struct account *a, const struct conf_queue *q)
{
	const struct conf_account *c = a->conf;

	a->budget_key = make_budget_key(c);
	a->budget = budget_new(c->rate, c->recipients_per_day);
	a->shares = shares_new((unsigned)q->uid_share, c->recipients_per_day);
}

int
account_load_ledgers(
    struct account *a, struct store *s, int64_t now, struct err *e)
{
	char *keys = xasprintf(SHARE_KEYS, a->budget_key);
	int rc = 0;

	/* What an older mailchuted wrote, in the case of the configuration. */
	if (a->conf->user != NULL && strcmp(a->conf->user, a->budget_key) != 0)
		rc = store_budget_each(
		    s, a->conf->user, now - DAY_S, note_budget, a->budget, e);
	if (rc == 0)
		rc = store_budget_each(
		    s, a->budget_key, now - DAY_S, note_budget, a->budget, e);
	if (rc == 0)
		rc = store_budget_each_of(
		    s, keys, now - DAY_S, note_share, a->shares, e);
	free(keys);
	return rc;
}

void
account_note_sent(struct account *a, const struct account_sent *t)
{
	budget_begin(a->budget, t->at, t->recipients);
	if (t->kind != KIND_ALARM)
		shares_note(a->shares, t->who, t->at, t->recipients);
}

void
account_note_ended(struct account *a, const struct account_sent *t)
{
	budget_end(a->budget, t->at, t->recipients);
}

int
account_save_sent(const struct account *a, struct store *s,
    const struct account_sent *t, struct err *e)
{
	char *key;
	int rc;

	if (store_budget_add(s, a->budget_key, t->at, 1, t->recipients, e) ==
	    -1)
		return -1;
	if (t->kind == KIND_ALARM)
		return 0;
	key = xasprintf(
	    SHARE_KEYS "%llu", a->budget_key, (unsigned long long)t->who);
	rc = store_budget_add(s, key, t->at, 1, t->recipients, e);
	free(key);
	return rc;
}

/* A user's share is not so exact: what the server counts is the mailbox's. */
int
account_save_ended(const struct account *a, struct store *s,
    const struct account_sent *t, int64_t at, struct err *e)
{
	if (at <= t->at)
		return 0;
	return store_budget_later(
	    s, a->budget_key, t->at, at, t->recipients, e);
}
