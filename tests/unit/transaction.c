/* SPDX-License-Identifier: ISC */
/*
 * When may a message have been taken?  The server's socket is so small that
 * most of a message waits with us, whence the connection can break with its
 * last octet here for sure.  The rest is in tests/dialog.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "delivery/channel.h"
#include "delivery/conn.h"
#include "delivery/session.h"
#include "delivery/transaction.h"

#define SIZE 60000

struct ends {
	int server, queue;
	struct job_session job;
	struct channel channel;
	struct session session;
};

/*
 * What the server does, in a child: reads so far, talks, and closes; or it goes
 * on, reads and talks once more, and stays.
 */
struct play {
	const char *until;
	const char *says;
	const char *then_until; /* NULL: closes */
	const char *then_says;
};

static void
set_up(struct ends *s, unsigned offers)
{
	int server[2], queue[2], size = 4096;

	memset(s, 0, sizeof(*s));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, server), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, queue), 0);
	setsockopt(server[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	s->server = server[0];
	s->queue = queue[0];
	channel_init(&s->channel, queue[1]);
	s->job.chunking = true;
	s->session.job = &s->job;
	s->session.channel = &s->channel;
	s->session.conn = conn_new(server[1], queue[1], "server.example");
	s->session.ehlo.offers = offers;
	s->session.rules.mode = REWRITE_NEVER;
	s->session.rules.null_sender_ok = true;
}

static void
tear_down(struct ends *s)
{
	conn_free(s->session.conn);
	channel_clear(&s->channel);
	close(s->channel.reader.fd);
	close(s->queue);
}

/* BODY frames and BODY_END, which the socket to the queue holds. */
static void
queue_body(struct ends *s)
{
	char *text = xcalloc(1, SIZE);
	struct buf out;
	struct err e;
	size_t i;

	/* None of the lines ends as the last one does. */
	memset(text, 'x', SIZE);
	for (i = 500; i < SIZE - 500; i += 500)
		memcpy(text + i, "y\r\n", 3);
	memcpy(text, "A: b\r\n\r\n", 8);
	memcpy(text + SIZE - 2, "\r\n", 2);
	buf_init(&out, 2 * SIZE);
	assert_int_equal(frame_put_raw(&out, JOB_BODY, text, SIZE), 0);
	assert_int_equal(job_put_empty(&out, JOB_BODY_END), 0);
	assert_int_equal(frame_send(s->queue, &out, CLOCK_NEVER, &e), 0);
	buf_clear(&out);
	free(text);
}

/* Reads until this was said; an octet at a time, so that no more is read. */
static void
read_until(int fd, const char *word)
{
	size_t n = strlen(word), have = 0;
	char last[16] = "";

	while (have < n || memcmp(last, word, n) != 0) {
		if (have == n)
			memmove(last, last + 1, --have);
		if (recv(fd, last + have++, 1, 0) != 1)
			_exit(1);
	}
}

static void
serve(int fd, const struct play *p)
{
	read_until(fd, p->until);
	if (send(fd, p->says, strlen(p->says), 0) == -1)
		_exit(1);
	if (p->then_until != NULL) {
		read_until(fd, p->then_until);
		if (send(fd, p->then_says, strlen(p->then_says), 0) == -1)
			_exit(1);
		(void)alarm(60); /* should the test die before */
		pause();
	}
	_exit(0);
}

/* Plays it; what the one recipient is told. */
static enum job_outcome
outcome(unsigned offers, const struct play *p)
{
	struct job_result r, why;
	struct job_message m = { .size = SIZE };
	uint64_t id = 1;
	struct frame_reader reader;
	struct frame f;
	struct ends s;
	struct err e;
	int status;
	pid_t pid;

	set_up(&s, offers);
	if ((pid = fork()) == 0)
		serve(s.server, p);
	close(s.server);
	queue_body(&s);
	m.env.sender = xstrdup("a@example.com");
	envelope_add(&m.env, "b@example.net");
	m.rcpt_ids = &id;
	assert_int_not_equal(transaction_run(&s.session, &m, &why, &e), -1);
	frame_reader_init(&reader, s.queue);
	assert_int_equal(frame_recv(&reader, &f, CLOCK_NEVER, &e), 1);
	assert_int_equal(job_get_result(&f, &r, &e), 0);
	frame_reader_clear(&reader);
	if (p->then_until != NULL)
		assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, p->then_until == NULL ? 0 : SIGKILL);
	envelope_clear(&m.env);
	tear_down(&s);
	return r.outcome;
}

#define END    "xx\r\n" /* the last octets of all */
#define FLIGHT (EHLO_PIPELINING | EHLO_CHUNKING)

static void
it_stayed_here(void **state)
{
	static const struct play cases[] = {
		/* one flight, of which the server reads the beginning */
		{ "MAIL", "", NULL, NULL },
		{ "MAIL", "250 ok\r\n250 ok\r\n", NULL, NULL },
		{ "MAIL", "250 ok\r\n250 ok\r\n250 taken\r\n", NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(outcome(FLIGHT, &cases[i]), JOB_DEFERRED);
}

static void
it_may_have_been_taken(void **state)
{
	static const struct play cases[] = {
		{ END, "", NULL, NULL },
		{ END, "250 ok\r\n250 ok\r\n", NULL, NULL },
		{ END, "250 ok\r\n250 ok\r\n250 tak", NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(outcome(FLIGHT, &cases[i]), JOB_UNCERTAIN);
}

static void
it_was_answered(void **state)
{
	static const struct {
		struct play play;
		enum job_outcome want;
	} cases[] = {
		{ { END, "250 ok\r\n250 ok\r\n250 taken\r\n", NULL, NULL },
		    JOB_DELIVERED },
		{ { END, "250 ok\r\n250 ok\r\n554 no\r\n", NULL, NULL },
		    JOB_REJECTED },
		/* in the middle of it */
		{ { "LAST\r\n", "250 ok\r\n250 ok\r\n552 no\r\n", NULL, NULL },
		    JOB_REJECTED },
		{ { "MAIL", "250 ok\r\n550 no\r\n", NULL, NULL },
		    JOB_REJECTED },
		{ { "MAIL", "451 no\r\n", NULL, NULL }, JOB_DEFERRED },
		{ { "MAIL", "550 no\r\n", NULL, NULL }, JOB_REJECTED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    outcome(FLIGHT, &cases[i].play), cases[i].want);
}

/* By DATA; the server reads no further, and says why. */
static void
an_answer_ends_the_writing(void **state)
{
	static const struct play no = { "DATA\r\n",
		"250 ok\r\n250 ok\r\n354 go on\r\n", "xx", "552 no\r\n" };

	(void)state;
	assert_int_equal(outcome(EHLO_PIPELINING, &no), JOB_REJECTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stayed_here),
		cmocka_unit_test(it_may_have_been_taken),
		cmocka_unit_test(it_was_answered),
		cmocka_unit_test(an_answer_ends_the_writing),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("transaction", tests, NULL, NULL);
}
