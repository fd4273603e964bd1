/* SPDX-License-Identifier: ISC */
/* A deliver that is asked what the system would allow. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/job_session.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/trial.h"
#include "queue/worker.h"

struct trial {
	struct worker *worker; /* NULL once it has ended */
	struct buf ticket;     /* stays empty */
	char *forbidden;
};

/* There is no session: deliver breaks the contract, and the next word ends it.
 */
static void
on_ready(void *arg, struct worker *w)
{
	(void)arg;
	worker_quit(w);
}

static void
on_body_sent(void *arg, struct worker *w, struct job *j)
{
	(void)arg;
	(void)w;
	(void)j;
}

static void
on_closed(
    void *arg, struct worker *w, struct job *j, const struct job_result *why)
{
	struct trial *t = arg;

	(void)w;
	(void)j;
	if (why->outcome == JOB_UNTRIED)
		return;
	/* What failed for another reason says nothing of the policy. */
	if (why->outcome == JOB_REJECTED)
		t->forbidden = xstrdup(why->text);
	log_event(LOG_WARNING, "legacy-forbidden", "text", why->text, NULL);
}

static void
on_gone(void *arg, struct worker *w)
{
	struct trial *t = arg;

	(void)w;
	t->worker = NULL;
}

static const struct worker_calls calls = {
	.ready = on_ready,
	.body_sent = on_body_sent,
	.done = on_body_sent,
	.closed = on_closed,
	.gone = on_gone,
};

struct trial *
trial_start(const struct dispatch_parts *parts, uint32_t account)
{
	const struct conf_account *a = &parts->conf->accounts[account];
	struct trial *t = xcalloc(1, sizeof(*t));
	struct job_session s;
	struct worker_start start = { .session = &s,
		.ticket = &t->ticket,
		.is_legacy = true,
		.calls = &calls,
		.arg = t };
	struct err e;

	buf_init(&t->ticket, JOB_TICKET_MAX);
	start.fd = ask_deliver(parts->ask, account, &start.pid, &e);
	if (start.fd == -1) {
		log_event(
		    LOG_WARNING, "legacy-forbidden", "text", e.text, NULL);
		return t;
	}
	session_describe(parts->conf, a, &s);
	session_turn_legacy(a, &s);
	s.is_trial = true;
	t->worker = worker_new(parts->base, parts->store, parts->ask, &start);
	job_session_clear(&s);
	return t;
}

void
trial_free(struct trial *t)
{
	if (t == NULL)
		return;
	worker_free(t->worker);
	buf_clear(&t->ticket);
	free(t->forbidden);
	free(t);
}

const char *
trial_forbidden(const struct trial *t)
{
	return t->forbidden;
}
