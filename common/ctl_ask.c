/* SPDX-License-Identifier: ISC */
/*
 * One question and its answer.  What comes back is believed only when it is
 * whole: rows up to DONE.  An answer that breaks off must never pass for a
 * short one, nor silence for an empty queue.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/ctl_ask.h"
#include "common/xalloc.h"

static int
put_request(struct buf *b, const struct ctl_request *r, struct err *e)
{
	if (ctl_put_request(b, r) == 0)
		return 0;
	return err_set(e, ERR_PERM, "5.5.4", "the request is too long");
}

static int64_t
silence_ms(const struct ctl_question *q, const struct ctl_link *l)
{
	return l->child == -1 && q->daemon_ms != 0 ? q->daemon_ms
						   : q->silence_ms;
}

/* The parent's process id, as it wrote it for its administrator; or 0. */
static long
read_pid(const char *directory)
{
	char *path = xasprintf("%s/mailchuted.pid", directory);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *why;
	char line[16];
	ssize_t n = 0;

	free(path);
	if (fd != -1) {
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return (long)strtonum(line, 1, INT32_MAX, &why);
}

static int
is_hung(const struct ctl_question *q, struct ctl_answer *out, struct err *e)
{
	long pid = read_pid(q->where.directory);

	out->is_daemon = out->is_hung = true;
	out->status = EX_TEMPFAIL;
	if (pid > 0)
		return err_set(e, ERR_TEMP, "4.4.2",
		    "mailchuted (pid %ld) does not answer", pid);
	return err_set(e, ERR_TEMP, "4.4.2", "mailchuted does not answer");
}

/* The next frame: 0, or -1 with *e; one of ours that hangs is ended. */
static int
next_frame(const struct ctl_question *q, struct ctl_link *l,
    struct ctl_answer *out, struct frame_reader *reader, struct frame *f,
    struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + silence_ms(q, l);
	int n = frame_recv(reader, f, deadline_ms, e);

	if (n == 1)
		return 0;
	if (n == 0)
		return err_set(e, ERR_TEMP, "4.4.2",
		    "mailchuted closed the connection before its answer was "
		    "complete");
	if (clock_mono_ms() >= deadline_ms) {
		if (l->child == -1)
			return is_hung(q, out, e);
		if (!ctl_link_stop(l))
			return err_set(e, ERR_TEMP, "4.4.2",
			    "mailchuted (pid %ld) is still busy, as it is when "
			    "it saves what can be read of a damaged queue; it "
			    "goes on: try again later",
			    (long)l->child);
	}
	return err_prefix(e, "asking mailchuted");
}

/* Rows up to DONE. */
static int
read_answer(const struct ctl_question *q, struct ctl_link *l,
    struct ctl_answer *out, struct err *e)
{
	struct frame_reader reader;
	struct frame f;
	int rc;

	frame_reader_init(&reader, l->fd);
	while ((rc = next_frame(q, l, out, &reader, &f, e)) == 0) {
		if (f.type == CTL_DONE) {
			rc = ctl_get_done(&f, &out->status, &out->text, e);
			break;
		}
		if ((rc = q->row(q->arg, &f, e)) == -1)
			break;
	}
	frame_reader_clear(&reader);
	return rc;
}

static int
converse(const struct ctl_question *q, struct ctl_link *l,
    struct ctl_answer *out, struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, FRAME_MAX + FRAME_HEAD);
	rc = put_request(&b, q->request, e);
	if (rc == -1) {
		out->status = EX_USAGE;
	} else {
		/*
		 * One that refuses any request answers and leaves before it
		 * has read ours.  So the answer is read whether or not the
		 * request could be sent, and tells better what is wrong.
		 */
		(void)frame_send(
		    l->fd, &b, clock_mono_ms() + silence_ms(q, l), e);
		rc = read_answer(q, l, out, e);
	}
	buf_clear(&b);
	return rc;
}

/*
 * What was started ended without an answer: the exit status for that.  It has
 * said why on stderr, but for what only its caller can explain.
 */
static int
explain_end(const struct ctl_question *q, int ended, struct err *e)
{
	switch (ended) {
	case CTL_EXIT_NOT_THERE:
		err_set(e, ERR_LOCAL, "5.3.5",
		    "no mailchuted runs, and %s cannot be started in its place",
		    q->where.program);
		return EX_UNAVAILABLE;
	case EX_NOPERM:
		err_set(e, ERR_LOCAL, "5.7.1",
		    "no mailchuted runs, and without one only root and the "
		    "queue's own user may use the queue");
		return EX_UNAVAILABLE;
	case EX_CONFIG:
		err_set(e, ERR_LOCAL, "5.3.5",
		    "no mailchuted runs, and the one started in its place "
		    "found errors in the configuration");
		return EX_CONFIG;
	case EX_UNAVAILABLE:
		return EX_UNAVAILABLE;
	default:
		return EX_TEMPFAIL;
	}
}

/* A queue run of our own is asked nothing; how it ended is the answer. */
static int
await_run(const struct ctl_question *q, struct ctl_link *l,
    struct ctl_answer *out, struct err *e)
{
	int ended = ctl_link_close(l);

	out->status = EX_OK;
	if (ended == EX_OK)
		return 0;
	err_set(
	    e, ERR_TEMP, "4.3.0", "the queue run ended with status %d", ended);
	out->status = explain_end(q, ended, e);
	return -1;
}

int
ctl_ask(const struct ctl_question *q, struct ctl_answer *out, struct err *e)
{
	struct ctl_link l;
	bool is_ours;
	int rc, ended;

	memset(out, 0, sizeof(*out));
	out->status = EX_UNAVAILABLE;
	if (ctl_link_open(&l, &q->where, e) == -1)
		return l.is_stuck ? is_hung(q, out, e) : -1;
	is_ours = l.child != -1;
	out->is_daemon = !is_ours;
	if (is_ours && q->where.start == CTL_START_ONCE)
		return await_run(q, &l, out, e);
	out->status = EX_TEMPFAIL;
	rc = converse(q, &l, out, e);
	ended = ctl_link_close(&l);
	if (rc == -1 && is_ours && out->status == EX_TEMPFAIL)
		out->status = explain_end(q, ended, e);
	return rc;
}

const char *
ctl_answer_reason(const struct ctl_answer *a)
{
	return a->text == NULL || *a->text == '\0' ? "mailchuted gave no reason"
						   : a->text;
}
