/* SPDX-License-Identifier: ISC */
/*
 * The job channel to one deliver process.
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
#include "queue/ask.h"
#include "queue/worker.h"

#define OUT_MAX  (4 * 1024 * 1024) /* envelope of 10,000 and two chunks */
#define READ_MAX (64 * 1024)

/*
 * deliver keeps deadlines of its own for every phase.  A process that says
 * nothing for longer than all of them together is stuck, and is killed.
 */
#define STUCK_S (45 * 60)

/* The program on disk may not be the one that belongs to us. */
#define RESTART " If mailchute was just upgraded, restart mailchuted."

struct worker {
	struct event_base *base;
	struct store *store;
	struct ask *ask;
	int fd;
	pid_t pid;
	const struct worker_calls *calls;
	void *arg;
	struct buf *ticket; /* the lane's */
	enum worker_state state;
	struct job_ready session;
	struct job *job;
	uint32_t next_chunk;
	bool is_body_sent;
	struct buf in, out, chunk;
	struct event *readable, *writable;
};

enum worker_state
worker_state(const struct worker *w)
{
	return w->state;
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

/* The end of the session: dispatch is told once, then the worker is freed. */
static void
finish(struct worker *w, const struct job_result *why)
{
	struct job *j = w->job;

	w->job = NULL;
	if (j != NULL) {
		j->worker = NULL;
		j->is_over = true;
		j->end = *why;
	}
	w->calls->gone(w->arg, w, j, why);
	worker_free(w);
}

static void
finish_broken(struct worker *w, const char *text)
{
	struct job_result why = { .outcome = JOB_DEFERRED,
		.scope = JOB_SCOPE_CONNECTION };

	strlcpy(why.status, "4.3.0", sizeof(why.status));
	strlcpy(why.text, text, sizeof(why.text));
	strlcpy(why.meaning,
	    "The program that delivers failed; the server is not to blame.",
	    sizeof(why.meaning));
	strlcpy(why.fix,
	    "Nothing to do: it is tried again by itself. If it lasts, look "
	    "into the log of mailchuted.",
	    sizeof(why.fix));
	if (w->state == WORKER_STARTING)
		strlcat(why.fix, RESTART, sizeof(why.fix));
	finish(w, &why);
}

/* ---- writing ---------------------------------------------------------------
 */

/* Puts the next piece of the body into out; false when there is none. */
static bool
fill(struct worker *w)
{
	struct err e;
	int got;

	if (w->job == NULL || w->is_body_sent)
		return false;
	buf_truncate(&w->chunk, 0);
	got = store_chunk_get(
	    w->store, w->job->msg.id, w->next_chunk, &w->chunk, &e);
	if (got == -1) {
		/* Damaged mail is not sent; deliver closes without an end. */
		char id[QUEUE_ID_TEXT];

		queue_id_format(w->job->msg.id, id);
		log_event(
		    LOG_CRIT, "body-damaged", "id", id, "text", e.text, NULL);
		w->is_body_sent = true;
		w->job->is_damaged = true;
		worker_abort(w);
		return false;
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
	m.env.from = j->msg.from == NULL ? NULL : xstrdup(j->msg.from);
	m.env.body = j->msg.body;
	m.env.smtputf8 = j->msg.smtputf8;
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
}

void
worker_give(struct worker *w, struct job *j)
{
	w->state = WORKER_BUSY;
	w->job = j;
	j->worker = w;
	j->session = w->session;
	w->next_chunk = 0;
	w->is_body_sent = false;
	put_message(w);
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
worker_abort(struct worker *w)
{
	w->job->is_aborted = true;
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

/* ---- reading ---------------------------------------------------------------
 */

/*
 * Each returns 0 to read on, 1 when the worker is freed, -1 when deliver
 * broke the contract.
 */
static int
take_ready(struct worker *w, const struct frame *f, struct err *e)
{
	if (w->state != WORKER_STARTING ||
	    job_get_ready(f, &w->session, e) == -1)
		return -1;
	w->state = WORKER_IDLE;
	w->calls->ready(w->arg, w);
	return 0;
}

/* For the next deliver of the lane. */
static int
take_ticket(struct worker *w, const struct frame *f)
{
	buf_wipe(w->ticket);
	return buf_append(w->ticket, f->payload, f->len);
}

static int
take_failed(struct worker *w, const struct frame *f, struct err *e)
{
	struct job_result why;

	if (w->state != WORKER_STARTING ||
	    job_get_failed(f, &why, &w->session, e) == -1)
		return -1;
	finish(w, &why);
	return 1;
}

/* It does not know what we say: nothing of ours can go out by it. */
static int
take_refused(struct worker *w, const struct frame *f, struct err *e)
{
	char text[ERR_TEXT_MAX];

	if (w->state != WORKER_STARTING || job_get_refused(f, text, e) == -1)
		return -1;
	finish_broken(w, text);
	return 1;
}

static int
take_result(struct worker *w, const struct frame *f, struct err *e)
{
	struct job_result r;

	if (w->job == NULL || job_get_result(f, &r, e) == -1)
		return -1;
	return job_note(w->job, &r);
}

static int
take_done(struct worker *w, const struct frame *f, struct err *e)
{
	struct job *j = w->job;

	if (j == NULL || job_get_done(f, &j->times, e) == -1)
		return -1;
	w->job = NULL;
	w->state = WORKER_IDLE;
	j->worker = NULL;
	j->is_over = true;
	w->calls->done(w->arg, w, j);
	return 0;
}

static int
take_closed(struct worker *w, const struct frame *f, struct err *e)
{
	struct job_result why;

	if (job_get_closed(f, &why, e) == -1)
		return -1;
	finish(w, &why);
	return 1;
}

static int
take_frame(struct worker *w, const struct frame *f, struct err *e)
{
	err_set(e, ERR_LOCAL, "4.3.0", "frame %u is out of order", f->type);
	switch (f->type) {
	case JOB_READY:
		return take_ready(w, f, e);
	case JOB_FAILED:
		return take_failed(w, f, e);
	case JOB_RESULT:
		return take_result(w, f, e);
	case JOB_MESSAGE_DONE:
		return take_done(w, f, e);
	case JOB_CLOSED:
		return take_closed(w, f, e);
	case JOB_TICKET:
		return take_ticket(w, f);
	case JOB_REFUSED:
		return take_refused(w, f, e);
	default:
		return -1;
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval stuck = { .tv_sec = STUCK_S };
	struct worker *w = arg;
	struct frame f;
	struct err e;
	ssize_t n;
	char *to;
	int rc;

	if ((what & EV_TIMEOUT) != 0) {
		ask_kill(w->ask, w->pid);
		finish_broken(w, "deliver did not answer and was ended");
		return;
	}
	to = buf_reserve(&w->in, READ_MAX);
	n = to == NULL ? -1 : read(fd, to, READ_MAX);
	if (n == -1 && to != NULL && (errno == EAGAIN || errno == EINTR)) {
		event_add(w->readable, &stuck);
		return;
	}
	if (n <= 0) {
		finish_broken(w, "deliver ended without a word; see the log");
		return;
	}
	buf_grew(&w->in, (size_t)n);
	while ((n = frame_parse(buf_data(&w->in), w->in.len, &f)) > 0) {
		/*
		 * The payload lies in the buffer, which the calls below do
		 * not touch; a freed worker takes it along.
		 */
		if ((rc = take_frame(w, &f, &e)) == 1)
			return;
		if (rc == -1) {
			n = -1;
			break;
		}
		buf_consume(&w->in, (size_t)n);
	}
	if (n == -1) {
		log_event(LOG_ERR, "job", "text", e.text, NULL);
		ask_kill(w->ask, w->pid);
		finish_broken(w, "deliver broke the protocol and was ended");
		return;
	}
	event_add(w->readable, w->state == WORKER_IDLE ? NULL : &stuck);
}

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
	static const struct timeval stuck = { .tv_sec = STUCK_S };
	struct worker *w = xcalloc(1, sizeof(*w));

	w->base = base;
	w->store = s;
	w->ask = ask;
	w->fd = start->fd;
	w->pid = start->pid;
	w->calls = start->calls;
	w->arg = start->arg;
	w->ticket = start->ticket;
	buf_init(&w->in, FRAME_MAX + FRAME_HEAD + READ_MAX);
	buf_init(&w->out, OUT_MAX);
	buf_init(&w->chunk, CHUNK_SIZE);
	fcntl(w->fd, F_SETFL, O_NONBLOCK);
	w->readable = event_new(base, w->fd, EV_READ, on_readable, w);
	w->writable = event_new(base, w->fd, EV_WRITE, on_writable, w);
	if (w->readable == NULL || w->writable == NULL)
		fatalx(EX_OSERR, "libevent: no event for deliver");
	event_add(w->readable, &stuck);
	if (put_session(w, start->session) == -1)
		log_text(
		    LOG_ERR, "job", "the session does not fit the channel");
	flush(w);
	return w;
}
