/* SPDX-License-Identifier: ISC */
/*
 * The job channel to one deliver process: what we hear, and how it ends.
 *
 * The session is over with FAILED, CLOSED or REFUSED, or by a fault, and is
 * told once (closed).  The process may still be saying QUIT to the server; it
 * is gone with the end of the channel, and told of then (gone).
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "queue/ask.h"
#include "queue/worker_priv.h"

/*
 * deliver keeps deadlines of its own for every phase.  A process that says
 * nothing for longer than all of them together is stuck, and is killed.
 */
#define STUCK_S (45 * 60)

/* The program on disk may not be the one that belongs to us. */
#define RESTART " If mailchute was just upgraded, restart mailchuted."

/* ---- the end ---------------------------------------------------------------
 */

/* How long the process may be silent now; NULL: for ever. */
void
worker_listen(struct worker *w)
{
	static const struct timeval stuck = { .tv_sec = STUCK_S };

	event_add(w->readable, w->state == WORKER_IDLE      ? NULL
			       : w->state == WORKER_CLOSING ? &w->closing
							    : &stuck);
}

/* The session is over: told once.  The connection is there until the EOF. */
static void
end_session(struct worker *w, const struct job_result *why)
{
	struct job *j = w->job;

	w->job = NULL;
	w->state = WORKER_CLOSING;
	buf_truncate(&w->out, 0);
	event_del(w->writable);
	if (j != NULL) {
		j->worker = NULL;
		j->is_over = true;
		j->end = *why;
	}
	w->calls->closed(w->arg, w, j, why);
}

static void
end_broken(struct worker *w, const char *text)
{
	struct job_result why = { .outcome = JOB_DEFERRED,
		.scope = JOB_SCOPE_CONNECTION };

	if (w->state == WORKER_CLOSING)
		return;
	strlcpy(why.status, "4.3.0", sizeof(why.status));
	strlcpy(why.text, text, sizeof(why.text));
	strlcpy(why.meaning,
	    "The program that delivers failed; the server is not to blame.",
	    sizeof(why.meaning));
	strlcpy(why.fix,
	    "Nothing to do: it is tried again by itself. If it lasts, look "
	    "into the log of mailchuted.",
	    sizeof(why.fix));
	if (!w->was_ready)
		strlcat(why.fix, RESTART, sizeof(why.fix));
	end_session(w, &why);
}

/* The EOF comes of it, and is waited for. */
static void
end_process(struct worker *w, const char *text)
{
	w->is_killed = true;
	ask_kill(w->ask, w->pid);
	end_broken(w, text);
	worker_listen(w);
}

static void
end_worker(struct worker *w)
{
	end_broken(w, "deliver ended without a word; see the log");
	w->calls->gone(w->arg, w);
	worker_free(w);
}

/* ---- reading ---------------------------------------------------------------
 */

/* Each returns 0, or -1 when deliver broke the contract. */
static int
take_ready(struct worker *w, const struct frame *f, struct err *e)
{
	if (w->state != WORKER_STARTING ||
	    job_get_ready(f, &w->session, e) == -1)
		return -1;
	w->session.is_legacy = w->is_legacy;
	w->state = WORKER_IDLE;
	w->was_ready = true;
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
	w->session.is_legacy = w->is_legacy;
	end_session(w, &why);
	return 0;
}

/* It does not know what we say: nothing of ours can go out by it. */
static int
take_refused(struct worker *w, const struct frame *f, struct err *e)
{
	char text[ERR_TEXT_MAX];

	if (w->state != WORKER_STARTING || job_get_refused(f, text, e) == -1)
		return -1;
	end_broken(w, text);
	return 0;
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

	if (w->state == WORKER_CLOSING || job_get_closed(f, &why, e) == -1)
		return -1;
	/* It says a result for each message that it began to send. */
	if (w->job != NULL)
		w->job->is_body_ended = false;
	end_session(w, &why);
	return 0;
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
take_frames(struct worker *w)
{
	struct frame f;
	struct err e;
	ssize_t n;

	for (;;) {
		err_set(&e, ERR_LOCAL, "4.3.0", "what came is no frame");
		n = frame_parse(buf_data(&w->in), w->in.len, &f);
		if (n <= 0)
			break;
		/* The payload lies in the buffer, untouched by the calls. */
		if (take_frame(w, &f, &e) == -1) {
			n = -1;
			break;
		}
		buf_consume(&w->in, (size_t)n);
	}
	if (n == -1) {
		log_event(LOG_ERR, "job", "text", e.text, NULL);
		buf_truncate(&w->in, 0);
		end_process(w, "deliver broke the protocol and was ended");
	}
}

void
worker_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	ssize_t n;
	char *to;

	if ((what & EV_TIMEOUT) != 0 && !w->is_killed) {
		end_process(w, "deliver did not answer and was ended");
		return;
	}
	to = (what & EV_TIMEOUT) != 0 ? NULL
				      : buf_reserve(&w->in, WORKER_READ_MAX);
	n = to == NULL ? 0 : read(fd, to, WORKER_READ_MAX);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		end_worker(w);
		return;
	}
	if (n > 0) {
		buf_grew(&w->in, (size_t)n);
		take_frames(w);
	}
	worker_listen(w);
}
