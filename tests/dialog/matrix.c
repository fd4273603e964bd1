/* SPDX-License-Identifier: ISC */
/*
 * Plays each bad reply of matrix_table.c in each place of a session with the
 * built deliver, and says TAP, one result a place:
 *
 *	matrix DELIVER CERTIFICATES [PLACE]
 *
 * Of each cell it judges what the queue is told (and so what becomes of the
 * message and of the account), how many whole messages the server got, whether
 * the password went where it must not, and what stands in the log.
 */
#include "config.h"

#include <sys/mman.h>

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"
#include "common/xalloc.h"

#include "tests/dialog/matrix.h"

#define PASSWORD     "hunter2"
#define PASSWORD_B64 "aHVudGVyMg"

struct cell {
	struct script s;
	enum place at;
	const struct fault *fault;
	bool in_data; /* the server reads a message */
	unsigned copies;
	bool is_over; /* FAILED or CLOSED was told */
	char result[64], end[64], text[ERR_TEXT_MAX];
};

static bool
is_flight(enum place at)
{
	return at >= FLIGHT_MAIL;
}

static int
say(struct cell *c, const char *octets)
{
	return server_send(&c->s.stage, octets, strlen(octets));
}

static int
hear(struct cell *c, const char *line)
{
	return server_is_told(&c->s, line, true);
}

static int
play(struct cell *c, int (*word)(struct script *s, char *text), const char *t)
{
	char text[256];

	strlcpy(text, t, sizeof(text));
	return word(&c->s, text);
}

/* ---- the way to the place ---- */

static int
set_up(struct cell *c, const char *program, const char *certificates)
{
	static const char *const settings[][2] = { { "tls", "starttls" },
		{ "auth", "login" }, { "user", "alerts@contoso.com" },
		{ "senders", "*" }, { "secret", PASSWORD "\\n" } };
	char text[64];
	size_t i;

	c->s.program = program;
	c->s.certificates = certificates;
	if (stage_listen(&c->s.stage) == -1)
		return -1;
	c->s.stage.log = memfd_create("log", 0);
	script_defaults(&c->s);
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		strlcpy(text, settings[i][1], sizeof(text));
		if (script_set(&c->s, settings[i][0], text) == -1)
			return -1;
	}
	return script_launch(&c->s) == -1 ? -1 : server_accept(&c->s.stage);
}

static int
hand_over(struct cell *c)
{
	if (play(c, mailchuted_does, "message a@example.com b@example.net") ==
	    -1)
		return -1;
	return play(c, mailchuted_does, "body");
}

/* What goes before the fault in this step: what the server hears. */
static int
listen_at(struct cell *c, enum place step)
{
	switch (step) {
	case GREETING:
		return 0;
	case AUTH:
		if (mailchuted_gives_secret(&c->s, "") == -1)
			return -1;
		break;
	case MAIL:
		if (play(c, mailchuted_is_told, "ready") == -1 ||
		    hand_over(c) == -1)
			return -1;
		break;
	case MAIL_AGAIN:
	case QUIT:
		if (play(c, mailchuted_is_told,
			"result 1 delivered message 250") == -1 ||
		    play(c, mailchuted_is_told, "done") == -1)
			return -1;
		if (step == MAIL_AGAIN ? hand_over(c) == -1
				       : play(c, mailchuted_does, "quit") == -1)
			return -1;
		break;
	case DOT:
		if (server_is_told_text(&c->s, NULL) == -1 ||
		    hear(c, ".") == -1)
			return -1;
		c->copies++;
		return 0;
	case EHLO:
	case STARTTLS:
	case EHLO_TLS:
	case AUTH_USER:
	case AUTH_PASSWORD:
	case RCPT:
	case DATA:
		break;
	case FLIGHT_MAIL:
	case FLIGHT_RCPT:
	case FLIGHT_DOT:
		return 0;
	}
	return hear(c, matrix_steps[step].hears);
}

/* MAIL, RCPT and the message in one flight; all of it is there. */
static int
take_flight(struct cell *c)
{
	if (play(c, mailchuted_is_told, "ready") == -1 || hand_over(c) == -1 ||
	    hear(c, "MAIL FROM:<a@example.com>") == -1 ||
	    hear(c, "RCPT TO:<b@example.net>") == -1 ||
	    hear(c, "BDAT 42 LAST") == -1 ||
	    server_octets(&c->s.stage, 42) == -1)
		return -1;
	c->copies++;
	return 0;
}

static int
go_on(struct cell *c, enum place step)
{
	const char *good = matrix_steps[step].good;
	char tls[] = "tls";

	if (is_flight(c->at) && step == EHLO_TLS)
		good = "250-server.example\r\n250-PIPELINING\r\n250-CHUNKING"
		       "\r\n250 AUTH LOGIN\r\n";
	if (say(c, good) == -1)
		return -1;
	return step == STARTTLS ? server_does(&c->s, tls) : 0;
}

