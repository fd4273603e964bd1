/* SPDX-License-Identifier: ISC */
/*
 * Failing what nobody waits for any more.
 *
 * The message is stored as far as a bounce shows of it, its recipients as they
 * were given, and settled at once as if a server had refused them all: so
 * their states, the journal and the bounce are those of any failure, and when
 * the transaction ends nothing but the journal and the bounce is left.
 *
 * The submission's id is remembered like one that was taken, so that a crash
 * between the commit and the file's removal brings no second bounce.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "mail/canon.h"
#include "queue/admit.h"
#include "queue/batch.h"
#include "queue/bounce.h"
#include "queue/limits.h"
#include "queue/refuse.h"
#include "queue/refuse_owner.h"
#include "queue/settle.h"
#include "queue/times.h"

/* Kept of the message: more than a bounce shows of one, in whole or in part. */
#define KEPT_MAX (128 * 1024)

/* Told in one notice, so that the longest addresses fit; and in all. */
#define SLICE_RCPTS 100
#define RCPTS_MAX   1000
#define NOTICES_MAX (RCPTS_MAX / SLICE_RCPTS * BOUNCE_MADE_MAX)

struct refuse {
	struct refuse_parts parts;
	struct settle settle;
};

struct refusal {
	struct refuse *refuse;
	uid_t owner;
	struct err why;
	refusal_end *end;
	void *arg;
	struct submit_head head;
	struct envelope env;
	bool has_envelope;
	bool is_cut; /* there is more of the message than text holds */
	bool is_busy;
	bool is_dropped; /* nobody waits for the end */
	bool is_untold;  /* there is nobody to bounce it to */
	char last;       /* octet before the next of the text */
	struct buf text;
	struct store_message row;
	uint64_t earlier; /* queue id of the same submission, if any */
	struct notice_made notices[NOTICES_MAX];
	size_t nnotices;
};

struct refuse *
refuse_new(const struct refuse_parts *parts)
{
	struct refuse *r = xcalloc(1, sizeof(*r));

	r->parts = *parts;
	r->settle = (struct settle){ parts->conf, parts->store, parts->bounce };
	return r;
}

void
refuse_free(struct refuse *r)
{
	free(r);
}

struct refusal *
refusal_new(struct refuse *r, uid_t owner, const struct err *why,
    refusal_end *end, void *arg)
{
	struct refusal *l = xcalloc(1, sizeof(*l));

	l->refuse = r;
	l->owner = owner;
	l->why = *why;
	l->end = end;
	l->arg = arg;
	l->last = '\n';
	envelope_init(&l->env);
	buf_init(&l->text, KEPT_MAX);
	return l;
}

static void
refusal_free(struct refusal *l)
{
	envelope_clear(&l->env);
	store_message_clear(&l->row);
	buf_clear(&l->text);
	free(l);
}

void
refusal_drop(struct refusal *l)
{
	l->is_dropped = true;
	if (!l->is_busy)
		refusal_free(l);
}

bool
refusal_is_busy(const struct refusal *l)
{
	return l->is_busy;
}

/* ---- the row ---- */

static int
fill_row(struct refusal *l, struct err *e)
{
	const struct refuse_parts *p = &l->refuse->parts;
	const struct envelope *env = &l->env;

	if (env->nrcpts == 0)
		return err_set(e, ERR_PERM, l->why.status, "%s", l->why.text);
	if (env->nrcpts > RCPTS_MAX)
		return err_set(e, ERR_PERM, l->why.status,
		    "%s, and its %zu recipients are too many for a bounce",
		    l->why.text, env->nrcpts);
	if (refuse_owner_fill(p, l->owner, env, &l->row, e) == -1)
		return -1;
	l->row.id = store_next_id(p->store, clock_wall_ms());
	l->row.arrived_at = times_now(p->times);
	l->row.uid = l->owner;
	l->row.kind = KIND_MAIL;
	l->row.from = env->from == NULL ? NULL : xstrdup(env->from);
	l->row.message_id =
	    env->message_id == NULL ? NULL : xstrdup(env->message_id);
	l->row.body = env->body;
	l->row.smtputf8 = env->smtputf8;
	/* What is not all of it must not be shown as all of it. */
	l->row.ret = l->is_cut ? RET_HDRS : env->ret;
	l->row.envid = env->envid == NULL ? NULL : xstrdup(env->envid);
	return 0;
}

/* ---- the transaction ---- */

