/* SPDX-License-Identifier: ISC */
/* mailchuted's part of a dialogue: the job channel and the secret channel. */
#include "config.h"

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/xalloc.h"
#include "mail/look.h"

#include "tests/dialog/script.h"

/* ---- mailchuted's part ---- */

/* What the queue tells of a large body. */
static void
survey(struct script *s, struct job_message *m)
{
	struct look l;

	look_init(&l);
	if (m->size > JOB_WHOLE_MAX)
		look_put(&l, buf_data(&s->body), s->body.len);
	look_end(&l);
	m->eight_at = l.eight_at;
	m->wrong_at = l.wrong_at;
	m->long_at = l.long_at;
	m->is_twice = s->is_twice = job_is_twice(m, &s->ready);
}

/* A message of the current text, with what "set" gave; to be completed. */
static void
begin_message(struct script *s, const char *sender, struct job_message *m)
{
	const struct envelope *env = &s->message.env;

	memset(m, 0, sizeof(*m));
	strlcpy(m->queue_id, "0123456789AB", sizeof(m->queue_id));
	m->size = s->body.len;
	m->env.sender = xstrdup(sender);
	survey(s, m);
	m->env.ret = env->ret;
	m->env.envid = env->envid == NULL ? NULL : xstrdup(env->envid);
}

static struct envelope_rcpt *
add_rcpt(struct job_message *m, const char *address)
{
	size_t n = m->env.nrcpts;

	m->rcpt_ids = xreallocarray(m->rcpt_ids, n + 1, sizeof(*m->rcpt_ids));
	m->rcpt_ids[n] = n + 1;
	return envelope_add(&m->env, address);
}

static int
put_and_clear(struct script *s, struct job_message *m)
{
	int rc = job_put_message(&s->stage.job.out, m);

	job_message_clear(m);
	return rc;
}

/* "message SENDER RCPT[,NOTIFY[,ORCPT]]...": recipients are numbered from 1. */
static int
put_message(struct script *s, char **args, size_t n)
{
	struct envelope_rcpt *r;
	struct job_message m;
	char *notify;
	size_t i;

	begin_message(s, strcmp(args[0], "<>") == 0 ? "" : args[0], &m);
	for (i = 1; i < n; i++) {
		r = add_rcpt(&m, strsep(&args[i], ","));
		if ((notify = strsep(&args[i], ",")) != NULL)
			r->notify = (unsigned)strtonum(notify, 0, 15, NULL);
		if (args[i] != NULL)
			r->orcpt = xstrdup(args[i]);
	}
	return put_and_clear(s, &m);
}

static int
put_many(struct script *s, size_t count)
{
	struct job_message m;
	char address[64];
	size_t i;

	begin_message(s, "a@example.com", &m);
	for (i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "r%zu@example.net", i + 1);
		add_rcpt(&m, address);
	}
	return put_and_clear(s, &m);
}

static int
put_body(struct script *s, size_t from, size_t to)
{
	struct buf *b = &s->body;
	size_t n;

	for (; from < to; from += n) {
		n = to - from < FRAME_RAW_MAX ? to - from : FRAME_RAW_MAX;
		if (frame_put_raw(&s->stage.job.out, JOB_BODY,
			buf_data(b) + from, n) == -1)
			return -1;
	}
	return 0;
}

/* All of it, and before that once more when it was said to come twice. */
static int
put_whole(struct script *s)
{
	struct buf *out = &s->stage.job.out;

	if (s->is_twice && (put_body(s, 0, s->body.len) == -1 ||
			       job_put_empty(out, JOB_BODY_AGAIN) == -1))
		return -1;
	return put_body(s, 0, s->body.len) == -1
		   ? -1
		   : job_put_empty(out, JOB_BODY_END);
}

