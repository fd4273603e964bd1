/* SPDX-License-Identifier: ISC */
/*
 * Settling a try.
 *
 * The rules, in the order they are asked:
 * - no answer after the end of the body may have left: uncertain, due again by
 *   queue.retry, unless queue.lifetime is over;
 * - no answer before that, or trouble with the connection or the account:
 *   back to the queue, due as before, and no attempt spent;
 * - delivered, rejected: final;
 * - deferred: due again by queue.retry, unless queue.lifetime is over.
 * Since the account was healthy when an attempt is spent, no message expires
 * that the server never judged.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/bounce.h"
#include "queue/expand.h"
#include "queue/figures.h"
#include "queue/schedule.h"
#include "queue/settle.h"
#include "queue/since.h"
#include "queue/tries.h"
#include "queue/waiting.h"

#define HELD_FIX "mailchute show tells why; then release or remove it"

#define DAMAGED_MEANING \
	"The disk, or a program, has changed it since it was taken; it waits " \
	"until somebody decides."
#define DAMAGED_FIX \
	"Check the disk; ask its sender to send it again, and " \
	"\"mailchute remove\" it."
#define UNTOLD_MEANING \
	"It failed, and nobody is left who could be told: it waits until " \
	"somebody decides."
#define UNTOLD_FIX \
	"See that local.admin takes mail; then \"mailchute release\" it to " \
	"try again, or \"mailchute remove\" it."

/* How a recipient fared, also when no RESULT came for it. */
static struct job_result
result_of(const struct job *j, size_t i)
{
	struct job_result r = j->results[i];

	if (r.outcome != 0)
		return r;
	r = j->end;
	r.outcome = j->is_body_ended ? JOB_UNCERTAIN : JOB_UNTRIED;
	if (j->is_damaged) {
		r.code = 0;
		strlcpy(r.status, "5.6.0", sizeof(r.status));
		strlcpy(r.text,
		    "the stored message is damaged and was not sent; see "
		    "mailchuted(8), DAMAGE",
		    sizeof(r.text));
		strlcpy(r.meaning, DAMAGED_MEANING, sizeof(r.meaning));
		strlcpy(r.fix, DAMAGED_FIX, sizeof(r.fix));
	}
	return r;
}

static bool
is_message_fault(const struct job_result *r)
{
	return r->scope == JOB_SCOPE_MESSAGE || r->scope == JOB_SCOPE_RECIPIENT;
}

static struct verdict
wait_again(const struct conf_queue *q, const struct job *j, size_t i,
    int64_t now, uint32_t rnd)
{
	int64_t delay = schedule_retry(
	    q->retry_s, q->nretry, j->rcpts[i].attempts + 1, rnd);

	return (struct verdict){ RCPT_QUEUED, now + delay, true };
}

static bool
is_lifetime_over(const struct conf_queue *q, const struct job *j, int64_t now)
{
	return now - schedule_past(j->msg.arrived_at, now) >= q->lifetime_s;
}

struct verdict
settle_judge(const struct conf_queue *q, const struct job *j, size_t i,
    int64_t now, uint32_t rnd)
{
	struct job_result r = result_of(j, i);
	struct verdict v = wait_again(q, j, i, now, rnd);

	/* Damaged mail waits for an administrator. */
	if (j->is_damaged)
		return (struct verdict){ RCPT_HELD, 0, false };
	switch (r.outcome) {
	case JOB_DELIVERED:
		return (struct verdict){ RCPT_DELIVERED, 0, true };
	case JOB_UNCERTAIN:
		if (q->uncertain == UNCERTAIN_HOLD)
			return (struct verdict){ RCPT_HELD, 0, true };
		if (is_lifetime_over(q, j, now))
			return (struct verdict){ RCPT_EXPIRED, 0, true };
		v.to = RCPT_UNCERTAIN;
		return v;
	case JOB_REJECTED:
		if (is_message_fault(&r))
			return (struct verdict){ RCPT_FAILED, 0, true };
		break;
	case JOB_DEFERRED:
		if (!is_message_fault(&r))
			break;
		if (is_lifetime_over(q, j, now))
			return (struct verdict){ RCPT_EXPIRED, 0, true };
		return v;
	case JOB_UNTRIED:
		break;
	}
	return (struct verdict){ RCPT_QUEUED, j->rcpts[i].due_at, false };
}

/* ---- writing ---------------------------------------------------------------
 */

static int
write_event(const struct settle *s, const struct job *j, size_t i,
    enum rcpt_state to, int64_t now, struct err *e)
{
	const struct job_result *r = &j->results[i];
	struct store_event ev = {
		.at = now,
		.what = to == RCPT_DELIVERED ? "delivered"
			: to == RCPT_EXPIRED ? "expired"
					     : "bounced",
		.message = j->msg.id,
		.uid = j->msg.uid,
		.account = j->msg.account,
		.sender = j->msg.sender,
		.recipient = j->rcpts[i].address,
		.original = j->rcpts[i].original,
		.message_id = j->msg.message_id,
		.code = r->code,
		.status = r->status,
		.text = r->text,
		.relay = j->session.relay,
		.size = j->msg.size,
		.arrived_at = j->msg.arrived_at,
	};

