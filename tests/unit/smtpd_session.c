/* SPDX-License-Identifier: ISC */
/*
 * Commands in their order, without a connection: the states, and what is left
 * in the envelope.  Whole dialogues are in tests/smtp.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "smtpd/session.h"

#define OUT_MAX (64 * 1024)

static enum session_next
say(struct session *s, const char *line, const char *reply)
{
	enum session_next next;
	struct buf out;

	buf_init(&out, OUT_MAX);
	next = session_command(s, line, strlen(line), &out);
	if (strncmp(buf_data(&out), reply, strlen(reply)) != 0)
		print_error("%s: %s\n", line, buf_data(&out));
	assert_memory_equal(buf_data(&out), reply, strlen(reply));
	buf_clear(&out);
	return next;
}

static void
a_message(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	assert_int_equal(say(&s, "EHLO x", "250-web01\r\n"), SESSION_COMMAND);
	assert_int_equal(
	    say(&s, "MAIL FROM:<a@b> RET=FULL", "250 2.1.0 "), SESSION_COMMAND);
	assert_int_equal(say(&s, "RCPT TO:<c@d> NOTIFY=DELAY", "250 2.1.5 "),
	    SESSION_COMMAND);
	assert_int_equal(say(&s, "DATA", "354 "), SESSION_TEXT);
	assert_string_equal(s.env.sender, "a@b");
	assert_false(s.env.sender_is_local);
	assert_int_equal(s.env.ret, RET_FULL);
	assert_int_equal(s.env.nrcpts, 1);
	assert_string_equal(s.env.rcpts[0].address, "c@d");
	assert_int_equal(s.env.rcpts[0].notify, NOTIFY_DELAY);
	session_reset(&s);
	assert_int_equal(s.env.nrcpts, 0);
	assert_int_equal(say(&s, "DATA", "503 5.5.1 "), SESSION_NO_TEXT);
	assert_int_equal(say(&s, "QUIT", "221 2.0.0 "), SESSION_QUIT);
	session_clear(&s);
}

static void
greeting_and_offer(void **state)
{
	struct session s;
	struct buf out;

	(void)state;
	buf_init(&out, OUT_MAX);
	session_init(&s, "web01", SIZE_LIMIT_QUEUE(123), SUBMIT_RCPTS_MAX);
	session_greet(&s, &out);
	session_command(&s, "EHLO x", 6, &out);
	assert_string_equal(buf_data(&out),
	    "220 web01 ESMTP mailchute\r\n"
	    "250-web01\r\n250-8BITMIME\r\n250-SIZE 123\r\n250-DSN\r\n"
	    "250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
	    "250 SMTPUTF8\r\n");
	buf_clear(&out);
	session_clear(&s);
}

/* Only BDAT goes on with what BDAT has begun. */
static void
a_message_in_chunks(void **state)
{
	struct session s;
	struct envelope env;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_QUEUE(100), SUBMIT_RCPTS_MAX);
	assert_int_equal(say(&s, "BDAT 10", "503 5.5.1 "), SESSION_NO_CHUNK);
	assert_int_equal(s.chunk.size, 10);
	say(&s, "MAIL FROM:<a@b>", "250 ");
	say(&s, "RCPT TO:<c@d>", "250 ");
	assert_int_equal(say(&s, "BDAT 60", ""), SESSION_CHUNK);
	assert_int_equal(s.chunk.size, 60);
	assert_false(s.chunk.is_last);
	session_take(&s, &env);
	assert_string_equal(env.sender, "a@b");
	assert_int_equal(env.nrcpts, 1);
	assert_int_equal(s.env.nrcpts, 0);
	envelope_clear(&env);
	say(&s, "MAIL FROM:<a@b>", "503 5.5.1 ");
	say(&s, "RCPT TO:<c@d>", "503 5.5.1 ");
	say(&s, "NOOP", "250 ");
	assert_int_equal(say(&s, "BDAT 40 LAST", ""), SESSION_CHUNK);
	assert_true(s.chunk.is_last);
	session_reset(&s);
	assert_int_equal(
	    say(&s, "BDAT 0 LAST", "503 5.5.1 "), SESSION_NO_CHUNK);
	session_clear(&s);
}