static int
add_text(const struct refusal *l, struct store *s, struct err *e)
{
	const char *p = buf_data(&l->text);
	size_t at, n;

	for (at = 0; at < l->text.len; at += n) {
		n = l->text.len - at;
		if (n > CHUNK_SIZE)
			n = CHUNK_SIZE;
		if (store_chunk_add(s, l->row.id, p + at, n, e) == -1)
			return -1;
	}
	return 0;
}

static int
add_rcpts(const struct refusal *l, struct store *s, struct err *e)
{
	struct store_rcpt r;
	size_t i;

	for (i = 0; i < l->env.nrcpts; i++) {
		const struct envelope_rcpt *given = &l->env.rcpts[i];

		memset(&r, 0, sizeof(r));
		r.address = given->address;
		r.orcpt = given->orcpt;
		r.notify = given->notify;
		if (store_rcpt_add(s, l->row.id, &r, e) == -1)
			return -1;
	}
	return 0;
}

/* Recipients of the message that are still to be settled; NULL: none. */
static struct job *
next_slice(const struct refusal *l, size_t max, struct err *e)
{
	return job_load(
	    l->refuse->parts.store, l->row.id, l->row.arrived_at, max, e);
}

/*
 * Seen before anything is settled: a piece of work that fails costs the whole
 * batch its transaction, which a file of anyone's must not.
 */
static int
look_for_readers(struct refusal *l, struct err *e)
{
	struct bounce *b = l->refuse->parts.bounce;
	struct job *j = next_slice(l, RCPTS_MAX, e);
	size_t i;

	if (j == NULL)
		return -1;
	bounce_begin(b);
	for (i = 0; i < j->nrcpts && !l->is_untold; i++)
		l->is_untold = !bounce_has_reader(b, j, i);
	job_free(j);
	return 0;
}

static int
settle_slice(struct refusal *l, struct job *j, struct err *e)
{
	const struct refuse *r = l->refuse;
	struct notice_made made[BOUNCE_MADE_MAX];
	struct job_result result = { .outcome = JOB_REJECTED,
		.scope = JOB_SCOPE_MESSAGE };
	bool finished;
	size_t i, n;

	strlcpy(result.status, l->why.status, sizeof(result.status));
	strlcpy(result.text, l->why.text, sizeof(result.text));
	for (i = 0; i < j->nrcpts; i++) {
		result.rcpt = j->rcpts[i].id;
		j->results[i] = result;
	}
	if (settle_work(&r->settle, j, l->row.arrived_at, &finished, e) == -1)
		return -1;
	n = bounce_made(r->parts.bounce, made);
	memcpy(l->notices + l->nnotices, made, n * sizeof(made[0]));
	l->nnotices += n;
	return 0;
}

static int
settle_all(struct refusal *l, struct err *e)
{
	struct job *j;
	int rc = 0;

	while (rc == 0 && (j = next_slice(l, SLICE_RCPTS, e)) != NULL) {
		rc = settle_slice(l, j, e);
		job_free(j);
	}
	return rc == 0 && e->class == ERR_NONE ? 0 : -1;
}

static int
add_all(const struct refusal *l, struct store *s, struct err *e)
{
	if (store_message_add(s, &l->row, e) == -1 || add_text(l, s, e) == -1 ||
	    add_rcpts(l, s, e) == -1)
		return -1;
	return store_message_queue(s, l->row.id, l->row.arrived_at, e);
}

static int
refusal_work(void *arg, struct err *e)
{
	struct refusal *l = arg;
	struct store *s = l->refuse->parts.store;
	int known;

	/* It may be a second run, after the first was rolled back. */
	l->earlier = 0;
	l->nnotices = 0;
	l->is_untold = false;
	known = store_submission_find(s, l->owner, l->head.id, &l->earlier, e);
	if (known != 0)
		return known == 1 ? 0 : -1;
	l->earlier = 0;
	if (add_all(l, s, e) == -1 || look_for_readers(l, e) == -1)
		return -1;
	if (l->is_untold)
		return store_message_delete(s, l->row.id, e);
	if (settle_all(l, e) == -1)
		return -1;
	return store_submission_add(
	    s, l->owner, l->head.id, l->row.id, l->row.arrived_at, e);
}

