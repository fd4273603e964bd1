/* SPDX-License-Identifier: ISC */
/* The frames of a submission: their order, and what ends one. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_authors.h"
#include "common/proto_origin.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/incoming.h"
#include "tests/unit/office.h"

static struct {
	struct office o;
	struct incoming *s;
	struct buf in;
	size_t ends, rooms;
	uint64_t id;
	struct err why;
} rig;

static void
on_end(void *arg, uint64_t queue_id, const struct err *why)
{
	(void)arg;
	rig.ends++;
	rig.id = queue_id;
	err_clear(&rig.why);
	if (why != NULL)
		rig.why = *why;
}

static void
on_room(void *arg)
{
	(void)arg;
	rig.rooms++;
}

static int
set_up(void **state)
{
	struct admission_caller caller = { 1000, on_end, on_room, NULL, NULL };

	(void)state;
	memset(&rig, 0, sizeof(rig));
	office_open(&rig.o, OFFICE_ADMIN OFFICE_ACCOUNT "[listen scan]\n");
	rig.s = incoming_new(rig.o.parts.admit, &caller);
	buf_init(&rig.in, 4 * FRAME_RECV_MAX);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	incoming_free(rig.s);
	buf_clear(&rig.in);
	office_run(&rig.o);
	office_close(&rig.o);
	return 0;
}

static void
put_envelope(const char *sender, const char *rcpt)
{
	struct submit_head head = {
		.id = { 1 }, .created_at = T0, .version = SUBMIT_VERSION
	};
	struct envelope env;

	envelope_init(&env);
	env.sender = xstrdup(sender);
	if (rcpt != NULL)
		envelope_add(&env, rcpt);
	assert_int_equal(submit_put_envelope(&rig.in, &head, &env), 0);
	envelope_clear(&env);
}

static void
put_data(const char *text)
{
	assert_int_equal(
	    frame_put_raw(&rig.in, SUBMIT_DATA, text, strlen(text)), 0);
}

static int
feed(void)
{
	size_t before;
	int rc;

	/* It stops once, behind an ORIGIN. */
	do {
		before = rig.in.len;
		err_clear(&rig.o.e);
		rc = incoming_feed(rig.s, &rig.in, &rig.o.e);
	} while (rc == 0 && rig.in.len > 0 && rig.in.len < before);
	return rc;
}

/* ORIGIN, as the parent says it. */
static void
put_origin(void)
{
	const struct submit_origin o = { .token = { 1 },
		.listener = (char *)(uintptr_t) "scan",
		.client = (char *)(uintptr_t) "192.0.2.1",
		.smtpd = 4711 };

	assert_int_equal(origin_put(&rig.in, &o), 0);
}

/* AUTHORS, as an smtpd says it. */
static void
put_authors(void)
{
	struct authors a = { .has_unread = false };

	strlist_add(&a.others, "c@example.com");
	assert_int_equal(authors_put(&rig.in, &a), 0);
	strlist_clear(&a.others);
}

/*
 * A letter a frame: O(rigin), E(nvelope), A(uthors), R(cipients), D(ata), . the
 * end, ? another.
 */
static void
put_frames(const char *order)
{
	uint64_t size = strchr(order, 'D') == NULL ? 0 : 3;
	struct buf both;
	struct frame f;
	ssize_t n;

	/* ENVELOPE and RCPTS are written by one call: take them apart. */
	put_envelope("a@example.com", "b@example.com");
	both = rig.in;
	buf_init(&rig.in, 4 * FRAME_RECV_MAX);
	n = frame_parse(buf_data(&both), both.len, &f);
	assert_true(n > 0 && (size_t)n < both.len);
	for (; *order != '\0'; order++)
		if (*order == 'O')
			put_origin();
		else if (*order == 'E')
			buf_append(&rig.in, buf_data(&both), (size_t)n);
		else if (*order == 'R')
			buf_append(
			    &rig.in, buf_data(&both) + n, both.len - (size_t)n);
		else if (*order == 'A')
			put_authors();
		else if (*order == 'D')
			put_data("x\r\n");
		else if (*order == '?')
			frame_put_raw(&rig.in, 99, "x", 1);
		else
			submit_put_end(&rig.in, size);
	buf_clear(&both);
}

static void
a_submission_ends_once(void **state)
{
	(void)state;
	put_envelope("a@example.com", "b@example.com");
	put_data("one\r\n");
	put_data("two\r\n");
	submit_put_end(&rig.in, 10);
	assert_null(incoming_sender(rig.s));
	assert_int_equal(feed(), 0);
	assert_true(incoming_is_complete(rig.s));
	assert_true(incoming_is_busy(rig.s));
	assert_string_equal(incoming_sender(rig.s), "a@example.com");
	assert_int_equal(rig.ends, 0);
	office_run(&rig.o);
	assert_int_equal(rig.ends, 1);
	assert_int_equal(rig.why.class, ERR_NONE);
	assert_true(rig.id > 0);
	assert_string_equal(office_list(&rig.o),
	    "mail <a@example.com> to b@example.com queued");
}

