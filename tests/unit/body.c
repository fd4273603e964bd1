/* SPDX-License-Identifier: ISC */
/*
 * A message from the job channel, as one server gets it.  What mail programs
 * make of it is in tests/func/test_mime.py.
 */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "mail/base64.h"
#include "mail/look.h"
#include "mail/rewrite.h"
#include "delivery/body.h"
#include "delivery/channel.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The queue's end of the channel, and a body at ours. */
struct ends {
	int queue;
	struct channel channel;
	struct job_message message;
	struct buf out; /* frames that the queue sends */
	struct body body;
};

static const struct rewrite_rules no_rules = { .mode = REWRITE_NEVER };

static void
set_up(struct ends *s)
{
	int fd[2];

	memset(s, 0, sizeof(*s));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	s->queue = fd[0];
	channel_init(&s->channel, fd[1]);
	buf_init(&s->out, 1 << 20);
}

static void
tear_down(struct ends *s)
{
	body_clear(&s->body);
	close(s->channel.reader.fd);
	channel_clear(&s->channel);
	close(s->queue);
	buf_clear(&s->out);
}

static void
put(struct ends *s, const char *p, size_t n)
{
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = n < FRAME_RAW_MAX ? n : FRAME_RAW_MAX;
		assert_int_equal(frame_put_raw(&s->out, JOB_BODY, p, len), 0);
	}
}

static void
end(struct ends *s, enum job_type how)
{
	assert_int_equal(job_put_empty(&s->out, how), 0);
}

/* Sends what was put, and says of the message what the queue would say. */
static int
open_body(
    struct ends *s, const char *text, size_t n, bool is_7bit, struct err *e)
{
	const struct body_way way = { &no_rules, is_7bit, false };
	struct job_ready ready = { .is_8bit = !is_7bit };
	struct err sent;
	struct look l;

	look_init(&l);
	if (n > JOB_WHOLE_MAX)
		look_put(&l, text, n);
	look_end(&l);
	s->message.size = n;
	s->message.eight_at = l.eight_at;
	s->message.wrong_at = l.wrong_at;
	s->message.long_at = l.long_at;
	s->message.is_twice = job_is_twice(&s->message, &ready);
	assert_int_equal(frame_send(s->queue, &s->out, CLOCK_NEVER, &sent), 0);
	body_init(&s->body, &s->channel, &s->message);
	return body_open(&s->body, &way, e);
}

/* All that the server gets. */
static char *
read_body(struct ends *s, size_t *n)
{
	struct buf all;
	const char *p;
	struct err e;
	int more;

	buf_init(&all, 1 << 22);
	do {
		more = body_next(&s->body, &p, n, &e);
		assert_int_not_equal(more, -1);
		buf_append(&all, p, *n);
	} while (more == 1);
	*n = all.len;
	return buf_steal(&all);
}

#define LABELS(charset, encoding) \
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=" charset \
	"\r\nContent-Transfer-Encoding: " encoding "\r\n"

static void
small_messages(void **state)
{
	static const struct {
		const char *in;
		bool is_7bit;
		const char *out;
		bool has_8bit;
	} cases[] = {
		{ "A: b\r\n\r\nplain\r\n", true, "A: b\r\n\r\nplain\r\n",
		    false },
		{ "A: b\r\n\r\n", true, "A: b\r\n\r\n", false },
		{ "A: b\r\n", true, "A: b\r\n", false },
		{ "text\r\n", true, "text\r\n", false },
		/* 8-bit octets are labelled, or encoded */
		{ "A: b\r\n\r\ngr\xc3\xbcn und blau\r\n", false,
		    "A: b\r\n" LABELS(
			"utf-8", "8bit") "\r\n"
					 "gr\xc3\xbcn und blau\r\n",
		    true },
		{ "A: b\r\n\r\ngr\xfcn und blau\r\n", false,
		    "A: b\r\n" LABELS(
			"iso-8859-1", "8bit") "\r\n"
					      "gr\xfcn und blau\r\n",
		    true },
		{ "A: b\r\n\r\ngr\xc3\xbcn und blau\r\n", true,
		    "A: b\r\n" LABELS(
			"utf-8", "quoted-printable") "\r\n"
						     "gr=C3=BCn und blau\r\n",
		    false },
		{ "text\xc3\xbc\xc3\xbc\r\n", true,
		    LABELS("utf-8", "base64") "\r\ndGV4dMO8w7wNCg==\r\n",
		    false },
		/* a label that says it all stays */
		{ LABELS("koi8-r", "8bit") "\r\n\xd4\xc5\r\n", false,
		    LABELS("koi8-r", "8bit") "\r\n\xd4\xc5\r\n", true },
		{ LABELS("koi8-r", "7bit") "\r\n\xd4\xc5\r\n", false,
		    LABELS("koi8-r", "8bit") "\r\n\xd4\xc5\r\n", true },
		{ LABELS("koi8-r", "base64") "\r\n\xd4\xc5\r\n", false,
		    LABELS("koi8-r", "base64") "\r\n\xd4\xc5\r\n", true },
		{ LABELS("koi8-r", "8bit") "\r\nplain\r\n", true,
		    LABELS("koi8-r", "8bit") "\r\nplain\r\n", false },
		/* the header alone */
		{ "Subject: gr\xc3\xbcn\r\n\r\nplain\r\n", false,
		    "Subject: =?UTF-8?Q?gr=C3=BCn?=\r\n\r\nplain\r\n", false },
		/* and a header that ends where the body begins */
		{ "Subject: \xfc\r\ntext\r\n", true,
		    "Subject: =?ISO-8859-1?Q?=FC?=\r\n\r\ntext\r\n", false },
	};
	struct ends s;
	struct err e;
	char *got;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		set_up(&s);
		put(&s, cases[i].in, strlen(cases[i].in));
		end(&s, JOB_BODY_END);
		assert_int_equal(open_body(&s, cases[i].in, strlen(cases[i].in),
				     cases[i].is_7bit, &e),
		    0);
		assert_true(s.body.is_complete && s.body.has_size);
		assert_int_equal(s.body.size, strlen(cases[i].out));
		assert_int_equal(s.body.has_8bit, cases[i].has_8bit);
		got = read_body(&s, &n);
		assert_string_equal(got, cases[i].out);
		free(got);
		tear_down(&s);
	}
}

