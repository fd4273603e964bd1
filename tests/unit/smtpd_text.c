/* SPDX-License-Identifier: ISC */
/* A message's text as a source: to its end and no further, whole or not. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "smtpd/text.h"
#include "tests/smtp/stage.h"

#define IDLE_MS 3600000

#define OUT_MAX 4096

struct scene {
	struct client client;
	struct conn conn;
	struct text text;
	const char *chunks; /* a digit each: how long the next one is, and */
	int ends;           /* what comes behind those: LAST, or no more */
};

static void
set_up(struct scene *s, const char *says, size_t piece)
{
	struct io io;

	memset(s, 0, sizeof(*s));
	client_init(&s->client, says, strlen(says));
	s->client.piece = piece;
	io = client_io(&s->client);
	conn_init(&s->conn, &io, IDLE_MS);
}

static void
tear_down(struct scene *s)
{
	conn_clear(&s->conn);
	client_clear(&s->client);
}

static int
next_chunk(void *arg, struct text *t)
{
	struct scene *s = arg;

	if (*s->chunks == '\0' && s->ends == -1)
		return -1;
	t->is_last = s->chunks[0] == '\0' || s->chunks[1] == '\0';
	t->left = *s->chunks == '\0' ? 0 : (uint64_t)(*s->chunks++ - '0');
	t->is_last = t->is_last && s->ends == 0;
	return 0;
}

/* All that the source gives, in reads of so many octets; -1 when it fails. */
static int
read_all(const struct source *from, size_t n, struct buf *out)
{
	struct err e;
	char piece[64];
	ssize_t got;

	while ((got = from->read(from->arg, piece, n, &e)) > 0)
		assert_int_equal(buf_append(out, piece, (size_t)got), 0);
	if (got == -1)
		assert_string_equal(e.status, "4.4.2");
	return (int)got;
}

/* What is left on the connection. */
static void
assert_left(struct scene *s, const char *wanted)
{
	struct conn_line line;

	assert_int_equal(conn_read_line(&s->conn, &line), 0);
	assert_int_equal(line.n, strlen(wanted));
	assert_memory_equal(line.p, wanted, line.n);
}

static int
read_chunks(struct scene *s, size_t n, struct buf *out)
{
	struct source source;

	text_init_chunks(&s->text, &s->conn, &patience_local);
	s->text.next_chunk = next_chunk;
	s->text.arg = s;
	source = text_source_chunks(&s->text);
	return read_all(&source, n, out);
}

static void
chunks_are_put_together(void **state)
{
	static const char *const cut[] = { "9", "333", "90", "090", "18",
		"111111111", "0000900" };
	struct scene s;
	struct buf out;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		for (n = 1; n < 12; n++) {
			set_up(&s, "ab\r\n.\r\n\r\nQUIT\r\n", n % 4);
			s.chunks = cut[i];
			buf_init(&out, OUT_MAX);
			assert_int_equal(read_chunks(&s, n, &out), 0);
			assert_string_equal(buf_data(&out), "ab\r\n.\r\n\r\n");
			assert_left(&s, "QUIT");
			buf_clear(&out);
			tear_down(&s);
		}
	}
}

static void
chunks_without_a_last_fail(void **state)
{
	struct scene s;
	struct buf out;

	(void)state;
	set_up(&s, "hello\r\nRSET\r\n", 0);
	s.chunks = "7";
	s.ends = -1;
	buf_init(&out, OUT_MAX);
	assert_int_equal(read_chunks(&s, 64, &out), -1);
	assert_int_equal(s.conn.fault, CONN_FINE);
	assert_left(&s, "RSET");
	buf_clear(&out);
	tear_down(&s);
}

static void
half_a_chunk_fails(void **state)
{
	struct scene s;
	struct buf out;

	(void)state;
	set_up(&s, "hello", 0);
	s.chunks = "7";
	buf_init(&out, OUT_MAX);
	assert_int_equal(read_chunks(&s, 64, &out), -1);
	assert_int_equal(s.conn.fault, CONN_GONE);
	assert_int_equal(text_drain_chunk(&s.text), -1);
	buf_clear(&out);
	tear_down(&s);
}