	return store_event_add(s->store, &ev, e);
}

/* One move on the way to where a recipient goes. */
static int
step(const struct settle *s, const struct job *j, size_t i,
    enum rcpt_state *from, enum rcpt_state to, struct err *e)
{
	struct rcpt_change c = { .to = to };

	if (to == RCPT_QUEUED || to == RCPT_UNCERTAIN)
		c.due_at = j->rcpts[i].due_at;
	if (state_set(s->store, j->msg.id, j->rcpts[i].id, *from, &c, e) == -1)
		return -1;
	*from = to;
	return 0;
}

/*
 * A result may come before the claim, when the server refuses the envelope
 * while the body is still on its way; the state then passes through active
 * all the same.  What is not the server's doing, held and expired, happens to
 * mail that waits: it passes through the state that it is taken from.
 */
static int
write_state(const struct settle *s, const struct job *j, size_t i,
    const struct job_result *r, const struct verdict *v, struct err *e)
{
	struct rcpt_change c = {
		.to = v->to,
		.due_at = v->due_at,
		.attempted = v->is_attempt,
		.code = r->code,
		.status = r->status,
		.text = r->text,
		.meaning = r->meaning,
		.fix = r->fix,
	};
	enum rcpt_state from = j->is_claimed ? RCPT_ACTIVE : j->rcpts[i].state;
	bool is_ours = v->to == RCPT_HELD || v->to == RCPT_EXPIRED;

	if (from != RCPT_ACTIVE && v->to == RCPT_QUEUED && !v->is_attempt)
		return 0;
	if (from == RCPT_UNCERTAIN &&
	    step(s, j, i, &from, RCPT_QUEUED, e) == -1)
		return -1;
	if (from == RCPT_QUEUED && !is_ours &&
	    step(s, j, i, &from, RCPT_ACTIVE, e) == -1)
		return -1;
	if (from == RCPT_ACTIVE && is_ours &&
	    step(s, j, i, &from,
		r->outcome == JOB_UNCERTAIN ? RCPT_UNCERTAIN : RCPT_QUEUED,
		e) == -1)
		return -1;
	if (from == RCPT_UNCERTAIN && v->to == RCPT_EXPIRED &&
	    step(s, j, i, &from, RCPT_QUEUED, e) == -1)
		return -1;
	return state_set(s->store, j->msg.id, j->rcpts[i].id, from, &c, e);
}

