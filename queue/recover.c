/* SPDX-License-Identifier: ISC */
/*
 * What must hold in a queue before anybody is answered from it, and what a
 * stop in the middle of work leaves to be put right.
 *
 * Invariants, checked at every start but that after a clean stop:
 *
 *	(1) SQLite's own structure and every CHECK of the schema hold.
 *	(2) Each recipient and each attempt belongs to a message.
 *	(3) Each chunk belongs to a message.
 *	(4) A message has as many chunks, and they as many octets, as it says.
 *	(5) A message that is not staging has a recipient.
 *	(6) The recipients of a staging message are all staging, and those of
 *	    any other never are.
 *	(7) message.state and message.due_at are what follows from the
 *	    recipients (queue/rcpt.c).
 *
 * A file that breaks (1) to (6) was damaged, or changed by somebody else; to go
 * on with it would mean guessing whose mail is whose, so that it gives way to
 * what can be read of it (queue/damage.c).  (7) says nothing that the
 * recipients do not say, and is put right.
 *
 * What a crash leaves, put right at every start: a staging message was never
 * acknowledged, so it goes; an active recipient may or may not have been
 * delivered, so it becomes uncertain.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/since.h"
#include "queue/store_priv.h"

#define FACT_STOPPED "stopped"
#define CLEAN        "clean"
#define FACT_LAST_ID "last_id"

/* Ids gathered while a statement walks, to be changed when it has ended. */
struct id_list {
	uint64_t (*v)[2];
	size_t n, room;
};

static void
id_list_add(struct id_list *l, uint64_t message, uint64_t rcpt)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->v = xreallocarray(l->v, l->room, sizeof(*l->v));
	}
	l->v[l->n][0] = message;
	l->v[l->n++][1] = rcpt;
}

static int
id_list_read(struct store *s, enum sql which, int columns, struct id_list *l,
    struct err *e)
{
	sqlite3_stmt *st = query_start(s, which);
	int more;

	while ((more = query_row(s, st, e)) == 1)
		id_list_add(
		    l, query_u64(st, 0), columns > 1 ? query_u64(st, 1) : 0);
	query_end(st);
	return more;
}

static int
violated(struct store *s, uint64_t id, const char *rule, struct err *e)
{
	char text[QUEUE_ID_TEXT];

	s->is_damaged = true;
	queue_id_format(id, text);
	return err_set(e, ERR_LOCAL, "4.3.0",
	    "the queue %s is damaged at message %s: %s; stop mailchuted, keep "
	    "the file, and put a backup or an empty queue in its place",
	    s->path, text, rule);
}

/*
 * (1): SQLite's own check, which answers "ok".  A read that failed once is a
 * fault of the disk and not of the file, so what is wrong must be so twice.
 */
static int
check_pages(struct store *s, struct err *e)
{
	char *answer, *line;
	bool is_right = false;
	int i;

	for (i = 0; i < 2 && !is_right; i++) {
		if (query_ask(s->db, sql_quick_check, &answer, e) == -1)
			return -1;
		is_right = answer != NULL && strcmp(answer, "ok") == 0;
		/* A report of several lines becomes one. */
		for (line = answer; line != NULL && *line != '\0'; line++)
			if (*line == '\n')
				*line = ' ';
		if (!is_right)
			query_error(SQLITE_CORRUPT, s->path,
			    answer == NULL ? "no answer" : answer, e);
		free(answer);
	}
	s->is_damaged = !is_right;
	return is_right ? 0 : -1;
}

/* (1) and (2), which has no answer when all is well. */
static int
check_structure(struct store *s, struct err *e)
{
	char *answer;
	bool is_right;

	if (check_pages(s, e) == -1 ||
	    query_ask(s->db, sql_foreign_key_check, &answer, e) == -1)
		return -1;
	is_right = answer == NULL;
	if (!is_right)
		query_error(SQLITE_CORRUPT, s->path,
		    "a recipient or attempt without its message", e);
	free(answer);
	s->is_damaged = !is_right;
	return is_right ? 0 : -1;
}

/* A walk along the chunks, standing on one, or at the end (message 0). */
struct chunk_walk {
	sqlite3_stmt *st;
	uint64_t message, octets;
};

static int
chunk_walk_next(struct store *s, struct chunk_walk *w, struct err *e)
{
	int more = query_row(s, w->st, e);

	w->message = more == 1 ? query_u64(w->st, 0) : 0;
	w->octets = more == 1 ? query_u64(w->st, 1) : 0;
	return more;
}

