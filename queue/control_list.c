/* SPDX-License-Identifier: ISC */
/*
 * Listings: all messages with their recipients, or one message whole.  Why a
 * recipient waits is control_why.c's to say.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/control_priv.h"

/* The order in which a recipient's state names the message's
 * (docs/protocol.md). */
static const enum rcpt_state ranks[] = { RCPT_ACTIVE, RCPT_UNCERTAIN,
	RCPT_QUEUED, RCPT_HELD, RCPT_STAGING, RCPT_FAILED, RCPT_EXPIRED,
	RCPT_REMOVED, RCPT_DELIVERED };
#define RANKS (int)(sizeof(ranks) / sizeof(ranks[0]))

static int
rank_of(enum rcpt_state s)
{
	int i;

	for (i = 0; i < RANKS - 1; i++)
		if (ranks[i] == s)
			break;
	return i;
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

char *
client_full_sender(const struct client *c, const char *sender)
{
	if (sender == NULL || sender[0] == '\0' || addr_domain(sender) != NULL)
		return xstrdup(sender == NULL ? "" : sender);
	return xasprintf("%s@%s", sender, c->parts->conf->local.domain);
}

static void
begin_message(struct client *c, const struct store_message *m)
{
	char id[QUEUE_ID_TEXT];

	ctl_message_clear(&c->message);
	queue_id_format(m->id, id);
	c->message.id = xstrdup(id);
	c->message.sender = client_full_sender(c, m->sender);
	c->message.account = xstrdup(status_account_name(c, m->account));
	c->message.message_id = copy(m->message_id);
	c->message.size = m->size;
	c->message.arrived_at = m->arrived_at;
	c->message.attempts = m->attempts;
	c->message.uid = m->uid;
	c->message.kind = xstrdup(message_kind_name(m->kind));
	c->rank = RANKS - 1;
	c->soonest = INT64_MAX;
	client_line_up(c, m);
	buf_truncate(&c->pending, 0);
}

static void
end_message(struct client *c)
{
	if (c->message.id == NULL)
		return;
	c->message.state = xstrdup(rcpt_state_name(ranks[c->rank]));
	ctl_put_message(&c->out, &c->message);
	buf_append(&c->out, buf_data(&c->pending), c->pending.len);
	ctl_message_clear(&c->message);
	buf_truncate(&c->pending, 0);
}

/* What waits for somebody has no time, but something to do. */
static void
note_soonest(struct client *c, const struct store_rcpt *r,
    const struct ctl_recipient *out)
{
	bool is_stuck = out->next_at == 0 && out->fix != NULL;

	if (!state_is_final(r->state) && !is_stuck && out->next_at < c->soonest)
		c->soonest = out->next_at;
}

static void
put_rcpt(
    struct client *c, const struct store_message *m, const struct store_rcpt *r)
{
	struct ctl_recipient out;
	int rank = rank_of(r->state);

	if (rank < c->rank)
		c->rank = rank;
	memset(&out, 0, sizeof(out));
	out.address = copy(r->address);
	out.original = copy(r->original);
	out.state = xstrdup(rcpt_state_name(r->state));
	client_explain(c, m, r, &out);
	note_soonest(c, r, &out);
	ctl_put_recipient(&c->pending, &out);
	ctl_recipient_clear(&out);
}

/* ---- all messages ---- */

static void
on_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	struct client *c = arg;
	char id[QUEUE_ID_TEXT];

	queue_id_format(m->id, id);
	if (c->message.id == NULL || strcmp(c->message.id, id) != 0) {
		end_message(c);
		begin_message(c, m);
	}
	if (!state_is_final(r->state))
		put_rcpt(c, m, r);
}

void
source_list(struct client *c)
{
	struct store_walk walk = {
		.last = c->cursor,
		.own = !c->may_all,
		.uid = c->uid,
		.max = CLIENT_SLICE,
	};
	struct err e;

	if (store_list(c->parts->store, &walk, on_row, c, &e) == -1) {
		client_done(c, EX_TEMPFAIL, "%s", e.text);
		return;
	}
	end_message(c);
	if (c->cursor != walk.last) {
		c->cursor = walk.last;
		return;
	}
	status_put_totals(c);
	client_done(c, 0, "%s", "");
}

/* ---- one message ---- */

static void
on_attempt(void *arg, const struct store_attempt *a, const char *address)
{
	struct client *c = arg;
	struct ctl_attempt out;

	memset(&out, 0, sizeof(out));
	out.at = a->at;
	out.address = copy(address);
	out.outcome = copy(a->outcome);
	out.relay = copy(a->relay);
	out.tls = copy(a->tls);
	out.code = a->code;
	out.status = copy(a->status);
	out.text = copy(a->text);
	ctl_put_attempt(&c->out, &out);
	ctl_attempt_clear(&out);
}

int
client_put_state(struct client *c, uint64_t id, struct err *e)
{
	struct store_rcpt *v = NULL;
	struct store_message m;
	size_t i, n = 0;
	int found;

	memset(&m, 0, sizeof(m));
	if ((found = store_message_get(c->parts->store, id, &m, e)) == -1)
		return -1;
	if (found == 0 || (!c->may_all && m.uid != c->uid)) {
		/* Another's mail and no mail look the same. */
		store_message_clear(&m);
		return 0;
	}
	begin_message(c, &m);
	if (store_rcpts_get(c->parts->store, id, &v, &n, e) == -1) {
		store_message_clear(&m);
		return -1;
	}
	for (i = 0; i < n; i++) {
		put_rcpt(c, &m, &v[i]);
		store_rcpt_clear(&v[i]);
	}
	free(v);
	end_message(c);
	store_message_clear(&m);
	return 1;
}

int
client_put_message(struct client *c, uint64_t id, struct err *e)
{
	int found = client_put_state(c, id, e);

	if (found != 1)
		return found;
	return store_attempts_each(c->parts->store, id, on_attempt, c, e) == -1
		   ? -1
		   : 1;
}

static void
show_begin(struct client *c, uint64_t id)
{
	struct err e;

	switch (client_put_message(c, id, &e)) {
	case -1:
		client_done(c, EX_TEMPFAIL, "%s", e.text);
		break;
	case 0:
		client_done(c, EX_NOINPUT,
		    "no message %s waits in the queue; mailchute trace "
		    "tells of finished mail",
		    c->request.ids.v[c->next_id]);
		break;
	default:
		c->cursor = id;
		c->next_chunk = 0;
	}
}

/* Body chunks of the message at the cursor; the next message after them. */
static void
show_body(struct client *c)
{
	struct buf chunk;
	struct err e;
	int got = 0;

	buf_init(&chunk, CHUNK_SIZE);
	if (c->request.body)
		got = store_chunk_get(
		    c->parts->store, c->cursor, c->next_chunk++, &chunk, &e);
	if (got == -1)
		client_done(c, EX_IOERR, "%s", e.text);
	else if (got == 1)
		frame_put_raw(&c->out, CTL_BODY, buf_data(&chunk), chunk.len);
	else {
		c->cursor = 0;
		c->next_id++;
	}
	buf_clear(&chunk);
}

void
source_show(struct client *c)
{
	uint64_t id;

	if (c->cursor != 0)
		show_body(c);
	else if (c->next_id == c->request.ids.n)
		client_done(c, 0, "%s", "");
	else if (queue_id_parse(c->request.ids.v[c->next_id], &id) == -1)
		client_done(c, EX_NOINPUT, "%s is no queue id",
		    c->request.ids.v[c->next_id]);
	else
		show_begin(c, id);
}
