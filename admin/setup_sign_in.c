/* SPDX-License-Identifier: ISC */
/*
 * Signing in to the mail server as mailchuted will, by the program deliver; no
 * message is sent.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "admin/child.h"
#include "admin/setup.h"
#include "common/clock.h"
#include "common/fdpass.h"
#include "common/job_session.h"

#define PROGRAM     PATH_LIBEXEC "/deliver"
#define PASS_MS     1000
#define REQUEST_MAX 65536
#define DEADLINE_MS 180000 /* some addresses, 30 s each */
#define LINGER_MS   1000

struct trying {
	struct setup *s;
	bool is_ready;
	struct job_result why;
	struct job_ready sofar;
};

/* It asks for the token, or for the password. */
static int
serve(void *arg, char octet, int sock)
{
	const struct trying *t = arg;
	const struct setup *s = t->s;
	struct err why;
	char text[ERR_TEXT_MAX + 2];
	int fd, rc;

	if (octet != 'S')
		return -1;
	if (s->a.way == WAY_PASSWORD) {
		fd = setup_file_open(s, &s->a.secret, &why);
	} else {
		/* Its place in the memory is where token stopped to write. */
		fd = dup(s->token.fd);
		if (fd == -1 || lseek(fd, 0, SEEK_SET) == -1)
			err_errno(&why, ERR_TEMP, "4.3.0", "the token");
	}
	if (fd == -1)
		snprintf(text, sizeof(text), "%c %s", SECRET_NEVER, why.text);
	rc = fdpass_send(sock, fd, fd == -1 ? text : "the answer",
	    clock_mono_ms() + PASS_MS, NULL);
	if (fd != -1)
		close(fd);
	return rc;
}

static int
quit(int channel)
{
	struct buf b;
	int rc;

	buf_init(&b, FRAME_HEAD);
	rc = job_put_empty(&b, JOB_QUIT);
	if (rc == 0)
		rc = frame_send(channel, &b, clock_mono_ms() + PASS_MS, NULL);
	buf_clear(&b);
	return rc;
}

static int
hear(void *arg, const struct frame *f, int channel, struct err *e)
{
	struct trying *t = arg;
	char text[ERR_TEXT_MAX];

	switch (f->type) {
	case JOB_TICKET:
		return 0;
	case JOB_READY:
		if (job_get_ready(f, &t->sofar, e) == -1)
			return -1;
		t->is_ready = true;
		/* The server hears a QUIT, and counts no broken connection. */
		return quit(channel) == -1 ? 1 : 0;
	case JOB_FAILED:
		return job_get_failed(f, &t->why, &t->sofar, e) == -1 ? -1 : 1;
	case JOB_CLOSED:
		return 1;
	case JOB_REFUSED:
		if (job_get_refused(f, text, e) == 0)
			err_set(e, ERR_LOCAL, "5.3.5",
			    PROGRAM " is of another version: %s", text);
		return -1;
	default:
		return err_set(e, ERR_TEMP, "4.3.0",
		    PROGRAM " says what is not known here");
	}
}

int
setup_sign_in(struct setup *s, const struct conf *c, struct setup_finding *f)
{
	struct trying t = { .s = s };
	struct child child = { .program = PROGRAM,
		.uid = s->uid,
		.gid = s->gid,
		.deadline_ms = clock_mono_ms() + DEADLINE_MS,
		.octet = serve,
		.frame = hear,
		.arg = &t };
	struct job_session session;
	struct buf first;
	struct err e;
	int rc;

	session_describe(c, setup_account(s, c), &session);
	session.linger_ms = LINGER_MS;
	session.patience_ms = JOB_PATIENCE_MS;
	buf_init(&first, REQUEST_MAX);
	child.first = &first;
	if ((rc = job_put_session(&first, &session)) == -1)
		err_set(&e, ERR_LOCAL, "5.3.5", "the session is too large");
	else
		rc = child_run(&child, &s->d, &e);
	job_session_clear(&session);
	buf_clear(&first);
	/* It may end before it has read our QUIT. */
	if (t.is_ready)
		return 0;
	if (rc == 0) {
		setup_judge_sign_in(&s->a, &t.why, f);
	} else {
		memset(f, 0, sizeof(*f));
		strlcpy(f->step, "this host", sizeof(f->step));
		strlcpy(f->text, e.text, sizeof(f->text));
	}
	return -1;
}