/* What is too large in parts is too large, and is over. */
static void
chunks_have_the_limit_of_the_message(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_QUEUE(100), SUBMIT_RCPTS_MAX);
	say(&s, "MAIL FROM:<a@b>", "250 ");
	say(&s, "RCPT TO:<c@d>", "250 ");
	assert_int_equal(say(&s, "BDAT 100", ""), SESSION_CHUNK);
	assert_int_equal(say(&s, "BDAT 1", "552 5.3.4 "), SESSION_NO_CHUNK);
	assert_int_equal(say(&s, "BDAT 1", "503 5.5.1 "), SESSION_NO_CHUNK);
	say(&s, "MAIL FROM:<a@b>", "250 ");
	say(&s, "RCPT TO:<c@d>", "250 ");
	assert_int_equal(
	    say(&s, "BDAT 922337203685477580", "552 5.3.4 "), SESSION_NO_CHUNK);
	session_clear(&s);
}

static void
a_chunk_of_unknown_size(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	assert_int_equal(say(&s, "BDAT x", "501 5.5.4 "), SESSION_LOST);
	session_clear(&s);
}

static void
recipients_have_their_limit(void **state)
{
	struct session s;
	char line[64];
	int i;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	say(&s, "MAIL FROM:<>", "250 ");
	for (i = 0; i < SUBMIT_RCPTS_MAX; i++) {
		snprintf(line, sizeof(line), "RCPT TO:<a%d@b>", i);
		say(&s, line, "250 2.1.5 ");
	}
	say(&s, "RCPT TO:<one@more>", "452 4.5.3 ");
	/* one that is there already needs no place */
	say(&s, "RCPT TO:<a7@b>", "250 2.1.5 ");
	assert_int_equal(s.env.nrcpts, SUBMIT_RCPTS_MAX);
	assert_int_equal(say(&s, "DATA", "354 "), SESSION_TEXT);
	session_clear(&s);
}

/* The listener's, which is less. */
static void
a_smaller_limit(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, 2);
	say(&s, "MAIL FROM:<>", "250 ");
	say(&s, "RCPT TO:<a@b>", "250 ");
	say(&s, "RCPT TO:<c@b>", "250 ");
	say(&s, "RCPT TO:<e@b>", "452 4.5.3 ");
	say(&s, "RCPT TO:<c@b>", "250 ");
	assert_int_equal(s.env.nrcpts, 2);
	session_clear(&s);
}

/* Nothing of a message is left for the next. */
static void
what_is_forgotten(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	say(&s, "MAIL FROM:<b\xc3\xbc@x>", "250 ");
	assert_true(s.env.smtputf8);
	say(&s, "RCPT TO:<c@>", "501 5.1.3 ");
	assert_int_equal(say(&s, "DATA", "554 5.5.1 "), SESSION_NO_TEXT);
	say(&s, "RSET", "250 ");
	say(&s, "MAIL FROM:<a@b>", "250 ");
	assert_false(s.env.smtputf8);
	assert_int_equal(say(&s, "DATA", "503 5.5.1 "), SESSION_NO_TEXT);
	session_clear(&s);
}

#define LONG "NOOP xxx", 8 /* the beginning of it */

static void
long_lines_are_nonsense(void **state)
{
	struct session s;
	struct buf out;
	int i;

	(void)state;
	buf_init(&out, OUT_MAX);
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	for (i = 1; i < SESSION_NONSENSE_MAX; i++)
		assert_int_equal(
		    session_long_line(&s, LONG, &out), SESSION_COMMAND);
	buf_truncate(&out, 0);
	assert_int_equal(session_long_line(&s, LONG, &out), SESSION_GIVE_UP);
	assert_memory_equal(out.data, "421 4.7.0 ", 10);
	buf_clear(&out);
	session_clear(&s);
}

