/* SPDX-License-Identifier: ISC */
/*
 * One question to a mailchuted, whose part this very program plays when it is
 * started with an option: -C names the part.  A forked child plays the daemon
 * that runs already.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/ctl_ask.h"
#include "common/xalloc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Long enough never to strike by accident, and what must strike is short. */
#define PATIENT_MS 60000
#define HASTY_MS   50

static const char *self; /* argv[0], which has a slash in it */

/* ---- the part of mailchuted ---- */

static void
say(int fd, struct buf *b)
{
	struct err e;

	/* The client may be gone: that is for it to tell. */
	(void)frame_send(fd, b, clock_mono_ms() + PATIENT_MS, &e);
	buf_truncate(b, 0);
}

static void
read_request(int fd)
{
	struct frame_reader in;
	struct ctl_request r;
	struct frame f;
	struct err e;

	frame_reader_init(&in, fd);
	if (frame_recv(&in, &f, clock_mono_ms() + PATIENT_MS, &e) != 1 ||
	    ctl_get_request(&f, &r, &e) == -1 || r.verb != CTL_PAUSE)
		_exit(EX_SOFTWARE);
	ctl_request_clear(&r);
	frame_reader_clear(&in);
}

static void
put_rows(struct buf *b)
{
	ctl_put_said(b, "one");
	ctl_put_said(b, "two");
}

/* Each part says its words, if any, and returns the status to exit with. */
static int
whole(struct buf *b)
{
	put_rows(b);
	ctl_put_done(b, EX_OK, "");
	return EX_OK;
}

static int
no(struct buf *b)
{
	ctl_put_done(b, EX_NOPERM, "only root may");
	return EX_OK;
}

static int
early(struct buf *b)
{
	put_rows(b);
	return EX_OK;
}

static int
cut(struct buf *b)
{
	whole(b);
	buf_truncate(b, b->len - 1);
	return EX_OK;
}

static int
nonsense(struct buf *b)
{
	buf_puts(b, "220 mail.example.com ESMTP, how do you do\r\n");
	return EX_OK;
}

static int
malformed(struct buf *b)
{
	frame_put_raw(b, CTL_DONE, "x", 1);
	return EX_OK;
}

static int
refuse(struct buf *b)
{
	ctl_put_done(b, EX_TEMPFAIL, "another holds the queue");
	return EX_TEMPFAIL;
}

static const struct {
	const char *name;
	int (*act)(struct buf *b);
	bool reads; /* the request, before it says anything */
	bool hangs; /* after what it has said */
	bool stays; /* whoever asks it to end */
} parts[] = {
	{ "whole", whole, true, false, false },
	{ "no", no, true, false, false },
	{ "early", early, true, false, false },
	{ "cut", cut, true, false, false },
	{ "nonsense", nonsense, true, false, false },
	{ "malformed", malformed, true, false, false },
	{ "refuse", refuse, false, false, false },
	{ "hang", early, true, true, false },
	{ "stay", early, true, true, true },
};

/* "exit70" and the like neither read nor say anything. */
static int
play(int fd, const char *name)
{
	struct buf b;
	size_t i;
	int status;

	if (strncmp(name, "exit", 4) == 0)
		return (int)strtonum(name + 4, 0, 255, NULL);
	for (i = 0; strcmp(parts[i].name, name) != 0; i++)
		;
	buf_init(&b, FRAME_MAX);
	if (parts[i].stays)
		signal(SIGTERM, SIG_IGN);
	if (parts[i].reads)
		read_request(fd);
	status = parts[i].act(&b);
	say(fd, &b);
	while (parts[i].hangs)
		pause();
	buf_clear(&b);
	return status;
}

/* ---- asking ---- */

struct heard {
	char *rows;
	bool is_unwanted;
};

static int
hear(void *arg, const struct frame *f, struct err *e)
{
	struct heard *h = arg;
	char *line, *rows;

	if (h->is_unwanted)
		return err_set(e, ERR_LOCAL, "5.3.0", "nobody wants it");
	if ((line = ctl_get_said(f, e)) == NULL)
		return -1;
	rows = xasprintf("%s%s.", h->rows == NULL ? "" : h->rows, line);
	free(line);
	free(h->rows);
	h->rows = rows;
	return 0;
}