static int
walk(struct cell *c)
{
	enum place last = is_flight(c->at) ? AUTH_PASSWORD : c->at, step;

	/* MAIL_AGAIN and QUIT both follow the dot. */
	for (step = GREETING; step < last; step++)
		if (step != MAIL_AGAIN &&
		    (listen_at(c, step) == -1 || go_on(c, step) == -1))
			return -1;
	if (listen_at(c, last) == -1)
		return -1;
	if (!is_flight(c->at))
		return 0;
	if (go_on(c, last) == -1 || take_flight(c) == -1)
		return -1;
	for (step = FLIGHT_MAIL; step < c->at; step++)
		if (go_on(c, step) == -1)
			return -1;
	return 0;
}

/* ---- the fault ---- */

/* deliver may hang up in the middle of it. */
static void
strike(struct cell *c)
{
	const struct fault *f = c->fault;
	const char *good = matrix_steps[c->at].good;
	struct buf b;
	unsigned i;

	buf_init(&b, 256 * 1024);
	if (f->kind == TWICE) {
		buf_printf(&b, "%s250 extra\r\n", good);
		c->in_data = c->at == DATA;
	} else if (f->kind == WRONG) {
		buf_puts(&b, good[0] == '3' ? "250 ok\r\n" : "354 go on\r\n");
	} else {
		for (i = 0; i == 0 || i < f->repeat; i++)
			buf_append(&b, f->octets, f->n);
	}
	(void)server_send(&c->s.stage, buf_data(&b), b.len);
	buf_clear(&b);
	/* It goes on to sign in, and is stopped there. */
	if (f->kind == TWICE && c->at == EHLO_TLS)
		(void)mailchuted_gives_secret(&c->s, "");
	/* The replies to what was in flight behind it. */
	if (f->after != STAYS)
		server_close(&c->s.stage, f->after == RESETS);
	else if (f->kind == REFUSED || f->kind == TWICE)
		for (i = c->at; i >= FLIGHT_MAIL && i < FLIGHT_DOT; i++)
			(void)say(c, f->kind == TWICE ? "250 ok\r\n"
						      : "503 5.5.1 no\r\n");
}

/* ---- what follows ---- */

/* As a server that is well again. */
static void
answer(struct cell *c, const char *line)
{
	if (c->in_data) {
		if (strcmp(line, ".") != 0)
			return;
		c->in_data = false;
		c->copies++;
		(void)say(c, "250 2.0.0 OK\r\n");
	} else if (strcmp(line, "DATA") == 0) {
		c->in_data = true;
		(void)say(c, "354 go on\r\n");
	} else if (strcmp(line, "QUIT") == 0) {
		(void)say(c, "221 bye\r\n");
	} else if (strncmp(line, "AUTH", 4) == 0) {
		(void)say(c, "334 VXNlcm5hbWU6\r\n");
	} else {
		(void)say(c, "250 ok\r\n");
	}
}

static bool
answer_next(struct cell *c)
{
	struct buf *in = &c->s.stage.server.in;
	char line[SCRIPT_LINE_MAX];

	if (c->s.stage.server.fd == -1 || in->len == 0 ||
	    memchr(in->data, '\n', in->len) == NULL ||
	    server_line(&c->s.stage, line, sizeof(line)) == -1)
		return false;
	answer(c, line);
	return true;
}

static void
note(struct cell *c, char *to, const char *how, const struct job_result *r)
{
	static const char *const outcomes[] = { "", "delivered", "deferred",
		"rejected", "uncertain", "untried" };
	static const char *const scopes[] = { "", "connection", "account",
		"message", "recipient" };

	snprintf(to, sizeof(c->result), "%s%s %s %u", how, outcomes[r->outcome],
	    scopes[r->scope], r->code);
	if (r->outcome != JOB_UNTRIED)
		strlcpy(c->text, r->text, sizeof(c->text));
}

static int
take_frame(struct cell *c)
{
	struct job_ready sofar;
	struct job_result r;
	struct frame f;
	struct err e;

	if (job_frame(&c->s.stage, &f) == -1)
		return -1;
	if (f.type == JOB_RESULT && job_get_result(&f, &r, &e) == 0)
		note(c, c->result, "", &r);
	else if (f.type == JOB_MESSAGE_DONE && c->fault->kind != TWICE)
		return play(c, mailchuted_does, "quit");
	else if (f.type == JOB_CLOSED && job_get_closed(&f, &r, &e) == 0)
		note(c, c->end, "closed ", &r);
	else if (f.type == JOB_FAILED &&
		 job_get_failed(&f, &r, &sofar, &e) == 0)
		note(c, c->end, "failed ", &r);
	c->is_over = c->end[0] != '\0';
	return 0;
}

static int
see_it_through(struct cell *c)
{
	struct stage *s = &c->s.stage;
	struct frame f;

	while (!c->is_over) {
		if (answer_next(c))
			continue;
		if (frame_parse(buf_data(&s->job.in) + s->job.used,
			s->job.in.len - s->job.used, &f) > 0) {
			if (take_frame(c) == -1)
				return -1;
		} else if (s->job.ended)
			return fail(s, "deliver ended without a word");
		else if (stage_wait(s) == -1)
			return -1;
	}
	/* What it said until it hung up counts, too. */
	while (s->server.fd != -1 && !s->server.ended && !s->job.ended)
		if (!answer_next(c) && stage_wait(s) == -1)
			return -1;
	server_close(s, false);
	return script_finish(&c->s);
}

