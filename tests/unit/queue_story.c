/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/queue_story.h"

static size_t
moment_now(const struct story *t)
{
	return t->now == NULL ? 0 : t->now();
}

static int
add_octets(struct store *s, uint64_t id, size_t from, size_t to)
{
	static unsigned char chunk[CHUNK_SIZE];
	size_t at, n, i;

	for (at = from; at < to; at += n) {
		n = to - at < CHUNK_SIZE ? to - at : CHUNK_SIZE;
		for (i = 0; i < n; i++)
			chunk[i] = fixture_octet(id, at + i);
		if (store_chunk_add(s, id, chunk, n, NULL) == -1)
			return -1;
	}
	return 0;
}

/*
 * One message in an open transaction.  One of several chunks is committed
 * after the first, as the daemon does with large messages.
 */
static int
add(struct story *t, struct store *s, size_t octets, size_t recipients)
{
	struct story_message *m = &t->v[t->n++];
	char account[] = "", sender[] = "a@example.com", address[32];
	struct store_message row = { .arrived_at = T0,
		.uid = 1000,
		.account = account,
		.sender = sender };
	struct store_rcpt r = { .address = address };
	size_t i, first = octets < CHUNK_SIZE ? octets : CHUNK_SIZE;

	assert_true(t->n <= STORY_MAX);
	*m = (struct story_message){ store_next_id(s, (int64_t)T0 * 1000),
		octets, recipients, STORY_NEVER, STORY_NEVER };
	row.id = m->id;
	if (store_message_add(s, &row, NULL) == -1 ||
	    add_octets(s, m->id, 0, first) == -1)
		return -1;
	if (octets > CHUNK_SIZE &&
	    (store_commit(s, NULL) == -1 || store_begin(s, NULL) == -1 ||
		add_octets(s, m->id, first, octets) == -1))
		return -1;
	for (i = 0; i < recipients; i++) {
		snprintf(address, sizeof(address), "r%u@example.com",
		    (unsigned)(i & 0xffff));
		if (store_rcpt_add(s, m->id, &r, NULL) == -1)
			return -1;
	}
	return store_message_queue(s, m->id, T0, NULL);
}

static int
add_group(struct story *t, struct store *s, const size_t (*what)[2], size_t n)
{
	size_t first = t->n, i;

	if (store_begin(s, NULL) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (add(t, s, what[i][0], what[i][1]) == -1)
			return -1;
	if (store_commit(s, NULL) == -1)
		return -1;
	for (i = first; i < t->n; i++)
		t->v[i].sure_at = moment_now(t);
	return 0;
}

static int
set(struct store *s, uint64_t id, uint64_t rcpt, enum rcpt_state from,
    enum rcpt_state to)
{
	struct rcpt_change c = { .to = to,
		.due_at = to == RCPT_QUEUED ? T0 + 60 : 0,
		.attempted = from == RCPT_ACTIVE,
		.code = 451,
		.status = "4.7.1",
		.text = "try again later" };

	return store_begin(s, NULL) == -1 ||
		       state_set(s, id, rcpt, from, &c, NULL) == -1 ||
		       store_commit(s, NULL) == -1
		   ? -1
		   : 0;
}

/* Tries the first recipient; it is put off. */
static int
put_off(struct story *t, struct store *s, size_t i)
{
	struct store_attempt a = { .message = t->v[i].id,
		.rcpt = 1,
		.at = T0,
		.outcome = "deferred",
		.code = 451,
		.text = "later" };

	if (set(s, t->v[i].id, 1, RCPT_QUEUED, RCPT_ACTIVE) == -1 ||
	    set(s, t->v[i].id, 1, RCPT_ACTIVE, RCPT_QUEUED) == -1)
		return -1;
	return store_begin(s, NULL) == -1 ||
		       store_attempt_add(s, &a, NULL) == -1 ||
		       store_message_attempted(s, t->v[i].id, NULL) == -1 ||
		       store_commit(s, NULL) == -1
		   ? -1
		   : 0;
}

static int
finish(struct story *t, struct store *s, size_t i)
{
	struct store_event ev = { .at = T0,
		.what = "removed",
		.message = t->v[i].id,
		.recipient = "r0@example.com" };

	t->v[i].gone_at = moment_now(t);
	return store_begin(s, NULL) == -1 ||
		       store_event_add(s, &ev, NULL) == -1 ||
		       store_message_delete(s, t->v[i].id, NULL) == -1 ||
		       store_commit(s, NULL) == -1
		   ? -1
		   : 0;
}

static int
first_day(struct story *t, struct store *s)
{
	static const size_t one[][2] = { { 100, 1 } };
	static const size_t group[][2] = { { 2000, 1 }, { 9000, 3 },
		{ 30000, 1 } };
	static const size_t large[][2] = { { 3 * CHUNK_SIZE + 5, 2 } };

	return add_group(t, s, one, 1) == -1 ||
		       add_group(t, s, group, 3) == -1 ||
		       put_off(t, s, 0) == -1 ||
		       add_group(t, s, large, 1) == -1 ||
		       store_checkpoint(s, CHECKPOINT_PASSIVE, NULL) == -1 ||
		       finish(t, s, 1) == -1 || finish(t, s, 4) == -1 ||
		       add_group(t, s, large, 1) == -1 ||
		       store_checkpoint(s, CHECKPOINT_TRUNCATE, NULL) == -1 ||
		       add_group(t, s, one, 1) == -1 ||
		       set(s, t->v[2].id, 2, RCPT_QUEUED, RCPT_ACTIVE) == -1
		   ? -1
		   : 0;
}

static int
second_day(struct story *t, struct store *s)
{
	static const size_t group[][2] = { { 1, 1 }, { 5000, 40 } };

	return put_off(t, s, 3) == -1 || add_group(t, s, group, 2) == -1 ||
		       finish(t, s, 0) == -1 ||
		       store_checkpoint(s, CHECKPOINT_PASSIVE, NULL) == -1 ||
		       add_group(t, s, group, 1) == -1
		   ? -1
		   : 0;
}

static int
tell_day(struct story *t, const char *directory,
    int (*day)(struct story *, struct store *))
{
	struct store_opened what;
	struct store *s;
	int rc;

	if (store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
		&s, &what, NULL) == -1)
		return -1;
	rc = day(t, s);
	store_close(s);
	return rc;
}

