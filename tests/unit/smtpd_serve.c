/* SPDX-License-Identifier: ISC */
/*
 * How a conversation ends, and with which exit status.  What is said in one is
 * in tests/smtp.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/clock.h"
#include "smtpd/serve.h"
#include "tests/smtp/stage.h"

static int64_t first; /* the deadline of a conversation's first read */

static const char message[] =
    "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
    "hello\r\n.\r\n";

struct scene {
	struct stage stage;
	struct client client;
	size_t queued;
};

/* A client that says this; the exit status. */
static int
play_as(struct scene *s, bool is_public, const char *says, int error,
    size_t piece, int deaf_after)
{
	char *found[STAGE_MAX];
	struct service service;
	struct io io;
	int status;
	size_t i;

	stage_open(&s->stage, "");
	client_init(&s->client, says, strlen(says));
	s->client.error = error;
	s->client.piece = piece;
	s->client.deaf_after = deaf_after;
	io = client_io(&s->client);
	service = service_of_site(&s->stage.site);
	service.is_public = is_public;
	service.rcpts_max = 100;
	status = serve(&io, &service);
	s->queued = stage_take(&s->stage, found);
	for (i = 0; i < s->queued; i++)
		free(found[i]);
	stage_close(&s->stage);
	return status;
}

static int
play(struct scene *s, const char *says, int error, size_t piece, int deaf_after)
{
	return play_as(s, false, says, error, piece, deaf_after);
}

/* The last reply. */
static const char *
last(const struct scene *s)
{
	const char *p = s->client.out.data + s->client.out.len - 2;

	while (p > s->client.out.data && p[-1] != '\n')
		p--;
	return p;
}

static void
assert_last(struct scene *s, const char *text)
{
	assert_memory_equal(last(s), text, strlen(text));
	client_clear(&s->client);
}

static void
an_end_without_quit(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(play(&s, message, 0, 0, 0), EX_OK);
	assert_int_equal(s.queued, 1);
	assert_last(&s, "250 2.0.0 ");
}

static void
an_input_that_cannot_be_read(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(play(&s, "", EBADF, 0, 0), EX_NOINPUT);
	assert_last(&s, "421 4.3.0 ");
	assert_int_equal(
	    play(&s, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhello\r\n",
		EIO, 0, 0),
	    EX_NOINPUT);
	assert_int_equal(s.queued, 0);
	assert_last(&s, "421 4.3.0 ");
	/* what was said to be safe before is */
	assert_int_equal(play(&s, message, EIO, 0, 0), EX_NOINPUT);
	assert_int_equal(s.queued, 1);
	assert_last(&s, "421 4.3.0 ");
}

static void
silence(void **state)
{
	struct scene s;

	(void)state;
	/* or no mailchuted any more, for which the client cannot be blamed */
	assert_int_equal(play(&s, message, ECANCELED, 0, 0), EX_OK);
	assert_last(&s, "421 4.3.2 ");
	assert_int_equal(play(&s, "NOOP\r\n", ETIMEDOUT, 0, 0), EX_TEMPFAIL);
	assert_last(&s, "421 4.4.2 ");
	assert_int_equal(
	    play(&s, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhello\r\n",
		ETIMEDOUT, 0, 0),
	    EX_TEMPFAIL);
	assert_int_equal(s.queued, 0);
	assert_last(&s, "421 4.4.2 ");
}

/*
 * A client that is gone: before the answer to its message, which stays queued,
 * or earlier, when nothing has been queued.
 */
static void
a_client_that_hears_no_more(void **state)
{
	struct scene s;
	int replies;

	(void)state;
	/* Octet by octet each reply is a write: the greeting is the first. */
	for (replies = 1; replies <= 5; replies++) {
		assert_int_equal(play(&s, message, 0, 1, replies), EX_IOERR);
		assert_int_equal(s.queued, replies == 5 ? 1 : 0);
		client_clear(&s.client);
	}
	/* One that has said it all, and then goes. */
	assert_int_equal(play(&s, message, 0, 0, 1), EX_IOERR);
	assert_int_equal(s.queued, 1);
	client_clear(&s.client);
}

static void
nonsense(void **state)
{
	char says[6 * 100 + 1] = "";
	struct scene s;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		memcpy(says + 6 * i, "FOOO\r\n", 7);
	assert_int_equal(play(&s, says, 0, 0, 0), EX_PROTOCOL);
	assert_last(&s, "421 4.7.0 ");
}

/* Strangers wait for the greeting, and for the answer to DATA. */
static void
who_speaks_too_early(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(play_as(&s, true, "NOOP\r\n", 0, 0, 0), EX_PROTOCOL);
	assert_last(&s, "554 5.5.0 ");
	assert_int_equal(play_as(&s, true, message, 0, 1, 0), EX_OK);
	assert_int_equal(s.queued, 1);
	assert_last(&s, "250 2.0.0 ");
}