int
mailchuted_does(struct script *s, char *text)
{
	char *args[ARGS_MAX];
	size_t n = script_split(text, args), half = s->body.len / 2;
	struct buf *out = &s->stage.job.out;
	int rc = -1;

	if (n == 0)
		return fail(&s->stage, "nothing to do");
	if (strcmp(args[0], "message") == 0 && n > 1)
		rc = put_message(s, args + 1, n - 1);
	else if (strcmp(args[0], "many") == 0 && n > 1)
		rc = put_many(s, (size_t)strtonum(args[1], 1, 9999, NULL));
	else if (strcmp(args[0], "body") == 0)
		rc = put_whole(s);
	else if (strcmp(args[0], "text") == 0) /* all of it, but no end */
		rc = put_body(s, 0, s->body.len);
	else if (strcmp(args[0], "half") == 0)
		rc = put_body(s, 0, half);
	else if (strcmp(args[0], "rest") == 0)
		rc = put_body(s, half, s->body.len) == -1
			 ? -1
			 : job_put_empty(out, JOB_BODY_END);
	else if (strcmp(args[0], "end") == 0)
		rc = job_put_empty(out, JOB_BODY_END);
	else if (strcmp(args[0], "abort") == 0)
		rc = job_put_empty(out, JOB_ABORT);
	else if (strcmp(args[0], "quit") == 0)
		rc = job_put_empty(out, JOB_QUIT);
	else if (strcmp(args[0], "garbage") == 0)
		rc = buf_append(out, "\xff\xff\xff\xff\xff\xff", 6);
	else if (strcmp(args[0], "close") == 0) {
		shutdown(s->stage.job.fd, SHUT_WR);
		return 0;
	}
	if (rc == -1)
		return fail(&s->stage, "the queue cannot %s", args[0]);
	return job_queue(&s->stage);
}

/* ---- what deliver tells ---- */

static const char *const outcomes[] = { "", "delivered", "deferred", "rejected",
	"uncertain", "untried", NULL };
static const char *const scopes[] = { "", "connection", "account", "message",
	"recipient", NULL };

/* "OUTCOME SCOPE CODE [TEXT]": TEXT is part of text, meaning or fix. */
static int
compare(struct script *s, const struct job_result *r, char **args, size_t n,
    const char *text)
{
	char got[1600];

	snprintf(got, sizeof(got), "%s %s %u %s %s | %s | %s | %s",
	    outcomes[r->outcome], scopes[r->scope], r->code, r->status, r->text,
	    r->phase, r->meaning, r->fix);
	if (n < 3 || strcmp(args[0], outcomes[r->outcome]) != 0 ||
	    strcmp(args[1], scopes[r->scope]) != 0 ||
	    (unsigned)strtonum(args[2], 0, 999, NULL) != r->code ||
	    strstr(got, text) == NULL)
		return fail(&s->stage, "deliver told: %s", got);
	return 0;
}