/* A header, and lines beyond what is held whole. */
static char *
make_large(const char *header, const char *line, const char *last, size_t *n)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_puts(&b, header);
	while (b.len <= JOB_WHOLE_MAX)
		buf_puts(&b, line);
	buf_puts(&b, last);
	*n = b.len;
	return buf_steal(&b);
}

static void
large_messages(void **state)
{
	static const struct {
		const char *header, *last;
		bool is_7bit;
		const char *to_header, *to_last;
		bool has_size, has_8bit;
	} cases[] = {
		{ "A: b\r\n\r\n", "end\r\n", true, "A: b\r\n\r\n", "end\r\n",
		    true, false },
		{ "A: b\r\n\r\n", "\xc3\xbc\r\n", false,
		    "A: b\r\n" LABELS("utf-8", "8bit") "\r\n", "\xc3\xbc\r\n",
		    true, true },
		{ "A: b\r\n\r\n", "\xfc\r\n", true,
		    "A: b\r\n" LABELS("iso-8859-1", "quoted-printable") "\r\n",
		    "=FC\r\n", false, false },
		/* twice for nothing: only the header has them */
		{ "A: \xfc\r\n\r\n", "end\r\n", true,
		    "A: =?ISO-8859-1?Q?=FC?=\r\n\r\n", "end\r\n", true, false },
		{ "A: \xfc\r\n\r\n", "end\r\n", false,
		    "A: =?ISO-8859-1?Q?=FC?=\r\n\r\n", "end\r\n", true, false },
	};
	char *text, *want, *got;
	struct ends s;
	struct err e;
	size_t i, n, len;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = make_large(
		    cases[i].header, "a line\r\n", cases[i].last, &n);
		want = xasprintf("%s%.*s%s", cases[i].to_header,
		    (int)(n - strlen(cases[i].header) - strlen(cases[i].last)),
		    text + strlen(cases[i].header), cases[i].to_last);
		set_up(&s);
		put(&s, text, n);
		if (cases[i].is_7bit && strchr("a", cases[i].last[0]) == NULL &&
		    memchr(text, 0xfc, n) != NULL) {
			end(&s, JOB_BODY_AGAIN);
			put(&s, text, n);
		}
		end(&s, JOB_BODY_END);
		assert_int_equal(
		    open_body(&s, text, n, cases[i].is_7bit, &e), 0);
		assert_false(s.body.is_complete);
		assert_int_equal(s.body.has_size, cases[i].has_size);
		assert_int_equal(s.body.has_8bit, cases[i].has_8bit);
		if (cases[i].has_size)
			assert_int_equal(s.body.size, strlen(want));
		got = read_body(&s, &len);
		assert_int_equal(len, strlen(want));
		assert_string_equal(got, want);
		free(got);
		free(want);
		free(text);
		tear_down(&s);
	}
}

/* What waits for more octets leaves at the end. */
static void
the_end_of_base64_is_there(void **state)
{
	static const char header[] = "Content-Type: a/b\r\n\r\n";
	struct base64 lines;
	struct buf want;
	struct ends s;
	struct err e;
	char *text, *got;
	size_t n, len;

	(void)state;
	text = make_large(header, "a line\r\n", "\xfc\xfc\r\n", &n);
	buf_init(&want, 1 << 20);
	base64_init(&lines);
	base64_write(&lines, text + strlen(header), n - strlen(header), &want);
	base64_end(&lines, &want);
	buf_puts(&want, "\r\n");
	set_up(&s);
	put(&s, text, n);
	end(&s, JOB_BODY_AGAIN);
	put(&s, text, n);
	end(&s, JOB_BODY_END);
	assert_int_equal(open_body(&s, text, n, true, &e), 0);
	got = read_body(&s, &len);
	assert_true(len > want.len);
	assert_string_equal(got + len - want.len, want.data);
	free(got);
	free(text);
	buf_clear(&want);
	tear_down(&s);
}

