/* SPDX-License-Identifier: ISC */
/* AUTH in its session: when it may come, and what it opens. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "smtpd/session.h"

#define OUT_MAX (64 * 1024)
#define GOOD    "AUTH PLAIN AGEAYg=="

static void
assert_begins(struct buf *out, const char *reply)
{
	if (strncmp(buf_data(out), reply, strlen(reply)) != 0)
		fail_msg("not %s: %s", reply, buf_data(out));
	buf_clear(out);
}

static enum session_next
say(struct session *s, const char *line, const char *reply)
{
	enum session_next next;
	struct buf out;

	buf_init(&out, OUT_MAX);
	next = session_command(s, line, strlen(line), &out);
	assert_begins(&out, reply);
	return next;
}

static enum session_next
answer(struct session *s, enum sign_in_result result, const char *reply)
{
	enum session_next next;
	struct buf out;

	buf_init(&out, OUT_MAX);
	next = session_signed_in(s, result, "not now", &out);
	assert_begins(&out, reply);
	return next;
}

static void
init(struct session *s, enum listen_auth auth, bool auth_in_clear)
{
	session_init(s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	s->auth = auth;
	s->auth_in_clear = auth_in_clear;
}

static bool
offers(struct session *s)
{
	struct buf out;
	bool found;

	buf_init(&out, OUT_MAX);
	session_command(s, "EHLO x", 6, &out);
	found = strstr(buf_data(&out), "250-AUTH PLAIN LOGIN\r\n"
				       "250-AUTH=PLAIN LOGIN\r\n") != NULL;
	assert_true(found == (strstr(buf_data(&out), "AUTH") != NULL));
	buf_clear(&out);
	return found;
}

static void
in_order(void **state)
{
	struct session s;

	(void)state;
	init(&s, LISTEN_AUTH_REQUIRED, true);
	assert_true(offers(&s));
	say(&s, "MAIL FROM:<a@b>", "530 5.7.0 ");
	assert_int_equal(say(&s, GOOD, ""), SESSION_SIGN_IN);
	assert_string_equal(s.dialogue.login, "a");
	assert_string_equal(s.dialogue.password, "b");
	assert_int_equal(
	    answer(&s, SIGN_IN_YES, "235 2.7.0 "), SESSION_COMMAND);
	assert_string_equal(s.dialogue.password, "");
	assert_false(offers(&s));
	say(&s, GOOD, "503 5.5.1 ");
	/* nor does it start TLS, which would have to forget that */
	s.tls = SESSION_TLS_OFFERED;
	assert_int_equal(
	    say(&s, "STARTTLS", "503 5.5.1 STARTTLS comes before AUTH"),
	    SESSION_COMMAND);
	say(&s, "MAIL FROM:<a@b> AUTH=<>", "250 ");
	say(&s, "RSET", "250 ");
	say(&s, "EHLO x", "250-");
	say(&s, "MAIL FROM:<a@b>", "250 ");
	session_clear(&s);
}

static void
out_of_order(void **state)
{
	struct session s;

	(void)state;
	init(&s, LISTEN_AUTH_OPTIONAL, true);
	say(&s, "MAIL FROM:<a@b>", "250 ");
	assert_int_equal(say(&s, GOOD, "503 5.5.1 "), SESSION_COMMAND);
	say(&s, "RCPT TO:<c@d>", "250 ");
	say(&s, "BDAT 1", "");
	say(&s, GOOD, "503 5.5.1 ");
	say(&s, "RSET", "250 ");
	assert_int_equal(say(&s, GOOD, ""), SESSION_SIGN_IN);
	session_clear(&s);
	init(&s, LISTEN_AUTH_OFF, true);
	assert_false(offers(&s));
	say(&s, GOOD, "502 5.5.1 ");
	session_clear(&s);
}

