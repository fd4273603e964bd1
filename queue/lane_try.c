/* SPDX-License-Identifier: ISC */
/*
 * One try of a message, from the claim to the disk.
 *
 *	give        the job goes to a worker; in memory only (lane.c)
 *	body_sent   its body is on the way: the claim joins a batch
 *	claimed     recipients are active on disk: the body may end
 *	done, gone  results are here: settling joins a batch
 *	settled     on disk: logged, forgotten; the next one is given
 *
 * Another program that holds the queue puts that off, as long as it takes: the
 * message is active until then, and so is given to nobody.
 *
 * The claim of a message and the settling of the one before it on the same
 * connection are a commit each, shared with whatever else is going on.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mail/verdict.h"
#include "queue/batch.h"
#include "queue/bounce.h"
#include "queue/denied.h"
#include "queue/lane_priv.h"
#include "queue/limits.h"
#include "queue/settle.h"
#include "queue/times.h"

struct task {
	struct lane *lane;
	struct job *job;
	int64_t now;
	bool finished;
	struct notice_made notices[BOUNCE_MADE_MAX]; /* that it caused */
	size_t nnotices;
};

static int
claim_work(void *arg, struct err *e)
{
	struct task *t = arg;
	struct lane *l = t->lane;

	const struct account_sent sent = { t->job->msg.kind,
		submitter_of(t->job->msg.uid, t->job->msg.device), t->now,
		(unsigned)t->job->nrcpts };

	if (job_claim(l->parts.store, t->job, e) == -1)
		return -1;
	t->job->saved_at = t->now;
	return account_save_sent(&l->account, l->parts.store, &sent, e);
}

/* Until the end of its body is sent a message has not begun. */
static bool
is_recalled(const struct lane *l)
{
	return l->account.known.state == ACCOUNT_HELD &&
	       account_waits(&l->account, times_now(l->parts.times));
}

static void
claim_done(void *arg, const struct err *failed)
{
	struct task *t = arg;
	struct lane *l = t->lane;
	struct job *j = t->job;

	free(t);
	j->is_claiming = false;
	j->is_claimed = failed == NULL;
	if (j->is_over)
		lane_settle(l, j);
	else if (failed == NULL && !is_recalled(l))
		worker_end_body(j->worker);
	else
		/* Recalled, held or removed meanwhile: no trouble of ours. */
		worker_abort(j->worker,
		    failed != NULL && failed->class != ERR_PERM ? failed
								: NULL);
}

static struct task *
task_new(struct lane *l, struct job *j)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->lane = l;
	t->job = j;
	t->now = times_now(l->parts.times);
	return t;
}

void
lane_claim(struct lane *l, struct job *j)
{
	j->is_claiming = true;
	batch_join(l->parts.batch, 0, claim_work, claim_done, task_new(l, j));
}

static int
settle_task(void *arg, struct err *e)
{
	struct task *t = arg;

	const struct lane *l = t->lane;
	const struct account_sent sent = { t->job->msg.kind,
		submitter_of(t->job->msg.uid, t->job->msg.device),
		t->job->saved_at, (unsigned)t->job->nrcpts };

	if (settle_work(&l->settle, t->job, t->now, &t->finished, e) == -1)
		return -1;
	if (t->job->is_claimed && account_save_ended(&l->account,
				      l->parts.store, &sent, t->now, e) == -1)
		return -1;
	if (t->job->is_denied &&
	    denied_note(l->parts.store, l->account.conf->user, t->job->from,
		t->now, e) == -1)
		return -1;
	t->nnotices = bounce_made(t->lane->parts.bounce, t->notices);
	return 0;
}