/* Is local.admin one of the message's recipients already?  1, 0, -1. */
static int
admin_has_it(const struct settle *s, const struct job *j, struct err *e)
{
	struct store_rcpt *all = NULL;
	size_t i, n = 0;
	int found = 0;

	if (store_rcpts_get(s->store, j->msg.id, &all, &n, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (addr_equal(all[i].address, expand_admin(s->conf)))
			found = 1;
		store_rcpt_clear(&all[i]);
	}
	free(all);
	return found;
}

/*
 * A notice of ours that fails goes to local.admin, once: a recipient more.
 */
static int
readdress(
    const struct settle *s, const struct job *j, int64_t now, struct err *e)
{
	struct rcpt_change queued = { .to = RCPT_QUEUED, .due_at = now };
	struct store_rcpt r, *all = NULL;
	size_t i, n = 0;
	int known, rc = -1;

	if ((known = admin_has_it(s, j, e)) != 0)
		return known == 1 ? 0 : -1;
	memset(&r, 0, sizeof(r));
	r.address = xstrdup(expand_admin(s->conf));
	if (store_rcpt_add(s->store, j->msg.id, &r, e) == -1 ||
	    store_rcpts_get(s->store, j->msg.id, &all, &n, e) == -1)
		goto out;
	if (n > 0)
		rc = state_set(s->store, j->msg.id, all[n - 1].id, RCPT_STAGING,
		    &queued, e);
	for (i = 0; i < n; i++)
		store_rcpt_clear(&all[i]);
out:
	free(all);
	free(r.address);
	return rc;
}

static bool
has_reached_admin(const struct settle *s, const struct job *j, size_t i)
{
	const char *admin = expand_admin(s->conf);

	return admin == NULL || addr_equal(j->rcpts[i].address, admin);
}

/* What the server said of it stays; that it is kept is ours to explain. */
static void
keep_untold(struct job_result *r, struct verdict *v)
{
	v->to = RCPT_HELD;
	strlcpy(r->meaning, UNTOLD_MEANING, sizeof(r->meaning));
	strlcpy(r->fix, UNTOLD_FIX, sizeof(r->fix));
}

/* Whoever hears of it shall not send it again without a thought. */
static void
explain_lost_answer(struct job_result *r, enum rcpt_state to)
{
	const char *meaning = RCPT_UNCERTAIN_MEANING;
	const char *fix = RCPT_UNCERTAIN_AGAIN;

	if (r->outcome != JOB_UNCERTAIN)
		return;
	if (to == RCPT_HELD) {
		meaning = RCPT_UNCERTAIN_HELD;
		fix = RCPT_UNCERTAIN_FIX;
	} else if (to == RCPT_EXPIRED) {
		meaning = RCPT_UNCERTAIN_END;
		fix = RCPT_UNCERTAIN_ASK;
	}
	strlcpy(r->meaning, meaning, sizeof(r->meaning));
	strlcpy(r->fix, fix, sizeof(r->fix));
}

static int
settle_one(
    const struct settle *s, struct job *j, size_t i, int64_t now, struct err *e)
{
	struct job_result r = result_of(j, i);
	struct verdict v =
	    settle_judge(&s->conf->queue, j, i, now, arc4random());
	bool failed = v.to == RCPT_FAILED || v.to == RCPT_EXPIRED;

	/* What nobody can be told waits in the queue, the admin's mail too. */
	if (failed && !bounce_can_tell(s->bounce, j, i)) {
		keep_untold(&r, &v);
		failed = false;
	}
	if (failed && bounce_is_last_word(j)) {
		if (has_reached_admin(s, j, i))
			keep_untold(&r, &v);
		else if (readdress(s, j, now, e) == -1)
			return -1;
	}
	explain_lost_answer(&r, v.to);
	if (since_note(s->store, v.to, now, e) == -1 ||
	    write_state(s, j, i, &r, &v, e) == -1)
		return -1;
	if (v.to == RCPT_QUEUED && v.is_attempt)
		store_count(s->store, j->msg.account, RESULT_DEFERRED);
	if (r.outcome == JOB_UNCERTAIN)
		store_count(s->store, j->msg.account, RESULT_UNCERTAIN);
	if (v.to == RCPT_HELD)
		j->nheld++;
	if (v.to == RCPT_HELD &&
	    (r.outcome != JOB_UNCERTAIN ||
		s->conf->queue.uncertain != UNCERTAIN_HOLD))
		j->nstuck++;
	j->results[i] = r;
	if (state_is_final(v.to) && write_event(s, j, i, v.to, now, e) == -1)
		return -1;
	if (failed)
		bounce_note(s->bounce, j, i, v.to);
	else if (v.to == RCPT_DELIVERED)
		bounce_note_delivered(s->bounce, j, i);
	return 0;
}

static bool
is_attempt(const struct job *j)
{
	size_t i;

	for (i = 0; i < j->nrcpts; i++) {
		struct job_result r = result_of(j, i);

		if (r.outcome == JOB_DELIVERED || r.outcome == JOB_UNCERTAIN ||
		    (r.outcome != JOB_UNTRIED && is_message_fault(&r)))
			return true;
	}
	return false;
}

int
settle_work(const struct settle *s, struct job *j, int64_t now, bool *finished,
    struct err *e)
{
	size_t i;
	int over;

	bounce_begin(s->bounce);
	j->nheld = j->nstuck = 0;
	/* One that was tried is merged into no report. */
	if (j->msg.kind == KIND_BOUNCE && is_attempt(j) &&
	    waiting_forget_message(s->store, &j->msg, e) == -1)
		return -1;
	for (i = 0; i < j->nrcpts; i++)
		if (settle_one(s, j, i, now, e) == -1)
			return -1;
	if (bounce_write(s->bounce, j, now, e) == -1)
		return -1;
	if (is_attempt(j) &&
	    store_message_attempted(s->store, j->msg.id, e) == -1)
		return -1;
	if ((over = store_message_finished(s->store, j->msg.id, e)) == -1)
		return -1;
	*finished = over == 1;
	return over == 1 ? store_message_delete(s->store, j->msg.id, e)
			 : tries_write(s->store, j, now, e);
}

void
settle_log(const struct job *j, int64_t now)
{
	char id[QUEUE_ID_TEXT];
	struct buf b;
	size_t i;

	queue_id_format(j->msg.id, id);
	buf_init(&b, LOG_LINE_MAX);
	for (i = 0; i < j->nrcpts; i++) {
		const struct job_result *r = &j->results[i];

		log_begin(&b, tries_outcome_name(r->outcome));
		log_str(&b, "id", id);
		log_str(&b, "rcpt", j->rcpts[i].address);
		log_str(&b, "orig_rcpt", j->rcpts[i].original);
		log_str(&b, "account", j->msg.account);
		log_str(&b, "relay", j->session.relay);
		log_str(&b, "address", j->session.address);
		log_str(&b, "tls", j->session.tls);
		log_str(&b, "cipher", j->session.cipher);
		log_num(&b, "delay_s", now - j->msg.arrived_at);
		log_num(&b, "envelope_ms", (int64_t)j->times.envelope_ms);
		log_num(&b, "data_ms", (int64_t)j->times.data_ms);
		log_num(&b, "code", r->code);
		log_str(&b, "status", r->status);
		log_str(&b, "phase", r->phase);
		log_str(&b, "text", r->text);
		log_end(
		    &b, r->outcome == JOB_DELIVERED ? LOG_INFO : LOG_WARNING);
	}
	if (j->nheld > 0) {
		log_begin(&b, "held");
		log_str(&b, "id", id);
		log_num(&b, "rcpts", (int64_t)j->nheld);
		log_str(&b, "fix", HELD_FIX);
		log_end(&b, LOG_ERR);
	}
	buf_clear(&b);
}