/* A question to one that is started to play that part. */
static struct ctl_question
question(const char *part, struct heard *h)
{
	static const struct ctl_request request = { .verb = CTL_PAUSE };

	memset(h, 0, sizeof(*h));
	return (struct ctl_question){
		.where = { .directory = "/nonexistent",
		    .start = CTL_START_ANSWER,
		    .program = self,
		    .conf_path = part },
		.request = &request,
		.row = hear,
		.arg = h,
		.silence_ms = PATIENT_MS,
	};
}

struct outcome {
	const char *part;
	int rc, status;
	const char *words; /* are among the reason's */
	const char *rows;  /* NULL: whatever came in time */
};

static void
expect(const struct ctl_question *q, const struct outcome *o)
{
	struct heard *h = q->arg;
	const char *why;
	struct ctl_answer a;
	struct err e;

	err_clear(&e);
	if (ctl_ask(q, &a, &e) != o->rc)
		fail_msg("%s: %s", o->part, e.text);
	why = o->rc == 0 ? ctl_answer_reason(&a) : e.text;
	if (a.status != o->status || strstr(why, o->words) == NULL)
		fail_msg("%s: status %d, \"%s\"", o->part, a.status, why);
	if (o->rows != NULL)
		assert_string_equal(h->rows == NULL ? "" : h->rows, o->rows);
	free(a.text);
	free(h->rows);
}

static void
answers_of_one_that_is_started(void **state)
{
	static const struct outcome cases[] = {
		{ "whole", 0, EX_OK, "no reason", "one.two." },
		{ "no", 0, EX_NOPERM, "only root may", "" },
		{ "refuse", 0, EX_TEMPFAIL, "another holds", "" },
		{ "early", -1, EX_TEMPFAIL, "before its answer was complete",
		    "one.two." },
		{ "cut", -1, EX_TEMPFAIL, "in the middle", "one.two." },
		{ "nonsense", -1, EX_TEMPFAIL, "too long", "" },
		{ "malformed", -1, EX_TEMPFAIL, "", "" },
		{ "exit0", -1, EX_TEMPFAIL, "mailchuted", "" },
		{ "exit70", -1, EX_TEMPFAIL, "mailchuted", "" },
		{ "exit69", -1, EX_UNAVAILABLE, "mailchuted", "" },
		{ "exit77", -1, EX_UNAVAILABLE, "only root", "" },
		{ "exit78", -1, EX_CONFIG, "configuration", "" },
	};
	struct ctl_question q;
	struct heard h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		q = question(cases[i].part, &h);
		expect(&q, &cases[i]);
	}
}

static void
one_that_cannot_be_started_is_named(void **state)
{
	static const struct outcome o = { "none", -1, EX_UNAVAILABLE,
		"/nonexistent/mailchuted cannot be started", "" };
	struct ctl_question q;
	struct heard h;

	(void)state;
	q = question("whole", &h);
	q.where.program = "/nonexistent/mailchuted";
	expect(&q, &o);
}

static void
nothing_is_started_where_it_may_not(void **state)
{
	static const struct outcome o = { "whole", -1, EX_UNAVAILABLE,
		"no mailchuted answers at /nonexistent/control", "" };
	struct ctl_question q;
	struct heard h;

	(void)state;
	q = question("whole", &h);
	q.where.start = CTL_START_NOTHING;
	expect(&q, &o);
}

/* Without an end of its own: it neither answers nor goes when we do. */
static void
one_that_hangs_is_given_up_and_ended(void **state)
{
	static const struct outcome o = { "hang", -1, EX_TEMPFAIL, "timed out",
		NULL };
	struct ctl_question q;
	struct heard h;

	(void)state;
	q = question("hang", &h);
	q.silence_ms = HASTY_MS;
	expect(&q, &o);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
}

/* What puts off its end has work that it would have to do again. */
static void
one_that_puts_its_end_off_goes_on(void **state)
{
	static const char before[] = "mailchuted (pid ";
	struct ctl_question q;
	struct ctl_answer a;
	struct heard h;
	struct err e;
	const char *at;
	char *end;
	pid_t pid;

	(void)state;
	q = question("stay", &h);
	q.silence_ms = HASTY_MS;
	err_clear(&e);
	assert_int_equal(ctl_ask(&q, &a, &e), -1);
	assert_int_equal(a.status, EX_TEMPFAIL);
	at = strstr(e.text, before);
	if (at == NULL || strstr(e.text, "try again later") == NULL) {
		fail_msg("%s", e.text);
		abort(); /* for analysers: it has not come back */
	}
	pid = (pid_t)strtol(at + sizeof(before) - 1, &end, 10);
	assert_int_equal(*end, ')');
	assert_true(pid > 1);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it is alive */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	free(a.text);
	free(h.rows);
}

