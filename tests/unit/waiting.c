/* SPDX-License-Identifier: ISC */
/* Notices that wait: how many go singly, and how the others are found. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/waiting.h"
#include "tests/unit/queue_fixture.h"

#define KEY   "notice  1000 a@b.cc"
#define OTHER "notice  1000 x@b.cc"
#define HOUR  3600

static char *
key_of(const char *account, uid_t uid, const char *const *to, size_t n)
{
	struct store_rcpt *v = xcalloc(n, sizeof(*v));
	struct strlist readers = { NULL, 0 };
	struct store_message m = { .uid = uid };
	size_t i;
	char *key;

	for (i = 0; i < n; i++)
		v[i].address = xstrdup(to[i]);
	m.account = xstrdup(account);
	waiting_readers(v, n, &readers);
	key = waiting_key(&m, &readers);
	for (i = 0; i < n; i++)
		store_rcpt_clear(&v[i]);
	free(v);
	strlist_clear(&readers);
	store_message_clear(&m);
	return key;
}

static void
a_reader_is_a_set(void **state)
{
	static const char *const one[] = { "b@x.yy", "A@x.yy" };
	static const char *const two[] = { "a@X.yy", "B@x.yy" };
	char *a = key_of("", 1000, one, 2), *b = key_of("", 1000, two, 2);

	(void)state;
	assert_string_equal(a, "notice  1000 a@x.yy,b@x.yy");
	assert_string_equal(a, b);
	free(b);
	b = key_of("", 1000, one, 1);
	assert_string_equal(b, "notice  1000 b@x.yy");
	free(b);
	b = key_of("other", 0, one, 2);
	assert_string_equal(b, "notice other 0 a@x.yy,b@x.yy");
	free(a);
	free(b);
}

/* However many they are, a name stays short, and differs by all of them. */
static void
a_long_list_has_a_short_name(void **state)
{
	char text[300][24], *a, *b;
	const char *to[300];
	size_t i;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(text[i], sizeof(text[i]), "r%03zu@example.com", i);
		to[i] = text[i];
	}
	a = key_of("", 1000, to, 300);
	assert_true(strlen(a) < 500);
	text[299][1] = '9';
	b = key_of("", 1000, to, 300);
	assert_string_not_equal(a, b);
	free(b);
	b = key_of("", 1000, to, 299);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

static struct waiting
admit(struct world *w, const char *key, int64_t now)
{
	struct waiting got;

	fixture_begin(w->s);
	assert_int_equal(waiting_admit(w->s, key, now, &got, &w->e), 0);
	fixture_commit(w->s);
	return got;
}

static void
so_many_an_hour_go_singly(void **state)
{
	struct world *w = *state;
	struct waiting got;
	int i;

	/* Further apart than the ledger's grain. */
	for (i = 0; i < WAITING_SINGLY; i++) {
		got = admit(w, KEY, T0 + 3 * i);
		assert_false(got.is_late);
		assert_int_equal(got.due_at, T0 + 3 * i);
	}
	/* All that is late waits for the same instant. */
	for (i = 0; i < 3; i++) {
		got = admit(w, KEY, T0 + 100 + 100 * i);
		assert_true(got.is_late);
		assert_int_equal(got.due_at, T0 + HOUR + 1);
	}
	assert_false(admit(w, OTHER, T0 + 100).is_late);
	/* The window slides: one leaves it, one may go. */
	assert_true(admit(w, KEY, T0 + HOUR).is_late);
	assert_false(admit(w, KEY, T0 + HOUR + 1).is_late);
	got = admit(w, KEY, T0 + HOUR + 1);
	assert_true(got.is_late);
	assert_int_equal(got.due_at, T0 + 3 + HOUR + 1);
}

static void
a_restart_forgets_nothing(void **state)
{
	struct world *w = *state;
	int i;

	for (i = 0; i < WAITING_SINGLY; i++)
		admit(w, KEY, T0);
	w->s = fixture_reopen(w->s, w->directory);
	assert_true(admit(w, KEY, T0 + 1).is_late);
}

static void
what_was_rolled_back_is_not_counted(void **state)
{
	struct world *w = *state;
	struct waiting got;
	int i;

	for (i = 0; i < WAITING_SINGLY + 5; i++) {
		fixture_begin(w->s);
		assert_int_equal(waiting_admit(w->s, KEY, T0, &got, &w->e), 0);
		assert_false(got.is_late);
		store_rollback(w->s);
	}
}

static void
after_a_report_all_is_late_for_an_hour(void **state)
{
	struct world *w = *state;
	struct waiting got;

	fixture_begin(w->s);
	assert_int_equal(waiting_reported(w->s, KEY, T0, &w->e), 0);
	assert_int_equal(waiting_reported(w->s, KEY, T0 + 5, &w->e), 0);
	fixture_commit(w->s);
	got = admit(w, KEY, T0 + 10);
	assert_true(got.is_late);
	assert_int_equal(got.due_at, T0 + 5 + HOUR + 1);
	assert_false(admit(w, KEY, T0 + 5 + HOUR + 1).is_late);
}

