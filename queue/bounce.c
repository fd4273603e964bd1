/* SPDX-License-Identifier: ISC */
/*
 * Who is told what of a job: one notice for all of its recipients that failed,
 * one for those that were relayed to where nobody reports (RFC 3461 5.2.2),
 * and once in a message's life one for those that wait.
 *
 * A notice goes to the sender, through the same aliases as any mail of a local
 * sender.  It has the null sender, kind bounce, and the mark DSN_MARK.  One
 * that fails is readdressed to local.admin once, and held when that fails too:
 * it is the last that is known of somebody's mail.
 *
 * Mail that came with the null sender, or carries our mark because a notice
 * was forwarded back to us, is never answered to its sender: local.admin is
 * told of its failure, once, by a notice marked DSN_MARK_LAST.  What fails of
 * mail with that mark is held.  So is mail that failed where the one to be told
 * is nobody.
 *
 * When a notice leaves, and whether singly, is for queue/waiting.h and
 * queue/merge.h to say.
 *
 * A delay is told when a try of the message itself was put off.  While the
 * account is held or backs off there are no such tries, and no notice, which
 * could not leave before the mail itself.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "queue/bounce.h"
#include "queue/expand.h"
#include "queue/schedule.h"

#define HEADERS_MAX (128 * 1024) /* of the original, in the notice */
#define WHOLE_MAX   (64 * 1024)  /* a larger one is shown by its header */

enum reader {
	READER_UNKNOWN, /* not looked at yet */
	READER_SENDER,
	READER_ADMIN, /* in the sender's place */
	READER_NOBODY /* of a notice that told local.admin already */
};

struct list {
	struct dsn_rcpt *v;
	size_t n;
};

struct bounce {
	const struct conf *conf;
	struct store *store;
	struct expand *expand;
	/* of the job at hand */
	struct list failed, relayed;
	bool has_failed; /* not all of the failed expired */
	enum reader reader;
	struct expanded *readers; /* of the notice; NULL: nobody */
	bool has_looked;          /* for them */
	bool has_told;            /* the log that there are none */
	struct buf original;      /* its header, or all of it */
	bool has_original, is_whole;
	struct notice_made made[BOUNCE_MADE_MAX];
	size_t nmade;
};

struct bounce *
bounce_new(const struct conf *conf, struct store *s, struct expand *expand)
{
	struct bounce *b = xcalloc(1, sizeof(*b));

	b->conf = conf;
	b->store = s;
	b->expand = expand;
	buf_init(&b->original, HEADERS_MAX);
	return b;
}

void
bounce_free(struct bounce *b)
{
	if (b == NULL)
		return;
	expanded_free(b->readers);
	buf_clear(&b->original);
	free(b->failed.v);
	free(b->relayed.v);
	free(b);
}

void
bounce_begin(struct bounce *b)
{
	b->failed.n = b->relayed.n = b->nmade = 0;
	b->has_failed = b->has_looked = b->has_told = false;
	b->reader = READER_UNKNOWN;
	expanded_free(b->readers);
	b->readers = NULL;
	buf_clear(&b->original);
	buf_init(&b->original, HEADERS_MAX);
	b->has_original = false;
}

/* ---- the original ---- */

/* Its header lies in its first chunks; a long one is cut. */
static int
read_header(struct bounce *b, uint64_t message, struct err *e)
{
	struct buf chunk, *out = &b->original;
	uint32_t seq = 0;
	ssize_t span = -1;
	bool has_blank;
	int got = 1;
	size_t n;

	buf_init(&chunk, CHUNK_SIZE);
	while (span == -1 && out->len < out->max && got == 1) {
		got = store_chunk_get(b->store, message, seq++, &chunk, e);
		if (got != 1)
			break;
		n = chunk.len;
		if (n > out->max - out->len)
			n = out->max - out->len;
		buf_append(out, buf_data(&chunk), n);
		span = header_span(buf_data(out), out->len, false, &has_blank);
	}
	buf_clear(&chunk);
	/* A damaged original is bounced without its header. */
	if (got == -1 && strcmp(e->status, "5.6.0") != 0)
		return -1;
	if (span == -1)
		span = header_span(buf_data(out), out->len, true, &has_blank);
	buf_truncate(out, (size_t)span);
	return 0;
}

/* As much of it as RET asks for, and we give. */
static int
read_original(struct bounce *b, const struct job *j, struct err *e)
{
	struct buf chunk;
	uint32_t seq;
	int got = 1;

	b->is_whole = j->msg.ret == RET_FULL && j->msg.size <= WHOLE_MAX;
	if (!b->is_whole)
		return read_header(b, j->msg.id, e);
	buf_init(&chunk, CHUNK_SIZE);
	for (seq = 0; got == 1; seq++) {
		got = store_chunk_get(b->store, j->msg.id, seq, &chunk, e);
		if (got == 1 &&
		    buf_append(&b->original, buf_data(&chunk), chunk.len) == -1)
			got = 0;
	}
	buf_clear(&chunk);
	if (got == 0)
		return 0;
	buf_truncate(&b->original, 0);
	b->is_whole = false;
	return strcmp(e->status, "5.6.0") == 0 ? 0 : -1;
}

