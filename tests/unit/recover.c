/* SPDX-License-Identifier: ISC */
/* What a start finds after an end that was no clean stop. */
#include "config.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/since.h"
#include "tests/unit/queue_fixture.h"

/*
 * Does the work in a process that then ends at once, as by SIGKILL: no
 * handler, no close.  A failed assertion in it ends it with another status.
 */
static void
crash_after(const char *directory, void (*work)(struct store *))
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		work(fixture_open(directory, NULL));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
nothing(struct store *s)
{
	(void)s;
}

static void
crash_is_always_checked(void **state)
{
	char *directory = fixture_directory();
	struct store_opened what;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		crash_after(directory, nothing);
		store_close(fixture_open(directory, &what));
		assert_true(what.checked);
		store_close(fixture_open(directory, &what));
		assert_false(what.checked);
	}
	fixture_remove(directory);
}

static void
leave_active(struct store *s)
{
	uint64_t id;

	id = fixture_add(s, (struct fixture_message){ .recipients = 4 });
	fixture_set(s, id, 2, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(s, id, 3, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(s, id, 4, RCPT_QUEUED, RCPT_HELD, 0);
}

static void
only_message(
    void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	(void)r;
	*(uint64_t *)arg = m->id;
}

static uint64_t
first_id(struct store *s)
{
	struct store_walk walk = { .max = 1 };
	uint64_t id = 0;
	struct err e;

	assert_int_equal(store_list(s, &walk, only_message, &id, &e), 0);
	assert_true(id != 0);
	return id;
}

static void
count_attempt(
    void *arg, const struct store_attempt *a, const char *rcpt_address)
{
	assert_non_null(rcpt_address);
	assert_string_equal(a->outcome, "uncertain");
	assert_int_equal(a->at, T0 + 500);
	++*(size_t *)arg;
}

static void
reopen_and_compare(int64_t due_at, enum rcpt_state expected)
{
	char *directory = fixture_directory();
	struct store_opened what;
	struct store_message m;
	struct store_rcpt *v;
	struct store *s;
	struct err e;
	size_t n, i, attempts = 0;
	int64_t since;
	uint64_t id;

	crash_after(directory, leave_active);
	assert_int_equal(store_open(&(struct store_place){ directory,
					STORE_WRITE, T0 + 500, due_at },
			     &s, &what, &e),
	    0);
	assert_int_equal(what.uncertain, 2);
	assert_int_equal(what.repaired, 0);
	id = first_id(s);
	assert_int_equal(store_rcpts_get(s, id, &v, &n, &e), 0);
	assert_int_equal(n, 4);
	assert_int_equal(v[0].state, RCPT_QUEUED);
	assert_int_equal(v[1].state, expected);
	assert_int_equal(v[2].state, expected);
	assert_int_equal(v[1].due_at, due_at);
	assert_int_equal(v[1].attempts, 1);
	assert_string_equal(
	    v[1].text, "stopped while the message was being sent");
	assert_string_equal(v[1].meaning,
	    due_at > 0 ? RCPT_UNCERTAIN_MEANING : RCPT_UNCERTAIN_HELD);
	assert_string_equal(
	    v[1].fix, due_at > 0 ? RCPT_UNCERTAIN_AGAIN : RCPT_UNCERTAIN_FIX);
	assert_int_equal(v[3].state, RCPT_HELD);
	for (i = 0; i < n; i++)
		store_rcpt_clear(&v[i]);
	free(v);
	assert_int_equal(store_message_get(s, id, &m, &e), 1);
	assert_int_equal(m.attempts, 1);
	assert_int_equal(m.state, due_at > 0 ? RCPT_UNCERTAIN : RCPT_QUEUED);
	assert_int_equal(m.due_at, T0);
	store_message_clear(&m);
	assert_int_equal(
	    store_attempts_each(s, id, count_attempt, &attempts, &e), 0);
	assert_int_equal(attempts, 2);
	assert_int_equal(since_get(s, expected, &since, &e), 0);
	assert_int_equal(since, T0 + 500);
	store_close(s);
	/* Once is enough. */
	store_close(fixture_open(directory, &what));
	assert_int_equal(what.uncertain, 0);
	fixture_remove(directory);
}

static void
active_becomes_uncertain(void **state)
{
	(void)state;
	reopen_and_compare(T0 + 600, RCPT_UNCERTAIN);
}

static void
active_becomes_held_when_asked(void **state)
{
	(void)state;
	reopen_and_compare(0, RCPT_HELD);
}

static void
leave_staging(struct store *s)
{
	char empty[] = "", address[] = "r@example.com";
	struct store_message m = { .id = 7, .account = empty, .sender = empty };
	struct store_rcpt r = { .address = address };

	fixture_add(s, (struct fixture_message){ .uid = 1 });
	fixture_begin(s);
	assert_int_equal(store_message_add(s, &m, NULL), 0);
	assert_int_equal(store_chunk_add(s, 7, "abc", 3, NULL), 0);
	assert_int_equal(store_rcpt_add(s, 7, &r, NULL), 0);
	m.id = 8;
	assert_int_equal(store_message_add(s, &m, NULL), 0);
	fixture_commit(s);
	/* And one that was not even committed. */
	fixture_begin(s);
	m.id = 9;
	assert_int_equal(store_message_add(s, &m, NULL), 0);
}

static void
unfinished_messages_are_swept(void **state)
{
	char *directory = fixture_directory();
	struct store_opened what;
	struct store_message m;
	struct store_totals t;
	struct store *s;
	struct err e;

	(void)state;
	crash_after(directory, leave_staging);
	s = fixture_open(directory, &what);
	assert_int_equal(what.swept, 2);
	assert_int_equal(store_message_get(s, 7, &m, &e), 0);
	assert_int_equal(store_totals(s, &t, &e), 0);
	assert_int_equal(t.messages, 1);
	store_close(s);
	fixture_remove(directory);
}

static void
leave_ids(struct store *s)
{
	uint8_t submission[16] = { 9 };
	struct store_event ev = { .what = "removed" };
	uint64_t id;

	id = fixture_add(s, (struct fixture_message){ .uid = 1 });
	fixture_begin(s);
	assert_int_equal(
	    store_submission_add(s, 1, submission, id + 10, T0, NULL), 0);
	ev.message = id + 20;
	assert_int_equal(store_event_add(s, &ev, NULL), 0);
	fixture_commit(s);
}

/* An id that somebody was told is not given again, clock or no clock. */
static void
ids_survive_a_crash(void **state)
{
	char *directory = fixture_directory();
	struct store *s;

	(void)state;
	crash_after(directory, leave_ids);
	s = fixture_open(directory, NULL);
	assert_int_equal(store_next_id(s, 1), (uint64_t)T0 * 1000 + 20 + 1);
	store_close(s);
	fixture_remove(directory);
}

static void
add_some(struct store *s)
{
	fixture_add(
	    s, (struct fixture_message){ .recipients = 2, .octets = 200000 });
	fixture_add(s, (struct fixture_message){ .uid = 1 });
	fixture_add(s, (struct fixture_message){ .uid = 1 });
}

/* Somebody wrote to the file; what they broke is named. */
static void
broken_invariants_are_refused(void **state)
{
	static const struct {
		const char *sql, *says;
	} cases[] = {
		{ "DELETE FROM message WHERE id = (SELECT max(id) FROM "
		  "message)",
		    "without its message" },
		{ "DELETE FROM recipient WHERE message ="
		  " (SELECT max(id) FROM message)",
		    "no recipient" },
		{ "DELETE FROM chunk WHERE id = (SELECT max(id) FROM chunk)",
		    "a part of it is missing" },
		{ "DELETE FROM chunk WHERE id & 32767 = 1",
		    "a part of it is missing" },
		{ "UPDATE chunk SET data = substr(data, 2)"
		  " WHERE id & 32767 = 2",
		    "a part of it is missing" },
		{ "INSERT INTO chunk VALUES (5 << 15, 0, x'00')",
		    "parts of it lie there alone" },
		{ "INSERT INTO chunk VALUES (1 << 62, 0, x'00')",
		    "parts of it lie there alone" },
		{ "UPDATE message SET size = size + 1", "a part of it" },
		{ "DROP TRIGGER recipient_state;"
		  "UPDATE recipient SET state = 'staging', due_at = 0"
		  " WHERE id = 2",
		    "disagree" },
		{ "UPDATE message SET state = 'staging'", "disagree" },
		{ "PRAGMA ignore_check_constraints = ON;"
		  "UPDATE message SET size = 'x'",
		    "CHECK constraint failed" },
		{ "PRAGMA ignore_check_constraints = ON;"
		  "UPDATE recipient SET due_at = 0",
		    "CHECK constraint failed" },
	};
	char *directory;
	struct store_opened what;
	struct store *s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		directory = fixture_directory();
		crash_after(directory, add_some);
		fixture_tamper(directory, cases[i].sql);
		err_clear(&e);
		if (store_open(
			&(struct store_place){ directory, STORE_WRITE, T0, T0 },
			&s, &what, &e) == 0)
			fail_msg("taken: %s", cases[i].sql);
		if (e.class != ERR_LOCAL ||
		    strstr(e.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].sql, e.text);
		fixture_remove(directory);
	}
}

static void
what_follows_is_put_right(void **state)
{
	char *directory = fixture_directory();
	struct store_opened what;
	struct store_message m;
	struct store *s;
	struct err e;

	(void)state;
	crash_after(directory, add_some);
	fixture_tamper(directory, "UPDATE message SET due_at = 1 WHERE id ="
				  " (SELECT min(id) FROM message);"
				  "UPDATE message SET state = 'held' WHERE id ="
				  " (SELECT max(id) FROM message)");
	s = fixture_open(directory, &what);
	assert_int_equal(what.repaired, 2);
	assert_int_equal(store_message_get(s, first_id(s), &m, &e), 1);
	assert_int_equal(m.due_at, T0);
	assert_int_equal(m.state, RCPT_QUEUED);
	store_message_clear(&m);
	store_close(s);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crash_is_always_checked),
		cmocka_unit_test(active_becomes_uncertain),
		cmocka_unit_test(active_becomes_held_when_asked),
		cmocka_unit_test(unfinished_messages_are_swept),
		cmocka_unit_test(ids_survive_a_crash),
		cmocka_unit_test(broken_invariants_are_refused),
		cmocka_unit_test(what_follows_is_put_right),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
