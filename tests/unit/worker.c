/* SPDX-License-Identifier: ISC */
/*
 * A deliver process, as far as its worker is alone with it: its end, and a
 * large message that is taken back before it was told of.
 */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/ask.h"
#include "queue/worker.h"

#include "tests/unit/queue_fixture.h"

static struct {
	struct event_base *base;
	struct ask *ask;
	struct buf ticket;
	int parent, deliver;
	struct worker *w;
	int ready, closed, gone;
	struct job_result why;
	struct err e;
} rig;

static void
on_ready(void *arg, struct worker *w)
{
	(void)arg;
	assert_ptr_equal(w, rig.w);
	rig.ready++;
}

static void
on_closed(
    void *arg, struct worker *w, struct job *j, const struct job_result *why)
{
	(void)arg;
	assert_ptr_equal(w, rig.w);
	assert_int_equal(worker_state(w), WORKER_CLOSING);
	assert_null(j);
	assert_int_equal(rig.gone, 0);
	rig.closed++;
	rig.why = *why;
}

static void
on_gone(void *arg, struct worker *w)
{
	(void)arg;
	assert_ptr_equal(w, rig.w);
	assert_int_equal(rig.closed, 1);
	rig.gone++;
}

static const struct worker_calls calls = {
	.ready = on_ready,
	.closed = on_closed,
	.gone = on_gone,
};

/* A process that has a millisecond for its end. */
static int
set_up_with(struct store *s)
{
	struct job_session session = { .account = (char[]){ "" },
		.helo = (char[]){ "web01" },
		.hostname = (char[]){ "web01" } };
	struct worker_start start = { .pid = 4711,
		.session = &session,
		.ticket = &rig.ticket,
		.calls = &calls,
		.closing_ms = 1 };
	int job[2], ask[2];

	memset(&rig, 0, sizeof(rig));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, job) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ask) == -1)
		return -1;
	rig.base = event_base_new();
	rig.ask = ask_new(ask[0]);
	rig.parent = ask[1];
	rig.deliver = job[1];
	buf_init(&rig.ticket, JOB_TICKET_MAX);
	start.fd = job[0];
	rig.w = worker_new(rig.base, s, rig.ask, &start);
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	return set_up_with(NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	if (rig.gone == 0)
		worker_free(rig.w);
	ask_free(rig.ask);
	buf_wipe(&rig.ticket);
	event_base_free(rig.base);
	if (rig.deliver != -1)
		close(rig.deliver);
	return close(rig.parent);
}

static void
says(int (*put)(struct buf *b, const struct job_result *r))
{
	struct job_result r = { .outcome = JOB_UNTRIED,
		.scope = JOB_SCOPE_CONNECTION,
		.status = "2.0.0",
		.text = "no more mail" };
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(put(&b, &r), 0);
	assert_int_equal(send(rig.deliver, b.data, b.len, 0), b.len);
	buf_clear(&b);
}

/* Fails when there is nothing left to wait for. */
static void
turn(void)
{
	assert_int_equal(event_base_loop(rig.base, EVLOOP_ONCE), 0);
}

/* Turns the loop until the parent is asked to. */
static void
wait_for_kill(void)
{
	struct ask_request r;

	while (recv(rig.parent, &r, sizeof(r), MSG_DONTWAIT) == -1)
		turn();
	assert_int_equal(r.what, ASK_KILL);
	assert_int_equal(r.pid, 4711);
}

/* Turns the loop until one more of those has happened. */
static void
wait_for(const int *count)
{
	const int before = *count;

	while (*count == before)
		turn();
}

static void
the_end_of_the_process_is_told_after_that_of_the_session(void **state)
{
	(void)state;
	says(job_put_closed);
	wait_for(&rig.closed);
	assert_string_equal(rig.why.text, "no more mail");
	assert_int_equal(rig.gone, 0);
	close(rig.deliver);
	rig.deliver = -1;
	wait_for(&rig.gone);
	assert_int_equal(rig.closed, 1);
}

static void
one_that_ends_without_a_word_has_told_both(void **state)
{
	(void)state;
	close(rig.deliver);
	rig.deliver = -1;
	wait_for(&rig.gone);
	assert_int_equal(rig.why.outcome, JOB_DEFERRED);
	assert_non_null(strstr(rig.why.text, "without a word"));
}

/* It hangs in its QUIT: ended by force, and counted until it is. */
static void
one_that_does_not_end_is_killed(void **state)
{
	(void)state;
	says(job_put_closed);
	wait_for_kill();
	assert_int_equal(rig.closed, 1);
	assert_int_equal(rig.gone, 0);
	assert_string_equal(rig.why.text, "no more mail");
	close(rig.deliver);
	rig.deliver = -1;
	wait_for(&rig.gone);
}

/* And one that not even that ends is given up. */
static void
one_that_cannot_be_killed_is_given_up(void **state)
{
	(void)state;
	says(job_put_closed);
	wait_for_kill();
	wait_for(&rig.gone);
	assert_int_equal(rig.closed, 1);
}

/* What deliver hears, frame for frame. */
static void
hears(const enum job_type *types, size_t n)
{
	struct frame_reader reader;
	struct frame f;
	struct err e;
	size_t i;

	frame_reader_init(&reader, rig.deliver);
	for (i = 0; i < n; i++) {
		assert_int_equal(
		    frame_recv(&reader, &f, clock_mono_ms() + 60000, &e), 1);
		assert_int_equal(f.type, types[i]);
	}
	assert_int_equal(reader.in.len, reader.used);
	frame_reader_clear(&reader);
}

/* While it is looked over: deliver is told of it, and that it is none. */
static void
one_that_is_taken_back_at_once_was_told_of(void **state)
{
	static const enum job_type types[] = { JOB_SESSION, JOB_MESSAGE,
		JOB_ABORT };
	const struct job_ready ready = { .host = 0 };
	struct world *w;
	struct buf b;
	struct job *j;
	uint64_t id;

	assert_int_equal(world_set_up(state), 0);
	w = *state;
	id = fixture_add(
	    w->s, (struct fixture_message){ .octets = 3 * 1024 * 1024 });
	assert_int_equal(set_up_with(w->s), 0);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_ready(&b, &ready), 0);
	assert_int_equal(send(rig.deliver, b.data, b.len, 0), b.len);
	buf_clear(&b);
	wait_for(&rig.ready);
	assert_non_null(j = job_load(w->s, id, T0, 1, &w->e));
	worker_give(rig.w, j);
	worker_abort(rig.w, NULL);
	hears(types, 3);
	assert_int_equal(tear_down(NULL), 0);
	assert_int_equal(world_tear_down(state), 0);
}

#define in_rig(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(
		    the_end_of_the_process_is_told_after_that_of_the_session),
		in_rig(one_that_ends_without_a_word_has_told_both),
		in_rig(one_that_does_not_end_is_killed),
		in_rig(one_that_cannot_be_killed_is_given_up),
		cmocka_unit_test(one_that_is_taken_back_at_once_was_told_of),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
