/* SPDX-License-Identifier: ISC */
/*
 * "mailchute trace": what became of a message, by its queue id, its Message-ID
 * or an address.
 *
 * The queue is searched first and the journal after it: a message that is
 * finished between the two is told twice rather than not at all.  So is one of
 * which a part has ended; for people the first is enough (admin/show.c).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/conf_value.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "queue/control_priv.h"

#define WORD_MAX  998 /* RFC 5322 2.1.1: no Message-ID is longer */
#define FOUND_MAX 32  /* in a turn */

struct trace {
	struct store_trace walk;
	char *message_id, *address, *bare;
	bool in_journal;
	bool has_found;
	uint64_t ids[FOUND_MAX]; /* found in the queue */
	size_t n, next;
};

void
trace_free(struct trace *t)
{
	if (t == NULL)
		return;
	free(t->message_id);
	free(t->address);
	free(t->bare);
	free(t);
}

/* "<word>" and "word" are the same, as Message-ID and as address. */
static void
take_word(struct trace *t, const char *word, const char *own_domain)
{
	size_t n = strlen(word);
	bool has_brackets = n > 2 && word[0] == '<' && word[n - 1] == '>';
	const char *domain;

	t->address = has_brackets ? xstrndup(word + 1, n - 2) : xstrdup(word);
	t->message_id = xasprintf("<%s>", t->address);
	/* A local sender lies in the store as a bare name. */
	domain = addr_domain(t->address);
	if (domain != NULL && strcasecmp(domain, own_domain) == 0)
		t->bare =
		    xstrndup(t->address, (size_t)(domain - 1 - t->address));
	if (queue_id_parse(t->address, &t->walk.id) == -1)
		t->walk.id = 0;
	t->walk.message_id = t->message_id;
	t->walk.address = t->address;
	t->walk.bare = t->bare;
}

static struct trace *
trace_new(const struct client *c)
{
	struct trace *t = xcalloc(1, sizeof(*t));

	take_word(t, c->request.word, c->parts->conf->local.domain);
	t->walk.own = !c->may_all;
	t->walk.uid = c->uid;
	t->walk.max = FOUND_MAX;
	return t;
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

void
client_put_event(struct client *c, const struct store_event *ev)
{
	char id[QUEUE_ID_TEXT];
	struct ctl_event out = {
		.at = ev->at,
		.what = copy(ev->what),
		.sender = client_full_sender(c, ev->sender),
		.address = xstrdup(ev->recipient == NULL ? "" : ev->recipient),
		.original = copy(ev->original),
		.account = copy(status_account_name(c, ev->account)),
		.message_id = copy(ev->message_id),
		.relay = copy(ev->relay),
		.code = ev->code,
		.status = copy(ev->status),
		.text = copy(ev->text),
		.size = ev->size,
		.arrived_at = ev->arrived_at,
		.uid = ev->uid,
	};

	queue_id_format(ev->message, id);
	out.id = xstrdup(id);
	ctl_put_event(&c->out, &out);
	ctl_event_clear(&out);
}

static void
on_event(void *arg, const struct store_event *ev)
{
	struct client *c = arg;

	client_put_event(c, ev);
	c->trace->has_found = true;
}

/* A turn in the queue: what was found before, or the next slice. */
static int
search_queue(struct client *c, struct trace *t, struct err *e)
{
	int found, more;

	if (t->next < t->n) {
		found = client_put_message(c, t->ids[t->next++], e);
		t->has_found = t->has_found || found == 1;
		return found == -1 ? -1 : 0;
	}
	t->next = 0;
	more =
	    store_trace_messages(c->parts->store, &t->walk, t->ids, &t->n, e);
	if (more == 0 && t->n == 0) {
		t->in_journal = true;
		t->walk.last = 0;
	}
	return more == -1 ? -1 : 0;
}

static void
end(struct client *c, const struct trace *t)
{
	struct buf history;

	if (t->has_found) {
		client_done(c, 0, "%s", "");
		return;
	}
	buf_init(&history, 64);
	conf_put_duration(&history, c->parts->conf->queue.history_s);
	client_done(c, EX_NOINPUT,
	    "no mail%s is known by %s; what is finished is remembered for %s "
	    "(queue.history)",
	    c->may_all ? "" : " of yours", c->request.word, buf_data(&history));
	buf_clear(&history);
}

void
source_trace(struct client *c)
{
	struct trace *t = c->trace;
	struct err e;
	int more = 1;

	if (t == NULL) {
		if (c->request.word == NULL || c->request.word[0] == '\0' ||
		    strlen(c->request.word) > WORD_MAX) {
			client_done(c, EX_USAGE,
			    "trace takes a queue id, a Message-ID or an "
			    "address");
			return;
		}
		t = c->trace = trace_new(c);
	}
	if (!t->in_journal) {
		if (search_queue(c, t, &e) == -1)
			more = -1;
	} else
		more = store_trace_events(
		    c->parts->store, &t->walk, on_event, c, &e);
	if (more == -1)
		client_done(c, EX_TEMPFAIL, "%s", e.text);
	else if (more == 0)
		end(c, t);
}