/* A stranger gets nothing right. */
static void
nonsense_of_a_stranger(void **state)
{
	char says[6 * 30 + 1] = "";
	struct scene s;
	size_t i, lines = 0;

	(void)state;
	for (i = 0; i < 30; i++)
		memcpy(says + 6 * i, "FOOO\r\n", 7);
	assert_int_equal(play_as(&s, true, says, 0, 1, 0), EX_PROTOCOL);
	for (i = 0; i < s.client.out.len; i++)
		lines += s.client.out.data[i] == '\n';
	assert_int_equal(lines, 1 + 20 + 1);
	assert_last(&s, "421 4.7.0 ");
	assert_int_equal(play_as(&s, false, says, 0, 1, 0), EX_OK);
	assert_last(&s, "500 5.5.2 ");
}

/* A page that has a browser post a message to a printer's relay. */
static void
a_browser(void **state)
{
	static const char says[] =
	    "POST / HTTP/1.1\r\nHost: relay:25\r\nContent-Type: text/plain\r\n"
	    "\r\nEHLO x\r\nMAIL FROM:<a@x.example>\r\n"
	    "RCPT TO:<b@y.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n";
	struct scene s;

	(void)state;
	assert_int_equal(play_as(&s, true, says, 0, 1, 0), EX_PROTOCOL);
	assert_int_equal(s.queued, 0);
	assert_last(&s, "421 4.7.0 ");
}

/* ---- for how long ---- */

/* Each read takes a while: what is counted from now on ends later. */
static ssize_t
slow_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct client *c = arg;
	int64_t now = clock_mono_ms();
	struct io io = client_io(c);

	while (clock_mono_ms() == now)
		continue;
	if (c->at == 0)
		first = deadline_ms;
	return io.read(c, p, n, deadline_ms);
}

static bool
slow_waits(void *arg)
{
	(void)arg;
	return true;
}

/* How much later than the first read ends the last, behind what it says. */
static int64_t
more_time(const struct patience *p, const char *says)
{
	struct stage stage;
	struct client client;
	struct service service;
	struct io io;
	char *found[STAGE_MAX];
	size_t i, n;

	stage_open(&stage, "");
	client_init(&client, says, strlen(says));
	client.piece = 1;
	io = client_io(&client);
	io.read = slow_read;
	io.waits = slow_waits;
	service = service_of_site(&stage.site);
	service.patience = p;
	(void)serve(&io, &service);
	n = stage_take(&stage, found);
	for (i = 0; i < n; i++)
		free(found[i]);
	stage_close(&stage);
	client_clear(&client);
	return client.deadline_ms - first;
}

/*
 * Commands do not make the time for a message longer, whatever they are; a
 * message does.
 */
static void
a_session_without_a_message_ends(void **state)
{
	const struct patience p = {
		.command_ms = 1000000, .between_ms = 10000, .text_ms = 1000000
	};

	(void)state;
	assert_int_equal(
	    more_time(&p, "NOOP\r\nRSET\r\nMAIL FROM:<a@b>\r\n"), 0);
	assert_int_equal(more_time(&p, "MAIL FROM:<a@x.example>\r\n"
				       "RCPT TO:<b@y.example>\r\nBDAT 0\r\n"
				       "NOOP\r\n"),
	    0);
	/* nor does one that the client drops itself */
	assert_int_equal(more_time(&p, "MAIL FROM:<a@x.example>\r\n"
				       "RCPT TO:<b@y.example>\r\n"
				       "BDAT 1\r\nxRSET\r\nNOOP\r\n"),
	    0);
	assert_true(more_time(&p, message) > 0);
	assert_true(more_time(&p, "MAIL FROM:<a@x.example>\r\n"
				  "RCPT TO:<b@y.example>\r\n"
				  "BDAT 3 LAST\r\nx\r\n") > 0);
	/* a text has its own time */
	assert_true(
	    more_time(&p, "MAIL FROM:<a@x.example>\r\n"
			  "RCPT TO:<b@y.example>\r\nDATA\r\nx") > 900000);
	/* and so has one in chunks, between them */
	assert_true(more_time(&p, "MAIL FROM:<a@x.example>\r\n"
				  "RCPT TO:<b@y.example>\r\nBDAT 1\r\nx"
				  "NOOP\r\n") > 900000);
}

/* Commands that lead to no message come to an end. */
static void
a_flood_of_commands(void **state)
{
	char says[6 * 2000 + 1] = "";
	struct scene s;
	int i;

	(void)state;
	for (i = 0; i < 2000; i++)
		memcpy(says + 6 * i, "NOOP\r\n", 7);
	assert_int_equal(play_as(&s, true, says, 0, 1, 0), EX_PROTOCOL);
	assert_last(&s, "421 4.7.0 ");
	assert_int_equal(play_as(&s, false, says, 0, 1, 0), EX_OK);
	assert_last(&s, "250 2.0.0 ");
}