/* ---- the verdict ---- */

static bool
holds(const struct buf *b, const char *part)
{
	return b->len > 0 && memmem(b->data, b->len, part, strlen(part));
}

static int
judge_secret(struct cell *c)
{
	const struct stage *s = &c->s.stage;

	if (holds(&s->clear, PASSWORD) || holds(&s->clear, PASSWORD_B64))
		return fail(&c->s.stage, "the password went without TLS");
	/* The right prompt comes, with one word too many. */
	if (c->at == AUTH_USER && c->fault->kind == TWICE)
		return 0;
	if (c->at < AUTH_PASSWORD &&
	    (holds(&s->told, PASSWORD) || holds(&s->told, PASSWORD_B64)))
		return fail(&c->s.stage, "the password went too early");
	return 0;
}

/* Nothing steers a terminal, nothing forges a line, nothing is secret. */
static int
judge_text(struct cell *c, const char *what, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != '\n' && iscntrl((unsigned char)p[i]))
			return fail(&c->s.stage, "%s has a control: %.*s", what,
			    (int)n, p);
	if (memmem(p, n, PASSWORD, strlen(PASSWORD)) != NULL ||
	    memmem(p, n, PASSWORD_B64, strlen(PASSWORD_B64)) != NULL)
		return fail(&c->s.stage, "%s has the password", what);
	return 0;
}

static int
judge_log(struct cell *c)
{
	static char log[256 * 1024];
	ssize_t n = pread(c->s.stage.log, log, sizeof(log), 0);
	size_t i, lines = 0, events = 0;

	if (n < 0)
		return fail(&c->s.stage, "no log");
	for (i = 0; i < (size_t)n; i++) {
		lines += log[i] == '\n';
		events += strncmp(log + i, "event=", 6) == 0 && i > 0 &&
			  log[i - 1] == ' ';
	}
	if (lines != events)
		return fail(&c->s.stage, "%zu lines of %zu events: %.*s", lines,
		    events, (int)n, log);
	/* C1 controls, which some terminals obey, stay in a text alone. */
	if (!utf8_is_valid(log, (size_t)n) ||
	    memmem(log, (size_t)n, "\xc2\x9b", 2) != NULL)
		return fail(
		    &c->s.stage, "the log is no text: %.*s", (int)n, log);
	return judge_text(c, "the log", log, (size_t)n);
}

static int
judge(struct cell *c)
{
	struct expected want = matrix_expected(c->at, c->fault->kind);
	const char *result = want.result == NULL ? "" : want.result;

	if (strcmp(c->result, result) != 0 || strcmp(c->end, want.end) != 0)
		return fail(&c->s.stage,
		    "told \"%s\", \"%s\" (%s), not \"%s\", \"%s\"", c->result,
		    c->end, c->text, result, want.end);
	if (c->copies != want.copies)
		return fail(
		    &c->s.stage, "%u copies, not %u", c->copies, want.copies);
	if (strstr(c->end, "deferred connection 0") != NULL &&
	    c->text[0] == '\0')
		return fail(&c->s.stage, "no reason is given");
	return judge_secret(c) == -1 ||
		       judge_text(c, "the text", c->text, strlen(c->text)) ==
			   -1 ||
		       judge_log(c) == -1
		   ? -1
		   : 0;
}

static int
run_cell(enum place at, const struct fault *f, char **argv)
{
	struct cell c = { .at = at, .fault = f };
	int rc = 0;

	if (set_up(&c, argv[1], argv[2]) == -1 || walk(&c) == -1)
		rc = -1;
	if (rc == 0) {
		strike(&c);
		if (see_it_through(&c) == -1 || judge(&c) == -1)
			rc = -1;
	}
	if (rc == -1)
		printf("# %s, %s: %s\n", matrix_steps[at].name, f->name,
		    c.s.stage.problem);
	close(c.s.stage.log);
	script_clear(&c.s);
	return rc;
}

int
main(int argc, char **argv)
{
	size_t i, place, cells = 0, bad, failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: matrix DELIVER CERTIFICATES [PLACE]\n");
		return 2;
	}
	/* deliver hangs up in the middle of some. */
	signal(SIGPIPE, SIG_IGN);
	for (place = 0; place < PLACES; place++) {
		if (argc > 3 && strcmp(argv[3], matrix_steps[place].name) != 0)
			continue;
		for (i = bad = 0; i < matrix_faults_n; i++, cells++)
			if (run_cell((enum place)place, &matrix_faults[i],
				argv) == -1)
				bad++;
		printf("%sok %zu - bad replies: %s, %zu faults\n",
		    bad == 0 ? "" : "not ", place + 1, matrix_steps[place].name,
		    matrix_faults_n);
		fflush(stdout);
		failed += bad;
	}
	printf("# %zu cells, %zu of them bad\n", cells, failed);
	if (argc == 3)
		printf("1..%d\n", PLACES);
	return failed == 0 ? 0 : 1;
}