/* A password waits for TLS, where the listener wants that. */
static void
in_the_clear(void **state)
{
	struct session s;

	(void)state;
	init(&s, LISTEN_AUTH_REQUIRED, false);
	assert_false(session_may_auth(&s));
	assert_false(offers(&s));
	assert_int_equal(say(&s, GOOD, "538 5.7.11 "), SESSION_COMMAND);
	assert_int_equal(s.dialogue.login[0], '\0');
	s.tls = SESSION_TLS_IN_USE;
	assert_true(session_may_auth(&s));
	assert_true(offers(&s));
	assert_int_equal(say(&s, GOOD, ""), SESSION_SIGN_IN);
	session_clear(&s);
	assert_string_equal(s.dialogue.password, "");
}

/* Lines of the dialogue are no commands, whatever they say. */
static void
lines_amid(void **state)
{
	struct session s;
	struct buf out;

	(void)state;
	init(&s, LISTEN_AUTH_REQUIRED, true);
	say(&s, "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n");
	say(&s, "QUIT", "334 UGFzc3dvcmQ6\r\n");
	assert_int_equal(say(&s, "QUIT", ""), SESSION_COMMAND);
	say(&s, "NOOP", "250 ");
	say(&s, "AUTH LOGIN", "334 ");
	buf_init(&out, OUT_MAX);
	assert_int_equal(
	    session_long_line(&s, "xxx", 3, &out), SESSION_COMMAND);
	assert_begins(&out, "500 5.5.6 ");
	say(&s, "NOOP", "250 ");
	session_clear(&s);
}

/* But for those that may have a text behind them. */
static void
texts_amid(void **state)
{
	static const struct {
		const char *line;
		const char *reply;
		enum session_next next;
	} cases[] = {
		{ "DATA", "501 5.7.0 cancelled", SESSION_NO_TEXT },
		{ "DATA\r", "501 5.5.2 ", SESSION_NO_TEXT },
		{ "BDAT 9 LAST", "501 5.7.0 cancelled", SESSION_LOST },
		{ "BDAT", "501 5.7.0 cancelled", SESSION_LOST },
		{ "BDAT 9\r", "501 5.5.2 ", SESSION_LOST },
		{ "%", "501 5.5.2 ", SESSION_COMMAND },
		/* base64 is base64 */
		{ "DATABASE", "334 ", SESSION_COMMAND },
		{ "DATA1234", "334 ", SESSION_COMMAND },
		{ "BDAT1234", "334 ", SESSION_COMMAND },
	};
	struct session s;
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		init(&s, LISTEN_AUTH_REQUIRED, true);
		say(&s, "AUTH LOGIN", "334 ");
		assert_int_equal(
		    say(&s, cases[i].line, cases[i].reply), cases[i].next);
		session_clear(&s);
	}
	init(&s, LISTEN_AUTH_REQUIRED, true);
	say(&s, "AUTH LOGIN", "334 ");
	buf_init(&out, OUT_MAX);
	assert_int_equal(
	    session_long_line(&s, "BDAT 9", 6, &out), SESSION_LOST);
	assert_begins(&out, "500 5.5.6 ");
	session_clear(&s);
}

static void
failures(void **state)
{
	struct session s;

	(void)state;
	init(&s, LISTEN_AUTH_REQUIRED, true);
	say(&s, GOOD, "");
	assert_int_equal(answer(&s, SIGN_IN_NO, "535 5.7.8 "), SESSION_COMMAND);
	assert_string_equal(s.dialogue.password, "");
	/* malformed ones are no guesses */
	say(&s, "AUTH PLAIN %", "501 5.5.2 ");
	say(&s, "AUTH", "501 5.5.4 ");
	say(&s, "AUTH PLAIN AGE6AGI=", "535 5.7.8 ");
	say(&s, GOOD, "");
	assert_int_equal(
	    answer(&s, SIGN_IN_LATER, "454 4.7.0 not now\r\n421 4.7.0 "),
	    SESSION_GIVE_UP);
	session_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(in_the_clear),
		cmocka_unit_test(lines_amid),
		cmocka_unit_test(texts_amid),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests_name("session_auth", tests, NULL, NULL);
}
