/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/queue_fixture.h"

struct world {
	char *directory;
	struct store *s;
	struct err e;
};

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->directory = fixture_directory();
	w->s = fixture_open(w->directory, NULL);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	store_close(w->s);
	fixture_remove(w->directory);
	free(w);
	return 0;
}

static void
assert_body(struct store *s, uint64_t id, size_t octets)
{
	struct buf b;
	struct err e;
	size_t at = 0, i;
	uint32_t seq;
	int more;

	buf_init(&b, CHUNK_SIZE);
	for (seq = 0; (more = store_chunk_get(s, id, seq, &b, &e)) == 1; seq++)
		for (i = 0; i < b.len; i++, at++)
			assert_int_equal(
			    (unsigned char)b.data[i], fixture_octet(id, at));
	assert_int_equal(more, 0);
	assert_int_equal(at, octets);
	buf_clear(&b);
}

/* One message with every field set, of two recipients and two chunks. */
static void
add_full(struct world *w)
{
	char account[] = "alerts", sender[] = "a@example.com",
	     from[] = "b@example.com", mid[] = "<1@x>", envid[] = "QQ",
	     address[] = "r@example.com", original[] = "root",
	     orcpt[] = "rfc822;root";
	struct store_message m = { .id = 42,
		.arrived_at = T0,
		.uid = 1000,
		.account = account,
		.kind = KIND_BOUNCE,
		.sender = sender,
		.from = from,
		.message_id = mid,
		.body = BODY_8BITMIME,
		.smtputf8 = true,
		.ret = RET_HDRS,
		.envid = envid };
	struct store_rcpt full = { .address = address,
		.original = original,
		.orcpt = orcpt,
		.notify = NOTIFY_FAILURE | NOTIFY_DELAY };
	struct store_rcpt bare = { .address = address };

	fixture_begin(w->s);
	assert_int_equal(store_message_add(w->s, &m, &w->e), 0);
	assert_int_equal(store_rcpt_add(w->s, 42, &full, &w->e), 0);
	assert_int_equal(store_rcpt_add(w->s, 42, &bare, &w->e), 0);
	assert_int_equal(store_chunk_add(w->s, 42, "hi\r\n", 4, &w->e), 0);
	assert_int_equal(store_chunk_add(w->s, 42, "ho\r\n", 4, &w->e), 0);
	assert_int_equal(store_message_queue(w->s, 42, T0 + 9, &w->e), 0);
	fixture_commit(w->s);
}

static void
message_comes_back_as_it_went(void **state)
{
	struct world *w = *state;
	struct store_message m;

	add_full(w);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_message_get(w->s, 43, &m, &w->e), 0);
	assert_int_equal(store_message_get(w->s, 42, &m, &w->e), 1);
	assert_int_equal(m.id, 42);
	assert_int_equal(m.state, RCPT_QUEUED);
	assert_int_equal(m.arrived_at, T0);
	assert_int_equal(m.uid, 1000);
	assert_string_equal(m.account, "alerts");
	assert_int_equal(m.kind, KIND_BOUNCE);
	assert_string_equal(m.sender, "a@example.com");
	assert_string_equal(m.from, "b@example.com");
	assert_string_equal(m.message_id, "<1@x>");
	assert_int_equal(m.size, 8);
	assert_int_equal(m.chunks, 2);
	assert_int_equal(m.body, BODY_8BITMIME);
	assert_true(m.smtputf8);
	assert_int_equal(m.ret, RET_HDRS);
	assert_string_equal(m.envid, "QQ");
	assert_int_equal(m.attempts, 0);
	assert_int_equal(m.due_at, T0 + 9);
	assert_int_equal(m.delay_notice_at, 0);
	store_message_clear(&m);
}

static void
recipients_come_back_as_they_went(void **state)
{
	struct world *w = *state;
	struct store_rcpt *v;
	size_t n;

	add_full(w);
	w->s = fixture_reopen(w->s, w->directory);
	assert_int_equal(store_rcpts_get(w->s, 42, &v, &n, &w->e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].id, 1);
	assert_string_equal(v[0].address, "r@example.com");
	assert_string_equal(v[0].original, "root");
	assert_string_equal(v[0].orcpt, "rfc822;root");
	assert_int_equal(v[0].notify, NOTIFY_FAILURE | NOTIFY_DELAY);
	assert_int_equal(v[0].state, RCPT_QUEUED);
	assert_int_equal(v[0].due_at, T0 + 9);
	assert_string_equal(v[0].status, "");
	assert_null(v[0].text);
	assert_int_equal(v[1].id, 2);
	assert_null(v[1].original);
	store_rcpt_clear(&v[0]);
	store_rcpt_clear(&v[1]);
	free(v);
	assert_int_equal(store_rcpts_get(w->s, 43, &v, &n, &w->e), 0);
	assert_int_equal(n, 0);
	free(v);
}

static void
bodies_of_all_sizes(void **state)
{
	static const size_t sizes[] = { 1, 2047, CHUNK_SIZE - 1, CHUNK_SIZE,
		CHUNK_SIZE + 1, 3 * CHUNK_SIZE, 1000000 };
	struct world *w = *state;
	uint64_t id[7];
	size_t i;

	for (i = 0; i < 7; i++)
		id[i] = fixture_add(w->s,
		    (struct fixture_message){ .uid = 1, .octets = sizes[i] });
	for (i = 0; i < 7; i++)
		assert_body(w->s, id[i], sizes[i]);
	fixture_begin(w->s);
	assert_int_equal(store_message_delete(w->s, id[3], &w->e), 0);
	fixture_commit(w->s);
	assert_body(w->s, id[3], 0);
	assert_body(w->s, id[2], sizes[2]);
	assert_body(w->s, id[4], sizes[4]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    message_comes_back_as_it_went, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    recipients_come_back_as_they_went, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    bodies_of_all_sizes, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