static void
a_row_that_is_not_wanted_ends_it(void **state)
{
	static const struct outcome o = { "whole", -1, EX_TEMPFAIL,
		"nobody wants it", "" };
	struct ctl_question q;
	struct heard h;

	(void)state;
	q = question("whole", &h);
	h.is_unwanted = true;
	expect(&q, &o);
}

static void
a_queue_run_answers_by_its_end(void **state)
{
	static const struct outcome cases[] = {
		{ "exit0", 0, EX_OK, "", "" },
		{ "exit75", -1, EX_TEMPFAIL, "status 75", "" },
		{ "exit77", -1, EX_UNAVAILABLE, "only root", "" },
		{ "exit78", -1, EX_CONFIG, "configuration", "" },
	};
	struct ctl_question q;
	struct heard h;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		q = question(cases[i].part, &h);
		q.where.start = CTL_START_ONCE;
		expect(&q, &cases[i]);
	}
}

static void
a_request_beyond_a_frame_is_the_callers_fault(void **state)
{
	static const struct outcome o = { "whole", -1, EX_USAGE, "too long",
		"" };
	struct ctl_request large = { .verb = CTL_FLUSH };
	struct ctl_question q;
	struct heard h;

	(void)state;
	large.match_id = xmalloc(FRAME_MAX + 1);
	memset(large.match_id, 'x', FRAME_MAX);
	large.match_id[FRAME_MAX] = '\0';
	q = question("whole", &h);
	q.request = &large;
	expect(&q, &o);
	free(large.match_id);
}

/* ---- a daemon that runs ---- */

/* Plays one part for one client. */
static pid_t
start_daemon(const char *path, const char *part)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_int_not_equal(fd, -1);
	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(play(accept(fd, NULL, NULL), part));
	close(fd);
	return pid;
}

static void
ask_daemon(const struct outcome *o, int64_t silence_ms)
{
	const char *tmp = getenv("TMPDIR");
	char *directory, *path, *pidfile;
	struct ctl_question q;
	struct heard h;
	pid_t pid;
	FILE *f;

	directory = xasprintf("%s/ctl.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(directory));
	path = xasprintf("%s/control", directory);
	pidfile = xasprintf("%s/mailchuted.pid", directory);
	f = fopen(pidfile, "w");
	assert_non_null(f);
	fputs("4711\n", f);
	fclose(f);
	pid = start_daemon(path, o->part);
	q = question("exit78", &h); /* which must not be started */
	q.where.directory = directory;
	q.daemon_ms = silence_ms;
	expect(&q, o);
	/* A daemon that hangs is nobody's to kill but its owner's. */
	if (silence_ms == HASTY_MS)
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	unlink(pidfile);
	rmdir(directory);
	free(path);
	free(pidfile);
	free(directory);
}

static void
answers_of_a_daemon(void **state)
{
	static const struct outcome cases[] = {
		{ "whole", 0, EX_OK, "no reason", "one.two." },
		{ "no", 0, EX_NOPERM, "only root may", "" },
		{ "refuse", 0, EX_TEMPFAIL, "another holds", "" },
		{ "early", -1, EX_TEMPFAIL, "before its answer was complete",
		    "one.two." },
		{ "nonsense", -1, EX_TEMPFAIL, "too long", "" },
		/* What a daemon exits with is no word to its client. */
		{ "exit78", -1, EX_TEMPFAIL, "mailchuted", "" },
	};
	static const struct outcome hangs = { "hang", -1, EX_TEMPFAIL,
		"mailchuted (pid 4711) does not answer", NULL };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		ask_daemon(&cases[i], PATIENT_MS);
	ask_daemon(&hangs, HASTY_MS);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_one_that_is_started),
		cmocka_unit_test(one_that_cannot_be_started_is_named),
		cmocka_unit_test(nothing_is_started_where_it_may_not),
		cmocka_unit_test(one_that_hangs_is_given_up_and_ended),
		cmocka_unit_test(one_that_puts_its_end_off_goes_on),
		cmocka_unit_test(a_row_that_is_not_wanted_ends_it),
		cmocka_unit_test(a_queue_run_answers_by_its_end),
		cmocka_unit_test(a_request_beyond_a_frame_is_the_callers_fault),
		cmocka_unit_test(answers_of_a_daemon),
	};

	if (argc > 1)
		return play(CTL_FD, argv[argc - 1]);
	self = argv[0];
	return cmocka_run_group_tests_name("ctl_ask", tests, NULL, NULL);
}