/* (4) for the message that st stands on; *w goes beyond its chunks. */
static int
check_size(
    struct store *s, sqlite3_stmt *st, struct chunk_walk *w, struct err *e)
{
	uint64_t id = query_u64(st, 0), chunks = 0, octets = 0;

	while (w->message == id) {
		chunks++;
		octets += w->octets;
		if (chunk_walk_next(s, w, e) == -1)
			return -1;
	}
	if (chunks == query_u64(st, 1) && octets == query_u64(st, 2))
		return 0;
	return violated(s, id, "a part of it is missing, or one too many", e);
}

/* (3) and (4): both tables are walked side by side, since both are long. */
static int
check_bodies(struct store *s, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_CHECK_SIZES);
	struct chunk_walk w = { query_start(s, SQL_CHECK_CHUNKS), 0, 0 };
	int more, rc = -1;

	if (chunk_walk_next(s, &w, e) == -1)
		goto out;
	while ((more = query_row(s, st, e)) == 1) {
		if (w.message != 0 && w.message < query_u64(st, 0))
			break;
		if (check_size(s, st, &w, e) == -1)
			goto out;
	}
	if (more == -1)
		goto out;
	rc = w.message == 0
		 ? 0
		 : violated(s, w.message, "parts of it lie there alone", e);
out:
	query_end(st);
	query_end(w.st);
	return rc;
}

/* One message as the walk of check_states sees it. */
struct seen {
	uint64_t id;
	enum rcpt_state state, derived;
	int64_t due_at, derived_due_at;
};

/* (5) and (6) for one row; what follows from the recipients is gathered. */
static int
see_recipient(struct store *s, sqlite3_stmt *st, struct seen *m, struct err *e)
{
	enum rcpt_state state;
	int64_t due_at;

	if (sqlite3_column_type(st, 3) == SQLITE_NULL)
		return m->state == RCPT_STAGING
			   ? 0
			   : violated(s, m->id, "it has no recipient", e);
	if (rcpt_column_state(st, 3, &state, s, e) == -1)
		return -1;
	if ((state == RCPT_STAGING) != (m->state == RCPT_STAGING))
		return violated(s, m->id, "it and its recipients disagree", e);
	due_at = query_i64(st, 4);
	rcpt_fold(state, due_at, &m->derived, &m->derived_due_at);
	return 0;
}

/* (5), (6) and (7); the messages that break (7) are gathered in *stale. */
static int
check_states(struct store *s, struct id_list *stale, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_CHECK_STATES);
	struct seen m = { .id = 0 };
	int more, rc = -1;

	for (;;) {
		more = query_row(s, st, e);
		if (more == -1)
			break;
		if (m.id != 0 && (more == 0 || query_u64(st, 0) != m.id) &&
		    m.state != RCPT_STAGING &&
		    (m.state != m.derived || m.due_at != m.derived_due_at))
			id_list_add(stale, m.id, 0);
		if (more == 0) {
			rc = 0;
			break;
		}
		if (query_u64(st, 0) != m.id) {
			m.id = query_u64(st, 0);
			m.due_at = query_i64(st, 2);
			rcpt_fold_start(&m.derived, &m.derived_due_at);
			if (rcpt_column_state(st, 1, &m.state, s, e) == -1)
				break;
		}
		if (see_recipient(s, st, &m, e) == -1)
			break;
	}
	query_end(st);
	return rc;
}

static int
repair(struct store *s, const struct id_list *stale, struct err *e)
{
	size_t i;

	if (stale->n == 0)
		return 0;
	if (store_begin(s, e) == -1)
		return -1;
	for (i = 0; i < stale->n; i++)
		if (rcpt_sync(s, stale->v[i][0], e) == -1) {
			store_rollback(s);
			return -1;
		}
	return store_commit(s, e);
}

int
recover_check(struct store *s, struct store_opened *what, struct err *e)
{
	struct id_list stale = { NULL, 0, 0 };
	int rc = -1;

	if (check_structure(s, e) == -1 || check_bodies(s, e) == -1 ||
	    check_states(s, &stale, e) == -1 || repair(s, &stale, e) == -1)
		goto out;
	what->repaired = stale.n;
	rc = 0;
out:
	free(stale.v);
	return rc;
}

