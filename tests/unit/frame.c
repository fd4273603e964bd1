/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/frame.h"

static void
put_sample(struct buf *b)
{
	ssize_t start = frame_begin(b, 7);

	assert_int_equal(field_put_str(b, 1, "alice"), 0);
	assert_int_equal(field_put_u64(b, 2, UINT64_MAX - 1), 0);
	assert_int_equal(field_put(b, 3, "a\0b", 3), 0);
	assert_int_equal(frame_end(b, start), 0);
}

static void
fields_come_back_as_written(void **state)
{
	struct field_walk w;
	struct frame f;
	struct field x;
	struct buf b;
	uint64_t v;
	char *s;

	(void)state;
	buf_init(&b, FRAME_MAX);
	put_sample(&b);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	assert_int_equal(f.type, 7);
	field_walk_init(&w, &f);
	assert_int_equal(field_next(&w, &x), 1);
	s = field_str(&x);
	assert_string_equal(s, "alice");
	free(s);
	assert_int_equal(field_u64(&x, &v), -1);
	assert_int_equal(field_next(&w, &x), 1);
	assert_int_equal(field_u64(&x, &v), 0);
	assert_true(v == UINT64_MAX - 1);
	assert_int_equal(field_next(&w, &x), 1);
	assert_null(field_str(&x));
	assert_int_equal(field_next(&w, &x), 0);
	buf_clear(&b);
}

static void
every_truncation_asks_for_more(void **state)
{
	struct frame f;
	struct buf b;
	size_t n;

	(void)state;
	buf_init(&b, FRAME_MAX);
	put_sample(&b);
	for (n = 0; n < b.len; n++)
		assert_int_equal(frame_parse(b.data, n, &f), 0);
	buf_clear(&b);
}

static void
refuses_lengths_beyond_bounds(void **state)
{
	static const uint8_t longer[] = { 1, 0, 4, 0, 1 };
	static const uint8_t huge[] = { 1, 255, 255, 255, 255 };
	/* a field that claims one octet more than its frame holds */
	static const uint8_t field[] = { 1, 0, 0, 0, 6, 9, 0, 0, 0, 2, 'x' };
	static const uint8_t stub[] = { 1, 0, 0, 0, 4, 9, 0, 0, 0 };
	struct field_walk w;
	struct frame f;
	struct field x;

	(void)state;
	assert_int_equal(frame_parse(longer, sizeof(longer), &f), -1);
	assert_int_equal(frame_parse(huge, sizeof(huge), &f), -1);
	assert_int_equal(frame_parse(field, sizeof(field), &f), sizeof(field));
	field_walk_init(&w, &f);
	assert_int_equal(field_next(&w, &x), -1);
	assert_int_equal(frame_parse(stub, sizeof(stub), &f), sizeof(stub));
	field_walk_init(&w, &f);
	assert_int_equal(field_next(&w, &x), -1);
}

static void
exchange_over_a_socket(void **state)
{
	struct frame_reader r;
	struct frame f;
	struct err e;
	struct buf b;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	buf_init(&b, FRAME_MAX);
	put_sample(&b);
	put_sample(&b);
	frame_put_raw(&b, 9, "tail", 4);
	buf_truncate(&b, b.len - 1);
	assert_int_equal(frame_send(fd[0], &b, clock_mono_ms() + 60000, &e), 0);
	close(fd[0]);
	frame_reader_init(&r, fd[1]);
	assert_int_equal(frame_recv(&r, &f, CLOCK_NEVER, &e), 1);
	assert_int_equal(frame_recv(&r, &f, CLOCK_NEVER, &e), 1);
	assert_int_equal(f.type, 7);
	/* the last frame lacks its last octet */
	assert_int_equal(frame_recv(&r, &f, CLOCK_NEVER, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	frame_reader_clear(&r);
	close(fd[1]);
	buf_clear(&b);
}

/* Several of a read, and one that begins in it and ends in the next. */
static void
frames_come_in_any_pieces(void **state)
{
	struct frame_reader r;
	struct frame f;
	struct err e;
	struct buf b;
	size_t i, half;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	buf_init(&b, FRAME_MAX);
	for (i = 0; i < 5; i++)
		frame_put_raw(&b, (uint8_t)(i + 1), "abcd", 4);
	half = b.len / 2;
	frame_reader_init(&r, fd[1]);
	assert_int_equal(send(fd[0], b.data, half, 0), half);
	for (i = 0; i < 5; i++) {
		if (i == 2)
			assert_int_equal(
			    send(fd[0], b.data + half, b.len - half, 0),
			    b.len - half);
		assert_int_equal(frame_recv(&r, &f, CLOCK_NEVER, &e), 1);
		assert_int_equal(f.type, i + 1);
		assert_int_equal(f.len, 4);
		assert_memory_equal(f.payload, "abcd", 4);
	}
	close(fd[0]);
	assert_int_equal(frame_recv(&r, &f, CLOCK_NEVER, &e), 0);
	frame_reader_clear(&r);
	close(fd[1]);
	buf_clear(&b);
}

static void
silence_ends_at_the_deadline(void **state)
{
	struct frame_reader r;
	struct frame f;
	struct err e;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	frame_reader_init(&r, fd[1]);
	assert_int_equal(frame_recv(&r, &f, clock_mono_ms() + 1, &e), -1);
	assert_string_equal(e.text, "timed out");
	close(fd[0]);
	assert_int_equal(frame_recv(&r, &f, CLOCK_NEVER, &e), 0);
	frame_reader_clear(&r);
	close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_come_back_as_written),
		cmocka_unit_test(every_truncation_asks_for_more),
		cmocka_unit_test(refuses_lengths_beyond_bounds),
		cmocka_unit_test(exchange_over_a_socket),
		cmocka_unit_test(frames_come_in_any_pieces),
		cmocka_unit_test(silence_ends_at_the_deadline),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