static void
octet_by_octet_is_the_same(void **state)
{
	struct buf all;
	size_t i;

	(void)state;
	put_envelope("a@example.com", "b@example.com");
	put_data("one\r\n");
	submit_put_end(&rig.in, 5);
	all = rig.in;
	buf_init(&rig.in, 4 * FRAME_RECV_MAX);
	for (i = 0; i < all.len; i++) {
		assert_false(incoming_is_complete(rig.s));
		buf_append(&rig.in, buf_data(&all) + i, 1);
		assert_int_equal(feed(), 0);
	}
	buf_clear(&all);
	assert_true(incoming_is_complete(rig.s));
	assert_int_equal(rig.in.len, 0);
	office_run(&rig.o);
	assert_int_equal(rig.ends, 1);
	assert_int_equal(rig.why.class, ERR_NONE);
}

static void
frames_have_an_order(void **state)
{
	static const char *const refused[] = { "R", "D", ".", "EE", "ER.E",
		"EDR", "ERDE", "ERDR", "ER?", "?", "E.", "ED" };
	static const char *const taken[] = { "ERD.", "ER.", "ERRD." };
	struct admission_caller caller = { 1000, on_end, on_room, NULL, NULL };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		put_frames(refused[i]);
		if (feed() == 0)
			fail_msg("%s was taken", refused[i]);
		assert_int_equal(rig.o.e.class, ERR_PERM);
		/* Without a recipient it is refused as a message. */
		assert_int_equal(incoming_is_broken(rig.s),
		    strcmp(rig.o.e.status, "5.5.1") != 0);
		buf_clear(&rig.in);
		buf_init(&rig.in, 4 * FRAME_RECV_MAX);
		incoming_free(rig.s);
		office_run(&rig.o);
		rig.s = incoming_new(rig.o.parts.admit, &caller);
	}
	assert_string_equal(office_list(&rig.o), "");
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		put_frames(taken[i]);
		if (feed() == -1)
			fail_msg("%s: %s", taken[i], rig.o.e.text);
		assert_true(incoming_is_complete(rig.s));
		office_run(&rig.o);
		incoming_free(rig.s);
		buf_clear(&rig.in);
		buf_init(&rig.in, 4 * FRAME_RECV_MAX);
		rig.s = incoming_new(rig.o.parts.admit, &caller);
	}
}

/* As frames_have_an_order, of what the parent says ahead. */
static void
try_frames(const char *order, bool is_taken)
{
	struct admission_caller caller = { 1000, on_end, on_room, NULL, NULL };

	put_frames(order);
	if ((feed() == 0 && incoming_is_complete(rig.s)) != is_taken)
		fail_msg("%s: %s", order, rig.o.e.text);
	if (!is_taken)
		assert_true(incoming_is_broken(rig.s));
	office_run(&rig.o);
	incoming_free(rig.s);
	buf_clear(&rig.in);
	buf_init(&rig.in, 4 * FRAME_RECV_MAX);
	rig.s = incoming_new(rig.o.parts.admit, &caller);
}

static void
where_it_comes_from_comes_first(void **state)
{
	static const uint8_t token[ORIGIN_TOKEN] = { 1 };
	static const char *const refused[] = { "OO", "EO", "ERO", "ERDO", "OEO",
		"OERO", "OERDO", "OR", "OD", "O.", "OOERD.", "OAERD.", "OERDA",
		"OEAARD.", "EARD.", "A" };
	size_t i;

	(void)state;
	/* nobody is believed; */
	try_frames("OERD.", false);
	/* who knows the token is, once, and ahead of all else */
	admit_believe(rig.o.parts.admit, token);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		try_frames(refused[i], false);
	assert_string_equal(office_list(&rig.o), "");
	try_frames("OERD.", true);
	try_frames("OER.", true);
	try_frames("OEARD.", true);
	try_frames("OERAD.", true);
	assert_int_equal(rig.ends, 4);
	assert_int_equal(rig.why.class, ERR_NONE);
}

