/* SPDX-License-Identifier: ISC */
/* Lines and pieces in, and when replies leave. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "smtpd/conn.h"

#define IDLE_MS 3600000

struct peer {
	const char *in;
	size_t n, piece; /* octets left, and of one read */
	int error;       /* of reading at the end; 0: closed */
	int broken;      /* of writing */
	bool has_more;   /* reading would not wait */
	unsigned writes;
	size_t written;
	int64_t deadline_ms;
};

static ssize_t
peer_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct peer *peer = arg;

	peer->deadline_ms = deadline_ms;
	if (n > peer->piece)
		n = peer->piece;
	if (n > peer->n)
		n = peer->n;
	if (n == 0 && peer->error != 0) {
		errno = peer->error;
		return -1;
	}
	memcpy(p, peer->in, n);
	peer->in += n;
	peer->n -= n;
	return (ssize_t)n;
}

static int
peer_write(void *arg, const void *p, size_t n, int64_t deadline_ms)
{
	struct peer *peer = arg;

	(void)p;
	(void)deadline_ms;
	peer->writes++;
	peer->written += n;
	errno = peer->broken;
	return peer->broken == 0 ? 0 : -1;
}

static bool
peer_waits(void *arg)
{
	const struct peer *peer = arg;

	return !peer->has_more;
}

static void
open_conn(struct conn *c, struct peer *peer, const char *in, size_t n)
{
	const struct io io = { peer_read, peer_write, peer_waits, peer };

	memset(peer, 0, sizeof(*peer));
	peer->in = in;
	peer->n = n;
	peer->piece = SIZE_MAX;
	conn_init(c, &io, IDLE_MS);
}

static void
assert_line(struct conn *c, const char *text, bool has_cr)
{
	struct conn_line line;

	assert_int_equal(conn_read_line(c, &line), 0);
	assert_int_equal(line.n, strlen(text));
	assert_memory_equal(line.p, text, line.n);
	assert_int_equal(line.has_cr, has_cr);
	assert_false(line.is_long);
}

static void
lines_of_both_kinds(void **state)
{
	static const char in[] = "a\r\nb\n\r\n\n c\r\r\nhalf";
	struct conn_line line;
	struct conn c;
	struct peer peer;
	size_t piece;

	(void)state;
	for (piece = 1; piece < sizeof(in); piece++) {
		open_conn(&c, &peer, in, sizeof(in) - 1);
		peer.piece = piece;
		assert_line(&c, "a", true);
		assert_line(&c, "b", false);
		assert_line(&c, "", true);
		assert_line(&c, "", false);
		assert_line(&c, " c\r", true);
		assert_int_equal(conn_read_line(&c, &line), -1);
		assert_int_equal(c.fault, CONN_GONE);
		conn_clear(&c);
	}
}

/* Its length, with and without a CR, in pieces and whole. */
static void
a_line_has_its_limit(void **state)
{
	const size_t sizes[] = { CONN_LINE_MAX, CONN_LINE_MAX + 1,
		3 * CONN_ROOM };
	char *in = xmalloc(3 * CONN_ROOM + 10);
	struct conn_line line;
	struct conn c;
	struct peer peer;
	size_t i, piece;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (piece = 1000; piece <= 100000; piece *= 10) {
			memset(in, 'x', sizes[i]);
			memcpy(in, "BDAT ", 5);
			memcpy(in + sizes[i], "\nNOOP\n", 7);
			open_conn(&c, &peer, in, sizes[i] + 6);
			peer.piece = piece;
			assert_int_equal(conn_read_line(&c, &line), 0);
			assert_int_equal(line.is_long, i > 0);
			/* its beginning is there */
			assert_int_equal(line.n, CONN_LINE_MAX);
			assert_memory_equal(line.p, in, CONN_LINE_MAX);
			assert_line(&c, "NOOP", false);
			conn_clear(&c);
		}
	}
	free(in);
}

static void
pieces_follow_lines(void **state)
{
	struct conn c;
	struct peer peer;
	const char *p;

	(void)state;
	open_conn(&c, &peer, "DATA\r\ntext\r\n.\r\nQUIT\r\n", 21);
	assert_line(&c, "DATA", true);
	assert_int_equal(conn_read(&c, &p, INT64_MAX), 15);
	assert_memory_equal(p, "text\r\n.\r\n", 9);
	conn_used(&c, 9);
	assert_true(conn_has_input(&c));
	assert_line(&c, "QUIT", true);
	assert_false(conn_has_input(&c));
	peer.has_more = true;
	assert_true(conn_has_input(&c));
	assert_int_equal(conn_read(&c, &p, 12345), -1);
	assert_int_equal(c.fault, CONN_GONE);
	assert_int_equal(peer.deadline_ms, 12345);
	conn_clear(&c);
	/* nor longer than a line is waited for */
	open_conn(&c, &peer, "", 0);
	assert_int_equal(conn_read(&c, &p, INT64_MAX), -1);
	assert_true(peer.deadline_ms < INT64_MAX);
	conn_clear(&c);
}

/* Whichever is first: the time for a line, or the end of all. */
static void
a_line_has_its_time(void **state)
{
	struct conn_line line;
	struct conn c;
	struct peer peer;

	(void)state;
	open_conn(&c, &peer, "", 0);
	assert_int_equal(conn_read_line(&c, &line), -1);
	assert_true(peer.deadline_ms > 12345);
	conn_clear(&c);
	open_conn(&c, &peer, "", 0);
	c.until_ms = 12345;
	assert_int_equal(conn_read_line(&c, &line), -1);
	assert_int_equal(peer.deadline_ms, 12345);
	conn_clear(&c);
	/* each piece of a line counts towards the same time */
	open_conn(&c, &peer, "NOOP", 4);
	peer.piece = 1;
	c.until_ms = 12345;
	assert_int_equal(conn_read_line(&c, &line), -1);
	assert_int_equal(peer.deadline_ms, 12345);
	conn_clear(&c);
}

