/* SPDX-License-Identifier: ISC */
/* Group commit: everyone is told once, and only what is on disk. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "queue/ballast.h"
#include "queue/batch.h"
#include "queue/parts.h"
#include "tests/unit/queue_fixture.h"

static struct rig {
	struct event_base *base;
	struct batch *batch;
	struct store *store;
	struct ballast *ballast;
	size_t commits;
} rig;

struct member {
	char name[32];
	bool fails; /* for good */
	size_t worked, told;
	bool was_kept;
	struct member *joins; /* from its done */
};

static int
work(void *arg, struct err *e)
{
	struct member *m = arg;

	m->worked++;
	if (store_fact_put(rig.store, m->name, "here", e) == -1)
		return -1;
	return m->fails ? err_set(e, ERR_TEMP, "4.3.0", "it may not be") : 0;
}

static void
done(void *arg, const struct err *failed)
{
	struct member *m = arg;

	m->told++;
	m->was_kept = failed == NULL;
	if (m->joins != NULL)
		batch_join(rig.batch, 1, work, done, m->joins);
}

static void
committed(void *arg)
{
	(void)arg;
	rig.commits++;
}

static bool
is_stored(const char *name)
{
	char *value = NULL;
	struct err e;
	int found = store_fact_get(rig.store, name, &value, &e);

	free(value);
	return found == 1;
}