/* A large message has many chunks; those without an octet are talk. */
static void
a_flood_of_chunks(void **state)
{
	static const char *const chunks[] = { "BDAT 1\r\nx", "BDAT 0\r\n" };
	struct scene s;
	struct buf says;
	int i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		buf_init(&says, 32768);
		buf_puts(&says, "MAIL FROM:<a@x.example>\r\n"
				"RCPT TO:<b@y.example>\r\n");
		for (i = 0; i < 2000; i++)
			buf_puts(&says, chunks[k]);
		buf_puts(&says, "BDAT 0 LAST\r\n");
		assert_int_equal(play_as(&s, true, buf_data(&says), 0, 1, 0),
		    k == 0 ? EX_OK : EX_PROTOCOL);
		assert_last(&s, k == 0 ? "250 2.0.0 safe" : "421 4.7.0 ");
		buf_clear(&says);
	}
}

/* ---- STARTTLS ---- */

/* A client in clear, and what it says within TLS; NULL: no handshake. */
struct secret {
	struct client clear, within;
	bool fails;
	unsigned handshakes;
};

static int
take_over(void *arg, struct io *io, struct err *e)
{
	struct secret *s = arg;

	s->handshakes++;
	if (s->fails)
		return err_set(e, ERR_TEMP, "4.7.5", "no handshake");
	*io = client_io(&s->within);
	return 0;
}

static int
drop_it(void *arg, struct parcel *p, struct handed *out, struct err *e)
{
	(void)arg;
	(void)p;
	memset(out, 0, sizeof(*out));
	return err_set(e, ERR_TEMP, "4.3.0", "not here");
}

static void
hear_the_greeting(struct client *c)
{
	c->stop = SIZE_MAX;
}

static int
converse_with(struct secret *s, const char *clear, const char *within)
{
	const struct service service = {
		.hostname = "web01",
		.domain = "example",
		.rcpts_max = 100,
		.patience = &patience_public,
		.is_public = true,
		.tls = SESSION_TLS_REQUIRED,
		.start_tls = take_over,
		.hand_over = drop_it,
		.arg = s,
	};
	struct io io;

	client_init(&s->clear, clear, strlen(clear));
	/* it says the rest when it has heard the greeting */
	s->clear.stop = 0;
	s->clear.heard = hear_the_greeting;
	client_init(&s->within, within, strlen(within));
	io = client_io(&s->clear);
	return serve(&io, &service);
}

static void
assert_said(struct client *c, const char *text)
{
	if (strcmp(buf_data(&c->out), text) != 0)
		print_error("%s\n", buf_data(&c->out));
	assert_string_equal(buf_data(&c->out), text);
	client_clear(c);
}

static void
all_behind_starttls_is_tls(void **state)
{
	struct secret s = { .fails = false };

	(void)state;
	assert_int_equal(converse_with(&s, "NOOP\r\nSTARTTLS\r\n",
			     "MAIL FROM:<a@b>\r\nSTARTTLS\r\nQUIT\r\n"),
	    EX_OK);
	assert_int_equal(s.handshakes, 1);
	assert_said(&s.clear, "220 web01 ESMTP mailchute\r\n250 2.0.0 ok\r\n"
			      "220 2.0.0 go ahead\r\n");
	assert_said(&s.within, "250 2.1.0 ok\r\n503 5.5.1 TLS is in use "
			       "already\r\n221 2.0.0 bye\r\n");
}

/* CVE-2011-0411: somebody on the way has put it there. */
static void
nothing_may_follow_starttls(void **state)
{
	static const char *const more[] = { "RSET\r\n", "R", "\r\n" };
	struct secret s = { .fails = false };
	char says[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		strlcpy(says, "STARTTLS\r\n", sizeof(says));
		strlcat(says, more[i], sizeof(says));
		assert_int_equal(
		    converse_with(&s, says, "QUIT\r\n"), EX_PROTOCOL);
		assert_int_equal(s.handshakes, 0);
		assert_said(&s.clear,
		    "220 web01 ESMTP mailchute\r\n554 5.5.0 nothing may "
		    "follow STARTTLS; closing\r\n");
		assert_said(&s.within, "");
	}
}

static void
no_word_after_a_failed_handshake(void **state)
{
	struct secret s = { .fails = true };

	(void)state;
	assert_int_equal(
	    converse_with(&s, "STARTTLS\r\n", "QUIT\r\n"), EX_PROTOCOL);
	assert_said(
	    &s.clear, "220 web01 ESMTP mailchute\r\n220 2.0.0 go ahead\r\n");
	assert_said(&s.within, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_without_quit),
		cmocka_unit_test(an_input_that_cannot_be_read),
		cmocka_unit_test(silence),
		cmocka_unit_test(a_client_that_hears_no_more),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(who_speaks_too_early),
		cmocka_unit_test(a_flood_of_commands),
		cmocka_unit_test(a_flood_of_chunks),
		cmocka_unit_test(all_behind_starttls_is_tls),
		cmocka_unit_test(nothing_may_follow_starttls),
		cmocka_unit_test(no_word_after_a_failed_handshake),
		cmocka_unit_test(nonsense_of_a_stranger),
		cmocka_unit_test(a_browser),
		cmocka_unit_test(a_session_without_a_message_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