static void
faults_are_told_apart(void **state)
{
	static const struct {
		int error;
		enum conn_fault fault;
	} faults[] = { { 0, CONN_GONE }, { ETIMEDOUT, CONN_LATE },
		{ ECANCELED, CONN_DISMISSED }, { EBADF, CONN_UNREADABLE },
		{ EIO, CONN_UNREADABLE } };
	struct conn_line line;
	struct conn c;
	struct peer peer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		open_conn(&c, &peer, "x", 1);
		peer.error = faults[i].error;
		assert_int_equal(conn_read_line(&c, &line), -1);
		assert_int_equal(c.fault, faults[i].fault);
		if (faults[i].error != 0)
			assert_int_equal(c.error, faults[i].error);
		conn_clear(&c);
	}
}

static void
replies_leave_when_the_client_waits(void **state)
{
	struct conn c;
	struct peer peer;

	(void)state;
	open_conn(&c, &peer, "a\nb\nc\n", 6);
	peer.piece = 2;
	peer.has_more = true;
	buf_puts(conn_out(&c), "220\r\n");
	assert_line(&c, "a", false);
	buf_puts(conn_out(&c), "250\r\n");
	assert_line(&c, "b", false);
	assert_int_equal(peer.writes, 0);
	peer.has_more = false;
	assert_line(&c, "c", false);
	assert_int_equal(peer.writes, 1);
	assert_int_equal(peer.written, 10);
	/* nothing to say: nothing is written */
	assert_int_equal(conn_flush(&c), 0);
	assert_int_equal(peer.writes, 1);
	conn_clear(&c);
}

static void
many_replies_leave_before_that(void **state)
{
	char text[1000] = "";
	struct conn c;
	struct peer peer;
	size_t i;

	(void)state;
	open_conn(&c, &peer, "", 0);
	peer.has_more = true;
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 1000; i++)
		assert_int_equal(buf_append(conn_out(&c), text, 1000), 0);
	assert_true(peer.writes > 0);
	assert_int_equal(peer.written + c.out.len, 1000000);
	conn_clear(&c);
}

static void
a_client_that_hears_nothing_is_not_read(void **state)
{
	struct conn_line line;
	struct conn c;
	struct peer peer;

	(void)state;
	open_conn(&c, &peer, "a\n", 2);
	peer.broken = EPIPE;
	buf_puts(conn_out(&c), "220\r\n");
	assert_int_equal(conn_read_line(&c, &line), -1);
	assert_int_equal(c.fault, CONN_UNWRITABLE);
	assert_int_equal(c.error, EPIPE);
	assert_int_equal(peer.n, 2);
	conn_clear(&c);
}

/* What it has said already is done, and each answer would wait anew. */
static void
a_client_that_hears_nothing_is_told_nothing(void **state)
{
	char text[1000] = "";
	struct conn c;
	struct peer peer;
	size_t i;

	(void)state;
	open_conn(&c, &peer, "", 0);
	peer.broken = ETIMEDOUT;
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 1000; i++)
		assert_int_equal(buf_append(conn_out(&c), text, 1000), 0);
	assert_int_equal(conn_flush(&c), -1);
	assert_int_equal(c.fault, CONN_UNWRITABLE);
	assert_int_equal(c.error, ETIMEDOUT);
	assert_int_equal(peer.writes, 1);
	conn_clear(&c);
}

/* Wherever its octets lie by now; what was not used yet stays. */
static void
what_was_secret_is_wiped(void **state)
{
	static const char in[] = "AUTH PLAIN secret\r\nNOOP\r\n";
	struct conn c;
	struct peer peer;

	(void)state;
	/* in front of what was not used */
	open_conn(&c, &peer, in, sizeof(in) - 1);
	assert_line(&c, "AUTH PLAIN secret", true);
	assert_non_null(memmem(c.in, CONN_ROOM, "secret", 6));
	conn_forget(&c);
	assert_null(memmem(c.in, CONN_ROOM, "secret", 6));
	assert_line(&c, "NOOP", true);
	conn_clear(&c);
	/* behind what was read since */
	open_conn(&c, &peer, in, sizeof(in) - 1);
	peer.piece = 19;
	assert_line(&c, "AUTH PLAIN secret", true);
	assert_line(&c, "NOOP", true);
	assert_non_null(memmem(c.in, CONN_ROOM, "secret", 6));
	conn_forget(&c);
	assert_null(memmem(c.in, CONN_ROOM, "secret", 6));
	conn_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_both_kinds),
		cmocka_unit_test(a_line_has_its_limit),
		cmocka_unit_test(pieces_follow_lines),
		cmocka_unit_test(a_line_has_its_time),
		cmocka_unit_test(faults_are_told_apart),
		cmocka_unit_test(what_was_secret_is_wiped),
		cmocka_unit_test(replies_leave_when_the_client_waits),
		cmocka_unit_test(many_replies_leave_before_that),
		cmocka_unit_test(a_client_that_hears_nothing_is_not_read),
		cmocka_unit_test(a_client_that_hears_nothing_is_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