/* Until the queue has said so, one octet stays here, encoded or not. */
static void
the_last_octet_waits_for_the_end(void **state)
{
	size_t n, len, total = 0;
	char *text = make_large("A: b\r\n\r\n", "a line\r\n", "\xfc\r\n", &n);
	struct ends s;
	struct err e;
	const char *p;
	int more;

	(void)state;
	set_up(&s);
	put(&s, text, n);
	end(&s, JOB_BODY_AGAIN);
	put(&s, text, n);
	assert_int_equal(open_body(&s, text, n, true, &e), 0);
	shutdown(s.queue, SHUT_WR);
	while ((more = body_next(&s.body, &p, &len, &e)) == 1)
		total += len;
	assert_int_equal(more, -1);
	assert_int_equal(e.class, ERR_LOCAL);
	/* "=FC" for the one octet. */
	n += strlen(LABELS("iso-8859-1", "quoted-printable")) + 2;
	assert_true(total > 0 && total < n);
	tear_down(&s);
	free(text);
}

static void
what_the_queue_must_not_do(void **state)
{
	static const struct {
		enum job_type first, second, third; /* 0: nothing */
		const char *text;
	} cases[] = {
		{ JOB_BODY_END, 0, 0, "does not come again" },
		{ JOB_BODY_AGAIN, JOB_BODY_AGAIN, JOB_BODY_END,
		    "comes once too often" },
		{ JOB_ABORT, 0, 0, "took the message back" },
		{ JOB_BODY_AGAIN, JOB_ABORT, 0, "took the message back" },
		{ JOB_QUIT, 0, 0, "frame" },
	};
	size_t i, n, len;
	char *text = make_large("A: b\r\n\r\n", "a line\r\n", "\xfc\r\n", &n);
	const char *p;
	struct ends s;
	struct err e;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		set_up(&s);
		put(&s, text, n);
		end(&s, cases[i].first);
		if (cases[i].second != 0) {
			put(&s, text, n);
			end(&s, cases[i].second);
		}
		if (cases[i].third != 0)
			end(&s, cases[i].third);
		rc = open_body(&s, text, n, true, &e);
		while (rc == 0 && (rc = body_next(&s.body, &p, &len, &e)) == 1)
			rc = 0;
		assert_int_equal(rc, -1);
		assert_int_equal(e.class, ERR_LOCAL);
		assert_non_null(strstr(e.text, cases[i].text));
		tear_down(&s);
	}
	free(text);
}

static void
what_is_not_canonical_is_not_sent(void **state)
{
	static const char *const bodies[] = { "a\nb\r\n", "a\rb\r\n", "a",
		"a\r" };
	struct ends s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bodies); i++) {
		set_up(&s);
		put(&s, bodies[i], strlen(bodies[i]));
		end(&s, JOB_BODY_END);
		assert_int_equal(
		    open_body(&s, bodies[i], strlen(bodies[i]), true, &e), -1);
		assert_int_equal(e.class, ERR_LOCAL);
		tear_down(&s);
	}
}

/* It is drained to its end all the same, both times. */
static void
a_header_without_end_is_refused(void **state)
{
	size_t n;
	char *line = xmalloc(2 * HEADER_MAX), *text;
	struct ends s;
	struct err e;

	(void)state;
	memset(line, 'x', HEADER_MAX);
	memcpy(line + HEADER_MAX, "\r\n", 3);
	text = xasprintf("A: %s", line);
	n = strlen(text);
	set_up(&s);
	buf_clear(&s.out);
	buf_init(&s.out, 8 * HEADER_MAX);
	s.message.is_twice = true;
	free(line);
	if (fork() == 0) {
		put(&s, text, n);
		end(&s, JOB_BODY_AGAIN);
		put(&s, text, n);
		end(&s, JOB_BODY_END);
		_exit(frame_send(s.queue, &s.out, CLOCK_NEVER, &e) == -1);
	}
	assert_int_equal(open_body(&s, text, n, true, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_int_equal(body_drain(&s.body, &e), 0);
	assert_true(s.body.is_complete);
	tear_down(&s);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_messages),
		cmocka_unit_test(large_messages),
		cmocka_unit_test(the_end_of_base64_is_there),
		cmocka_unit_test(the_last_octet_waits_for_the_end),
		cmocka_unit_test(what_the_queue_must_not_do),
		cmocka_unit_test(what_is_not_canonical_is_not_sent),
		cmocka_unit_test(a_header_without_end_is_refused),
	};

	return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
