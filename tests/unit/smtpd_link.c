/* SPDX-License-Identifier: ISC */
/*
 * smtpd's connection to mailchuted.  The test is parent and queue process, and
 * has said what they say before smtpd asks.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_listen.h"
#include "common/xalloc.h"
#include "smtpd/link.h"

#define PASS_MS 10000

static struct {
	int parent;
	struct channel channel;
	struct link link;
	struct client_words words;
	struct envelope env;
	size_t size; /* of the message */
	size_t left;
} rig;

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	n = n < rig.left ? n : rig.left;
	memset(p, 'x', n);
	/* Its one line end is its last two octets. */
	if (rig.left == n && n >= 2)
		memcpy((char *)p + n - 2, "\r\n", 2);
	rig.left -= n;
	return (ssize_t)n;
}

static int
set_up(void **state)
{
	int ends[2];

	(void)state;
	memset(&rig, 0, sizeof(rig));
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	if (ends[0] == LISTEN_FD)
		ends[0] = dup(LISTEN_FD);
	if (ends[1] != LISTEN_FD) {
		assert_int_equal(dup2(ends[1], LISTEN_FD), LISTEN_FD);
		close(ends[1]);
	}
	rig.parent = ends[0];
	rig.channel.fd = LISTEN_FD;
	rig.link = (struct link)LINK_BY(&rig.channel);
	rig.size = 100;
	client_words_set(rig.words.helo, sizeof(rig.words.helo), "one", 3);
	envelope_init(&rig.env);
	rig.env.sender = xstrdup("a@b.example");
	envelope_add(&rig.env, "c@d.example");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	link_drop(&rig.link);
	envelope_clear(&rig.env);
	close(rig.parent);
	channel_end(&rig.channel);
	return 0;
}

/* The parent lets a message in: the queue process' end of its connection. */
static int
let_in(void)
{
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(
	    fdpass_send(rig.parent, fd[0], "", clock_mono_ms() + PASS_MS, NULL),
	    0);
	close(fd[0]);
	return fd[1];
}

/* What the queue process will have said: G, A, R. */
static void
says(int fd, const char *words)
{
	static const struct err why = {
		.class = ERR_TEMP, .status = "4.3.1", .text = "the disk is full"
	};
	struct buf b;

	buf_init(&b, FRAME_RECV_MAX);
	for (; *words != '\0'; words++) {
		if (*words == 'G')
			submit_put_greeting(&b, 0);
		else if (*words == 'A')
			submit_put_accepted(&b, "0193A0B1C2D3");
		else
			submit_put_refused(&b, &why);
	}
	assert_int_equal(send(fd, b.data, b.len, MSG_NOSIGNAL), b.len);
	buf_clear(&b);
}

/* smtpd's side: one message, and what comes of it. */
static int
hand_over(uint8_t number, struct err *e)
{
	const struct submit_head head = { { number }, 1700000000,
		SUBMIT_VERSION };
	const struct source text = { text_read, NULL, NULL };
	char id[QUEUE_ID_LEN + 1] = "";
	struct parcel *p;
	int rc;

	rig.left = rig.size;
	err_clear(e);
	p = parcel_new(&head, &rig.env, &text, SIZE_LIMIT_NONE);
	assert_int_equal(parcel_fill(p, e), 0);
	rc = link_hand_over(&rig.link, &rig.words, p, id, e);
	assert_string_equal(id, rc == 0 ? "0193A0B1C2D3" : "");
	parcel_free(p);
	return rc;
}

/* The number of the submission that has arrived there; -1: none. */
static int
arrived(int fd)
{
	char bytes[8192];
	struct submit_head head;
	struct envelope env;
	struct frame f;
	struct err e;
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n <= 0)
		return -1;
	assert_true(frame_parse(bytes, (size_t)n, &f) > 0);
	assert_int_equal(f.type, SUBMIT_ENVELOPE);
	envelope_init(&env);
	assert_int_equal(submit_get_envelope(&f, &head, &env, &e), 0);
	envelope_clear(&env);
	return head.id[0];
}

