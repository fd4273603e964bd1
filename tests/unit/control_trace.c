/* SPDX-License-Identifier: ISC */
/* "mailchute trace": what is found by which word, and by whom. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/xalloc.h"
#include "queue/control.h"
#include "tests/unit/control_rig.h"

static void
trace(uid_t uid, const char *word)
{
	struct ctl_request r = { .verb = CTL_TRACE };

	r.word = word == NULL ? NULL : xstrdup(word);
	ask_request(uid, &r);
	ctl_request_clear(&r);
}

static void
add_event(uint64_t id, uid_t uid, const char *sender, const char *to)
{
	struct store_event ev = { .at = T0,
		.what = "delivered",
		.message = id,
		.uid = uid,
		.account = "",
		.sender = sender,
		.recipient = to,
		.message_id = "<1@x>",
		.text = "thanks",
		.arrived_at = T0 };

	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_event_add(rig.o.parts.store, &ev, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
}

static void
waiting_and_finished_mail_is_found(void **state)
{
	char id[QUEUE_ID_TEXT];
	uint64_t waiting = post(1000, "a@example.com");

	(void)state;
	add_event(77, 1000, "cron", "A@example.com");
	add_event(78, 1000, "b@example.com", "c@example.com");
	trace(geteuid(), "a@example.com");
	says("a@example.com queued");
	says("event 00000000004D delivered <cron@contoso.com> A@example.com by "
	     "default uid 1000: thanks\n");
	says_not("c@example.com");
	says_not("done:");
	assert_int_equal(rig.status, 0);
	queue_id_format(waiting, id);
	trace(geteuid(), id);
	says("a@example.com queued");
	says_not("event");
	trace(geteuid(), "00000000004e");
	says("event 00000000004E");
	says_not("queued");
	/* A user of this host, by his name and by his address. */
	trace(geteuid(), "Cron@Contoso.com");
	says("event 00000000004D");
	says_not("00000000004E");
	trace(geteuid(), "cron");
	says("event 00000000004D");
	trace(geteuid(), "cron@example.com");
	assert_int_equal(rig.status, EX_NOINPUT);
	/* With its brackets, and without. */
	trace(geteuid(), "<1@x>");
	says("event 00000000004D");
	says("event 00000000004E");
	trace(geteuid(), "1@x");
	says("event 00000000004E");
}

static void
what_is_not_there_is_not_found(void **state)
{
	static const char *const words[] = { "b@example.com", "example.com",
		"a@example.co", "000000000001", "%", "<>", "' OR 1 --" };
	char want[64];
	size_t i;

	(void)state;
	post(1000, "a@example.com");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		trace(geteuid(), words[i]);
		snprintf(want, sizeof(want), "done: no mail is known by %s;",
		    words[i]);
		says(want);
		assert_int_equal(rig.status, EX_NOINPUT);
	}
}

static void
what_is_no_word_is_refused(void **state)
{
	char *word = xmalloc(1000);

	(void)state;
	memset(word, 'x', 999);
	word[999] = '\0';
	trace(geteuid(), word);
	assert_int_equal(rig.status, EX_USAGE);
	word[998] = '\0';
	trace(geteuid(), word);
	assert_int_equal(rig.status, EX_NOINPUT);
	trace(geteuid(), "");
	assert_int_equal(rig.status, EX_USAGE);
	trace(geteuid(), NULL);
	assert_int_equal(rig.status, EX_USAGE);
	free(word);
}

static void
others_find_their_own_alone(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	post(1000, "a@example.com");
	add_event(77, 1000, "cron", "a@example.com");
	trace(STRANGER, "a@example.com");
	says_not("cron");
	says("done: no mail of yours is known by a@example.com;");
	assert_int_equal(rig.status, EX_NOINPUT);
	trace(STRANGER, "00000000004D");
	assert_int_equal(rig.status, EX_NOINPUT);
	post(STRANGER, "a@example.com");
	add_event(78, STRANGER, "me", "a@example.com");
	trace(STRANGER, "a@example.com");
	says("uid 12345 by");
	says("event 00000000004E");
	says_not("1000");
	assert_int_equal(rig.status, 0);
}