static int
set_up(void **state)
{
	struct world *w;

	if (world_set_up(state) == -1)
		return -1;
	w = *state;
	memset(&rig, 0, sizeof(rig));
	rig.store = w->s;
	rig.base = parts_base();
	rig.ballast = ballast_new(w->directory, 4096);
	rig.batch = batch_new(rig.base, w->s, rig.ballast);
	batch_on_commit(rig.batch, committed, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	batch_free(rig.batch);
	ballast_free(rig.ballast);
	event_base_free(rig.base);
	return world_tear_down(state);
}

static void
nobody_is_told_before_the_loop(void **state)
{
	struct member a = { "a", false, 0, 0, false, NULL };

	(void)state;
	batch_join(rig.batch, 1, work, done, &a);
	assert_int_equal(a.worked, 0);
	assert_int_equal(a.told, 0);
	event_base_dispatch(rig.base);
	assert_int_equal(a.told, 1);
	assert_true(a.was_kept);
	assert_true(is_stored("a"));
}

static void
many_share_one_commit(void **state)
{
	struct member v[40];
	size_t i;

	(void)state;
	memset(v, 0, sizeof(v));
	for (i = 0; i < 40; i++) {
		snprintf(v[i].name, sizeof(v[i].name), "m%zu", i);
		batch_join(rig.batch, 1, work, done, &v[i]);
	}
	event_base_dispatch(rig.base);
	assert_int_equal(rig.commits, 1);
	for (i = 0; i < 40; i++)
		assert_int_equal(v[i].told, 1);
}

static void
a_bad_one_fails_alone(void **state)
{
	struct member a = { "a", false, 0, 0, false, NULL };
	struct member bad = { "bad", true, 0, 0, false, NULL };
	struct member c = { "c", false, 0, 0, false, NULL };

	(void)state;
	batch_join(rig.batch, 1, work, done, &a);
	batch_join(rig.batch, 1, work, done, &bad);
	batch_join(rig.batch, 1, work, done, &c);
	event_base_dispatch(rig.base);
	assert_int_equal(a.told + bad.told + c.told, 3);
	assert_true(a.was_kept && c.was_kept && !bad.was_kept);
	assert_true(is_stored("a") && is_stored("c"));
	assert_false(is_stored("bad"));
}

static void
joining_from_done_is_the_next_batch(void **state)
{
	struct member next = { "next", false, 0, 0, false, NULL };
	struct member first = { "first", false, 0, 0, false, &next };

	(void)state;
	batch_join(rig.batch, 1, work, done, &first);
	event_base_dispatch(rig.base);
	assert_int_equal(next.told, 1);
	assert_true(is_stored("next"));
	assert_int_equal(rig.commits, 2);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	char c;

	(void)what;
	assert_int_equal(read(fd, &c, 1), 1);
	*(size_t *)arg = rig.commits;
}

static void
knock(void *arg, const struct err *failed)
{
	assert_null(failed);
	assert_int_equal(write(*(int *)arg, "", 1), 1);
}

static int
nothing(void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return 0;
}

/* Work in slices, each of which brings on the next, holds nobody up. */
static void
others_are_served_between_commits(void **state)
{
	struct member m[10];
	struct event *ev;
	size_t i, served = 0;
	int fd[2];

	(void)state;
	memset(m, 0, sizeof(m));
	for (i = 0; i < 10; i++) {
		snprintf(m[i].name, sizeof(m[i].name), "slice %zu", i);
		m[i].joins = i == 9 ? NULL : &m[i + 1];
	}
	assert_int_equal(pipe(fd), 0);
	ev = event_new(rig.base, fd[0], EV_READ, on_read, &served);
	assert_non_null(ev);
	event_add(ev, NULL);
	/* A client comes while the first slice is done. */
	batch_join(rig.batch, 1, nothing, knock, &fd[1]);
	batch_join(rig.batch, 1, work, done, &m[0]);
	event_base_dispatch(rig.base);
	assert_int_equal(rig.commits, 10);
	assert_int_equal(served, 1);
	event_free(ev);
	close(fd[0]);
	close(fd[1]);
}

static void
flush_leaves_nothing(void **state)
{
	struct member next = { "next", false, 0, 0, false, NULL };
	struct member first = { "first", false, 0, 0, false, &next };

	(void)state;
	batch_join(rig.batch, 1, work, done, &first);
	batch_flush(rig.batch);
	assert_true(batch_is_empty(rig.batch));
	assert_int_equal(next.told, 1);
}

#define LINE 9 /* clients who stand in line behind one */

struct client {
	size_t n, octets; /* what it hands in */
	struct member *v;
	size_t *served;
	size_t *before; /* how many others were served when it was told */
};

static void
told_last(void *arg, const struct err *failed)
{
	struct client *c = arg;

	assert_null(failed);
	*c->before = *c->served;
}

static void
hand_in(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	size_t i;

	(void)fd;
	(void)what;
	++*c->served;
	if (c->n == 0)
		return;
	*c->served = 0;
	for (i = 1; i < c->n; i++)
		batch_join(rig.batch, c->octets, work, done, &c->v[i]);
	batch_join(rig.batch, c->octets, nothing, told_last, c);
}

/*
 * How many of those in line are served before n members of so many octets,
 * which the first of them hands in, are on the disk.
 */
static size_t
served_before(size_t n, size_t octets)
{
	struct member *v = calloc(n, sizeof(*v));
	size_t served = 0, before = 100, i;
	struct client first = { n, octets, v, &served, &before };
	struct client other = { 0, 0, NULL, &served, &before };
	struct event *ev[LINE + 1];

	for (i = 0; i < n; i++)
		snprintf(v[i].name, sizeof(v[i].name), "m%zu", i);
	for (i = 0; i <= LINE; i++) {
		ev[i] = event_new(
		    rig.base, -1, 0, hand_in, i == 0 ? &first : &other);
		assert_non_null(ev[i]);
		event_active(ev[i], EV_TIMEOUT, 0);
	}
	event_base_dispatch(rig.base);
	for (i = 0; i <= LINE; i++)
		event_free(ev[i]);
	free(v);
	assert_int_equal(served, LINE);
	return before;
}

static void
count(void *arg)
{
	(*(int *)arg)++;
}

static void
each_who_watches_is_told_of_a_commit(void **state)
{
	struct member a = { "a", false, 0, 0, false, NULL };
	struct member b = { "b", false, 0, 0, false, NULL };
	int seen = 0;

	(void)state;
	batch_on_commit(rig.batch, count, &seen);
	batch_join(rig.batch, 1, work, done, &a);
	event_base_dispatch(rig.base);
	assert_int_equal(seen, 1);
	batch_off_commit(rig.batch, &seen);
	batch_join(rig.batch, 1, work, done, &b);
	event_base_dispatch(rig.base);
	assert_int_equal(seen, 1);
	assert_int_equal(rig.commits, 2);
}

/* One fsync for up to 64 messages or 1 MiB, at once when nothing waits. */
static void
it_waits_for_64_or_a_mebibyte(void **state)
{
	(void)state;
	assert_int_equal(served_before(1, 1), LINE);
	assert_int_equal(served_before(63, 1), LINE);
	assert_int_equal(served_before(64, 1), 0);
	assert_int_equal(served_before(1, 1048575), LINE);
	assert_int_equal(served_before(1, 1048576), 0);
	assert_int_equal(served_before(2, 524288), 0);
}

#define in_rig(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(nobody_is_told_before_the_loop),
		in_rig(many_share_one_commit),
		in_rig(a_bad_one_fails_alone),
		in_rig(joining_from_done_is_the_next_batch),
		in_rig(others_are_served_between_commits),
		in_rig(flush_leaves_nothing),
		in_rig(each_who_watches_is_told_of_a_commit),
		in_rig(it_waits_for_64_or_a_mebibyte),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
