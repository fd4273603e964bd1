/* SPDX-License-Identifier: ISC */
/*
 * The account's health as it changes: saved and logged.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mail/verdict.h"
#include "queue/batch.h"
#include "queue/lane_priv.h"
#include "queue/times.h"

int
lane_store(struct lane *l, struct err *e)
{
	if (lane_save_secret(l, e) == -1 || lane_save_probed(l, e) == -1)
		return -1;
	return account_save(&l->account, l->parts.store, e);
}

static int
save_work(void *arg, struct err *e)
{
	struct lane *l = arg;

	/* What changes from here on wants another piece. */
	l->is_saving = false;
	return lane_store(l, e);
}

static void
save_done(void *arg, const struct err *failed)
{
	const struct lane *l = arg;

	if (failed != NULL)
		log_event(LOG_ERR, "account-not-saved", "account",
		    l->account.conf->name, "text", failed->text, NULL);
}

void
lane_save(struct lane *l)
{
	if (l->is_saving)
		return;
	l->is_saving = true;
	batch_join_lasting(l->parts.batch, save_work, save_done, l);
}

void
lane_account_trouble(struct lane *l, const struct job_result *why, int64_t now)
{
	const struct store_account *k = &l->account.known;
	struct buf b;

	if (!account_failed(&l->account, why, now, arc4random()))
		return;
	if (k->state == ACCOUNT_HELD) {
		lane_note_secret(l);
		lane_recall(l);
	}
	lane_save(l);
	if (verdict_is(why, VERDICT_CROWDED))
		l->calls->fewer(l->arg, l, &l->account.fewer);
	l->calls->trouble(l->arg, l->account.index, 0);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, k->state == ACCOUNT_HELD ? "account-held" : "backoff");
	log_str(&b, "account", k->name);
	log_num(&b, "failures", k->failures);
	log_num(&b, "next_s", k->next_at - now);
	log_num(&b, "code", k->code);
	log_str(&b, "status", k->status);
	log_str(&b, "phase", why->phase);
	log_str(&b, "text", k->text);
	log_str(&b, "fix", k->fix);
	log_end(&b, k->state == ACCOUNT_HELD ? LOG_ERR : LOG_WARNING);
	buf_clear(&b);
}

/*
 * As long as another host of the list may do, what a connection meets is that
 * host's affair.  A refused sign-in is not: the next host knows the same
 * mailbox, and a second refusal would bring it nearer to being locked.
 */
void
lane_trouble(struct lane *l, const struct job_ready *session,
    const struct job_result *why)
{
	struct job_result told = *why;
	const struct host_trouble t = { session, &told };
	int64_t now = times_now(l->parts.times);
	bool is_news;

	lane_legacy_heard(l, session, &told);
	why = &told;
	if (session->is_legacy)
		lane_account_trouble(l, why, now);
	else if (!account_host_failed(
		     &l->account, &t, now, arc4random(), &is_news))
		lane_account_trouble(l, why, now);
	else if (is_news)
		log_event(LOG_WARNING, "host-failed", "account",
		    l->account.conf->name, "relay", session->relay, "phase",
		    why->phase, "text", why->text, NULL);
}

void
lane_ours_failed(struct lane *l, const struct err *e)
{
	struct job_result why = { .outcome = JOB_DEFERRED,
		.scope = JOB_SCOPE_CONNECTION };

	strlcpy(why.status, e->status, sizeof(why.status));
	strlcpy(why.text, e->text, sizeof(why.text));
	strlcpy(why.phase, "start", sizeof(why.phase));
	strlcpy(why.meaning,
	    "Something failed on this host; no server was asked.",
	    sizeof(why.meaning));
	strlcpy(why.fix,
	    "Mend what the text names; it is tried again by itself.",
	    sizeof(why.fix));
	lane_account_trouble(l, &why, times_now(l->parts.times));
}

void
lane_hosts_passed(struct lane *l, const struct job_ready *session)
{
	if (session->is_legacy)
		return; /* which is not of the list */
	account_hosts_passed(
	    &l->account, session, times_now(l->parts.times), arc4random());
	if (session->said[0] != '\0' && session->passed < l->account.hosts.n)
		log_event(LOG_WARNING, "passed-over", "account",
		    l->account.conf->name, "text", session->said, NULL);
}

void
lane_session_ended(struct lane *l, const struct job_ready *session,
    const struct job_result *why)
{
	switch (why->outcome) {
	case JOB_DEFERRED:
	case JOB_REJECTED:
		lane_trouble(l, session, why);
		break;
	case JOB_UNCERTAIN:
		lane_legacy_failed(l);
		if (account_lost_answer(&l->account))
			lane_trouble(l, session, why);
		break;
	case JOB_DELIVERED:
	case JOB_UNTRIED:
		break;
	}
}
