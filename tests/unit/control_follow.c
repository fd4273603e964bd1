/* SPDX-License-Identifier: ISC */
/* "mailchute test": one message, followed to its end or as far as it goes. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
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

#include "common/xalloc.h"
#include "queue/control.h"
#include "queue/dispatch.h"
#include "tests/unit/control_rig.h"

#define HOUR 3600

static void
make_request(struct ctl_request *r, const char *id, uint64_t for_s)
{
	memset(r, 0, sizeof(*r));
	r->verb = CTL_FOLLOW;
	r->for_s = for_s;
	strlist_add(&r->ids, id);
}

static void
follow(uid_t uid, const char *id, uint64_t for_s)
{
	struct ctl_request r;

	make_request(&r, id, for_s);
	ask_request(uid, &r);
	ctl_request_clear(&r);
}

static void
follow_message(uid_t uid, uint64_t id, uint64_t for_s)
{
	char text[QUEUE_ID_TEXT];

	queue_id_format(id, text);
	follow(uid, text, for_s);
}

static void
only_ones_own(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com");

	(void)state;
	follow_message(STRANGER + 1, id, HOUR);
	assert_int_equal(rig.status, EX_NOINPUT);
	says_not("a@example.com");
	follow_message(0, id + 1, HOUR);
	assert_int_equal(rig.status, EX_NOINPUT);
	follow(0, "x", HOUR);
	assert_int_equal(rig.status, EX_USAGE);
	/* It is there all the same. */
	follow_message(STRANGER, id, 0);
	assert_int_equal(rig.status, EX_TEMPFAIL);
	says("a@example.com queued");
	says("the time to wait is over");
}

static void
what_cannot_come_is_not_waited_for(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com");

	(void)state;
	ask_verb(0, CTL_HOLD, id, 0);
	follow_message(0, id, HOUR);
	assert_int_equal(rig.status, EX_TEMPFAIL);
	says("a@example.com held");
	says("it waits for somebody to act");
	ask_verb(0, CTL_RELEASE, id, 0);
	rig.is_daemon = false;
	follow_message(0, id, HOUR);
	assert_int_equal(rig.status, EX_TEMPFAIL);
	says("no mailchuted runs");
}

static void
its_end_is_in_the_journal(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com");

	(void)state;
	(void)post(STRANGER, "b@example.com");
	ask_verb(0, CTL_REMOVE, id, 0);
	follow_message(STRANGER, id, HOUR);
	assert_int_equal(rig.status, 0);
	says("removed <sender@example.com> a@example.com");
	says_not("b@example.com");
	follow_message(STRANGER + 1, id, HOUR);
	assert_int_equal(rig.status, EX_NOINPUT);
}

/* ---- one that waits ---- */

static struct {
	struct control *c;
	int fd;
	bool has_ended;
} it;

static void
on_ended(void *arg)
{
	(void)arg;
	it.has_ended = true;
}

static void
begin(uint64_t message)
{
	struct control_parts cp = { rig.o.parts.base, rig.o.conf,
		&rig.o.identity, &rig.o.parts.times, rig.o.parts.store,
		rig.o.parts.batch, rig.o.parts.dispatch, rig.o.parts.limits,
		rig.o.parts.alarms, rig.o.parts.calendar, true, NULL,
		rig.o.parts.ask };
	char id[QUEUE_ID_TEXT];
	struct ctl_request r;
	struct buf b;
	int fd[2];

	memset(&it, 0, sizeof(it));
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	it.fd = fd[1];
	it.c = control_new_single(&cp, fd[0], on_ended, NULL);
	queue_id_format(message, id);
	make_request(&r, id, HOUR);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(ctl_put_request(&b, &r), 0);
	assert_int_equal(send(it.fd, buf_data(&b), b.len, 0), b.len);
	buf_clear(&b);
	ctl_request_clear(&r);
	office_run(&rig.o);
}

/* Rows of that type which have come. */
static size_t
rows(unsigned type, bool *is_done)
{
	static char bytes[65536];
	ssize_t n = recv(it.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	ssize_t at, used;
	size_t found = 0;
	struct frame f;

	*is_done = false;
	for (at = 0; at < n; at += used) {
		used = frame_parse(bytes + at, (size_t)(n - at), &f);
		assert_true(used > 0);
		found += f.type == type;
		*is_done = *is_done || f.type == CTL_DONE;
	}
	return found;
}

static void
end(void)
{
	close(it.fd);
	control_free(it.c);
}

/* Commits that change nothing of it are not told. */
static void
what_is_new_is_told_once(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com"), other;
	bool is_done;

	(void)state;
	begin(id);
	assert_int_equal(rows(CTL_RECIPIENT, &is_done), 1);
	assert_false(is_done);
	other = post(STRANGER, "b@example.com");
	ask_verb(0, CTL_HOLD, other, 0);
	assert_int_equal(rows(CTL_RECIPIENT, &is_done), 0);
	assert_false(is_done);
	ask_verb(0, CTL_HOLD, id, 0);
	assert_int_equal(rows(CTL_RECIPIENT, &is_done), 1);
	assert_true(is_done);
	assert_true(it.has_ended);
	end();
}

static void
an_end_ends_it(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com");
	bool is_done;

	(void)state;
	begin(id);
	assert_int_equal(rows(CTL_RECIPIENT, &is_done), 1);
	ask_verb(0, CTL_REMOVE, id, 0);
	assert_int_equal(rows(CTL_EVENT, &is_done), 1);
	assert_true(is_done);
	end();
}

static void
one_that_leaves_is_forgotten(void **state)
{
	uint64_t id = post(STRANGER, "a@example.com");

	(void)state;
	begin(id);
	assert_false(it.has_ended);
	shutdown(it.fd, SHUT_RDWR);
	office_run(&rig.o);
	assert_true(it.has_ended);
	ask_verb(0, CTL_HOLD, id, 0);
	end();
}

/* Whoever still waits when the daemon ends is cut off, not waited for. */
static void
the_daemons_end_cuts_it_off(void **state)
{
	char octet;
	bool is_done;

	(void)state;
	begin(post(STRANGER, "a@example.com"));
	(void)rows(CTL_RECIPIENT, &is_done);
	control_free(it.c);
	assert_int_equal(recv(it.fd, &octet, 1, MSG_DONTWAIT), 0);
	close(it.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(only_ones_own),
		in_rig(what_cannot_come_is_not_waited_for),
		in_rig(its_end_is_in_the_journal),
		in_rig(what_is_new_is_told_once),
		in_rig(an_end_ends_it),
		in_rig(one_that_leaves_is_forgotten),
		in_rig(the_daemons_end_cuts_it_off),
	};

	return cmocka_run_group_tests_name("control_follow", tests, NULL, NULL);
}
