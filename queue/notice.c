/* SPDX-License-Identifier: ISC */
/* Notices of ours on their way into the queue. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "mail/digest.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "queue/notice.h"
#include "queue/waiting.h"

/*
 * A notice that does not fit ends the process, as its failure cannot be stored
 * without it.  This holds the longest of NOTICE_RCPTS_MAX recipients, every
 * address and answer of which needs encoding.
 */
#define NOTICE_MAX (16 * 1024 * 1024)

/* What waits beyond the limit says so, and that nothing is to be done. */
#define STR2(x)   #x
#define STR(x)    STR2(x)
#define LATE_TEXT "too many notices for this reader"
#define LATE_MEANING \
	STR(WAITING_SINGLY) \
	" have gone to this reader within an hour. The " \
	"others wait, and go as one report."
#define LATE_FIX \
	"Look at why so much mail fails; \"mailchute retry\" lets the " \
	"report go at once."

char *
notice_from(const struct conf *conf)
{
	return xasprintf(
	    "Mail Delivery System <MAILER-DAEMON@%s>", conf->local.domain);
}

/* The text, and what a report would tell of it. */
static int
write_text(const struct conf *conf, const struct notice *n,
    const char *message_id, struct buf *out, struct buf *note, struct err *e)
{
	const char *text = buf_data(n->original);
	char id[QUEUE_ID_TEXT], *from = notice_from(conf);
	struct dsn d;
	bool has_blank;
	int rc;

	queue_id_format(n->about->id, id);
	memset(&d, 0, sizeof(d));
	d.kind = n->kind;
	d.from = from;
	d.to = n->to;
	d.hostname = conf->local.hostname;
	d.queue_id = id;
	d.message_id = message_id;
	d.envid = n->about->envid;
	d.now = n->now;
	d.arrived_at = n->about->arrived_at;
	d.retry_until = n->retry_until;
	d.rcpts = n->rcpts;
	d.nrcpts = n->nrcpts;
	d.headers = text;
	d.headers_len =
	    (size_t)header_span(text, n->original->len, true, &has_blank);
	d.whole = text;
	d.whole_len = n->is_whole ? n->original->len : 0;
	rc = dsn_put(out, &d);
	digest_note(note, &d);
	free(from);
	return rc == 0
		   ? 0
		   : err_set(e, ERR_LOCAL, "5.3.4", "the notice is too large");
}

static int
add(struct store *s, const struct store_message *m, const struct buf *text,
    const struct expanded *to, struct err *e)
{
	struct store_rcpt r;
	size_t i, at, n;

	if (store_message_add(s, m, e) == -1)
		return -1;
	for (at = 0; at < text->len; at += n) {
		n = text->len - at > CHUNK_SIZE ? CHUNK_SIZE : text->len - at;
		if (store_chunk_add(s, m->id, text->data + at, n, e) == -1)
			return -1;
	}
	for (i = 0; i < to->n; i++) {
		memset(&r, 0, sizeof(r));
		r.address = to->v[i].address;
		r.original = to->v[i].original;
		if (store_rcpt_add(s, m->id, &r, e) == -1)
			return -1;
	}
	return 0;
}

int
notice_insert(struct store *s, const struct store_message *m,
    const struct buf *text, const struct expanded *to, struct err *e)
{
	if (add(s, m, text, to, e) == -1)
		return -1;
	return store_message_queue(s, m->id, m->arrived_at, e);
}

static char *
find_key(const struct store_message *m, const struct expanded *to)
{
	struct store_rcpt *v = xcalloc(to->n, sizeof(*v));
	struct strlist readers = { NULL, 0 };
	char *key;
	size_t i;

	for (i = 0; i < to->n; i++)
		v[i].address = to->v[i].address;
	waiting_readers(v, to->n, &readers);
	key = waiting_key(m, &readers);
	strlist_clear(&readers);
	free(v);
	return key;
}

/* Lets it leave, at once or late. */
static int
let_wait(struct store *s, const struct store_message *m,
    const struct expanded *to, const char *note, struct waiting *w,
    struct err *e)
{
	char *key = find_key(m, to);
	int rc = -1;

	if (waiting_admit(s, key, m->arrived_at, w, e) == 0 &&
	    store_message_queue(s, m->id, w->due_at, e) == 0)
		rc = waiting_put(s, key, m->id, w, note, e);
	if (rc == 0 && w->is_late)
		rc = store_message_explain(
		    s, m->id, LATE_TEXT, LATE_MEANING, LATE_FIX, e);
	free(key);
	return rc;
}

/*
 * "<20261123212034.0123456789ABCDEF0123.01A228BFE54D@web01.example.com>": it
 * has the queue id of what the notice is about, by which a search for that
 * finds the notice, too, in the queue as in the journal (queue/trace.c).
 */
static char *
make_message_id(const struct conf *conf, const struct notice *n)
{
	uint8_t dice[MSGID_RANDOM];
	char about[QUEUE_ID_TEXT], *plain, *at, *id;

	arc4random_buf(dice, sizeof(dice));
	plain = msgid_make(dice, n->now, conf->local.hostname);
	queue_id_format(n->about->id, about);
	at = strchr(plain, '@');
	id = xasprintf("%.*s.%s%s", (int)(at - plain), plain, about, at);
	free(plain);
	return id;
}

int
notice_write(const struct conf *conf, struct store *s, const struct notice *n,
    struct notice_made *made, struct err *e)
{
	struct store_message m = { .kind = KIND_BOUNCE, .body = BODY_7BIT };
	struct waiting w;
	struct buf text, note;
	int rc = -1;

	buf_init(&text, NOTICE_MAX);
	buf_init(&note, DIGEST_NOTE_MAX);
	m.id = store_next_id(s, clock_wall_ms());
	m.arrived_at = n->now;
	m.uid = n->about->uid;
	m.account = n->about->account;
	m.sender = (char[]){ "" };
	m.message_id = make_message_id(conf, n);
	if (write_text(conf, n, m.message_id, &text, &note, e) == 0 &&
	    add(s, &m, &text, n->readers, e) == 0 &&
	    let_wait(s, &m, n->readers, buf_data(&note), &w, e) == 0) {
		*made = (struct notice_made){ n->kind, m.id, text.len,
			w.due_at - n->now };
		rc = 0;
	}
	free(m.message_id);
	buf_clear(&note);
	buf_clear(&text);
	return rc;
}