static int
need_original(struct bounce *b, const struct job *j, struct err *e)
{
	if (b->has_original)
		return 0;
	buf_truncate(&b->original, 0);
	if (read_original(b, j, e) == -1)
		return -1;
	b->has_original = true;
	return 0;
}

/* ---- who is told ---- */

static enum reader
reader_by_mark(const struct buf *original)
{
	const struct header_field *f;
	enum reader reader = READER_SENDER;
	struct header h = { 0 };
	bool has_blank;
	ssize_t n;

	n = header_span(buf_data(original), original->len, true, &has_blank);
	header_parse(buf_data(original), (size_t)n, &h);
	if ((f = header_find(&h, DSN_MARK, NULL)) != NULL)
		reader = strcmp(f->value, DSN_MARK_LAST) == 0 ? READER_NOBODY
							      : READER_ADMIN;
	header_clear(&h);
	return reader;
}

/* An original that cannot be read now fails the transaction when written. */
static enum reader
find_reader(struct bounce *b, const struct job *j)
{
	struct err e;

	if (b->reader != READER_UNKNOWN)
		return b->reader;
	if (need_original(b, j, &e) == -1)
		return READER_SENDER;
	b->reader = reader_by_mark(&b->original);
	if (b->reader == READER_SENDER && j->msg.sender[0] == '\0')
		b->reader = READER_ADMIN;
	return b->reader;
}

/* Whom the notice is written to; NULL: nobody. */
static const char *
reader_address(struct bounce *b, const struct job *j)
{
	switch (find_reader(b, j)) {
	case READER_SENDER:
		return j->msg.sender;
	case READER_ADMIN:
		return b->conf->local.admin;
	case READER_UNKNOWN:
	case READER_NOBODY:
		break;
	}
	return NULL;
}

/* Looked up once a job; an administrator has to mend it when it fails. */
static const struct expanded *
find_readers(struct bounce *b, const struct job *j)
{
	const char *address;
	struct err e;

	if (b->has_looked)
		return b->readers;
	b->has_looked = true;
	if ((address = reader_address(b, j)) != NULL)
		b->readers = expand_address(b->expand, address, &e);
	return b->readers;
}

static void
log_nowhere(struct bounce *b, const struct job *j)
{
	char id[QUEUE_ID_TEXT];

	if (b->has_told)
		return;
	b->has_told = true;
	queue_id_format(j->msg.id, id);
	log_event(LOG_ERR, "bounce-nowhere", "id", id, "text",
	    "mail failed and there is nobody left to tell", "fix",
	    "the mail is held; see that local.admin can be reached, then "
	    "release or remove it",
	    NULL);
}

/* RFC 3461 4.1: silence was asked for, or for this at least. */
static bool
wants(const struct store_rcpt *r, unsigned what)
{
	return r->notify == 0 || (r->notify & what) != 0;
}

bool
bounce_has_reader(struct bounce *b, const struct job *j, size_t i)
{
	if (bounce_is_last_word(j) || !wants(&j->rcpts[i], NOTIFY_FAILURE))
		return true;
	return find_readers(b, j) != NULL &&
	       (b->reader != READER_ADMIN ||
		   !addr_equal(j->rcpts[i].address, expand_admin(b->conf)));
}

bool
bounce_can_tell(struct bounce *b, const struct job *j, size_t i)
{
	if (bounce_has_reader(b, j, i))
		return true;
	log_nowhere(b, j);
	return false;
}

bool
bounce_is_last_word(const struct job *j)
{
	return j->msg.kind != KIND_MAIL;
}

/* ---- about whom ---- */

/* The strings stay the job's. */
static struct dsn_rcpt *
add_rcpt(struct list *l, const struct store_rcpt *to_whom)
{
	struct dsn_rcpt *d;

	l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
	d = &l->v[l->n++];
	memset(d, 0, sizeof(*d));
	d->address = to_whom->address;
	d->original = to_whom->original;
	d->orcpt = to_whom->orcpt;
	return d;
}

static void
add_result(struct list *l, const struct job *j, size_t i)
{
	const struct job_result *r = &j->results[i];
	struct dsn_rcpt *d = add_rcpt(l, &j->rcpts[i]);

	d->status = r->status;
	d->code = r->code;
	d->text = r->text;
	d->relay = r->code == 0 || j->session.relay[0] == '\0'
		       ? NULL
		       : j->session.relay;
	d->meaning = r->meaning[0] == '\0' ? NULL : r->meaning;
	d->fix = r->fix[0] == '\0' ? NULL : r->fix;
}

void
bounce_note(struct bounce *b, const struct job *j, size_t i, enum rcpt_state to)
{
	if (!wants(&j->rcpts[i], NOTIFY_FAILURE))
		return;
	add_result(&b->failed, j, i);
	b->has_failed = b->has_failed || to != RCPT_EXPIRED;
}

void
bounce_note_delivered(struct bounce *b, const struct job *j, size_t i)
{
	if ((j->rcpts[i].notify & NOTIFY_SUCCESS) != 0 && !j->session.dsn)
		add_result(&b->relayed, j, i);
}