static int
sweep_staging(struct store *s, struct store_opened *what, struct err *e)
{
	struct id_list ids = { NULL, 0, 0 };
	size_t i;
	int rc;

	rc = id_list_read(s, SQL_FIND_STAGING, 1, &ids, e);
	for (i = 0; rc == 0 && i < ids.n; i++)
		rc = store_message_delete(s, ids.v[i][0], e);
	what->swept = ids.n;
	free(ids.v);
	return rc;
}

/* One recipient; it counts as an attempt, and is told as one. */
static int
make_uncertain(struct store *s, uint64_t message, uint64_t rcpt, int64_t now,
    int64_t due_at, struct err *e)
{
	static const char text[] = "stopped while the message was being sent";
	const struct rcpt_change change = { .to = RCPT_UNCERTAIN,
		.due_at = due_at,
		.attempted = true,
		.text = text,
		.meaning =
		    due_at > 0 ? RCPT_UNCERTAIN_MEANING : RCPT_UNCERTAIN_HELD,
		.fix = due_at > 0 ? RCPT_UNCERTAIN_AGAIN : RCPT_UNCERTAIN_FIX };
	const struct rcpt_change hold = { .to = RCPT_HELD };
	const struct store_attempt attempt = { .message = message,
		.rcpt = rcpt,
		.at = now,
		.outcome = rcpt_state_name(RCPT_UNCERTAIN),
		.text = text };

	if (since_note(s, due_at > 0 ? RCPT_UNCERTAIN : RCPT_HELD, now, e) ==
		-1 ||
	    state_set(s, message, rcpt, RCPT_ACTIVE, &change, e) == -1 ||
	    store_attempt_add(s, &attempt, e) == -1)
		return -1;
	if (due_at > 0)
		return 0;
	return state_set(s, message, rcpt, RCPT_UNCERTAIN, &hold, e);
}

static int
active_to_uncertain(struct store *s, int64_t now, int64_t due_at,
    struct store_opened *what, struct err *e)
{
	struct id_list ids = { NULL, 0, 0 };
	uint64_t last = 0;
	size_t i;
	int rc;

	rc = id_list_read(s, SQL_FIND_ACTIVE, 2, &ids, e);
	for (i = 0; rc == 0 && i < ids.n; i++) {
		rc =
		    make_uncertain(s, ids.v[i][0], ids.v[i][1], now, due_at, e);
		/* One attempt of the message, whatever its recipients. */
		if (rc == 0 && ids.v[i][0] != last)
			rc = store_message_attempted(s, ids.v[i][0], e);
		last = ids.v[i][0];
	}
	what->uncertain = ids.n;
	free(ids.v);
	return rc;
}

/*
 * The greatest id ever given.  A clean stop has written it down.  After a
 * crash it is that of a message, or of one that left its submission or its
 * end in the journal; an id that left no trace was never told to anybody.
 */
static int
read_last_id(struct store *s, bool look, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_LAST_ID);
	const char *why;
	char *noted;
	int rc = 0;

	if (store_fact_get(s, FACT_LAST_ID, &noted, e) == -1)
		return -1;
	if (noted != NULL)
		s->last_id = (uint64_t)strtonum(noted, 0, INT64_MAX, &why);
	free(noted);
	if (!look)
		return 0;
	if ((rc = query_row(s, st, e)) == 1 && query_u64(st, 0) > s->last_id)
		s->last_id = query_u64(st, 0);
	query_end(st);
	return rc == -1 ? -1 : 0;
}

int
recover_reconcile(struct store *s, int64_t now, int64_t uncertain_due,
    struct store_opened *what, struct err *e)
{
	if (read_last_id(s, what->checked, e) == -1 || store_begin(s, e) == -1)
		return -1;
	if (sweep_staging(s, what, e) == -1 ||
	    active_to_uncertain(s, now, uncertain_due, what, e) == -1 ||
	    store_fact_delete(s, FACT_STOPPED, e) == -1) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, e);
}

int
recover_was_clean(struct store *s, struct err *e)
{
	char *value;
	int found;

	found = store_fact_get(s, FACT_STOPPED, &value, e);
	free(value);
	return found;
}

int
recover_note_clean(struct store *s, struct err *e)
{
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)s->last_id);
	if (store_begin(s, e) == -1)
		return -1;
	if (store_fact_put(s, FACT_STOPPED, CLEAN, e) == -1 ||
	    store_fact_put(s, FACT_LAST_ID, id, e) == -1) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, e);
}