/* From READY on, deliver is in its sandbox, where the system has one. */
static int
check_sandbox(struct script *s)
{
	char path[64], line[256];
	int found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", s->stage.pid);
	if (s->session.sandbox != SANDBOX_STRICT ||
	    (f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Seccomp:", 8) == 0)
			found = strstr(line, "2") == NULL ? 0 : 1;
	fclose(f);
	return found == 0 ? fail(&s->stage, "deliver is in no sandbox") : 0;
}

static int
expect_ready(struct script *s, const struct frame *f, const char *text)
{
	struct job_ready r;
	char got[2048];
	struct err e;

	if (job_get_ready(f, &r, &e) == -1)
		return fail(&s->stage, "%s", e.text);
	s->ready = r;
	snprintf(got, sizeof(got),
	    "%s %s tls=%s size=%llu dsn=%d took=(%s) refused=(%s) %s %u %s "
	    "%s",
	    r.relay, r.address, r.tls, (unsigned long long)r.size_max, r.dsn,
	    r.probe.took, r.probe.sender, r.probe.phase, r.probe.code,
	    r.probe.status, r.probe.meaning);
	return strstr(got, text) != NULL
		   ? check_sandbox(s)
		   : fail(&s->stage, "deliver told: %s", got);
}

static int
unexpected(struct script *s, const struct frame *f)
{
	struct job_ready sofar;
	struct job_result r;
	struct err e;

	memset(&r, 0, sizeof(r));
	if (job_get_failed(f, &r, &sofar, &e) == -1 &&
	    job_get_closed(f, &r, &e) == -1)
		(void)job_get_result(f, &r, &e);
	return fail(&s->stage, "deliver sent frame %u: %s", f->type, r.text);
}

/*
 * "ready [TEXT]", "result RCPT OUTCOME SCOPE CODE [TEXT]", "done", "closed
 * OUTCOME SCOPE CODE [TEXT]", "failed OUTCOME SCOPE CODE [TEXT]"
 */
int
mailchuted_is_told(struct script *s, char *text)
{
	char *args[ARGS_MAX], *quoted = strchr(text, '"'), *end;
	const char *part = "";
	struct job_ready sofar;
	struct job_result r;
	struct job_done d;
	struct frame f;
	struct err e;
	size_t n;

	if (quoted != NULL) {
		*quoted++ = '\0';
		if ((end = strrchr(quoted, '"')) != NULL)
			*end = '\0';
		part = quoted;
	}
	n = script_split(text, args);
	do {
		if (job_frame(&s->stage, &f) == -1)
			return -1;
	} while (f.type == JOB_TICKET); /* tests/unit/tls.c has those */
	if (strcmp(args[0], "ready") == 0 && f.type == JOB_READY)
		return expect_ready(s, &f, part);
	if (strcmp(args[0], "done") == 0 && f.type == JOB_MESSAGE_DONE)
		return job_get_done(&f, &d, &e);
	if (strcmp(args[0], "result") == 0 && f.type == JOB_RESULT && n > 1) {
		if (job_get_result(&f, &r, &e) == -1)
			return fail(&s->stage, "%s", e.text);
		if (r.rcpt != (uint64_t)strtonum(args[1], 1, 99999, NULL))
			return fail(&s->stage, "a result of recipient %llu",
			    (unsigned long long)r.rcpt);
		return compare(s, &r, args + 2, n - 2, part);
	}
	if (strcmp(args[0], "closed") == 0 && f.type == JOB_CLOSED)
		return job_get_closed(&f, &r, &e) == -1
			   ? fail(&s->stage, "%s", e.text)
			   : compare(s, &r, args + 1, n - 1, part);
	if (strcmp(args[0], "failed") == 0 && f.type == JOB_FAILED)
		return job_get_failed(&f, &r, &sofar, &e) == -1
			   ? fail(&s->stage, "%s", e.text)
			   : compare(s, &r, args + 1, n - 1, part);
	return unexpected(s, &f);
}

/* "delivered FROM TO": that many results, alike, in order. */
int
mailchuted_is_told_all(struct script *s, char *text)
{
	char line[256], *args[ARGS_MAX];
	long i, last;
	size_t n = script_split(text, args);

	if (n < 5)
		return fail(&s->stage, "results FROM TO OUTCOME SCOPE CODE");
	last = (long)strtonum(args[1], 1, 99999, NULL);
	for (i = (long)strtonum(args[0], 1, 99999, NULL); i <= last; i++) {
		snprintf(line, sizeof(line), "result %ld %s %s %s", i, args[2],
		    args[3], args[4]);
		if (mailchuted_is_told(s, line) == -1)
			return -1;
	}
	return 0;
}

/* Answers a request for the secret: with it, or with this reason. */
int
mailchuted_gives_secret(struct script *s, const char *reason)
{
	char c, *secret;
	struct err e;
	int fd[2];
	size_t n;

	s->secret_was_asked = true;
	if (recv(s->stage.secret, &c, 1, 0) != 1 || c != 'S')
		return fail(&s->stage, "deliver did not ask for the secret");
	if (*reason != '\0')
		return fdpass_send(
		    s->stage.secret, -1, reason, clock_mono_ms() + WAIT_MS, &e);
	secret = xstrdup(s->secret == NULL ? "" : s->secret);
	n = script_unescape(secret);
	/* A pipe holds 64 KiB before anybody reads. */
	if (pipe(fd) == -1 || write(fd[1], secret, n) != (ssize_t)n) {
		free(secret);
		return fail(&s->stage, "pipe");
	}
	free(secret);
	close(fd[1]);
	if (fdpass_send(s->stage.secret, fd[0], "", clock_mono_ms() + WAIT_MS,
		&e) == -1)
		return fail(&s->stage, "%s", e.text);
	close(fd[0]);
	return 0;
}
