/* SPDX-License-Identifier: ISC */
/*
 * The claim: that recipients are active is on disk before the end of the body
 * is sent to deliver, and with it the last octet to the server.
 */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL OFFICE_ADMIN OFFICE_ACCOUNT "connections = 1\n"

#define QUEUED "mail <sender@example.com> to a@example.com queued"
#define ACTIVE "mail <sender@example.com> to a@example.com active"
#define HELD   "mail <sender@example.com> to a@example.com held"

/* A connection that is ready for its first message. */
static void
connect_deliver(struct deliver *d)
{
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

static void
a_delivery_is_active_until_it_is_settled(void **state)
{
	static const char *const logged[] = { "event=delivered id=",
		"rcpt=a@example.com ", "account=", "relay=mx.example.com ",
		"address=192.0.2.1:587 ", "tls=TLSv1.3 cipher=C ", "code=250 ",
		"status=4.0.0 ", "phase=test ", "text=words" };
	struct deliver d;
	size_t i;

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	connect_deliver(&d);
	hears_message(&d);
	hears(&d, JOB_BODY_END);
	/* The last octet may leave now, and whoever looks sees that. */
	assert_string_equal(office_list(&rig.o), ACTIVE);
	says_result(&d, 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	assert_string_equal(office_list(&rig.o), ACTIVE);
	says_done(&d);
	assert_string_equal(office_list(&rig.o), "");
	/* Each attempt has its line in the log, with all that was known. */
	for (i = 0; i < sizeof(logged) / sizeof(logged[0]); i++)
		if (office_logged(&rig.o, logged[i]) == 0)
			fail_msg("not logged: %s", logged[i]);
	hangs_up(&d);
	rig_down();
}

/* What somebody else reads in the file, as a new start would. */
static int64_t
active_on_disk(void)
{
	char *path = xasprintf("%s/queue", rig.o.directory);
	int64_t n = fixture_number(
	    path, "SELECT count(*) FROM recipient WHERE state = 'active'");

	free(path);
	return n;
}

/* Reads what has come, without a turn of the loop. */
static bool
has_end(struct deliver *d)
{
	struct frame f;
	size_t at = 0;
	ssize_t n;
	char *to;

	do {
		assert_non_null(to = buf_reserve(&d->in, 65536));
		n = recv(d->fd, to, 65536, MSG_DONTWAIT);
		if (n > 0)
			buf_grew(&d->in, (size_t)n);
	} while (n > 0);
	while (
	    (n = frame_parse(buf_data(&d->in) + at, d->in.len - at, &f)) > 0) {
		if (f.type == JOB_BODY_END)
			return true;
		at += (size_t)n;
	}
	return false;
}

struct witness {
	struct deliver *d;
	bool has_seen;
};

/* In the transaction of the claim, which is not committed yet. */
static int
look_before(void *arg, struct err *e)
{
	struct witness *w = arg;

	(void)e;
	assert_int_equal(active_on_disk(), 0);
	assert_false(has_end(w->d));
	return 0;
}

static void
look_after(void *arg, const struct err *failed)
{
	struct witness *w = arg;

	assert_null(failed);
	assert_int_equal(active_on_disk(), 1);
	w->has_seen = true;
}

/* The body has been sent but its end, and the claim has joined the batch. */
static void
join_the_claim(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	assert_false(batch_is_empty(rig.o.parts.batch));
	batch_join(rig.o.parts.batch, 0, look_before, look_after, arg);
}

static void
no_end_is_sent_before_the_claim_is_on_disk(void **state)
{
	struct deliver d;
	struct witness w = { .d = &d };
	struct event *ev;
	int fd[2];

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	assert_int_equal(pipe(fd), 0);
	ev = event_new(rig.o.parts.base, fd[0], EV_READ, join_the_claim, &w);
	assert_non_null(ev);
	event_add(ev, NULL);
	puts_ready(&d);
	assert_int_equal(write(fd[1], "x", 1), 1);
	office_run(&rig.o);
	assert_true(w.has_seen);
	assert_true(has_end(&d));
	event_free(ev);
	close(fd[0]);
	close(fd[1]);
	hangs_up(&d);
	rig_down();
}

/* Somebody has taken the message away while its body was on its way. */
static void
a_claim_that_fails_ends_nothing(void **state)
{
	struct deliver d;
	struct frame f;
	uint64_t id;

	(void)state;
	rig_up(MAIL);
	id = post_large();
	connect_deliver(&d);
	fixture_set(rig.o.parts.store, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	do
		hears_any(&d, &f);
	while (f.type == JOB_MESSAGE || f.type == JOB_BODY);
	assert_int_equal(f.type, JOB_ABORT);
	hears_nothing(&d);
	says_closed(&d, JOB_UNTRIED);
	assert_string_equal(office_list(&rig.o), HELD);
	assert_int_equal(attempts(id), 0);
	assert_string_equal(view(0).state, "ready");
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivery_is_active_until_it_is_settled),
		cmocka_unit_test(no_end_is_sent_before_the_claim_is_on_disk),
		cmocka_unit_test(a_claim_that_fails_ends_nothing),
	};

	return cmocka_run_group_tests_name("lane_claim", tests, NULL, NULL);
}
