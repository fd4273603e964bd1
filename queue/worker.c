/* SPDX-License-Identifier: ISC */
/*
 * The job channel to one deliver process: what we say.
 *
 * Writing is driven by the socket: the body is read from the store chunk by
 * chunk as the last one leaves, so that a message of 150 MiB takes as little
 * memory here as one of 64 KiB.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/worker_priv.h"

#define OUT_MAX (4 * 1024 * 1024) /* envelope of 10,000 and two chunks */

/* The longest that a process may live on: QUIT has ten seconds (PHASE_QUIT). */
#define CLOSING_MS 30000

enum worker_state
worker_state(const struct worker *w)
{
	return w->state;
}

bool
worker_was_ready(const struct worker *w)
{
	return w->was_ready;
}

const struct job_ready *
worker_session(const struct worker *w)
{
	return &w->session;
}

const struct job *
worker_job(const struct worker *w)
{
	return w->job;
}

void
worker_move_times(struct worker *w, int64_t by_s)
{
	if (w->job != NULL)
		job_move_times(w->job, by_s);
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	event_free(w->readable);
	event_free(w->writable);
	close(w->fd);
	buf_clear(&w->in);
	buf_clear(&w->out);
	buf_clear(&w->chunk);
	job_free(w->job);
	free(w);
}

/* ---- writing ---------------------------------------------------------------
 */

/*
 * Damaged mail is not sent, nor is any while the store cannot be read; deliver
 * closes without an end.
 */
static void
no_body(struct worker *w, const struct err *e)
{
	char id[QUEUE_ID_TEXT];

	w->job->is_damaged = strcmp(e->status, "5.6.0") == 0;
	if (w->job->is_damaged) {
		queue_id_format(w->job->msg.id, id);
		log_event(
		    LOG_CRIT, "body-damaged", "id", id, "text", e->text, NULL);
		worker_abort(w, NULL);
	} else
		worker_abort(w, e);
}

/* Once it is known what is in the body, if that is a large one. */
static void
put_message(struct worker *w)
{
	const struct job *j = w->job;
	struct job_message m;
	char id[QUEUE_ID_TEXT];
	size_t i;

	memset(&m, 0, sizeof(m));
	queue_id_format(j->msg.id, id);
	strlcpy(m.queue_id, id, sizeof(m.queue_id));
	m.size = j->msg.size;
	m.is_notice = j->msg.kind != KIND_MAIL;
	m.env.sender = xstrdup(j->msg.sender);
	m.instead_of = j->instead_of == NULL ? NULL : xstrdup(j->instead_of);
	m.env.from = j->msg.from == NULL ? NULL : xstrdup(j->msg.from);
	m.eight_at = w->survey.look.eight_at;
	m.wrong_at = w->survey.look.wrong_at;
	m.long_at = w->survey.look.long_at;
	m.is_twice = w->is_twice = job_is_twice(&m, &w->session);
	m.env.ret = j->msg.ret;
	m.env.envid = j->msg.envid == NULL ? NULL : xstrdup(j->msg.envid);
	m.rcpt_ids = xcalloc(j->nrcpts, sizeof(*m.rcpt_ids));
	for (i = 0; i < j->nrcpts; i++) {
		struct envelope_rcpt *r =
		    envelope_add(&m.env, j->rcpts[i].address);

		r->notify = j->rcpts[i].notify;
		r->orcpt = j->rcpts[i].orcpt == NULL
			       ? NULL
			       : xstrdup(j->rcpts[i].orcpt);
		m.rcpt_ids[i] = j->rcpts[i].id;
	}
	if (job_put_message(&w->out, &m) == -1)
		log_text(
		    LOG_ERR, "job", "message %s does not fit the channel", id);
	job_message_clear(&m);
	w->is_told = true;
}

/* A slice of it; the next one when others have had their turn. */
static bool
survey(struct worker *w)
{
	if (survey_slice(&w->survey, w->store, &w->job->msg)) {
		event_add(w->writable, NULL);
		return false;
	}
	put_message(w);
	return true;
}

