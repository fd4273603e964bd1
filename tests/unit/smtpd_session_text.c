/* SPDX-License-Identifier: ISC */
/* DATA and BDAT, which do not go together. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "smtpd/session.h"

#define OUT_MAX 4096

static const char amid[] = "503 5.5.1 DATA amid chunks";
static const char before[] =
    "503 5.5.1 DATA came amid chunks; RSET comes first";

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

/* A chunk, and then DATA: what serve.c does with it is to forget the message.
 */
static void
mix(struct session *s, const char *data)
{
	session_init(s, "web01", SIZE_LIMIT_NONE, SUBMIT_RCPTS_MAX);
	say(s, "MAIL FROM:<a@b>", "250 ");
	say(s, "RCPT TO:<c@d>", "250 ");
	assert_int_equal(say(s, "BDAT 5", ""), SESSION_CHUNK);
	assert_int_equal(say(s, data, amid), SESSION_NO_TEXT);
	session_reset(s);
}

static void
nothing_goes_on_after_data_amid_chunks(void **state)
{
	struct session s;

	(void)state;
	mix(&s, "DATA");
	say(&s, "MAIL FROM:<a@b>", before);
	say(&s, "RCPT TO:<c@d>", before);
	assert_int_equal(say(&s, "DATA", before), SESSION_NO_TEXT);
	/* its octets are none of ours, but they are counted */
	assert_int_equal(say(&s, "BDAT 7", before), SESSION_NO_CHUNK);
	assert_int_equal(s.chunk.size, 7);
	assert_int_equal(say(&s, "BDAT 0 LAST", before), SESSION_NO_CHUNK);
	assert_int_equal(say(&s, "BDAT x", "501 "), SESSION_LOST);
	session_clear(&s);
	mix(&s, "data and more");
	say(&s, "MAIL FROM:<a@b>", before);
	session_clear(&s);
}

static void
what_ends_that(void **state)
{
	static const char *const ends[] = { "RSET", "EHLO x", "HELO x" };
	static const char *const others[] = { "NOOP", "HELP", "VRFY x" };
	struct session s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		mix(&s, "DATA");
		say(&s, others[i], "2");
		say(&s, "MAIL FROM:<a@b>", before);
		say(&s, ends[i], "250");
		say(&s, "MAIL FROM:<a@b>", "250 2.1.0 ");
		say(&s, "RCPT TO:<c@d>", "250 2.1.5 ");
		assert_int_equal(say(&s, "BDAT 5 LAST", ""), SESSION_CHUNK);
		session_clear(&s);
	}
	mix(&s, "DATA");
	assert_int_equal(say(&s, "QUIT", "221 "), SESSION_QUIT);
	session_clear(&s);
	/* TLS begins all anew */
	mix(&s, "DATA");
	s.tls = SESSION_TLS_OFFERED;
	say(&s, "STARTTLS", before);
	session_secured(&s);
	say(&s, "MAIL FROM:<a@b>", "250 2.1.0 ");
	session_clear(&s);
}

/* Amid chunks there are chunks. */
static void
what_comes_amid_chunks(void **state)
{
	struct session s;

	(void)state;
	session_init(&s, "web01", SIZE_LIMIT_QUEUE(100), SUBMIT_RCPTS_MAX);
	say(&s, "MAIL FROM:<a@b>", "250 ");
	say(&s, "RCPT TO:<c@d>", "250 ");
	say(&s, "BDAT 5", "");
	s.tls = SESSION_TLS_OFFERED;
	say(&s, "STARTTLS", "503 5.5.1 the message has begun");
	say(&s, "MAIL FROM:<a@b>", "503 5.5.1 the message has begun");
	say(&s, "RCPT TO:<c@d>", "503 5.5.1 the message has begun");
	assert_int_equal(say(&s, "BDAT 95", ""), SESSION_CHUNK);
	assert_int_equal(say(&s, "BDAT 0 LAST", ""), SESSION_CHUNK);
	session_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_goes_on_after_data_amid_chunks),
		cmocka_unit_test(what_ends_that),
		cmocka_unit_test(what_comes_amid_chunks),
	};

	return cmocka_run_group_tests_name(
	    "smtpd_session_text", tests, NULL, NULL);
}
