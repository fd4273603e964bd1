/* SPDX-License-Identifier: ISC */
/*
 * Answering without a daemon.  Each request is answered by a child, as
 * "mailchuted --answer" is one: it takes the lock and opens the queue itself.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/drop_line.h"
#include "common/log.h"
#include "common/proto_ctl.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/answer.h"
#include "queue/lock.h"
#include "queue/sockets.h"
#include "tests/unit/office.h"

#define PATIENCE_MS 60000

static struct {
	struct office o;
	int status; /* of DONE; -1: there was none */
	char text[8192];
} rig;

/* A queue that nobody has open. */
static void
up(void)
{
	office_open(&rig.o, OFFICE_ADMIN OFFICE_ACCOUNT);
}

static void
leave(void)
{
	parts_close(&rig.o.parts);
}

static void
note(const struct frame *f)
{
	struct ctl_recipient r;
	struct ctl_totals t;
	char *text = NULL;

	switch (f->type) {
	case CTL_RECIPIENT:
		assert_int_equal(ctl_get_recipient(f, &r, &rig.o.e), 0);
		strlcat(rig.text, r.address, sizeof(rig.text));
		strlcat(rig.text, " ", sizeof(rig.text));
		strlcat(rig.text, r.state, sizeof(rig.text));
		strlcat(rig.text, "\n", sizeof(rig.text));
		ctl_recipient_clear(&r);
		break;
	case CTL_TOTALS:
		assert_int_equal(ctl_get_totals(f, &t, &rig.o.e), 0);
		strlcat(rig.text, t.reason, sizeof(rig.text));
		strlcat(rig.text, "\n", sizeof(rig.text));
		ctl_totals_clear(&t);
		break;
	case CTL_SAID:
		text = ctl_get_said(f, &rig.o.e);
		assert_non_null(text);
		strlcat(rig.text, text, sizeof(rig.text));
		strlcat(rig.text, "\n", sizeof(rig.text));
		break;
	case CTL_DONE:
		assert_int_equal(
		    ctl_get_done(f, &rig.status, &text, &rig.o.e), 0);
		strlcat(rig.text, text == NULL ? "" : text, sizeof(rig.text));
		break;
	default:
		break;
	}
	free(text);
}

/* In the child: the request on CTL_FD, the answer, and an exit status. */
static void __attribute__((noreturn)) answer(int fd)
{
	/* The log of the office may be open there. */
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	if (fd != CTL_FD && dup2(fd, CTL_FD) == -1)
		_exit(99);
	closefrom(CTL_FD + 1);
	_exit(answer_run(rig.o.conf, &rig.o.identity));
}

/* Who answers, and our end of the line to him. */
struct asked {
	pid_t pid;
	int fd;
};

static struct asked
put_question(struct ctl_request *q)
{
	struct asked a;
	struct buf b;
	int fd[2];

	rig.text[0] = '\0';
	rig.status = -1;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_not_equal(a.pid = fork(), -1);
	if (a.pid == 0)
		answer(fd[1]);
	close(fd[1]);
	a.fd = fd[0];
	buf_init(&b, FRAME_MAX);
	assert_int_equal(ctl_put_request(&b, q), 0);
	/* One that refuses any request may have left before it read ours. */
	(void)frame_send(a.fd, &b, clock_mono_ms() + PATIENCE_MS, &rig.o.e);
	buf_clear(&b);
	return a;
}