static void
what_is_left_of_a_chunk_is_drained(void **state)
{
	struct scene s;
	size_t piece;

	(void)state;
	for (piece = 0; piece < 3; piece++) {
		set_up(&s, "hello\r\nQUIT\r\n", piece);
		text_init_chunks(&s.text, &s.conn, &patience_local);
		s.text.left = 7;
		assert_int_equal(text_drain_chunk(&s.text), 0);
		assert_left(&s, "QUIT");
		tear_down(&s);
	}
}

static void
a_text_ends_at_its_dot(void **state)
{
	struct source source;
	struct scene s;
	struct buf out;
	size_t n;

	(void)state;
	for (n = 2; n < 12; n++) {
		set_up(&s, "a\r\n..b\r\n.\r\nQUIT\r\n", n % 4);
		text_init_data(&s.text, &s.conn, &patience_local, false);
		source = text_source_data(&s.text);
		buf_init(&out, OUT_MAX);
		assert_int_equal(read_all(&source, n, &out), 0);
		assert_string_equal(buf_data(&out), "a\r\n.b\r\n");
		assert_left(&s, "QUIT");
		buf_clear(&out);
		tear_down(&s);
	}
	set_up(&s, "a\r\n.b\r\n.\r\nQUIT\r\n", 0);
	text_init_data(&s.text, &s.conn, &patience_local, false);
	assert_int_equal(text_drain_data(&s.text), 0);
	assert_left(&s, "QUIT");
	tear_down(&s);
}

/* However it is cut into reads: found where it is, and drained behind it. */
static void
lone_line_ends_may_be_refused(void **state)
{
	static const struct {
		const char *text;
		bool is_bare;
	} cases[] = {
		{ "a\r\nb\r\n.\r\nQUIT\r\n", false },
		{ ".\r\nQUIT\r\n", false },
		{ "..\r\n.\r\nQUIT\r\n", false },
		{ "a\nb\r\n.\r\nQUIT\r\n", true },
		{ "a\rb\r\n.\r\nQUIT\r\n", true },
		{ "a\r\r\n.\r\nQUIT\r\n", true },
		{ "a\n\r\n.\r\nQUIT\r\n", true },
		{ "a\n.\r\nb\r\n.\r\nQUIT\r\n", true },
		{ "a\r\n.\nb\r\n.\r\nQUIT\r\n", true },
		{ "a\r\n.\rb\r\n.\r\nQUIT\r\n", true },
	};
	struct source source;
	struct scene s;
	struct buf out;
	struct err e;
	char piece[64];
	size_t i, n;
	ssize_t got;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (n = 2; n < 20; n++) {
			set_up(&s, cases[i].text, n % 3);
			text_init_data(
			    &s.text, &s.conn, &patience_local, false);
			s.text.refuses_bare = true;
			source = text_source_data(&s.text);
			buf_init(&out, OUT_MAX);
			while (
			    (got = source.read(source.arg, piece, n, &e)) > 0)
				continue;
			if (got != (cases[i].is_bare ? -1 : 0))
				fail_msg("case %zu by %zu: %zd", i, n, got);
			if (got == -1)
				assert_int_equal(e.class, ERR_PERM);
			assert_int_equal(text_drain_data(&s.text), 0);
			assert_left(&s, "QUIT");
			buf_clear(&out);
			tear_down(&s);
		}
	}
}

/* What was refused has its answer: nothing in the rest of it gets another. */
static void
lone_line_ends_of_the_rest_do_not_matter(void **state)
{
	struct source source;
	struct scene s;
	struct err e;
	char piece[4];
	size_t n;

	(void)state;
	for (n = 0; n < 3; n++) {
		set_up(&s, "abc\nd\re\n.\r\n\r\n.\r\nQUIT\r\n", n);
		text_init_data(&s.text, &s.conn, &patience_local, false);
		s.text.refuses_bare = true;
		source = text_source_data(&s.text);
		assert_true(source.read(source.arg, piece, 4, &e) > 0);
		assert_int_equal(text_drain_data(&s.text), 0);
		assert_int_equal(s.conn.fault, CONN_FINE);
		assert_left(&s, "QUIT");
		tear_down(&s);
	}
}

