/* SPDX-License-Identifier: ISC */
/*
 * A client of a listener, with the test as its other three sides: the client,
 * mailchuted's parent, and the queue process.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/envelope.h"
#include "common/fdpass.h"
#include "common/proto_listen.h"
#include "common/proto_submit.h"
#include "common/proto_trouble.h"
#include "common/proto_words.h"
#include "smtpd/listener.h"

#define PATIENCE_MS 30000
#define OUT_MAX     65536

static const struct listen_setup sample = {
	.listener = (char *)(uintptr_t) "scan",
	.client = (char *)(uintptr_t) "192.0.2.1",
	.hostname = (char *)(uintptr_t) "web01.example",
	.domain = (char *)(uintptr_t) "example",
	.size_max = 1 << 20,
	.rcpts_max = 2,
	.bare_newline = BARE_NEWLINE_REFUSE,
	.sandbox = SANDBOX_OFF,
	.log_target = CONF_LOG_STDERR,
	.log_level = LOG_EMERG,
	.tls = LISTEN_TLS_NONE,
	.tls_min = 12,
};

static struct {
	pid_t pid;
	int client, channel;
} here;

/* Starts it; the channel says nothing yet. */
static void
start(void)
{
	int client[2], channel[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
	here.pid = fork();
	assert_true(here.pid >= 0);
	if (here.pid == 0) {
		/* The channel first: it may be the descriptor that 3 is. */
		if (dup2(channel[1], 100) == -1 || dup2(client[1], 0) == -1 ||
		    dup2(client[1], 1) == -1 || dup2(100, LISTEN_FD) == -1)
			_exit(99);
		close(100);
		if (client[0] != LISTEN_FD)
			close(client[0]);
		if (channel[0] != LISTEN_FD)
			close(channel[0]);
		_exit(listener_run(NULL));
	}
	close(client[1]);
	close(channel[1]);
	here.client = client[0];
	here.channel = channel[0];
}

static void
put_setup(const struct listen_setup *s)
{
	struct buf b;

	buf_init(&b, OUT_MAX);
	assert_int_equal(listen_put_setup(&b, s), 0);
	assert_int_equal(send(here.channel, b.data, b.len, 0), b.len);
	buf_clear(&b);
}

static int
end(void)
{
	int status;

	close(here.client);
	close(here.channel);
	assert_int_equal(waitpid(here.pid, &status, 0), here.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* The next reply begins so. */
static void
assert_hears(const char *want)
{
	char line[1024];
	size_t n = 0;

	do {
		wait_for(here.client);
		assert_int_equal(read(here.client, line + n, 1), 1);
	} while (line[n++] != '\n' && n < sizeof(line) - 1);
	line[n < strlen(want) ? n : strlen(want)] = '\0';
	assert_string_equal(line, want);
}

static void
say(const char *text)
{
	assert_int_equal(write(here.client, text, strlen(text)), strlen(text));
}

static void
say_message(void)
{
	say("MAIL FROM:<a@x.example>\r\n");
	assert_hears("250 ");
	say("RCPT TO:<b@y.example>\r\n");
	assert_hears("250 ");
	say("DATA\r\n");
	assert_hears("354 ");
	say("Subject: x\r\n\r\nhello\r\n.\r\n");
}

static void
assert_asks(void)
{
	struct client_words words = { .is_esmtp = false };
	char text[LISTEN_ASK_MAX];
	struct frame f;
	struct err e;
	ssize_t n;

	wait_for(here.channel);
	n = recv(here.channel, text, sizeof(text), 0);
	assert_true(n > 0);
	assert_int_equal(frame_parse(text, (size_t)n, &f), n);
	assert_int_equal(client_words_get(&f, &words, &e), 0);
	assert_string_equal(words.helo, "");
	assert_string_equal(words.tls_version, "");
}

/*
 * The queue process: a connection by the parent, on which nothing stands ahead
 * of ENVELOPE but what the parent has said already.
 */
static void
take_submission(const struct err *refuse)
{
	int pair[2], types = 0;
	struct buf in, out;
	struct frame f;
	char octets[4096];
	ssize_t n;

	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
	    0);
	assert_int_equal(fdpass_send(here.channel, pair[1], "",
			     clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
	close(pair[1]);
	buf_init(&out, OUT_MAX);
	buf_init(&in, OUT_MAX);
	submit_put_greeting(&out, 1 << 20);
	assert_int_equal(write(pair[0], out.data, out.len), out.len);
	buf_truncate(&out, 0);
	for (f.type = 0; f.type != SUBMIT_END;) {
		if ((n = frame_parse(buf_data(&in), in.len, &f)) > 0) {
			assert_true(types > 0 || f.type == SUBMIT_ENVELOPE);
			assert_true(f.type != SUBMIT_ORIGIN);
			types++;
			buf_consume(&in, (size_t)n);
			continue;
		}
		f.type = 0;
		wait_for(pair[0]);
		n = read(pair[0], octets, sizeof(octets));
		assert_true(n > 0);
		buf_append(&in, octets, (size_t)n);
	}
	if (refuse == NULL)
		submit_put_accepted(&out, "0123456789AB");
	else
		submit_put_refused(&out, refuse);
	assert_int_equal(write(pair[0], out.data, out.len), out.len);
	close(pair[0]);
	buf_clear(&in);
	buf_clear(&out);
}

static void
a_message(void **state)
{
	struct err no;

	(void)state;
	err_set(&no, ERR_PERM, "5.7.1", "a@x.example may not send here");
	start();
	put_setup(&sample);
	assert_hears("220 web01.example ESMTP");
	say_message();
	assert_asks();
	take_submission(NULL);
	assert_hears("250 2.0.0 queued as 0123456789AB");
	/* each has a connection of its own */
	say_message();
	assert_asks();
	take_submission(&no);
	assert_hears("550 5.7.1 Sender not allowed; ask admin");
	say("QUIT\r\n");
	assert_hears("221 ");
	assert_int_equal(end(), EX_OK);
}

static void
a_message_that_the_parent_refuses(void **state)
{
	(void)state;
	start();
	put_setup(&sample);
	assert_hears("220 ");
	say_message();
	assert_asks();
	assert_int_equal(fdpass_send(here.channel, -1, "too many messages",
			     clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
	assert_hears("451 4.7.0 Too many messages");
	say("QUIT\r\n");
	assert_hears("221 ");
	assert_int_equal(end(), EX_OK);
}

static void
assert_hears_the_end(const char *why, int status)
{
	char octet;

	assert_hears(why);
	wait_for(here.client);
	assert_int_equal(read(here.client, &octet, 1), 0);
	assert_int_equal(end(), status);
}

/* Nothing can be had any more: who comes anew may be luckier. */
static void
a_parent_that_is_gone(void **state)
{
	struct listen_setup setup = sample;

	(void)state;
	setup.auth = LISTEN_AUTH_OPTIONAL;
	setup.auth_in_clear = true;
	start();
	put_setup(&setup);
	assert_hears("220 ");
	say_message();
	assert_asks();
	assert_int_equal(shutdown(here.channel, SHUT_RDWR), 0);
	assert_hears("451 4.4.2 Server not ready");
	assert_hears_the_end(
	    "421 4.3.2 Server not ready; send again", EX_UNAVAILABLE);
	start();
	put_setup(&setup);
	assert_hears("220 ");
	/* while it asks for nothing */
	assert_int_equal(shutdown(here.channel, SHUT_RDWR), 0);
	assert_hears_the_end("421 4.3.2 Server restarting; send again", EX_OK);
	/* in the midst of a message */
	start();
	put_setup(&setup);
	assert_hears("220 ");
	say("MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n");
	assert_hears("250 ");
	assert_hears("250 ");
	say("BDAT 3\r\nx\r\n");
	assert_hears("250 ");
	assert_int_equal(shutdown(here.channel, SHUT_RDWR), 0);
	assert_hears_the_end("421 4.3.2 Server restarting; send again", EX_OK);
}

/* One that the queue process does not answer is not safe. */
static void
a_connection_that_breaks(void **state)
{
	int pair[2];

	(void)state;
	start();
	put_setup(&sample);
	assert_hears("220 ");
	say_message();
	assert_asks();
	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
	    0);
	assert_int_equal(fdpass_send(here.channel, pair[1], "",
			     clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
	close(pair[1]);
	close(pair[0]);
	/* nor one for which there is no other */
	assert_asks();
	assert_int_equal(
	    fdpass_send(here.channel, -1, "this listener is closed",
		clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
	assert_hears("451 4.");
	assert_int_equal(end(), EX_OK);
}

/* What its setup says holds. */
static void
the_listener_s_rules(void **state)
{
	(void)state;
	start();
	put_setup(&sample);
	assert_hears("220 ");
	say("EHLO x\r\nMAIL FROM:<a@x.example> SIZE=9999999\r\n");
	assert_hears("250-web01.example");
	assert_hears("250-8BITMIME");
	assert_hears("250-SIZE 1048576");
	assert_hears("250-DSN");
	assert_hears("250-PIPELINING");
	assert_hears("250-ENHANCEDSTATUSCODES");
	assert_hears("250-CHUNKING");
	assert_hears("250 SMTPUTF8");
	assert_hears("552 5.3.4");
	say("MAIL FROM:<a@x.example>\r\n");
	assert_hears("250 ");
	say("RCPT TO:<a@y.example>\r\n");
	assert_hears("250 ");
	say("RCPT TO:<b@y.example>\r\n");
	assert_hears("250 ");
	say("RCPT TO:<c@y.example>\r\n");
	assert_hears("452 ");
	say("DATA\r\n");
	assert_hears("354 ");
	say("x\ny\r\n.\r\n");
	assert_hears("554 5.6.0");
	assert_int_equal(end(), EX_OK);
}

/* Of what was refused less is heard where places are short. */
static void
patience_of_few_places(void **state)
{
	static char text[1024 * 1024];
	struct listen_setup setup = sample;
	size_t i;

	(void)state;
	setup.is_crowded = true;
	start();
	put_setup(&setup);
	assert_hears("220 ");
	say("BDAT 4294967296\r\n");
	assert_hears("503 ");
	for (i = 0; i < 33; i++)
		assert_int_equal(
		    send(here.client, text, sizeof(text), MSG_NOSIGNAL),
		    sizeof(text));
	assert_hears("421 4.7.0 Refused");
	assert_int_equal(end(), EX_PROTOCOL);
}

/* It has words for devices as any refusal, and is in the report. */
static void
without_a_certificate(void **state)
{
	static const enum listen_tls modes[] = { LISTEN_TLS_REQUIRED,
		LISTEN_TLS_IMPLICIT };
	struct listen_setup setup = sample;
	struct client_trouble t;
	char text[LISTEN_ASK_MAX];
	struct frame f;
	struct err e;
	ssize_t n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		setup.tls = modes[i];
		start();
		put_setup(&setup);
		if (modes[i] == LISTEN_TLS_REQUIRED)
			assert_hears("421 4.7.0 No TLS here just now");
		wait_for(here.client);
		assert_int_equal(shutdown(here.client, SHUT_WR), 0);
		if (modes[i] == LISTEN_TLS_IMPLICIT)
			assert_int_equal(read(here.client, text, 1), 0);
		wait_for(here.channel);
		n = recv(here.channel, text, sizeof(text), 0);
		assert_true(n > 0);
		assert_int_equal(frame_parse(text, (size_t)n, &f), n);
		assert_int_equal(client_trouble_get(&f, &t, &e), 0);
		assert_int_equal(t.count, 1);
		assert_non_null(strstr(t.text, "certificate_file"));
		assert_int_equal(end(), EX_CONFIG);
	}
}

/* Whoever speaks first is a stranger's program. */
static void
an_early_talker(void **state)
{
	(void)state;
	start();
	say("EHLO x\r\n");
	put_setup(&sample);
	assert_hears("554 5.5.0");
	assert_int_equal(end(), EX_PROTOCOL);
}

static void
what_is_no_setup(void **state)
{
	struct buf b;

	(void)state;
	start();
	assert_int_equal(send(here.channel, "hello", 5, 0), 5);
	assert_int_equal(end(), EX_USAGE);
	start();
	buf_init(&b, OUT_MAX);
	listen_put_setup(&b, &sample);
	assert_int_equal(send(here.channel, b.data, b.len - 1, 0), b.len - 1);
	assert_int_equal(end(), EX_USAGE);
	buf_clear(&b);
	/* the parent has died */
	start();
	assert_int_equal(end(), EX_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message),
		cmocka_unit_test(a_message_that_the_parent_refuses),
		cmocka_unit_test(a_parent_that_is_gone),
		cmocka_unit_test(a_connection_that_breaks),
		cmocka_unit_test(the_listener_s_rules),
		cmocka_unit_test(patience_of_few_places),
		cmocka_unit_test(without_a_certificate),
		cmocka_unit_test(an_early_talker),
		cmocka_unit_test(what_is_no_setup),
	};

	return cmocka_run_group_tests_name("smtpd_listener", tests, NULL, NULL);
}
