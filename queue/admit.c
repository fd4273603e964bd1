/* SPDX-License-Identifier: ISC */
/*
 * Admission of messages.
 *
 *     new --data--> collecting --1 MiB--> staging part --commit--> collecting
 *                       |
 *                     finish --> final transaction --commit--> end told
 *
 * Invariants: nothing is told before its commit; a message is in the queue
 * whole or not at all, since only the final transaction gives it recipients
 * and takes it out of staging; a submission id that was taken before yields
 * the queue id it got then, and no second message.
 *
 * The work functions run inside a transaction that may be rolled back and run
 * again, so they change nothing but the store; memory changes in the done
 * functions.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/canon.h"
#include "mail/date.h"
#include "mail/route.h"
#include "queue/admit_priv.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/device_store.h"
#include "queue/expand.h"
#include "queue/flood.h"
#include "queue/limits.h"
#include "queue/rates.h"
#include "queue/room.h"
#include "queue/store.h"
#include "queue/submitter.h"
#include "queue/times.h"

#define STAGE_AT     (1024 * 1024) /* held in memory up to here */
#define PENDING_MAX  (STAGE_AT + 2 * FRAME_RAW_MAX)
#define RECEIVED_MAX 1024

struct admit *
admit_new(const struct admit_parts *parts)
{
	struct admit *a = xcalloc(1, sizeof(*a));

	a->parts = *parts;
	a->flood = flood_new(parts->conf->queue.uid_rate);
	a->rates = rates_new();
	return a;
}

void
admit_believe(struct admit *a, const uint8_t *token)
{
	a->token = token;
}

int
admit_origin(
    struct admit *a, const struct frame *f, struct origin *out, struct err *e)
{
	return origin_take(f, a->token, a->parts.conf, out, e);
}

void
admit_accuse(const struct admit *a, pid_t smtpd)
{
	ask_kill(a->parts.ask, smtpd);
}

void
admit_free(struct admit *a)
{
	if (a == NULL)
		return;
	flood_free(a->flood);
	rates_free(a->rates);
	free(a);
}

void
admit_on_news(struct admit *a, admit_news *f, void *arg)
{
	a->news = f;
	a->news_arg = arg;
}

void
admit_tell_news(const struct admit *a, const char *account)
{
	if (a->news != NULL)
		a->news(a->news_arg, account);
}

static void
admission_free(struct admission *m)
{
	origin_release(&m->origin);
	envelope_clear(&m->env);
	expanded_free(m->targets);
	store_message_clear(&m->row);
	buf_clear(&m->pending);
	free(m);
}

/* ---- the envelope ---- */

static int
check_addresses(const struct envelope *env, struct err *e)
{
	size_t i;

	if (env->nrcpts == 0)
		return err_set(e, ERR_PERM, "5.5.1", "no recipient was given");
	if (env->sender[0] != '\0' &&
	    addr_check(env->sender, "5.1.7", NULL, e) == -1)
		return -1;
	for (i = 0; i < env->nrcpts; i++)
		if (addr_check(env->rcpts[i].address, "5.1.3", NULL, e) == -1)
			return -1;
	return 0;
}

/* RFC 5321 4.4; the uid stands where a client's name would. */
static void
put_received(struct admission *m, int64_t now)
{
	char id[QUEUE_ID_TEXT], date[DATE_SIZE];
	const char *hostname = m->admit->parts.conf->local.hostname;

	queue_id_format(m->row.id, id);
	date_format(date, now, 0);
	if (m->caller.origin != NULL)
		origin_put_received(m->caller.origin, hostname, &m->pending);
	else
		buf_printf(&m->pending,
		    "Received: by %s (mailchute, from userid %lu)\r\n",
		    hostname, (unsigned long)m->caller.uid);
	buf_printf(&m->pending, "\tid %s; %s\r\n", id, date);
	if (m->admit->parts.conf->local.redirect != NULL)
		expand_put_redirected(&m->env, &m->pending);
}

static void
fill_row(struct admission *m, const struct conf_account *account, int64_t now)
{
	const struct envelope *env = &m->env;

	m->row.id = store_next_id(m->admit->parts.store, clock_wall_ms());
	m->row.arrived_at = now;
	m->row.uid = m->caller.uid;
	m->row.device = admission_device(m);
	m->row.account = xstrdup(account->name);
	m->row.kind = KIND_MAIL;
	m->row.sender = xstrdup(env->sender);
	m->row.from = env->from == NULL ? NULL : xstrdup(env->from);
	m->row.message_id =
	    env->message_id == NULL ? NULL : xstrdup(env->message_id);
	m->row.body = env->body;
	m->row.smtputf8 = env->smtputf8;
	m->row.ret = env->ret;
	m->row.envid = env->envid == NULL ? NULL : xstrdup(env->envid);
}