int
story_tell(struct story *t, const char *directory)
{
	return tell_day(t, directory, first_day) == -1 ||
		       tell_day(t, directory, second_day) == -1
		   ? -1
		   : 0;
}

static bool
body_is_whole(struct store *s, const struct story_message *m, struct err *e)
{
	struct buf b;
	size_t i, at = 0;
	uint32_t seq = 0;
	int more;

	buf_init(&b, CHUNK_SIZE);
	while ((more = store_chunk_get(s, m->id, seq++, &b, e)) == 1)
		for (i = 0; i < b.len; i++, at++)
			if ((unsigned char)b.data[i] !=
			    fixture_octet(m->id, at)) {
				more = err_set(
				    e, ERR_LOCAL, "", "octet %zu differs", at);
				goto out;
			}
out:
	buf_clear(&b);
	if (more == 0 && at != m->octets)
		err_set(e, ERR_LOCAL, "", "%zu octets of %zu", at, m->octets);
	return more == 0 && at == m->octets;
}

static bool
is_whole(struct store *s, const struct story_message *m, struct err *e)
{
	struct store_rcpt *v;
	size_t n, i, good = 0;

	if (store_rcpts_get(s, m->id, &v, &n, e) == -1)
		return false;
	for (i = 0; i < n; i++) {
		if (v[i].state == RCPT_QUEUED || v[i].state == RCPT_UNCERTAIN)
			good++;
		store_rcpt_clear(&v[i]);
	}
	free(v);
	if (n != m->recipients || good != n)
		err_set(e, ERR_LOCAL, "", "%zu of %zu recipients, %zu waiting",
		    n, m->recipients, good);
	return n == m->recipients && good == n && body_is_whole(s, m, e);
}

static void
count_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	(void)m;
	(void)r;
	++*(size_t *)arg;
}

/* Adds the rows of a listing that the message accounts for. */
static bool
message_holds(struct store *s, const struct story_message *m, size_t moment,
    size_t *rows, struct err *e)
{
	struct store_message row;
	int found;

	found = store_message_get(s, m->id, &row, e);
	if (found == 1) {
		store_message_clear(&row);
		*rows += m->recipients;
		return is_whole(s, m, e);
	}
	if (found == 0 && m->sure_at <= moment && m->gone_at > moment)
		err_set(e, ERR_LOCAL, "", "lost");
	return found == 0 && (m->sure_at > moment || m->gone_at <= moment);
}

bool
story_holds(const struct story *t, const char *directory, size_t moment)
{
	struct store_opened what;
	struct store *s;
	struct err e;
	size_t i, rows = 0, expected = 0;
	struct store_walk walk = { .max = STORY_MAX };
	bool holds;

	err_clear(&e);
	holds =
	    store_open(&(struct store_place){ directory, STORE_WRITE, T0, T0 },
		&s, &what, &e) == 0;
	if (holds) {
		for (i = 0; i < t->n && holds; i++)
			holds =
			    message_holds(s, &t->v[i], moment, &expected, &e);
		if (holds)
			holds =
			    store_list(s, &walk, count_row, &rows, &e) == 0 &&
			    rows == expected;
		store_close(s);
	}
	if (!holds)
		print_message("# at %zu: %s\n", moment, e.text);
	return holds;
}