/* Of chunks there is an end, behind which a CR waits for its LF in vain. */
static void
lone_line_ends_of_chunks_may_be_refused(void **state)
{
	static const struct {
		const char *text, *chunks;
		bool is_bare;
	} cases[] = {
		{ "a\r\nb\r\n", "6", false },
		{ "a\r\nb\r\n", "24", false },
		{ "a\r\nb\r\n", "60", false },
		{ "a\r\nb", "4", false },
		{ "a\nb\r\n", "5", true },
		{ "a\rb\r\n", "23", true },
		{ "a\r", "2", true },
		{ "a\r", "20", true },
		{ "a\n", "110", true },
	};
	struct source source;
	char piece[8];
	struct scene s;
	struct err e;
	size_t i, n;
	ssize_t got;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (n = 1; n < 5; n++) {
			set_up(&s, cases[i].text, n % 3);
			s.chunks = cases[i].chunks;
			text_init_chunks(&s.text, &s.conn, &patience_local);
			s.text.next_chunk = next_chunk;
			s.text.arg = &s;
			s.text.refuses_bare = true;
			source = text_source_chunks(&s.text);
			while (
			    (got = source.read(source.arg, piece, n, &e)) > 0)
				continue;
			if (got != (cases[i].is_bare ? -1 : 0))
				fail_msg("case %zu by %zu: %zd", i, n, got);
			if (got == -1)
				assert_string_equal(e.status, "5.6.0");
			tear_down(&s);
		}
	}
}

/* A CR that was held back comes together with what follows it. */
static void
a_read_is_no_longer_than_asked(void **state)
{
	struct source source;
	struct scene s;
	struct err e;
	char piece[64];
	size_t n, i;
	ssize_t got;

	(void)state;
	for (n = 2; n < 20; n++) {
		set_up(&s, ".\r..\r\n.\ra\r\n.\r.\rb\r\n.\r\n", 0);
		text_init_data(&s.text, &s.conn, &patience_local, false);
		source = text_source_data(&s.text);
		do {
			memset(piece, '#', sizeof(piece));
			got = source.read(source.arg, piece, n, &e);
			assert_true(got <= (ssize_t)n);
			for (i = n; i < sizeof(piece); i++)
				assert_int_equal(piece[i], '#');
		} while (got > 0);
		assert_int_equal(got, 0);
		tear_down(&s);
	}
}