/* Over one connection each message has its own authors, once. */
static void
the_next_message_has_other_authors(void **state)
{
	static const uint8_t token[ORIGIN_TOKEN] = { 1 };
	static const char *const orders[] = { "OEARD.", "EARD.", "ERD." };
	size_t i;

	(void)state;
	admit_believe(rig.o.parts.admit, token);
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		buf_clear(&rig.in);
		buf_init(&rig.in, 4 * FRAME_RECV_MAX);
		put_frames(orders[i]);
		assert_int_equal(feed(), 0);
		assert_true(incoming_is_complete(rig.s));
		office_run(&rig.o);
		assert_int_equal(rig.ends, i + 1);
		assert_int_equal(rig.why.class, ERR_NONE);
		incoming_next(rig.s);
	}
}

static void
nothing_follows_the_end(void **state)
{
	(void)state;
	put_frames("ERD.");
	buf_append(&rig.in, "x", 1);
	assert_int_equal(feed(), -1);
	assert_string_equal(rig.o.e.status, "5.5.0");
	/* Refused is refused: nothing of it goes. */
	office_run(&rig.o);
	assert_string_equal(office_list(&rig.o), "");
}

static void
lengths_are_bounded(void **state)
{
	static const unsigned char huge[] = { SUBMIT_DATA, 0x00, 0x04, 0x00,
		0x01 };
	char *much = xcalloc(1, FRAME_RAW_MAX + 1);

	(void)state;
	/* A frame of message bytes is smaller than one of fields. */
	memset(much, 'x', FRAME_RAW_MAX + 1);
	put_envelope("a@example.com", "b@example.com");
	frame_put_raw(&rig.in, SUBMIT_DATA, much, FRAME_RAW_MAX);
	assert_int_equal(feed(), 0);
	frame_put_raw(&rig.in, SUBMIT_DATA, much, FRAME_RAW_MAX + 1);
	assert_int_equal(feed(), -1);
	assert_string_equal(rig.o.e.status, "5.5.0");
	free(much);
	/* One octet beyond FRAME_MAX is refused by its head alone. */
	buf_clear(&rig.in);
	buf_init(&rig.in, 4 * FRAME_RECV_MAX);
	buf_append(&rig.in, huge, sizeof(huge));
	assert_int_equal(feed(), -1);
	assert_true(incoming_is_broken(rig.s));
}

static void
bad_contents_are_refused(void **state)
{
	(void)state;
	put_envelope("a@example.com", "b@example.com");
	put_data("x\n");
	assert_int_equal(feed(), -1);
	assert_string_equal(rig.o.e.status, "5.6.0");
	/* It is a message all the same, and somebody's. */
	assert_false(incoming_is_broken(rig.s));
}

static void
a_wrong_count_is_refused(void **state)
{
	(void)state;
	put_envelope("a@example.com", "b@example.com");
	put_data("x\r\n");
	submit_put_end(&rig.in, 4);
	assert_int_equal(feed(), -1);
	assert_int_equal(rig.o.e.class, ERR_PERM);
	assert_true(incoming_is_broken(rig.s));
	assert_false(incoming_is_complete(rig.s));
}

/* The rest stays in the buffer until the part before it is stored. */
static void
a_busy_one_takes_no_more(void **state)
{
	char *piece = xmalloc(FRAME_RAW_MAX);
	size_t sent;

	(void)state;
	memset(piece, 'x', FRAME_RAW_MAX);
	put_envelope("a@example.com", "b@example.com");
	for (sent = 0; !incoming_is_busy(rig.s); sent += FRAME_RAW_MAX) {
		frame_put_raw(&rig.in, SUBMIT_DATA, piece, FRAME_RAW_MAX);
		assert_int_equal(feed(), 0);
		assert_int_equal(rig.in.len, 0);
	}
	frame_put_raw(&rig.in, SUBMIT_DATA, piece, FRAME_RAW_MAX);
	submit_put_end(&rig.in, sent + FRAME_RAW_MAX);
	sent = rig.in.len;
	assert_int_equal(feed(), 0);
	assert_int_equal(rig.in.len, sent);
	office_run(&rig.o);
	assert_int_equal(rig.rooms, 1);
	assert_int_equal(feed(), 0);
	assert_true(incoming_is_complete(rig.s));
	office_run(&rig.o);
	assert_int_equal(rig.ends, 1);
	assert_int_equal(rig.why.class, ERR_NONE);
	free(piece);
}

#define in_rig(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(a_submission_ends_once),
		in_rig(octet_by_octet_is_the_same),
		in_rig(frames_have_an_order),
		in_rig(where_it_comes_from_comes_first),
		in_rig(the_next_message_has_other_authors),
		in_rig(nothing_follows_the_end),
		in_rig(lengths_are_bounded),
		in_rig(bad_contents_are_refused),
		in_rig(a_wrong_count_is_refused),
		in_rig(a_busy_one_takes_no_more),
	};

	return cmocka_run_group_tests_name("incoming", tests, NULL, NULL);
}
