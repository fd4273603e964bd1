/* SPDX-License-Identifier: ISC */
/*
 * Mail with a From that the server refuses to the mailbox (queue/denied.h).
 *
 * One that is not known is tried; another of the same waits for that answer,
 * until one was taken.  When it is refused: with rewrite = auto the message
 * goes once more, and later ones at once, under the mailbox's own address; with
 * rewrite = never they fail here, and the server hears nothing of them.
 *
 * That the mailbox may not send as itself is the account's fault, and holds it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/denied.h"
#include "queue/lane_priv.h"
#include "queue/times.h"

#define PROVED_MAX 64 /* addresses that are known to be taken */

#define AGAIN_MEANING \
	"The mailbox may not send under this From address: it is sent once " \
	"more under the mailbox's own."
#define AGAIN_FIX \
	"Nothing to do. To have it sent under its own, grant Send As on that " \
	"address, then run \"mailchute retry\"."
#define ITSELF_MEANING "The mailbox may not send, even under its own address."
#define ITSELF_FIX \
	"Give whoever signs in the right to send as this mailbox " \
	"(Add-RecipientPermission), then run \"mailchute retry ALL\"."
#define REFUSED_TEXT \
	"not sent: the server has refused to let %s send as %s, and is not " \
	"asked again for some hours"
#define REFUSED_MEANING "The mailbox may not send under this From address."
#define REFUSED_FIX \
	"Set account.rewrite = auto, or grant Send As on that address; after " \
	"that, \"mailchute retry ALL\" has the server asked again."

static bool
is_under_way(const struct lane *l, const char *from)
{
	const struct job *j;
	size_t i;

	for (i = 0; i < l->nworkers; i++) {
		j = worker_job(l->workers[i]);
		if (j != NULL && j->from != NULL && strcmp(j->from, from) == 0)
			return true;
	}
	for (i = 0; i < l->nsettling; i++) {
		j = l->settling[i];
		if (j->from != NULL && strcmp(j->from, from) == 0)
			return true;
	}
	return false;
}

enum lane_from
lane_look_at_from(struct lane *l, struct job *j, int64_t now, struct err *e)
{
	const struct conf_account *c = l->account.conf;
	int64_t at;
	int found;

	j->from = denied_from(l->parts.conf, c, &j->msg);
	if (j->from == NULL)
		return FROM_FINE;
	found = denied_find(l->parts.store, c->user, j->from, now, &at, e);
	if (found == -1)
		return FROM_UNKNOWN;
	if (found == 0)
		return strlist_has(&l->proved, j->from) ||
			       !is_under_way(l, j->from)
			   ? FROM_FINE
			   : FROM_WAITS;
	if (c->rewrite == REWRITE_NEVER)
		return FROM_REFUSED;
	j->instead_of = j->from;
	j->from = NULL;
	return FROM_FINE;
}

/* As a server would, but that none is asked. */
void
lane_refuse_from(struct lane *l, struct job *j)
{
	struct job_result *r;
	size_t i;

	for (i = 0; i < j->nrcpts; i++) {
		r = &j->results[i];
		r->rcpt = j->rcpts[i].id;
		r->outcome = JOB_REJECTED;
		r->scope = JOB_SCOPE_MESSAGE;
		strlcpy(r->status, "5.7.1", sizeof(r->status));
		snprintf(r->text, sizeof(r->text), REFUSED_TEXT,
		    l->account.conf->user, j->from);
		strlcpy(r->meaning, REFUSED_MEANING, sizeof(r->meaning));
		strlcpy(r->fix, REFUSED_FIX, sizeof(r->fix));
	}
	free(j->from);
	j->from = NULL;
	j->is_over = true;
	lane_settle(l, j);
}

static void
log_from(const struct lane *l, const struct job *j, const char *event,
    const char *from, int level)
{
	char id[QUEUE_ID_TEXT];

	queue_id_format(j->msg.id, id);
	log_event(level, event, "id", id, "account", l->account.conf->name,
	    "from", from, "mailbox", l->account.conf->user, NULL);
}

/* The journal tells under which address it went. */
static void
tell_replaced(const struct lane *l, const struct job *j, struct job_result *r)
{
	char *text = xasprintf("%s (sent as %s, since %s is refused)", r->text,
	    l->account.conf->user, j->instead_of);

	strlcpy(r->text, text, sizeof(r->text));
	free(text);
}

/*
 * It may not even send as itself: no mail of the account would fare better, and
 * none bounces for that.
 */
static void
hold_account(struct job_result *r)
{
	r->outcome = JOB_DEFERRED;
	r->scope = JOB_SCOPE_ACCOUNT;
	r->wait_s = DENIED_S;
	strlcpy(r->meaning, ITSELF_MEANING, sizeof(r->meaning));
	strlcpy(r->fix, ITSELF_FIX, sizeof(r->fix));
}

void
lane_judge_from(struct lane *l, struct job *j)
{
	const char *user = l->account.conf->user;
	struct job_result *r;
	bool was_taken = false;
	size_t i;

	for (i = 0; i < j->nrcpts; i++) {
		r = &j->results[i];
		was_taken = was_taken || r->outcome == JOB_DELIVERED;
		if (j->instead_of != NULL && r->outcome == JOB_DELIVERED)
			tell_replaced(l, j, r);
		if (user != NULL && denied_itself(r, user))
			hold_account(r);
		if (j->from == NULL || !denied_by(r, j->from))
			continue;
		j->is_denied = true;
		if (l->account.conf->rewrite != REWRITE_AUTO)
			continue;
		r->outcome = JOB_DEFERRED;
		strlcpy(r->meaning, AGAIN_MEANING, sizeof(r->meaning));
		strlcpy(r->fix, AGAIN_FIX, sizeof(r->fix));
	}
	if (j->instead_of != NULL && was_taken)
		log_from(l, j, "from-replaced", j->instead_of, LOG_NOTICE);
	if (j->from == NULL)
		return;
	if (j->is_denied) {
		log_from(l, j, "from-denied", j->from, LOG_WARNING);
		strlist_clear(&l->proved);
	} else if (was_taken && !strlist_has(&l->proved, j->from)) {
		if (l->proved.n >= PROVED_MAX)
			strlist_clear(&l->proved);
		strlist_add(&l->proved, j->from);
	}
}
