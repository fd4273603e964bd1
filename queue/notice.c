/* SPDX-License-Identifier: ISC */
/* Notices of ours on their way into the queue. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "queue/notice.h"

#define NOTICE_MAX (512 * 1024)

static int
write_text(const struct conf *conf, const struct notice *n,
    const char *message_id, struct buf *out, struct err *e)
{
	const char *text = buf_data(n->original);
	char id[QUEUE_ID_TEXT], *from;
	struct dsn d;
	bool has_blank;
	int rc;

	queue_id_format(n->about->id, id);
	from = xasprintf(
	    "Mail Delivery System <MAILER-DAEMON@%s>", conf->local.domain);
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
	free(from);
	return rc == 0
		   ? 0
		   : err_set(e, ERR_LOCAL, "5.3.4", "the notice is too large");
}

int
notice_insert(struct store *s, const struct store_message *m,
    const struct buf *text, const struct expanded *to, struct err *e)
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
	return store_message_queue(s, m->id, m->arrived_at, e);
}

int
notice_write(const struct conf *conf, struct store *s, const struct notice *n,
    struct notice_made *made, struct err *e)
{
	struct store_message m = { .kind = KIND_BOUNCE, .body = BODY_7BIT };
	uint8_t dice[MSGID_RANDOM];
	struct buf text;
	int rc = -1;

	buf_init(&text, NOTICE_MAX);
	arc4random_buf(dice, sizeof(dice));
	m.id = store_next_id(s, clock_wall_ms());
	m.arrived_at = n->now;
	m.uid = n->about->uid;
	m.account = n->about->account;
	m.sender = (char[]){ "" };
	m.message_id = msgid_make(dice, n->now, conf->local.hostname);
	if (write_text(conf, n, m.message_id, &text, e) == 0 &&
	    notice_insert(s, &m, &text, n->readers, e) == 0) {
		*made = (struct notice_made){ n->kind, m.id, text.len };
		rc = 0;
	}
	free(m.message_id);
	buf_clear(&text);
	return rc;
}