/* What the results say about the account, beyond the message. */
static void
judge_account(struct lane *l, const struct job *j)
{
	const struct job_result *r, *bad = NULL, *doubt = NULL;
	bool taken = false, answered = false, changed = false;
	int64_t now = times_now(l->parts.times);
	size_t i;

	for (i = 0; i < j->nrcpts; i++) {
		r = &j->results[i];
		if (r->outcome == JOB_DELIVERED)
			taken = true;
		else if (r->outcome != JOB_DEFERRED &&
			 r->outcome != JOB_REJECTED)
			continue;
		else if (r->scope == JOB_SCOPE_CONNECTION ||
			 r->scope == JOB_SCOPE_ACCOUNT)
			bad = r;
		else if (verdict_is(r, VERDICT_DOUBTFUL))
			doubt = r;
		else if (r->code != 0) {
			answered = true;
			if (verdict_is(r, VERDICT_LARGE))
				account_refused_many(&l->account, j->nrcpts);
		}
	}
	if (taken || answered)
		account_doubted(&l->account, false);
	else if (doubt != NULL) {
		answered = true;
		if (account_doubted(&l->account, true))
			bad = doubt;
	}
	if (taken || answered)
		lane_well(l, &j->session);
	if (bad != NULL)
		lane_trouble(l, &j->session, bad);
	else if (taken)
		changed = account_succeeded(&l->account, now);
	else if (answered)
		changed = account_answered(&l->account, now);
	if (changed) {
		lane_save(l);
		l->calls->trouble(l->arg, l->account.index, 0);
	}
}

static void
log_notice(const struct job *j, const struct notice_made *made)
{
	static const char *const events[] = {
		[DSN_FAILED] = "bounced",
		[DSN_DELAYED] = "delay-told",
		[DSN_EXPIRED] = "bounced",
		[DSN_RELAYED] = "relay-told",
		[DSN_LAST] = "bounced-to-admin",
	};
	char id[QUEUE_ID_TEXT], notice[QUEUE_ID_TEXT];
	struct buf b;

	queue_id_format(j->msg.id, id);
	queue_id_format(made->id, notice);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, events[made->kind]);
	log_str(&b, "id", id);
	log_str(&b, "notice", notice);
	log_str(&b, "sender", j->msg.sender);
	log_num(&b, "wait_s", made->wait_s);
	log_end(&b, LOG_NOTICE);
	buf_clear(&b);
}

static void
settled(void *arg, const struct err *failed)
{
	struct task *t = arg;
	struct lane *l = t->lane;
	struct job *j = t->job;
	size_t i;

	/*
	 * Nobody else holds the queue, or this would have been put off; with
	 * the ballast given up and still no room, the outcome cannot be kept.
	 * The rows stay active, and the next start finds them uncertain; going
	 * on would deliver the same mail again and again.
	 */
	if (failed != NULL)
		fatalx(EX_IOERR,
		    "the outcome of a delivery cannot be stored: "
		    "%s; see to the disk",
		    failed->text);
	for (i = 0; i < l->nsettling; i++)
		if (l->settling[i] == j) {
			l->settling[i] = l->settling[--l->nsettling];
			break;
		}
	settle_log(j, t->now);
	if (t->finished)
		limits_remove(l->parts.limits,
		    submitter_of(j->msg.uid, j->msg.device), 1, j->msg.size);
	l->account.tried_at = t->now;
	judge_account(l, j);
	if (j->nstuck > 0)
		l->calls->trouble(l->arg, l->account.index, j->msg.id);
	for (i = 0; i < t->nnotices; i++) {
		limits_add(
		    l->parts.limits, j->msg.uid, 1, t->notices[i].octets);
		log_notice(j, &t->notices[i]);
	}
	job_free(j);
	free(t);
	lane_kick(l);
}

void
lane_settle(struct lane *l, struct job *j)
{
	assert(l->nsettling < LANE_WORKERS_MAX);
	lane_ended(l, j, times_now(l->parts.times));
	lane_judge_from(l, j);
	l->settling[l->nsettling++] = j;
	batch_join_lasting(
	    l->parts.batch, settle_task, settled, task_new(l, j));
}