/* How often smtpd has asked. */
static size_t
asked(void)
{
	char bytes[LISTEN_ASK_MAX];
	size_t n = 0;

	while (recv(rig.parent, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static void
one_connection_for_several(void **state)
{
	struct err e;
	int fd = let_in();

	(void)state;
	says(fd, "GA");
	assert_int_equal(hand_over(1, &e), 0);
	assert_int_equal(arrived(fd), 1);
	says(fd, "A");
	assert_int_equal(hand_over(2, &e), 0);
	assert_int_equal(arrived(fd), 2);
	assert_int_equal(asked(), 1);
	close(fd);
}

/* Closed meanwhile, or broken before its answer: the same one, by another. */
static void
one_that_is_gone(void **state)
{
	struct err e;
	int fd = let_in(), next;

	(void)state;
	says(fd, "GA");
	assert_int_equal(hand_over(1, &e), 0);
	close(fd);
	next = let_in();
	says(next, "GA");
	assert_int_equal(hand_over(2, &e), 0);
	assert_int_equal(arrived(next), 2);
	/* it takes the third and says nothing */
	assert_int_equal(shutdown(next, SHUT_WR), 0);
	fd = let_in();
	says(fd, "GA");
	assert_int_equal(hand_over(3, &e), 0);
	assert_int_equal(arrived(next), 3);
	assert_int_equal(arrived(fd), 3);
	assert_int_equal(asked(), 3);
	close(next);
	close(fd);
}

static void
parent_says(const char *text)
{
	assert_int_equal(
	    fdpass_send(rig.parent, -1, text, clock_mono_ms() + PASS_MS, NULL),
	    0);
}

/*
 * A queue process that ends with a message, whose answer nobody knows, and the
 * one after it as well: it is in the queue once, and its client hears so.
 */
static void
some_that_are_gone(void **state)
{
	struct err e;
	int fd = let_in();

	(void)state;
	says(fd, "GA");
	assert_int_equal(hand_over(1, &e), 0);
	close(fd);
	parent_says(LISTEN_NOT_READY);
	close(let_in());
	parent_says(LISTEN_NOT_READY);
	parent_says(LISTEN_NOT_READY);
	fd = let_in();
	says(fd, "GA");
	assert_int_equal(hand_over(2, &e), 0);
	assert_int_equal(asked(), 6);
	close(fd);
}

/* Nobody is waited for who says that there will be none. */
static void
one_that_does_not_come_again(void **state)
{
	struct err e;

	(void)state;
	close(let_in());
	parent_says("this listener is closed");
	assert_int_equal(hand_over(1, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(e.text, "this listener is closed");
	assert_int_equal(asked(), 2);
}

static void
a_refusal_is_its_end(void **state)
{
	struct err e;
	int fd = let_in(), next;

	(void)state;
	says(fd, "GA");
	assert_int_equal(hand_over(1, &e), 0);
	says(fd, "R");
	assert_int_equal(hand_over(2, &e), -1);
	assert_string_equal(e.text, "the disk is full");
	assert_int_equal(asked(), 1);
	assert_true(arrived(fd) != -1);
	next = let_in();
	says(next, "GA");
	assert_int_equal(hand_over(3, &e), 0);
	assert_int_equal(arrived(fd), -1);
	assert_int_equal(arrived(next), 3);
	close(next);
	close(fd);
}

/* What the parent has passed on would not be true any more. */
static void
another_client(void **state)
{
	struct err e;
	int fd = let_in(), next;

	(void)state;
	says(fd, "GA");
	assert_int_equal(hand_over(1, &e), 0);
	assert_int_equal(arrived(fd), 1);
	client_words_set(rig.words.helo, sizeof(rig.words.helo), "two", 3);
	next = let_in();
	says(next, "GA");
	assert_int_equal(hand_over(2, &e), 0);
	assert_int_equal(arrived(fd), -1);
	assert_int_equal(arrived(next), 2);
	close(next);
	close(fd);
}

/* A message that memory does not hold could not be sent a second time. */
static void
a_large_one_has_its_own(void **state)
{
	struct err e;
	int fd = let_in(), next;

	(void)state;
	says(fd, "GA");
	assert_int_equal(hand_over(1, &e), 0);
	assert_int_equal(arrived(fd), 1);
	rig.size = 2 * PARCEL_MEMORY;
	next = let_in();
	says(next, "GR");
	assert_int_equal(hand_over(2, &e), -1);
	assert_string_equal(e.text, "the disk is full");
	assert_int_equal(arrived(fd), -1);
	assert_int_equal(asked(), 2);
	close(next);
	close(fd);
}

static void
the_parent_says_no(void **state)
{
	struct err e;

	(void)state;
	parent_says("sign in first");
	assert_int_equal(hand_over(1, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_string_equal(e.text, "sign in first");
	assert_int_equal(shutdown(rig.parent, SHUT_RDWR), 0);
	assert_int_equal(hand_over(2, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_connection_for_several),
		TEST(one_that_is_gone),
		TEST(some_that_are_gone),
		TEST(one_that_does_not_come_again),
		TEST(a_refusal_is_its_end),
		TEST(another_client),
		TEST(a_large_one_has_its_own),
		TEST(the_parent_says_no),
	};

	return cmocka_run_group_tests_name("smtpd_link", tests, NULL, NULL);
}