static void
one_that_goes_after_all_is_counted(void **state)
{
	struct world *w = *state;
	bool is_late;
	char *note;
	int i;

	fixture_begin(w->s);
	for (i = 0; i < WAITING_SINGLY; i++)
		assert_int_equal(
		    waiting_let_go(w->s, KEY, 7, "C0 x\n", T0, &w->e), 0);
	fixture_commit(w->s);
	assert_true(admit(w, KEY, T0).is_late);
	assert_int_equal(waiting_get(w->s, KEY, 7, &is_late, &note, &w->e), 1);
	assert_false(is_late);
	assert_string_equal(note, "C0 x\n");
	free(note);
}

static void
put(struct world *w, const char *key, uint64_t id, bool is_late)
{
	const struct waiting how = { is_late, T0 };

	fixture_begin(w->s);
	assert_int_equal(
	    waiting_put(w->s, key, id, &how, "C0 x\nA y\n", &w->e), 0);
	fixture_commit(w->s);
}

static size_t
list(struct world *w, const char *key, uint64_t ids[4])
{
	size_t n;

	assert_int_equal(waiting_list(w->s, key, ids, 4, &n, &w->e), 0);
	return n;
}

static void
those_of_a_reader_are_found_oldest_first(void **state)
{
	struct world *w = *state;
	uint64_t ids[4];
	bool is_late;
	char *note;

	assert_int_equal(list(w, KEY, ids), 0);
	put(w, KEY, 0x300, true);
	put(w, KEY, 0x20, false);
	put(w, OTHER, 0x21, false);
	put(w, KEY "c", 0x22, false);
	put(w, "notice  1001 a@b.cc", 0x23, false);
	put(w, "notice x 1000 a@b.cc", 0x24, false);
	assert_int_equal(list(w, KEY, ids), 2);
	assert_int_equal(ids[0], 0x20);
	assert_int_equal(ids[1], 0x300);
	assert_int_equal(
	    waiting_get(w->s, KEY, 0x300, &is_late, &note, &w->e), 1);
	assert_true(is_late);
	assert_string_equal(note, "C0 x\nA y\n");
	free(note);
	assert_int_equal(
	    waiting_get(w->s, KEY, 0x21, &is_late, NULL, &w->e), 0);
	put(w, KEY, 0x21, false);
	put(w, KEY, 0x22, false);
	put(w, KEY, 0x23, false);
	assert_int_equal(list(w, KEY, ids), 4);
	assert_int_equal(ids[3], 0x23);
}

static void
what_is_forgotten_is_found_no_more(void **state)
{
	struct world *w = *state;
	uint64_t ids[4], id;
	struct store_message m;

	id = fixture_add(
	    w->s, (struct fixture_message){ .uid = 1000, .kind = KIND_BOUNCE });
	put(w, "notice  1000 r1@example.com", id, false);
	put(w, KEY, 1, false);
	fixture_begin(w->s);
	assert_int_equal(waiting_forget(w->s, KEY, 1, &w->e), 0);
	assert_int_equal(waiting_forget(w->s, KEY, 2, &w->e), 0);
	memset(&m, 0, sizeof(m));
	assert_int_equal(store_message_get(w->s, id, &m, &w->e), 1);
	assert_int_equal(waiting_forget_message(w->s, &m, &w->e), 0);
	store_message_clear(&m);
	fixture_commit(w->s);
	assert_int_equal(list(w, KEY, ids), 0);
	assert_int_equal(list(w, "notice  1000 r1@example.com", ids), 0);
}

static void
they_move_with_the_account(void **state)
{
	struct world *w = *state;
	uint64_t ids[4];

	put(w, "notice old 1000 a@b.cc", 1, false);
	put(w, "notice old 0 x@b.cc", 2, true);
	put(w, "notice older 0 x@b.cc", 3, true);
	fixture_begin(w->s);
	assert_int_equal(waiting_move(w->s, "old", "", &w->e), 0);
	fixture_commit(w->s);
	assert_int_equal(list(w, KEY, ids), 1);
	assert_int_equal(list(w, "notice  0 x@b.cc", ids), 1);
	assert_int_equal(ids[0], 2);
	assert_int_equal(list(w, "notice old 0 x@b.cc", ids), 0);
	assert_int_equal(list(w, "notice older 0 x@b.cc", ids), 1);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_is_a_set),
		cmocka_unit_test(a_long_list_has_a_short_name),
		CASE(so_many_an_hour_go_singly),
		CASE(a_restart_forgets_nothing),
		CASE(what_was_rolled_back_is_not_counted),
		CASE(after_a_report_all_is_late_for_an_hour),
		CASE(one_that_goes_after_all_is_counted),
		CASE(those_of_a_reader_are_found_oldest_first),
		CASE(what_is_forgotten_is_found_no_more),
		CASE(they_move_with_the_account),
	};

	return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