/*
 * Those that were put off, by their last answers, as far as a notice can tell
 * of them; text stays the rows'.
 */
static void
collect_waiting(
    const struct job *j, const struct store_rcpt *all, size_t n, struct list *l)
{
	struct dsn_rcpt *d;
	size_t i;

	for (i = 0; i < n && l->n < NOTICE_RCPTS_MAX; i++) {
		if (all[i].state != RCPT_QUEUED || all[i].attempts == 0 ||
		    !wants(&all[i], NOTIFY_DELAY))
			continue;
		d = add_rcpt(l, &all[i]);
		d->status = all[i].status;
		d->code = all[i].code;
		/* What was held and released has no answer any more. */
		d->text = all[i].text == NULL || all[i].text[0] == '\0'
			      ? "it was not tried again yet"
			      : all[i].text;
		d->relay = all[i].code == 0 || j->session.relay[0] == '\0'
			       ? NULL
			       : j->session.relay;
		d->meaning = all[i].meaning;
		d->fix = all[i].fix;
	}
}

/* ---- writing ---- */

/* For whoever looks at a message of which a part still waits. */
static int
note_told(const struct bounce *b, const struct notice *n,
    const struct notice_made *made, struct err *e)
{
	char text[sizeof("by notice ") + QUEUE_ID_TEXT] = "by notice ";
	struct store_attempt a = { .message = n->about->id,
		.at = n->now,
		.outcome = "told",
		.account = n->about->account,
		.text = text };

	queue_id_format(made->id, text + strlen(text));
	return store_attempt_add(b->store, &a, e);
}

static int
write_one(struct bounce *b, const struct job *j, struct notice *n,
    const struct list *rcpts, struct err *e)
{
	if (need_original(b, j, e) == -1)
		return -1;
	n->about = &j->msg;
	n->original = &b->original;
	/* RFC 3461 4.3: RET is about failures alone. */
	n->is_whole =
	    b->is_whole && n->retry_until == 0 && n->kind != DSN_RELAYED;
	n->to = reader_address(b, j);
	n->readers = find_readers(b, j);
	n->rcpts = rcpts->v;
	n->nrcpts = rcpts->n;
	/* What was to be told, and to nobody, was held before. */
	if (n->readers == NULL)
		return 0;
	if (notice_write(b->conf, b->store, n, &b->made[b->nmade], e) == -1)
		return -1;
	return note_told(b, n, &b->made[b->nmade++], e);
}

static bool
is_delay_due(const struct bounce *b, const struct job *j, int64_t now)
{
	const struct conf_queue *q = &b->conf->queue;
	size_t i;

	if (q->delay_notice_s == 0 || j->msg.delay_notice_at != 0 ||
	    j->msg.sender[0] == '\0' ||
	    now - schedule_past(j->msg.arrived_at, now) < q->delay_notice_s)
		return false;
	for (i = 0; i < j->nrcpts; i++)
		if (j->results[i].outcome == JOB_DEFERRED &&
		    j->results[i].scope >= JOB_SCOPE_MESSAGE)
			return true;
	return false;
}

static int
write_delay(struct bounce *b, const struct job *j, int64_t now, struct err *e)
{
	struct notice n = { .kind = DSN_DELAYED, .now = now };
	struct store_rcpt *all = NULL;
	struct list waiting = { NULL, 0 };
	size_t i, nall = 0;
	int rc = 0;

	if (store_rcpts_get(b->store, j->msg.id, &all, &nall, e) == -1)
		return -1;
	collect_waiting(j, all, nall, &waiting);
	n.retry_until =
	    schedule_past(j->msg.arrived_at, now) + b->conf->queue.lifetime_s;
	if (waiting.n > 0) {
		rc =
		    store_message_set_delay_notice(b->store, j->msg.id, now, e);
		if (rc == 0 && find_reader(b, j) == READER_SENDER)
			rc = write_one(b, j, &n, &waiting, e);
	}
	free(waiting.v);
	for (i = 0; i < nall; i++)
		store_rcpt_clear(&all[i]);
	free(all);
	return rc;
}

int
bounce_write(struct bounce *b, const struct job *j, int64_t now, struct err *e)
{
	struct notice failed = { .now = now };
	struct notice relayed = { .kind = DSN_RELAYED, .now = now };

	if (bounce_is_last_word(j))
		return 0;
	if (b->failed.n > 0) {
		failed.kind = find_reader(b, j) == READER_ADMIN ? DSN_LAST
			      : b->has_failed                   ? DSN_FAILED
								: DSN_EXPIRED;
		if (write_one(b, j, &failed, &b->failed, e) == -1)
			return -1;
	}
	if (b->relayed.n > 0 && find_reader(b, j) == READER_SENDER &&
	    write_one(b, j, &relayed, &b->relayed, e) == -1)
		return -1;
	return is_delay_due(b, j, now) ? write_delay(b, j, now, e) : 0;
}

size_t
bounce_made(const struct bounce *b, struct notice_made out[BOUNCE_MADE_MAX])
{
	memcpy(out, b->made, sizeof(b->made));
	return b->nmade;
}