/* A line of these octets, of which some may be NUL. */
static enum session_next
next_behind(struct session *s, const char *line, size_t n, bool is_long)
{
	enum session_next next;
	struct buf out;

	buf_init(&out, OUT_MAX);
	next = is_long ? session_long_line(s, line, n, &out)
		       : session_command(s, line, n, &out);
	assert_memory_equal(out.data, next == SESSION_GIVE_UP ? "42" : "50", 2);
	buf_clear(&out);
	return next;
}

/* What follows such a line may be a text, and is no command. */
static void
what_follows_a_line_that_was_none(void **state)
{
	static const struct {
		const char *line;
		size_t n;
		bool is_long;
		enum session_next next;
	} cases[] = {
		{ "DATA\r", 5, false, SESSION_NO_TEXT },
		{ "\0DATA", 5, false, SESSION_NO_TEXT },
		{ "DATA.", 5, false, SESSION_NO_TEXT },
		{ "DATA", 4, true, SESSION_NO_TEXT },
		{ "BDAT 9\r", 7, false, SESSION_LOST },
		{ "\0BDAT 9", 7, false, SESSION_LOST },
		{ "BDAT9", 5, false, SESSION_LOST },
		{ "BDAT 9", 6, true, SESSION_LOST },
		{ "QUIT\r", 5, false, SESSION_COMMAND },
		{ "QUIT", 4, true, SESSION_COMMAND },
		/* and lines of HTTP, whose text a page has chosen */
		{ "GET /x", 6, true, SESSION_GIVE_UP },
		{ "GET /x\r", 7, false, SESSION_GIVE_UP },
	};
	struct session s;
	const size_t n = sizeof(cases) / sizeof(cases[0]);
	size_t i;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	for (i = 0; i < 2 * n; i++) {
		/* the second time where TLS has to come first */
		if (i == n)
			s.tls = SESSION_TLS_REQUIRED;
		assert_int_equal(next_behind(&s, cases[i % n].line,
				     cases[i % n].n, cases[i % n].is_long),
		    cases[i % n].next);
	}
	session_clear(&s);
}

/* What a client says is repeated to it, and must fit. */
static void
replies_are_one_line(void **state)
{
	struct session s;
	struct buf out;
	char line[8000];

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	snprintf(line, sizeof(line), "MAIL FROM:<a@b> %07000d", 0);
	buf_init(&out, OUT_MAX);
	session_command(&s, line, strlen(line), &out);
	assert_memory_equal(out.data, "555 5.5.4 ", 10);
	assert_true(out.len <= 512);
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
	buf_clear(&out);
	session_clear(&s);
}

/* What is told of a client is its latest word, cleaned. */
static void
words_of_the_client(void **state)
{
	struct client_words words = { .helo = "" };
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	s.words = &words;
	say(&s, "EHLO  copier\xc3\xa4 ", "250-");
	assert_string_equal(words.helo, "copier??");
	assert_true(words.is_esmtp);
	say(&s, "HELO", "250 ");
	assert_string_equal(words.helo, "");
	assert_false(words.is_esmtp);
	session_clear(&s);
}

/* ---- TLS ---- */

static bool
offers_starttls(struct session *s)
{
	struct buf out;
	bool is_offered;

	buf_init(&out, OUT_MAX);
	session_command(s, "EHLO x", 6, &out);
	is_offered = strstr(buf_data(&out), "250-STARTTLS\r\n") != NULL;
	assert_non_null(strstr(buf_data(&out), "\r\n250 SMTPUTF8\r\n"));
	buf_clear(&out);
	return is_offered;
}