/* Puts the next piece of the body into out; false when there is none. */
static bool
fill(struct worker *w)
{
	struct err e;
	int got;

	if (w->job == NULL || w->is_body_sent)
		return false;
	if (!w->is_told)
		return survey(w);
	buf_truncate(&w->chunk, 0);
	got = store_chunk_get(
	    w->store, w->job->msg.id, w->next_chunk, &w->chunk, &e);
	if (got == -1) {
		no_body(w, &e);
		return false;
	}
	if (got == 0 && w->is_twice) {
		w->is_twice = false;
		w->next_chunk = 0;
		return job_put_empty(&w->out, JOB_BODY_AGAIN) == 0;
	}
	if (got == 0) {
		w->is_body_sent = true;
		w->calls->body_sent(w->arg, w, w->job);
		return false;
	}
	w->next_chunk++;
	return frame_put_raw(
		   &w->out, JOB_BODY, buf_data(&w->chunk), w->chunk.len) == 0;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	ssize_t n;

	(void)what;
	while (w->out.len > 0 || fill(w)) {
		n = send(fd, buf_data(&w->out), w->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			buf_consume(&w->out, (size_t)n);
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		/* On any other error the reading side sees the end. */
		if (n == -1 && errno == EAGAIN)
			event_add(w->writable, NULL);
		return;
	}
}

static void
flush(struct worker *w)
{
	on_writable(w->fd, EV_WRITE, w);
}

void
worker_give(struct worker *w, struct job *j)
{
	w->state = WORKER_BUSY;
	w->job = j;
	j->worker = w;
	j->session = w->session;
	survey_init(&w->survey);
	w->is_told = false;
	w->next_chunk = 0;
	w->is_body_sent = false;
	flush(w);
}

void
worker_end_body(struct worker *w)
{
	w->job->is_body_ended = true;
	job_put_empty(&w->out, JOB_BODY_END);
	flush(w);
}

void
worker_abort(struct worker *w, const struct err *why)
{
	w->job->is_aborted = true;
	w->is_body_sent = true; /* none of it follows */
	if (why != NULL)
		w->job->ours = *why;
	if (!w->is_told)
		put_message(w);
	job_put_empty(&w->out, JOB_ABORT);
	flush(w);
}

void
worker_quit(struct worker *w)
{
	w->state = WORKER_QUITTING;
	job_put_empty(&w->out, JOB_QUIT);
	flush(w);
}

/* ---- the start -------------------------------------------------------------
 */

/* A ticket is used up by that. */
static int
put_session(struct worker *w, struct job_session *s)
{
	int rc;

	s->has_ticket = w->ticket->len > 0;
	rc = job_put_session(&w->out, s);
	if (rc == 0 && s->has_ticket)
		rc = frame_put_raw(
		    &w->out, JOB_TICKET, w->ticket->data, w->ticket->len);
	buf_wipe(w->ticket);
	return rc;
}

struct worker *
worker_new(struct event_base *base, struct store *s, struct ask *ask,
    const struct worker_start *start)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	int64_t closing_ms =
	    start->closing_ms == 0 ? CLOSING_MS : start->closing_ms;

	w->base = base;
	w->store = s;
	w->ask = ask;
	w->fd = start->fd;
	w->pid = start->pid;
	w->calls = start->calls;
	w->arg = start->arg;
	w->ticket = start->ticket;
	w->is_legacy = w->session.is_legacy = start->is_legacy;
	w->closing.tv_sec = (time_t)(closing_ms / 1000);
	w->closing.tv_usec = (suseconds_t)(closing_ms % 1000 * 1000);
	buf_init(&w->in, FRAME_MAX + FRAME_HEAD + WORKER_READ_MAX);
	buf_init(&w->out, OUT_MAX);
	buf_init(&w->chunk, CHUNK_SIZE);
	fcntl(w->fd, F_SETFL, O_NONBLOCK);
	w->readable = event_new(base, w->fd, EV_READ, worker_on_readable, w);
	w->writable = event_new(base, w->fd, EV_WRITE, on_writable, w);
	if (w->readable == NULL || w->writable == NULL)
		fatalx(EX_OSERR, "libevent: no event for deliver");
	worker_listen(w);
	if (put_session(w, start->session) == -1)
		log_text(
		    LOG_ERR, "job", "the session does not fit the channel");
	flush(w);
	return w;
}