/* The listener's own, or by the rules for all mail. */
static const struct conf_account *
choose_account(struct admission *m, struct err *e)
{
	const struct admit_parts *p = &m->admit->parts;
	const struct route_users users = { ask_admits, p->ask };
	const struct origin *o = m->caller.origin;

	if (o != NULL && origin_check(o, &m->env, e) == -1)
		return NULL;
	if (o != NULL)
		origin_force_sender(o, &m->env);
	if (o != NULL && o->listener->account != NULL)
		return conf_account_find(p->conf, o->listener->account);
	return route_find(p->conf, &users, m->caller.uid, &m->env, e);
}

static int
check_rate(const struct admission *m, struct err *e)
{
	const struct origin *o = m->caller.origin;

	if (o == NULL || rates_take(m->admit->rates, o->listener, &o->address,
			     clock_mono_ms()))
		return 0;
	return err_set(e, ERR_TEMP, "4.7.0", "too many messages; try later");
}

struct admission *
admission_new(struct admit *a, const struct admission_caller *caller,
    const struct submit_head *head, struct envelope *env, struct err *e)
{
	const struct conf_account *account;
	struct admission *m = xcalloc(1, sizeof(*m));

	m->admit = a;
	m->caller = *caller;
	if (caller->origin != NULL) {
		origin_copy(&m->origin, caller->origin);
		m->caller.origin = &m->origin;
	}
	m->head = *head;
	m->env = *env;
	envelope_init(env);
	m->last = '\n';
	buf_init(&m->pending, PENDING_MAX + RECEIVED_MAX + EXPAND_NAMED_ROOM);

	if (check_rate(m, e) == -1 ||
	    room_check(&a->parts.conf->queue, a->parts.store, 0, e) == -1 ||
	    limits_check(a->parts.limits, admission_who(m), 0, e) == -1 ||
	    check_addresses(&m->env, e) == -1 ||
	    (account = choose_account(m, e)) == NULL)
		goto refuse;
	if ((m->targets = expand_rcpts(a->parts.expand, &m->env, e)) == NULL)
		goto refuse;
	fill_row(m, account, times_now(a->parts.times));
	put_received(m, clock_wall());
	m->traced = m->pending.len;
	return m;
refuse:
	admission_free(m);
	return NULL;
}

/* ---- the body ---- */

/*
 * The canonical form (common/proto_submit.h).  Whoever breaks it could smuggle
 * an end of data past the server.
 */
static int
check_canonical(struct admission *m, const char *p, size_t n, struct err *e)
{
	if (canon_span(p, n, &m->last) == n)
		return 0;
	return err_set(e, ERR_PERM, "5.6.0",
	    "the message holds a NUL or a line end that is not CRLF");
}

static int
part_work(void *arg, struct err *e)
{
	struct admission *m = arg;
	struct store *s = m->admit->parts.store;
	const char *p = buf_data(&m->pending);
	size_t at;

	if (!m->is_staged && store_message_add(s, &m->row, e) == -1)
		return -1;
	/* Whole chunks only; the rest waits for more. */
	for (at = 0; at + CHUNK_SIZE <= m->pending.len; at += CHUNK_SIZE)
		if (store_chunk_add(s, m->row.id, p + at, CHUNK_SIZE, e) == -1)
			return -1;
	return 0;
}

static void
part_done(void *arg, const struct err *failed)
{
	struct admission *m = arg;

	if (failed == NULL) {
		m->is_staged = true;
		buf_consume(
		    &m->pending, m->pending.len - m->pending.len % CHUNK_SIZE);
	}
	/* With failed set nothing follows but the end; else more may come. */
	m->is_busy = failed != NULL;
	if (failed != NULL && !m->is_dropped)
		m->caller.end(m->caller.arg, 0, failed);
	else if (failed == NULL && !m->is_dropped)
		m->caller.room(m->caller.arg);
	if (m->is_dropped && failed != NULL)
		m->is_busy = false;
	if (m->is_dropped && !m->is_busy)
		admission_drop(m);
}

int
admission_data(struct admission *m, const void *p, size_t n, struct err *e)
{
	const struct conf_queue *q = &m->admit->parts.conf->queue;

	if (n > q->message_size_max - m->size)
		return err_set(e, ERR_PERM, "5.3.4",
		    "the message is larger than queue.message_size_max "
		    "(%llu octets)",
		    (unsigned long long)q->message_size_max);
	if (check_canonical(m, p, n, e) == -1)
		return -1;
	m->size += n;
	if (buf_append(&m->pending, p, n) == -1)
		return err_set(
		    e, ERR_TEMP, "4.5.0", "more was sent than was asked for");
	if (m->pending.len >= STAGE_AT) {
		if (room_check(q, m->admit->parts.store, 0, e) == -1)
			return -1;
		m->is_busy = true;
		batch_join(m->admit->parts.batch, m->pending.len, part_work,
		    part_done, m);
	}
	return 0;
}

