/* SPDX-License-Identifier: ISC */
/*
 * Bounces: one notice a job, for all of its recipients that failed.
 *
 * A notice goes to the sender of the failed message, through the same aliases
 * as any mail of a local sender.  It has the null sender and kind bounce; what
 * itself is a notice, or came with the null sender, gets none.  A notice that
 * fails is readdressed to local.admin once, and held when that fails too: it
 * is the last that is known of somebody's mail.  Mail that failed is held as
 * well where its sender leads to nobody.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "queue/bounce.h"
#include "queue/expand.h"

#define NOTICE_MAX  (512 * 1024)
#define HEADERS_MAX (128 * 1024) /* of the original, in the notice */

struct bounce {
	const struct conf *conf;
	struct store *store;
	struct expand *expand;
	/* of the job at hand */
	struct dsn_rcpt *rcpts;
	size_t nrcpts;
	bool has_failed;
	struct expanded *readers; /* of the notice; NULL: nobody */
	bool has_looked;          /* for them */
	size_t written;
	uint64_t notice_id;
};

struct bounce *
bounce_new(const struct conf *conf, struct store *s, struct expand *expand)
{
	struct bounce *b = xcalloc(1, sizeof(*b));

	b->conf = conf;
	b->store = s;
	b->expand = expand;
	return b;
}

void
bounce_free(struct bounce *b)
{
	if (b == NULL)
		return;
	expanded_free(b->readers);
	free(b->rcpts);
	free(b);
}

void
bounce_begin(struct bounce *b)
{
	b->nrcpts = 0;
	b->has_failed = false;
	expanded_free(b->readers);
	b->readers = NULL;
	b->has_looked = false;
}

/* RFC 3461 4.1: silence was asked for, or for failures at least. */
static bool
wants_notice(const struct store_rcpt *r)
{
	return r->notify == 0 || (r->notify & NOTIFY_FAILURE) != 0;
}

static bool
is_unanswerable(const struct job *j)
{
	return j->msg.sender[0] == '\0' || j->msg.kind != KIND_MAIL;
}

/* Looked up once a job; an administrator has to mend it when it fails. */
static const struct expanded *
find_readers(struct bounce *b, const struct job *j)
{
	char id[QUEUE_ID_TEXT];
	struct err e;

	if (b->has_looked)
		return b->readers;
	b->has_looked = true;
	b->readers = expand_address(b->expand, j->msg.sender, &e);
	if (b->readers == NULL) {
		queue_id_format(j->msg.id, id);
		log_event(LOG_ERR, "bounce-nowhere", "id", id, "text", e.text,
		    "fix", "the mail is held; set local.admin, then release it",
		    NULL);
	}
	return b->readers;
}

bool
bounce_can_tell(struct bounce *b, const struct job *j, size_t i)
{
	return is_unanswerable(j) || !wants_notice(&j->rcpts[i]) ||
	       find_readers(b, j) != NULL;
}

/* The strings stay the job's. */
void
bounce_note(struct bounce *b, const struct job *j, size_t i, enum rcpt_state to)
{
	const struct job_result *r = &j->results[i];
	const struct store_rcpt *to_whom = &j->rcpts[i];
	struct dsn_rcpt *d;

	if (!wants_notice(to_whom))
		return;
	b->rcpts = xreallocarray(b->rcpts, b->nrcpts + 1, sizeof(*b->rcpts));
	d = &b->rcpts[b->nrcpts++];
	memset(d, 0, sizeof(*d));
	d->address = to_whom->address;
	d->original = to_whom->original;
	d->orcpt = to_whom->orcpt;
	d->status = r->status;
	d->code = r->code;
	d->text = r->text;
	d->relay = r->code == 0 || j->session.relay[0] == '\0'
		       ? NULL
		       : j->session.relay;
	d->meaning = r->meaning[0] == '\0' ? NULL : r->meaning;
	d->fix = r->fix[0] == '\0' ? NULL : r->fix;
	b->has_failed = b->has_failed || to != RCPT_EXPIRED;
}