static void
starttls_in_each_state(void **state)
{
	static const struct {
		enum session_tls tls;
		const char *reply;
	} rows[] = {
		{ SESSION_TLS_ABSENT, "502 5.5.1 " },
		{ SESSION_TLS_BROKEN, "454 4.7.0 " },
		{ SESSION_TLS_OFFERED, "" },
		{ SESSION_TLS_REQUIRED, "" },
		{ SESSION_TLS_IN_USE, "503 5.5.1 " },
	};
	struct session s;
	size_t i;
	bool is_good;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
		s.tls = rows[i].tls;
		is_good = rows[i].reply[0] == '\0';
		assert_int_equal(offers_starttls(&s), is_good);
		assert_int_equal(say(&s, "STARTTLS", rows[i].reply),
		    is_good ? SESSION_HANDSHAKE : SESSION_COMMAND);
		if (is_good)
			assert_int_equal(say(&s, "starttls now", "501 5.5.4 "),
			    SESSION_COMMAND);
		session_clear(&s);
	}
}

static void
no_starttls_amid_a_message(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	s.tls = SESSION_TLS_OFFERED;
	say(&s, "MAIL FROM:<a@b>", "250 ");
	say(&s, "RCPT TO:<c@d>", "250 ");
	assert_int_equal(say(&s, "BDAT 3", ""), SESSION_CHUNK);
	assert_int_equal(say(&s, "STARTTLS", "503 5.5.1 "), SESSION_COMMAND);
	session_clear(&s);
}

/* RFC 3207 4.2: what was said in clear is forgotten. */
static void
what_tls_leaves(void **state)
{
	struct client_words words = { .helo = "" };
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	s.words = &words;
	s.tls = SESSION_TLS_REQUIRED;
	say(&s, "EHLO copier", "250-");
	assert_int_equal(say(&s, "STARTTLS", ""), SESSION_HANDSHAKE);
	session_secured(&s);
	assert_string_equal(words.helo, "");
	assert_false(words.is_esmtp);
	assert_false(offers_starttls(&s));
	say(&s, "MAIL FROM:<a@b>", "250 ");
	session_secured(&s);
	assert_int_equal(say(&s, "RCPT TO:<c@d>", "503 "), SESSION_COMMAND);
	session_clear(&s);
}

static void
required_tls(void **state)
{
	static const char *const refused[] = { "MAIL FROM:<a@b>",
		"RCPT TO:<c@d>", "VRFY x", "AUTH PLAIN AGEAYg==", "EXPN x",
		"RSET now", "HELP me" };
	struct session s;
	size_t i;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	s.tls = SESSION_TLS_REQUIRED;
	say(&s, "HELO x", "250 ");
	say(&s, "EHLO x", "250-");
	say(&s, "NOOP", "250 ");
	say(&s, "XYZZY", "500 ");
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    say(&s, refused[i], "530 5.7.0 "), SESSION_COMMAND);
	for (; i < sizeof(refused) / sizeof(refused[0]); i++)
		say(&s, refused[i], "2");
	assert_int_equal(say(&s, "DATA", "530 5.7.0 "), SESSION_NO_TEXT);
	assert_int_equal(say(&s, "BDAT 5 LAST", "530 5.7.0 "), SESSION_LOST);
	assert_int_equal(say(&s, "QUIT", "221 "), SESSION_QUIT);
	session_secured(&s);
	say(&s, "MAIL FROM:<a@b>", "250 ");
	session_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message),
		cmocka_unit_test(greeting_and_offer),
		cmocka_unit_test(a_message_in_chunks),
		cmocka_unit_test(chunks_have_the_limit_of_the_message),
		cmocka_unit_test(a_chunk_of_unknown_size),
		cmocka_unit_test(recipients_have_their_limit),
		cmocka_unit_test(a_smaller_limit),
		cmocka_unit_test(what_is_forgotten),
		cmocka_unit_test(long_lines_are_nonsense),
		cmocka_unit_test(what_follows_a_line_that_was_none),
		cmocka_unit_test(replies_are_one_line),
		cmocka_unit_test(words_of_the_client),
		cmocka_unit_test(starttls_in_each_state),
		cmocka_unit_test(no_starttls_amid_a_message),
		cmocka_unit_test(what_tls_leaves),
		cmocka_unit_test(required_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