bool
admission_is_busy(const struct admission *m)
{
	return m->is_busy;
}

const char *
admission_sender(const struct admission *m)
{
	return m->row.sender;
}

/* ---- the end ---- */

static int
add_rcpts(struct admission *m, struct err *e)
{
	struct store_rcpt r;
	size_t i;

	for (i = 0; i < m->targets->n; i++) {
		const struct target *t = &m->targets->v[i];

		memset(&r, 0, sizeof(r));
		r.address = t->address;
		r.original = t->original;
		r.orcpt = t->orcpt;
		r.notify = t->notify;
		r.state = RCPT_STAGING;
		if (store_rcpt_add(m->admit->parts.store, m->row.id, &r, e) ==
		    -1)
			return -1;
	}
	return 0;
}

static int
add_rest(struct admission *m, struct err *e)
{
	const char *p = buf_data(&m->pending);
	size_t at, n;

	for (at = 0; at < m->pending.len; at += n) {
		n = m->pending.len - at;
		if (n > CHUNK_SIZE)
			n = CHUNK_SIZE;
		if (store_chunk_add(
			m->admit->parts.store, m->row.id, p + at, n, e) == -1)
			return -1;
	}
	return 0;
}

static int
note_device(const struct admission *m, struct err *e)
{
	struct device d;

	if (m->caller.origin == NULL)
		return 0;
	origin_device(m->caller.origin, &d);
	return device_sent(m->admit->parts.store, &d, m->row.arrived_at, e);
}

static int
final_work(void *arg, struct err *e)
{
	struct admission *m = arg;
	struct store *s = m->admit->parts.store;
	int known;

	/* The clock may have been set since it began (queue/times.h). */
	m->row.arrived_at = times_now(m->admit->parts.times);
	known =
	    store_submission_find(s, m->caller.uid, m->head.id, &m->earlier, e);
	if (known == -1)
		return -1;
	if (known == 1)
		return m->is_staged ? store_message_delete(s, m->row.id, e) : 0;
	m->earlier = 0;
	if (!m->is_staged && store_message_add(s, &m->row, e) == -1)
		return -1;
	if (add_rest(m, e) == -1 || add_rcpts(m, e) == -1 ||
	    store_message_queue(s, m->row.id, m->row.arrived_at, e) == -1 ||
	    note_device(m, e) == -1)
		return -1;
	return store_submission_add(
	    s, m->caller.uid, m->head.id, m->row.id, m->row.arrived_at, e);
}

static void
final_done(void *arg, const struct err *failed)
{
	struct admission *m = arg;
	struct admit *a = m->admit;
	bool is_new = failed == NULL && m->earlier == 0;

	if (!is_new)
		limits_remove(
		    a->parts.limits, admission_who(m), 1, m->traced + m->size);
	if (failed == NULL)
		m->is_staged = false;
	/* Busy until here, so that a drop within the call waits for us. */
	if (!m->is_dropped)
		m->caller.end(m->caller.arg,
		    m->earlier != 0 ? m->earlier : m->row.id, failed);
	/* After the answer: a log that is slow keeps no caller waiting. */
	if (is_new) {
		admit_log_queued(m);
		admit_watch_rate(m);
		admit_tell_news(a, m->row.account);
	}
	m->is_busy = false;
	if (m->is_dropped)
		admission_drop(m);
}

int
admission_finish(struct admission *m, uint64_t size, struct err *e)
{
	if (size != m->size)
		return err_set(e, ERR_PERM, "5.5.0",
		    "the message came to %llu octets of %llu",
		    (unsigned long long)m->size, (unsigned long long)size);
	if (m->last == '\r')
		return err_set(
		    e, ERR_PERM, "5.6.0", "the message ends within a line end");
	if (limits_check(m->admit->parts.limits, admission_who(m),
		m->traced + m->size, e) == -1)
		return -1;
	/* Counted before it is stored, or many at once would all pass. */
	limits_add(
	    m->admit->parts.limits, admission_who(m), 1, m->traced + m->size);
	m->is_busy = true;
	batch_join(
	    m->admit->parts.batch, m->pending.len, final_work, final_done, m);
	return 0;
}

static int
unstage_work(void *arg, struct err *e)
{
	struct admission *m = arg;

	return store_message_delete(m->admit->parts.store, m->row.id, e);
}

/* A failure is no harm: staging rows are swept at the next start. */
static void
unstage_done(void *arg, const struct err *failed)
{
	(void)failed;
	admission_free(arg);
}

void
admission_drop(struct admission *m)
{
	m->is_dropped = true;
	if (m->is_busy)
		return;
	if (m->is_staged) {
		m->is_staged = false;
		m->is_busy = true;
		batch_join(
		    m->admit->parts.batch, 0, unstage_work, unstage_done, m);
	} else
		admission_free(m);
}
