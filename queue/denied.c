/* SPDX-License-Identifier: ISC */
/* Refusals of Send As, remembered by mailbox and From address. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/denied.h"
#include "queue/schedule.h"

static char *
in_one_case(char *address)
{
	char *p;

	for (p = address; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return address;
}

char *
denied_from(const struct conf *conf, const struct conf_account *a,
    const struct store_message *m)
{
	const char *given = m->from != NULL ? m->from : m->sender;
	char *from;

	/* What we write ourselves, or rewrite, has the mailbox's address. */
	if (a->user == NULL || m->kind != KIND_MAIL || given[0] == '\0' ||
	    a->rewrite == REWRITE_ALWAYS)
		return NULL;
	from = addr_domain(given) != NULL
		   ? xstrdup(given)
		   : xasprintf("%s@%s", given, conf->local.domain);
	if (addr_equal(from, a->user) ||
	    (a->rewrite == REWRITE_AUTO &&
		!addr_match_any(&a->senders, from))) {
		free(from);
		return NULL;
	}
	return in_one_case(from);
}

#define NAMES "send as "

static bool
is_refusal(const struct job_result *r)
{
	if (r->outcome != JOB_REJECTED || r->scope != JOB_SCOPE_MESSAGE)
		return false;
	return strcasestr(r->text, "SendAsDenied") != NULL ||
	       (r->code == 550 && strcmp(r->status, "5.7.60") == 0);
}

/* The address that the refusal names, or "". */
static void
find_name(const char *text, char address[ERR_TEXT_MAX])
{
	const char *name = strcasestr(text, NAMES);

	address[0] = '\0';
	if (name == NULL)
		return;
	strlcpy(address, name + strlen(NAMES), ERR_TEXT_MAX);
	address[strcspn(address, " ;,")] = '\0';
	if (strchr(address, '@') == NULL)
		address[0] = '\0';
}

/*
 * What the refusal names, if anything, has to be that From: a message may be
 * refused for its Sender field, which says nothing of the From of others.
 */
bool
denied_by(const struct job_result *r, const char *from)
{
	char name[ERR_TEXT_MAX];

	find_name(r->text, name);
	return is_refusal(r) && (name[0] == '\0' || addr_equal(name, from));
}

bool
denied_itself(const struct job_result *r, const char *mailbox)
{
	char name[ERR_TEXT_MAX];

	find_name(r->text, name);
	return is_refusal(r) && addr_equal(name, mailbox);
}

/* ---- the facts ---- */

#define PREFIX "denied "

static char *
name_of(const char *mailbox, const char *from)
{
	char *name = xasprintf(PREFIX "%s %s", mailbox, from);

	return in_one_case(name);
}

int
denied_find(struct store *s, const char *mailbox, const char *from, int64_t now,
    int64_t *at, struct err *e)
{
	char *name = name_of(mailbox, from), *value = NULL;
	int found = store_fact_get(s, name, &value, e);
	const char *why;

	if (found == 1) {
		*at = schedule_past(strtonum(value, 0, INT64_MAX, &why), now);
		found = why == NULL && now - *at < DENIED_S;
	}
	free(value);
	free(name);
	return found;
}

int
denied_note(struct store *s, const char *mailbox, const char *from, int64_t at,
    struct err *e)
{
	char *name = name_of(mailbox, from), value[24];
	int rc;

	snprintf(value, sizeof(value), "%lld", (long long)at);
	rc = store_fact_put(s, name, value, e);
	free(name);
	return rc;
}

int
denied_lift(
    struct store *s, const char *mailbox, const char *from, struct err *e)
{
	char *name;
	int rc;

	if (from == NULL)
		return store_instants_forget(s, PREFIX, INT64_MAX, e);
	name = name_of(mailbox, from);
	rc = store_fact_delete(s, name, e);
	free(name);
	return rc;
}

int
denied_forget(struct store *s, int64_t now, struct err *e)
{
	return store_instants_forget(s, PREFIX, now - DENIED_S, e);
}