/* Who removed it is told to its owner. */
static void
what_was_removed_is_its_owner_s(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com");

	(void)state;
	if (geteuid() != 0)
		skip();
	ask_verb(geteuid(), CTL_REMOVE, id, 0);
	trace(STRANGER, "a@example.com");
	says("removed <sender@example.com> a@example.com by default uid 12345: "
	     "removed by uid 0\n");
}

/* More messages, attempts and rows of the journal than a turn takes. */
static void
a_long_answer_comes_in_slices(void **state)
{
	const char *at;
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < 100; i++)
		post(1000, "a@example.com");
	fixture_begin(rig.o.parts.store);
	for (i = 0; i < 3000; i++) {
		struct store_event ev = { .what = "delivered",
			.message = i + 1,
			.sender = "s@example.com",
			.recipient = i % 30 == 0 ? "a@example.com" : "b@c",
			.text = "" };

		assert_int_equal(
		    store_event_add(rig.o.parts.store, &ev, &rig.o.e), 0);
	}
	fixture_commit(rig.o.parts.store);
	rig.is_reader = true;
	trace(geteuid(), "a@example.com");
	for (at = rig.said; (at = strstr(at, "message ")) != NULL; at++)
		n++;
	assert_int_equal(n, 100);
	n = 0;
	for (at = rig.said; (at = strstr(at, "event ")) != NULL; at++)
		n++;
	assert_int_equal(n, 100);
}

static void
fill_journal(size_t n)
{
	const struct store_event ev = { .what = "delivered",
		.message = 1,
		.sender = "s@example.com",
		.recipient = "b@example.com" };
	size_t i;

	fixture_begin(rig.o.parts.store);
	for (i = 0; i < n; i++)
		assert_int_equal(
		    store_event_add(rig.o.parts.store, &ev, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
}

/* Somebody else, who always has something to say. */
struct other {
	int answer; /* of the search */
	unsigned served;
};

static void
serve_other(evutil_socket_t fd, short what, void *arg)
{
	struct other *o = arg;
	char octet;

	(void)fd;
	(void)what;
	o->served++;
	if (recv(o->answer, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ||
	    o->served > 10000)
		event_base_loopbreak(rig.o.parts.base);
}

/* A search that finds nothing gives way after each slice of the journal. */
static void
others_are_served_while_nothing_is_found(void **state)
{
	struct control_parts cp = { rig.o.parts.base, rig.o.conf,
		&rig.o.identity, &rig.o.parts.times, rig.o.parts.store,
		rig.o.parts.batch, rig.o.parts.dispatch, rig.o.parts.limits,
		rig.o.parts.alarms, rig.o.parts.calendar, true, NULL,
		rig.o.parts.ask };
	struct ctl_request r = { .verb = CTL_TRACE };
	struct control *c;
	struct buf b;
	struct other other = { .served = 0 };
	struct event *readable;
	int fd[2], voice[2];

	(void)state;
	fill_journal(10000);
	buf_init(&b, FRAME_MAX);
	r.word = xstrdup("a@example.com");
	assert_int_equal(ctl_put_request(&b, &r), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	c = control_new_single(&cp, fd[0], NULL, NULL);
	assert_int_equal(send(fd[1], buf_data(&b), b.len, 0), b.len);
	assert_int_equal(pipe(voice), 0);
	assert_int_equal(write(voice[1], "x", 1), 1);
	other.answer = fd[1];
	readable = event_new(
	    cp.base, voice[0], EV_READ | EV_PERSIST, serve_other, &other);
	assert_non_null(readable);
	event_add(readable, NULL);
	event_base_loop(cp.base, 0);
	assert_in_range(other.served, 10, 1000);
	event_free(readable);
	close(voice[0]);
	close(voice[1]);
	control_free(c);
	close(fd[1]);
	ctl_request_clear(&r);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(waiting_and_finished_mail_is_found),
		in_rig(what_is_not_there_is_not_found),
		in_rig(what_is_no_word_is_refused),
		in_rig(others_find_their_own_alone),
		in_rig(what_was_removed_is_its_owner_s),
		in_rig(a_long_answer_comes_in_slices),
		in_rig(others_are_served_while_nothing_is_found),
	};

	return cmocka_run_group_tests_name("control_trace", tests, NULL, NULL);
}
