/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/sql.h"
#include "tests/unit/queue_fixture.h"

#define FOUND_MAX 8

/* All that is found in the queue, slice by slice. */
static size_t
in_queue(struct world *w, struct store_trace t, uint64_t *ids)
{
	size_t n, found = 0;
	int more;

	t.max = FOUND_MAX;
	do {
		more = store_trace_messages(w->s, &t, ids, &n, &w->e);
		assert_int_not_equal(more, -1);
		found += n;
	} while (more == 1);
	return found;
}

struct heard {
	size_t n, slices;
	char recipients[256];
	struct store_event last;
};

static void
hear(void *arg, const struct store_event *ev)
{
	struct heard *h = arg;

	h->n++;
	h->last = *ev;
	strlcat(h->recipients, ev->recipient, sizeof(h->recipients));
	strlcat(h->recipients, " ", sizeof(h->recipients));
}

static struct heard
in_journal(struct world *w, struct store_trace t)
{
	struct heard h;
	int more;

	memset(&h, 0, sizeof(h));
	if (t.max == 0)
		t.max = FOUND_MAX;
	do {
		more = store_trace_events(w->s, &t, hear, &h, &w->e);
		assert_int_not_equal(more, -1);
		h.slices++;
	} while (more == 1);
	return h;
}

static void
add_event(struct world *w, uint64_t message, uid_t uid, const char *to)
{
	struct store_event ev = { .at = T0 + 5,
		.what = "bounced",
		.message = message,
		.uid = uid,
		.account = "",
		.sender = "cron",
		.recipient = to,
		.original = "root@alias.example",
		.message_id = "<1@x>",
		.code = 550,
		.status = "5.1.1",
		.text = "no",
		.relay = "mx",
		.size = 100,
		.arrived_at = T0 };

	assert_int_equal(store_event_add(w->s, &ev, &w->e), 0);
}

static void
nothing_is_found_in_nothing(void **state)
{
	struct world *w = *state;
	uint64_t ids[FOUND_MAX];
	struct store_trace t = { .address = "a@b" };

	assert_int_equal(in_queue(w, t, ids), 0);
	assert_int_equal(in_journal(w, t).n, 0);
}

static void
the_queue_is_searched_by_each_name(void **state)
{
	struct world *w = *state;
	uint64_t one, two, ids[FOUND_MAX];

	one = fixture_add(w->s, (struct fixture_message){ .uid = 1 });
	two = fixture_add(
	    w->s, (struct fixture_message){ .uid = 2, .recipients = 3 });
	assert_int_equal(
	    in_queue(w, (struct store_trace){ .id = one }, ids), 1);
	assert_int_equal(ids[0], one);
	assert_int_equal(
	    in_queue(
		w, (struct store_trace){ .address = "R3@Example.COM" }, ids),
	    1);
	assert_int_equal(ids[0], two);
	/* Once, though all of its recipients may be meant. */
	assert_int_equal(
	    in_queue(w, (struct store_trace){ .address = "sender@example.com" },
		ids),
	    2);
	assert_int_equal(
	    in_queue(w, (struct store_trace){ .bare = "sender" }, ids), 0);
	assert_int_equal(
	    in_queue(
		w, (struct store_trace){ .address = "r@example.com" }, ids),
	    0);
	assert_int_equal(
	    in_queue(w, (struct store_trace){ .address = "%" }, ids), 0);
	assert_int_equal(
	    in_queue(w, (struct store_trace){ .message_id = "r1" }, ids), 0);
	/* Nobody finds another's. */
	assert_int_equal(
	    in_queue(w,
		(struct store_trace){
		    .address = "r1@example.com", .own = true, .uid = 2 },
		ids),
	    1);
	assert_int_equal(ids[0], two);
	assert_int_equal(
	    in_queue(w,
		(struct store_trace){ .id = one, .own = true, .uid = 2 }, ids),
	    0);
}

static void
the_journal_is_searched_by_each_name(void **state)
{
	struct world *w = *state;
	struct heard h;

	fixture_begin(w->s);
	add_event(w, 77, 1, "a@example.com");
	add_event(w, 77, 1, "b@example.com");
	add_event(w, 78, 2, "A@example.com");
	fixture_commit(w->s);
	assert_string_equal(
	    in_journal(w, (struct store_trace){ .id = 77 }).recipients,
	    "a@example.com b@example.com ");
	assert_string_equal(
	    in_journal(w, (struct store_trace){ .address = "a@Example.com" })
		.recipients,
	    "a@example.com A@example.com ");
	assert_int_equal(
	    in_journal(w, (struct store_trace){ .message_id = "<1@x>" }).n, 3);
	assert_int_equal(
	    in_journal(w, (struct store_trace){ .message_id = "<1@X>" }).n, 0);
	assert_int_equal(
	    in_journal(w,
		(struct store_trace){ .address = "cron@here", .bare = "cron" })
		.n,
	    3);
	/* As it was before an alias. */
	h = in_journal(
	    w, (struct store_trace){ .address = "Root@alias.example" });
	assert_int_equal(h.n, 3);
	h = in_journal(w, (struct store_trace){
			      .message_id = "<1@x>", .own = true, .uid = 2 });
	assert_int_equal(h.n, 1);
	assert_int_equal(h.last.message, 78);
	assert_int_equal(h.last.uid, 2);
	assert_int_equal(h.last.at, T0 + 5);
	assert_int_equal(h.last.code, 550);
	assert_int_equal(h.last.size, 100);
	assert_int_equal(h.last.arrived_at, T0);
}

/* Neither a slice's end nor a full answer loses or doubles a row. */
static void
slices_meet(void **state)
{
	struct world *w = *state;
	struct heard h;
	char to[32];
	int i;

	fixture_begin(w->s);
	for (i = 0; i < 2 * SQL_TRACE_SLICE; i++) {
		snprintf(to, sizeof(to), "%d@example.com", i);
		add_event(w, 77, 1, i % 250 == 249 ? "x@example.com" : to);
	}
	fixture_commit(w->s);
	h = in_journal(w, (struct store_trace){ .address = "x@example.com" });
	assert_int_equal(h.n, 8);
	assert_true(h.slices >= 3);
	h = in_journal(
	    w, (struct store_trace){ .address = "x@example.com", .max = 3 });
	assert_int_equal(h.n, 8);
	h = in_journal(w, (struct store_trace){ .id = 77, .max = 999 });
	assert_int_equal(h.n, 2 * SQL_TRACE_SLICE);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_found_in_nothing),
		CASE(the_queue_is_searched_by_each_name),
		CASE(the_journal_is_searched_by_each_name),
		CASE(slices_meet),
	};

	return cmocka_run_group_tests_name("store_trace", tests, NULL, NULL);
}