static void
log_refused(const struct refusal *l)
{
	char id[QUEUE_ID_TEXT], notice[QUEUE_ID_TEXT];
	struct buf b;
	size_t i;

	queue_id_format(l->row.id, id);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "refused");
	log_str(&b, "id", id);
	log_num(&b, "uid", (int64_t)l->owner);
	log_str(&b, "sender", l->env.sender);
	log_num(&b, "rcpts", (int64_t)l->env.nrcpts);
	log_str(&b, "status", l->why.status);
	log_str(&b, "text", l->why.text);
	log_end(&b, LOG_NOTICE);
	buf_clear(&b);
	for (i = 0; i < l->nnotices; i++) {
		queue_id_format(l->notices[i].id, notice);
		log_event(LOG_NOTICE,
		    l->notices[i].kind == DSN_LAST ? "bounced-to-admin"
						   : "bounced",
		    "id", id, "notice", notice, "sender", l->row.sender, NULL);
	}
}

/* After the end was told: the caller may have dropped it meanwhile. */
static void
note_bounces(const struct refusal *l)
{
	const struct refuse_parts *p = &l->refuse->parts;
	size_t i;

	for (i = 0; i < l->nnotices; i++)
		limits_add(p->limits, l->owner, 1, l->notices[i].octets);
	log_refused(l);
	if (l->nnotices > 0)
		admit_tell_news(p->admit, l->row.account);
}

static void
refusal_done(void *arg, const struct err *failed)
{
	struct refusal *l = arg;
	bool is_new = failed == NULL && l->earlier == 0 && !l->is_untold;
	struct err untold;

	if (failed == NULL && l->is_untold) {
		err_set(&untold, ERR_PERM, l->why.status,
		    "%s, and there is nobody to tell", l->why.text);
		failed = &untold;
	}
	/* Busy until here, so that a drop within the call waits for us. */
	if (!l->is_dropped)
		l->end(
		    l->arg, l->earlier != 0 ? l->earlier : l->row.id, failed);
	if (is_new)
		note_bounces(l);
	l->is_busy = false;
	if (l->is_dropped)
		refusal_free(l);
}

/* ---- the frames ---- */

/* The text ends where it stops being a message: a broken line goes. */
static void
cut(struct refusal *l)
{
	struct buf *t = &l->text;

	l->is_cut = true;
	while (t->len > 0 && t->data[t->len - 1] != '\n')
		buf_truncate(t, t->len - 1);
}

static int
finish(struct refusal *l, struct err *e)
{
	if (l->last == '\r')
		cut(l);
	if (fill_row(l, e) == -1)
		return -1;
	l->is_busy = true;
	batch_join(
	    l->refuse->parts.batch, l->text.len, refusal_work, refusal_done, l);
	return 0;
}

/* As much as fits and is in canonical form. */
static void
keep(struct refusal *l, const char *p, size_t n)
{
	size_t room = l->text.max - l->text.len, good;

	good = canon_span(p, n < room ? n : room, &l->last);
	buf_append(&l->text, p, good);
	if (good < n)
		cut(l);
}

static int
has_changed(struct err *e)
{
	return err_set(e, ERR_PERM, "5.5.0",
	    "the submission's frames are not what they were");
}

static int
take_frame(struct refusal *l, const struct frame *f, struct err *e)
{
	/* The envelope comes first, and once. */
	if ((f->type == SUBMIT_ENVELOPE) == l->has_envelope)
		return has_changed(e);
	switch (f->type) {
	case SUBMIT_ENVELOPE:
		l->has_envelope = true;
		return submit_get_envelope(f, &l->head, &l->env, e);
	case SUBMIT_RCPTS:
		return submit_get_rcpts(f, &l->env, e);
	case SUBMIT_DATA:
		keep(l, (const char *)f->payload, f->len);
		return 0;
	case SUBMIT_END:
		return 0;
	default:
		return has_changed(e);
	}
}

/* They were read before; what is wrong now has been written since. */
int
refusal_feed(struct refusal *l, struct buf *in, struct err *e)
{
	struct frame f = { 0 };
	size_t done = 0;
	ssize_t n = 0;

	while (!l->is_cut && f.type != SUBMIT_END &&
	       (n = frame_parse(buf_data(in) + done, in->len - done, &f)) > 0) {
		done += (size_t)n;
		if (take_frame(l, &f, e) == -1)
			return -1;
	}
	if (l->is_cut || f.type == SUBMIT_END)
		return finish(l, e);
	buf_consume(in, done);
	return n == -1 ? err_set(e, ERR_PERM, "5.5.0",
			     "the submission holds a frame that is too long")
		       : 0;
}