/* Returns the exit status of the one who answers. */
static int
read_answer(const struct asked *a)
{
	struct frame_reader r;
	struct frame f;
	int status;

	frame_reader_init(&r, a->fd);
	err_clear(&rig.o.e);
	while (rig.status == -1 &&
	       frame_recv(&r, &f, clock_mono_ms() + PATIENCE_MS, &rig.o.e) == 1)
		note(&f);
	if (rig.status == -1)
		print_message("# no end: %s\n", rig.o.e.text);
	frame_reader_clear(&r);
	close(a->fd);
	assert_int_equal(waitpid(a->pid, &status, 0), a->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
ask_verb(enum ctl_verb verb)
{
	struct ctl_request q = { .verb = verb, .all = true };
	struct asked a = put_question(&q);

	return read_answer(&a);
}

static void
says(const char *part)
{
	if (strstr(rig.text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, rig.text);
}

static void
a_listing_needs_no_daemon(void **state)
{
	(void)state;
	up();
	office_post(&rig.o, (struct office_mail){ .to = { "a@example.com" } });
	leave();
	assert_int_equal(ask_verb(CTL_LIST), 0);
	assert_int_equal(rig.status, 0);
	says("a@example.com queued\n");
	says("mailchuted is not running");
	office_close(&rig.o);
}

static void
a_change_needs_no_daemon(void **state)
{
	(void)state;
	up();
	office_post(&rig.o, (struct office_mail){ .to = { "a@example.com" } });
	leave();
	assert_int_equal(ask_verb(CTL_HOLD), 0);
	says("1 message");
	assert_int_equal(ask_verb(CTL_LIST), 0);
	says("a@example.com held\n");
	assert_int_equal(ask_verb(CTL_REMOVE), 0);
	assert_int_equal(ask_verb(CTL_LIST), 0);
	says("no mail waits");
	office_close(&rig.o);
}

/* What lies in the drop folder is taken in before it is looked for. */
static void
the_drop_folder_is_imported_first(void **state)
{
	struct submit_head head = {
		.id = { 1 }, .created_at = T0, .version = SUBMIT_VERSION
	};
	struct envelope env;
	struct buf b;
	char *path;
	int fd;

	(void)state;
	up();
	leave();
	envelope_init(&env);
	env.sender = xstrdup("");
	envelope_add(&env, "dropped@example.com");
	buf_init(&b, FRAME_RECV_MAX);
	drop_line_put(&b, SUBMIT_VERSION);
	submit_put_envelope(&b, &head, &env);
	submit_put_end(&b, 0);
	path = xasprintf("%s/drop/x", rig.o.directory);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_int_equal(write(fd, buf_data(&b), b.len), b.len);
	close(fd);
	buf_clear(&b);
	envelope_clear(&env);
	assert_int_equal(ask_verb(CTL_LIST), 0);
	says("dropped@example.com queued\n");
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	office_close(&rig.o);
}

/* Reads one frame from a socket, and answers with this one. */
static void
serve_one(int daemon, enum ctl_type want, struct buf *answer)
{
	struct frame_reader r;
	struct frame f;

	frame_reader_init(&r, daemon);
	assert_int_equal(
	    frame_recv(&r, &f, clock_mono_ms() + PATIENCE_MS, &rig.o.e), 1);
	assert_int_equal(f.type, want);
	assert_int_equal(
	    frame_send(daemon, answer, clock_mono_ms() + PATIENCE_MS, &rig.o.e),
	    0);
	frame_reader_clear(&r);
	close(daemon);
}

/* A daemon has the lock after all: the client gets its answer from there. */
static void
a_daemon_that_runs_is_asked(void **state)
{
	struct ctl_request q = { .verb = CTL_LIST };
	struct sockets sockets;
	struct frame_reader r;
	struct frame f;
	struct buf b;
	char *queue;
	int fd[2], lock, daemon, status;
	pid_t pid;

	(void)state;
	up();
	queue = xasprintf("%s/queue", rig.o.directory);
	leave();
	lock = lock_take(queue, 0, &rig.o.e);
	assert_int_not_equal(lock, -1);
	sockets_init(&sockets);
	assert_int_equal(sockets_bind(&sockets,
			     rig.o.conf->queue.socket_directory, &rig.o.e),
	    0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0)
		answer(fd[1]);
	close(fd[1]);
	buf_init(&b, FRAME_MAX);
	ctl_put_request(&b, &q);
	frame_send(fd[0], &b, clock_mono_ms() + PATIENCE_MS, &rig.o.e);
	fcntl(sockets.fd[SOCKET_CONTROL], F_SETFL, 0);
	daemon = accept(sockets.fd[SOCKET_CONTROL], NULL, NULL);
	assert_int_not_equal(daemon, -1);
	ctl_put_done(&b, 0, "from the daemon");
	serve_one(daemon, CTL_REQUEST, &b);
	frame_reader_init(&r, fd[0]);
	rig.text[0] = '\0';
	assert_int_equal(
	    frame_recv(&r, &f, clock_mono_ms() + PATIENCE_MS, &rig.o.e), 1);
	note(&f);
	says("from the daemon");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	frame_reader_clear(&r);
	close(fd[0]);
	buf_clear(&b);
	sockets_retire(&sockets, rig.o.conf->queue.socket_directory);
	lock_release(lock);
	free(queue);
	office_close(&rig.o);
}

static void
what_is_no_queue_is_told(void **state)
{
	char *path;

	(void)state;
	up();
	leave();
	path = xasprintf("%s/queue/queue.db", rig.o.directory);
	unlink(path);
	free(path);
	office_write(&rig.o, "queue/queue.db", "this is no database at all");
	/* It is kept aside: an empty queue answers, as it would the daemon. */
	assert_int_equal(ask_verb(CTL_LIST), 0);
	assert_int_equal(rig.status, 0);
	office_close(&rig.o);
}

/* Whoever may not write the queue, but read it, gets his listing. */
static void
a_reader_s_listing_changes_nothing(void **state)
{
	static const char *const names[] = { "", "/queue.db", "/queue.db-wal",
		"/queue.db-shm" };
	char *path;
	size_t i;

	(void)state;
	if (geteuid() != 0)
		skip();
	up();
	office_post(&rig.o, (struct office_mail){ .to = { "a@example.com" } });
	leave();
	assert_int_equal(chmod(rig.o.directory, 0755), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path = xasprintf("%s/queue%s", rig.o.directory, names[i]);
		assert_int_equal(chmod(path, i == 0 ? 0755 : 0644), 0);
		free(path);
	}
	assert_int_equal(seteuid(12345), 0);
	rig.o.identity.uid = 12345;
	ask_verb(CTL_LIST);
	says("a@example.com queued\n");
	assert_int_equal(rig.status, 0);
	ask_verb(CTL_HOLD);
	says("without one only root and queue.user may change the queue");
	assert_int_equal(rig.status, EX_UNAVAILABLE);
	assert_int_equal(seteuid(0), 0);
	office_close(&rig.o);
}

/*
 * A listing on which nobody reads on: the queue is not kept from a daemon that
 * starts meanwhile.
 */
static void
a_question_keeps_no_lock(void **state)
{
	static const enum ctl_verb questions[] = { CTL_LIST, CTL_TRACE };
	char word[] = "sender@example.com", *queue;
	struct ctl_request q = { .word = word, .all = true };
	struct pollfd p = { .events = POLLIN };
	struct asked a;
	size_t i;
	int lock;

	(void)state;
	up();
	queue = xasprintf("%s/queue", rig.o.directory);
	/* More than a socket holds. */
	for (i = 0; i < 3000; i++)
		office_post(
		    &rig.o, (struct office_mail){ .to = { "a@example.com" } });
	leave();
	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		q.verb = questions[i];
		a = put_question(&q);
		p.fd = a.fd;
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		lock = lock_take(queue, 0, &rig.o.e);
		assert_int_not_equal(lock, -1);
		lock_release(lock);
		/* It did wait for us: the end is still to come. */
		assert_int_equal(waitpid(a.pid, NULL, WNOHANG), 0);
		assert_int_equal(read_answer(&a), 0);
		assert_int_equal(rig.status, 0);
	}
	free(queue);
	office_close(&rig.o);
}

/* Neither the lock nor anybody at the socket: that passes. */
static void
a_lock_that_nobody_answers_for_is_told(void **state)
{
	char *queue;
	int lock;

	(void)state;
	up();
	leave();
	queue = xasprintf("%s/queue", rig.o.directory);
	lock = lock_take(queue, 0, &rig.o.e);
	assert_int_not_equal(lock, -1);
	assert_int_equal(ask_verb(CTL_LIST), EX_TEMPFAIL);
	assert_int_equal(rig.status, EX_TEMPFAIL);
	says("another process holds the queue and does not answer");
	lock_release(lock);
	free(queue);
	office_close(&rig.o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listing_needs_no_daemon),
		cmocka_unit_test(a_change_needs_no_daemon),
		cmocka_unit_test(the_drop_folder_is_imported_first),
		cmocka_unit_test(a_daemon_that_runs_is_asked),
		cmocka_unit_test(what_is_no_queue_is_told),
		cmocka_unit_test(a_reader_s_listing_changes_nothing),
		cmocka_unit_test(a_question_keeps_no_lock),
		cmocka_unit_test(a_lock_that_nobody_answers_for_is_told),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
