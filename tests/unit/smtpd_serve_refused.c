/* SPDX-License-Identifier: ISC */
/*
 * A stranger whose message is refused, or dropped by itself: it hears why, and
 * does not keep its place with it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "smtpd/serve.h"
#include "tests/smtp/stage.h"

#define ENVELOPE    "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
#define REFUSED_MAX 1000
#define MIB         (1024 * 1024)

static const struct patience patience = {
	.command_ms = 3600000, .text_ms = 3600000, .refused_max = REFUSED_MAX
};

struct scene {
	struct stage stage;
	struct client client;
	size_t queued;
};

/* says, and so many octets more; the exit status. */
static int
play(struct scene *s, const char *says, size_t more, const char *then)
{
	struct buf all;
	char *found[STAGE_MAX];
	struct service service;
	struct io io;
	int status;
	size_t i;

	buf_init(&all, 4 * MIB);
	buf_puts(&all, says);
	for (i = 0; i < more; i++)
		buf_append(&all, i % 80 == 79 ? "\n" : "x", 1);
	buf_puts(&all, then);
	stage_open(&s->stage, "message_size_max = 2000\n");
	client_init(&s->client, buf_data(&all), all.len);
	s->client.piece = 1;
	io = client_io(&s->client);
	service = service_of_site(&s->stage.site);
	service.is_public = true;
	service.rcpts_max = 100;
	service.patience = &patience;
	status = serve(&io, &service);
	s->queued = stage_take(&s->stage, found);
	for (i = 0; i < s->queued; i++)
		free(found[i]);
	stage_close(&s->stage);
	buf_clear(&all);
	return status;
}

/* Its last two replies are these. */
static void
assert_last_two(struct scene *s, const char *one, const char *two)
{
	const char *p = buf_data(&s->client.out) + s->client.out.len - 2;

	while (p[-1] != '\n')
		p--;
	if (strncmp(p, two, strlen(two)) != 0)
		print_error("%s\n", buf_data(&s->client.out));
	assert_memory_equal(p, two, strlen(two));
	for (p--; p[-1] != '\n'; p--)
		continue;
	assert_memory_equal(p, one, strlen(one));
	client_clear(&s->client);
}

static void
a_chunk_of_4_gib(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(
	    play(&s, ENVELOPE "BDAT 4294967296 LAST\r\n", 10 * REFUSED_MAX, ""),
	    EX_PROTOCOL);
	/* no more of it was read than that */
	assert_in_range(s.client.at, REFUSED_MAX, REFUSED_MAX + 100);
	assert_int_equal(s.queued, 0);
	assert_last_two(&s, "552 5.3.4 ", "421 4.7.0 what was refused");
	/* nor of one that comes without a message */
	assert_int_equal(
	    play(&s, "BDAT 4294967296\r\n", 10 * REFUSED_MAX, ""), EX_PROTOCOL);
	assert_in_range(s.client.at, REFUSED_MAX, REFUSED_MAX + 100);
	assert_last_two(&s, "503 5.5.1 ", "421 4.7.0 what was refused");
}

/* Amid chunks: what came before it is dropped, too. */
static void
a_later_chunk_of_4_gib(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(
	    play(&s, ENVELOPE "BDAT 1\r\nxBDAT 4294967296 LAST\r\n",
		10 * REFUSED_MAX, ""),
	    EX_PROTOCOL);
	assert_in_range(s.client.at, REFUSED_MAX, REFUSED_MAX + 100);
	assert_int_equal(s.queued, 0);
	assert_last_two(&s, "552 5.3.4 ", "421 4.7.0 what was refused");
}

/* A little too large is heard out, and the session goes on. */
static void
what_is_a_little_too_large(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(
	    play(&s, ENVELOPE "BDAT 2900 LAST\r\n", 900, ""), EX_OK);
	client_clear(&s.client);
	assert_int_equal(
	    play(&s, ENVELOPE "BDAT 2001 LAST\r\n", 2001, "NOOP\r\n"),
	    EX_PROTOCOL);
	client_clear(&s.client);
	assert_int_equal(play(&s, "BDAT 999\r\n", 999, "NOOP\r\n"), EX_OK);
	assert_last_two(&s, "503 5.5.1 ", "250 2.0.0 ok");
	assert_int_equal(
	    play(&s, ENVELOPE "DATA\r\n", 2500, "\r\n.\r\nNOOP\r\n"), EX_OK);
	assert_int_equal(s.queued, 0);
	assert_last_two(&s, "552 5.3.4 ", "250 2.0.0 ok");
}

static void
a_text_without_an_end(void **state)
{
	struct scene s;

	(void)state;
	assert_int_equal(
	    play(&s, ENVELOPE "DATA\r\n", 3 * MIB, ""), EX_PROTOCOL);
	/* what is kept in memory, and then no more than that */
	assert_in_range(s.client.at, MIB / 2, MIB + MIB / 2);
	assert_int_equal(s.queued, 0);
	assert_last_two(&s, "552 5.3.4 ", "421 4.7.0 what was refused");
}

/*
 * Who begins messages and drops them has sent none: its commands are counted
 * on, and its time runs.
 */
static void
a_flood_of_dropped_messages(void **state)
{
	static const char *const drops[] = { "RSET\r\n", "EHLO x\r\n" };
	struct scene s;
	struct buf says;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
		buf_init(&says, 512 * 1024);
		for (k = 0; k < 500; k++) {
			buf_puts(&says, ENVELOPE "BDAT 1\r\nx");
			buf_puts(&says, drops[i]);
		}
		assert_int_equal(play(&s, buf_data(&says), 0, ""), EX_PROTOCOL);
		assert_int_equal(s.queued, 0);
		assert_last_two(&s, "", "421 4.7.0 ");
		buf_clear(&says);
	}
}

static size_t
replies(struct scene *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->client.out.len; i++)
		n += s->client.out.data[i] == '\n';
	client_clear(&s->client);
	return n;
}

/* What a message to the most recipients needs is never too much. */
static void
so_many_commands_and_no_more(void **state)
{
	struct scene s;
	struct buf says;
	int i;

	(void)state;
	buf_init(&says, 512 * 1024);
	for (i = 0; i < 200 + 2 * 100; i++)
		buf_puts(&says, "NOOP\r\n");
	assert_int_equal(play(&s, buf_data(&says), 0, ""), EX_OK);
	assert_int_equal(replies(&s), 1 + 400);
	assert_int_equal(play(&s, buf_data(&says), 0, "NOOP\r\n"), EX_PROTOCOL);
	assert_last_two(&s, "250 2.0.0 ok", "421 4.7.0 too many commands");
	/* behind a message they are counted anew */
	buf_truncate(&says, 0);
	for (i = 0; i < 300; i++)
		buf_puts(&says, "NOOP\r\n");
	buf_puts(&says, ENVELOPE "BDAT 3 LAST\r\nx\r\n");
	for (i = 0; i < 300; i++)
		buf_puts(&says, "NOOP\r\n");
	assert_int_equal(play(&s, buf_data(&says), 0, ""), EX_OK);
	assert_int_equal(s.queued, 1);
	client_clear(&s.client);
	buf_clear(&says);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_of_4_gib),
		cmocka_unit_test(a_later_chunk_of_4_gib),
		cmocka_unit_test(what_is_a_little_too_large),
		cmocka_unit_test(a_text_without_an_end),
		cmocka_unit_test(so_many_commands_and_no_more),
		cmocka_unit_test(a_flood_of_dropped_messages),
	};

	return cmocka_run_group_tests_name(
	    "smtpd_serve_refused", tests, NULL, NULL);
}