static void
nothing_is_read_again(void **state)
{
	struct source source;
	struct scene s;
	struct err e;

	(void)state;
	set_up(&s, "", 0);
	text_init_data(&s.text, &s.conn, &patience_local, false);
	source = text_source_data(&s.text);
	assert_int_equal(source.rewind(source.arg, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	text_init_chunks(&s.text, &s.conn, &patience_local);
	source = text_source_chunks(&s.text);
	assert_int_equal(source.rewind(source.arg, &e), -1);
	tear_down(&s);
}

/* Each read has the time that what has come so far leaves. */
static void
a_text_has_to_get_on(void **state)
{
	static const struct patience p = { IDLE_MS, 0, 2 * IDLE_MS, 10000, 2, 0,
		0 };
	struct scene s;

	(void)state;
	set_up(&s, "12345678", 1);
	text_init_data(&s.text, &s.conn, &p, false);
	assert_int_equal(text_drain_data(&s.text), -1);
	assert_int_equal(
	    s.client.deadline_ms, s.text.since_ms + 10000 + 8 * 500);
	tear_down(&s);
	set_up(&s, "12345678", 1);
	text_init_chunks(&s.text, &s.conn, &p);
	s.text.left = 100;
	assert_int_equal(text_drain_chunk(&s.text), -1);
	assert_int_equal(
	    s.client.deadline_ms, s.text.since_ms + 10000 + 8 * 500);
	tear_down(&s);
}

/* What was refused is read on for so many octets, or to its end before that. */
static void
what_was_refused_is_not_read_for_ever(void **state)
{
	static const struct patience p = {
		.command_ms = IDLE_MS, .text_ms = IDLE_MS, .refused_max = 6
	};
	struct scene s;
	size_t piece;

	(void)state;
	for (piece = 1; piece < 3; piece++) {
		set_up(&s, "12345678\r\n.\r\nQUIT\r\n", piece);
		text_init_data(&s.text, &s.conn, &p, false);
		assert_int_equal(text_drain_data(&s.text), 1);
		assert_int_equal(s.text.octets, 6);
		assert_int_equal(s.conn.fault, CONN_FINE);
		tear_down(&s);
		set_up(&s, "1\r\n.\r\nQUIT\r\n", piece);
		text_init_data(&s.text, &s.conn, &p, false);
		/* what came before it was refused does not count */
		s.text.octets = 100;
		assert_int_equal(text_drain_data(&s.text), 0);
		assert_left(&s, "QUIT");
		tear_down(&s);
		set_up(&s, "1234567QUIT\r\n", piece);
		text_init_chunks(&s.text, &s.conn, &p);
		s.text.left = 7;
		assert_int_equal(text_drain_chunk(&s.text), 1);
		assert_int_equal(s.text.octets, 6);
		assert_int_equal(s.conn.fault, CONN_FINE);
		tear_down(&s);
		set_up(&s, "123456QUIT\r\n", piece);
		text_init_chunks(&s.text, &s.conn, &p);
		s.text.octets = 100;
		s.text.left = 6;
		assert_int_equal(text_drain_chunk(&s.text), 0);
		assert_left(&s, "QUIT");
		tear_down(&s);
	}
}

/* Each read takes a while. */
static ssize_t
slow_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct client *c = arg;
	struct io io = client_io(c);
	int64_t now = clock_mono_ms();

	while (clock_mono_ms() == now)
		continue;
	return io.read(c, p, n, deadline_ms);
}

/* Or for so long: each octet takes a millisecond, and there are many. */
static void
what_was_refused_has_little_time(void **state)
{
	static const struct patience p = {
		.command_ms = IDLE_MS, .text_ms = IDLE_MS, .refused_ms = 5
	};
	char says[1001];
	struct scene s;
	int i;

	(void)state;
	memset(says, 'x', sizeof(says) - 1);
	says[sizeof(says) - 1] = '\0';
	for (i = 0; i < 2; i++) {
		set_up(&s, says, 1);
		s.conn.io.read = slow_read;
		if (i == 0)
			text_init_data(&s.text, &s.conn, &p, false);
		else
			text_init_chunks(&s.text, &s.conn, &p);
		s.text.left = 1000;
		assert_int_equal(i == 0 ? text_drain_data(&s.text)
					: text_drain_chunk(&s.text),
		    1);
		assert_true(s.text.octets < 1000);
		tear_down(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_are_put_together),
		cmocka_unit_test(chunks_without_a_last_fail),
		cmocka_unit_test(half_a_chunk_fails),
		cmocka_unit_test(what_is_left_of_a_chunk_is_drained),
		cmocka_unit_test(a_text_ends_at_its_dot),
		cmocka_unit_test(lone_line_ends_may_be_refused),
		cmocka_unit_test(lone_line_ends_of_the_rest_do_not_matter),
		cmocka_unit_test(lone_line_ends_of_chunks_may_be_refused),
		cmocka_unit_test(a_read_is_no_longer_than_asked),
		cmocka_unit_test(nothing_is_read_again),
		cmocka_unit_test(a_text_has_to_get_on),
		cmocka_unit_test(what_was_refused_is_not_read_for_ever),
		cmocka_unit_test(what_was_refused_has_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