/* ---- the notice as a message ---- */

/* The original's header lies in its first chunks; a long one is cut. */
static int
read_headers(struct bounce *b, uint64_t message, struct buf *out, struct err *e)
{
	bool has_blank;
	struct buf chunk;
	uint32_t seq = 0;
	ssize_t span = -1;
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

static int
write_text(struct bounce *b, const struct job *j, int64_t now,
    const char *message_id, struct buf *out, struct err *e)
{
	char id[QUEUE_ID_TEXT], *from;
	struct buf headers;
	struct dsn d;
	int rc = -1;

	buf_init(&headers, HEADERS_MAX);
	from = xasprintf(
	    "Mail Delivery System <MAILER-DAEMON@%s>", b->conf->local.domain);
	queue_id_format(j->msg.id, id);
	if (read_headers(b, j->msg.id, &headers, e) == -1)
		goto out;
	memset(&d, 0, sizeof(d));
	d.kind = b->has_failed ? DSN_FAILED : DSN_EXPIRED;
	d.from = from;
	d.to = j->msg.sender;
	d.hostname = b->conf->local.hostname;
	d.queue_id = id;
	d.message_id = message_id;
	d.envid = j->msg.envid;
	d.now = now;
	d.arrived_at = j->msg.arrived_at;
	d.rcpts = b->rcpts;
	d.nrcpts = b->nrcpts;
	d.headers = buf_data(&headers);
	d.headers_len = headers.len;
	if (dsn_put(out, &d) == -1) {
		err_set(e, ERR_LOCAL, "5.3.4", "the notice is too large");
		goto out;
	}
	rc = 0;
out:
	buf_clear(&headers);
	free(from);
	return rc;
}

/* Writes the notice as a message of its own into the running transaction. */
static int
insert(struct bounce *b, const struct store_message *m, const struct buf *text,
    struct err *e)
{
	const struct expanded *to = b->readers;
	struct store_rcpt r;
	size_t i, at, n;

	if (store_message_add(b->store, m, e) == -1)
		return -1;
	for (at = 0; at < text->len; at += n) {
		n = text->len - at > CHUNK_SIZE ? CHUNK_SIZE : text->len - at;
		if (store_chunk_add(b->store, m->id, text->data + at, n, e) ==
		    -1)
			return -1;
	}
	for (i = 0; i < to->n; i++) {
		memset(&r, 0, sizeof(r));
		r.address = to->v[i].address;
		r.original = to->v[i].original;
		if (store_rcpt_add(b->store, m->id, &r, e) == -1)
			return -1;
	}
	if (store_message_queue(b->store, m->id, m->arrived_at, e) == -1)
		return -1;
	b->written = text->len;
	b->notice_id = m->id;
	return 0;
}

int
bounce_write(struct bounce *b, const struct job *j, int64_t now, struct err *e)
{
	uint8_t dice[MSGID_RANDOM];
	struct store_message m = { .kind = KIND_BOUNCE, .body = BODY_7BIT };
	struct buf text;
	int rc = -1;

	b->written = 0;
	if (b->nrcpts == 0 || is_unanswerable(j))
		return 0;
	buf_init(&text, NOTICE_MAX);
	arc4random_buf(dice, sizeof(dice));
	m.id = store_next_id(b->store, clock_wall_ms());
	m.arrived_at = now;
	m.uid = j->msg.uid;
	m.account = j->msg.account;
	m.sender = (char[]){ "" };
	m.message_id = msgid_make(dice, now, b->conf->local.hostname);
	if (write_text(b, j, now, m.message_id, &text, e) == 0)
		rc = insert(b, &m, &text, e);
	free(m.message_id);
	buf_clear(&text);
	return rc;
}

size_t
bounce_written(const struct bounce *b)
{
	return b->written;
}

uint64_t
bounce_notice_id(const struct bounce *b)
{
	return b->notice_id;
}

bool
bounce_is_last_word(const struct job *j)
{
	return j->msg.kind != KIND_MAIL;
}
