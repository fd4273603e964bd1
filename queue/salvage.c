/* SPDX-License-Identifier: ISC */
/*
 * Reads what can be read of a damaged queue.
 *
 * Nothing in the file is believed.  The ids of messages are gathered from
 * every table and index that mentions them, from both ends, so that a page
 * that cannot be read hides only what lies on it; then each message is read
 * by its id alone and carried over whole or not at all: envelope, recipients,
 * and every part with its checksum.  The schema's own CHECKs, in the new file,
 * refuse what is no longer what it was.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/salvage_priv.h"

#define STEP_IDS 1024 /* so many ids are one step */

struct salvage {
	sqlite3 *from, *to;
	sqlite3_stmt *in[PARTS], *out[PARTS];
	uint64_t *ids;
	size_t n, room;
	salvage_step *step;
	void *arg; /* of step */
	struct salvage_report *report;
	int state, size, chunks; /* columns of message */
};

static void
take_step(const struct salvage *v)
{
	if (v->step != NULL)
		v->step(v->arg, false);
}

/* ---- ids ---- */

static void
id_add(struct salvage *v, int64_t id)
{
	if (id < 1 || (uint64_t)id > QUEUE_ID_MAX ||
	    (v->n > 0 && v->ids[v->n - 1] == (uint64_t)id))
		return;
	if (v->n == v->room) {
		v->room = v->room == 0 ? 1024 : v->room * 2;
		v->ids = xreallocarray(v->ids, v->room, sizeof(*v->ids));
	}
	v->ids[v->n++] = (uint64_t)id;
}

static int
by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * One source until it ends or cannot be read; -1 for that.  A damaged tree may
 * lead to the same page many times; no more rows are taken than the file has
 * room for.
 */
static int
gather_from(struct salvage *v, const char *source, uint64_t left)
{
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_ERROR;

	take_step(v);
	if (sqlite3_prepare_v2(v->from, source, -1, &st, NULL) == SQLITE_OK)
		while ((rc = sqlite3_step(st)) == SQLITE_ROW && left-- > 0) {
			id_add(v, sqlite3_column_int64(st, 0));
			if (left % STEP_IDS == 0)
				take_step(v);
		}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static void
gather_ids(struct salvage *v, uint64_t octets)
{
	size_t i, n = 0;

	/* A read that failed once may not fail again. */
	for (i = 0; i < SALVAGE_IDS; i++)
		if (gather_from(v, salvage_ids[i], octets / 4) == -1)
			(void)gather_from(v, salvage_ids[i], octets / 4);
	if (v->n > 0)
		qsort(v->ids, v->n, sizeof(*v->ids), by_id);
	for (i = 0; i < v->n; i++)
		if (n == 0 || v->ids[n - 1] != v->ids[i])
			v->ids[n++] = v->ids[i];
	v->n = n;
}

/* ---- rows ---- */

static int
prepare(struct salvage *v, const struct salvage_source *source,
    sqlite3_stmt **in, sqlite3_stmt **out)
{
	char *insert = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(v->from, source->read, -1, in, NULL) ==
	    SQLITE_OK)
		insert = salvage_insert(source, *in);
	if (insert != NULL &&
	    sqlite3_prepare_v2(v->to, insert, -1, out, NULL) == SQLITE_OK)
		rc = 0;
	sqlite3_free(insert);
	return rc;
}

static int
copy_row(sqlite3_stmt *in, sqlite3_stmt *out)
{
	int i, n = sqlite3_column_count(in), rc = -1;

	for (i = 0; i < n; i++)
		if (sqlite3_bind_value(
			out, i + 1, sqlite3_column_value(in, i)) != SQLITE_OK)
			goto out;
	if (sqlite3_step(out) == SQLITE_DONE)
		rc = 0;
out:
	(void)sqlite3_reset(out);
	(void)sqlite3_clear_bindings(out);
	return rc;
}

/* Which column of a row has that name, wherever a version has put it; or -1. */
static int
column(sqlite3_stmt *st, const char *name)
{
	int i = sqlite3_column_count(st);

	while (i-- > 0)
		if (strcmp(sqlite3_column_name(st, i), name) == 0)
			break;
	return i;
}

static int
find_columns(struct salvage *v)
{
	sqlite3_stmt *st = v->in[PART_MESSAGE];

	v->state = column(st, "state");
	v->size = column(st, "size");
	v->chunks = column(st, "chunks");
	return v->state == -1 || v->size == -1 || v->chunks == -1 ? -1 : 0;
}

/* All rows of the message in one table: how many, or -1. */
static int64_t
copy_rows(struct salvage *v, enum salvage_part part, uint64_t id)
{
	sqlite3_stmt *st = v->in[part];
	int64_t n = 0;
	int rc;

	(void)sqlite3_bind_int64(st, 1, (int64_t)id);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (copy_row(st, v->out[part]) == -1)
			break;
		n++;
	}
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? n : -1;
}

/* The parts of a body, each with its checksum: their octets, or -1. */
static int64_t
copy_chunks(struct salvage *v, uint64_t id, int64_t chunks)
{
	sqlite3_stmt *st = v->in[PART_CHUNK];
	int64_t octets = 0, seq;
	uint64_t row;
	int n, rc = 0;

	for (seq = 0; seq < chunks && rc == 0; seq++) {
		row = id << SQL_CHUNK_BITS | (uint64_t)seq;
		(void)sqlite3_bind_int64(st, 1, (int64_t)row);
		rc = -1;
		if (sqlite3_step(st) == SQLITE_ROW &&
		    sqlite3_column_type(st, 2) == SQLITE_BLOB) {
			n = sqlite3_column_bytes(st, 2);
			octets += n;
			if (chunk_checksum(
				row, sqlite3_column_blob(st, 2), (size_t)n) ==
			    (uint32_t)sqlite3_column_int64(st, 1))
				rc = copy_row(st, v->out[PART_CHUNK]);
		}
		(void)sqlite3_reset(st);
	}
	return rc == 0 ? octets : -1;
}

/* NULL when the message was carried over or need not be, else what lacks. */
static const char *
copy_message(struct salvage *v, uint64_t id)
{
	sqlite3_stmt *st = v->in[PART_MESSAGE];
	const char *state;
	int64_t size = 0, chunks = 0;
	int rc = -1;

	(void)sqlite3_bind_int64(st, 1, (int64_t)id);
	if (sqlite3_step(st) == SQLITE_ROW) {
		state = (const char *)sqlite3_column_text(st, v->state);
		/* Never acknowledged; or something that was never a state. */
		if (state != NULL &&
		    strcmp(state, rcpt_state_name(RCPT_STAGING)) == 0)
			rc = 1;
		else
			rc = copy_row(st, v->out[PART_MESSAGE]);
		size = sqlite3_column_int64(st, v->size);
		chunks = sqlite3_column_int64(st, v->chunks);
	}
	(void)sqlite3_reset(st);
	if (rc != 0)
		return rc == 1 ? "" : "its envelope cannot be read";
	if (copy_rows(v, PART_RCPTS, id) < 1)
		return "its recipients cannot be read";
	if (copy_chunks(v, id, chunks) != size)
		return "a part of its body cannot be read";
	/* Attempts are told, not needed. */
	(void)copy_rows(v, PART_ATTEMPTS, id);
	return NULL;
}

static int
copy_messages(struct salvage *v)
{
	char text[QUEUE_ID_TEXT];
	const char *lacks;
	size_t i;

	for (i = 0; i < v->n; i++) {
		take_step(v);
		if (salvage_exec(v->to, "SAVEPOINT message") == -1)
			return -1;
		lacks = copy_message(v, v->ids[i]);
		/* A read that failed once may not fail again. */
		if (lacks != NULL && *lacks != '\0' &&
		    salvage_exec(v->to, "ROLLBACK TO message") == 0)
			lacks = copy_message(v, v->ids[i]);
		if (lacks == NULL)
			v->report->saved++;
		/* A full disk must not pass for a damaged message. */
		else if ((sqlite3_errcode(v->to) & 0xff) == SQLITE_FULL ||
			 salvage_exec(v->to, "ROLLBACK TO message") == -1)
			return -1;
		if (lacks != NULL && *lacks != '\0') {
			v->report->lost++;
			queue_id_format(v->ids[i], text);
			log_event(LOG_ERR, "message-lost", "id", text, "text",
			    lacks, NULL);
		}
		if (salvage_exec(v->to, "RELEASE message") == -1)
			return -1;
	}
	return 0;
}

static void
copy_tables(struct salvage *v)
{
	sqlite3_stmt *in, *out;
	size_t i;

	for (i = 0; i < SALVAGE_TABLES; i++) {
		in = out = NULL;
		take_step(v);
		if (prepare(v, &salvage_tables[i], &in, &out) == 0)
			while (sqlite3_step(in) == SQLITE_ROW)
				if (copy_row(in, out) == -1)
					break;
		(void)sqlite3_finalize(in);
		(void)sqlite3_finalize(out);
	}
}

static int
carry(struct salvage *v, uint64_t octets)
{
	int i, rc = -1;

	if (salvage_exec(v->to, "BEGIN") == -1)
		return -1;
	for (i = 0; i < PARTS; i++)
		if (prepare(v, &salvage_parts[i], &v->in[i], &v->out[i]) == -1)
			goto out;
	if (find_columns(v) == -1)
		goto out;
	gather_ids(v, octets);
	if (copy_messages(v) == -1)
		goto out;
	copy_tables(v);
	rc = salvage_exec(v->to, salvage_forget_lost);
out:
	for (i = 0; i < PARTS; i++) {
		(void)sqlite3_finalize(v->in[i]);
		(void)sqlite3_finalize(v->out[i]);
	}
	if (rc == -1)
		return -1;
	if (v->step != NULL)
		v->step(v->arg, true);
	return salvage_exec(v->to, "COMMIT");
}

int
salvage_run(const char *from, const char *to, salvage_step *step, void *arg,
    struct salvage_report *r, struct err *e)
{
	char *copy = xasprintf("%s.copy", from);
	const struct salvage_files files = { from, copy, step, arg };
	struct salvage v = { .step = step, .arg = arg, .report = r };
	int rc = -1;

	memset(r, 0, sizeof(*r));
	salvage_remove_copy(copy);
	if (salvage_open_to(to, &v.to, e) == -1)
		goto out;
	if (salvage_open_from(&files, &v.from) == -1)
		err_set(e, ERR_TEMP, "4.3.0",
		    "%s cannot be read, or there is no room for a copy of it",
		    from);
	else if (carry(&v, salvage_size(from)) == -1)
		query_error(sqlite3_extended_errcode(v.to), to,
		    sqlite3_errmsg(v.to), e);
	else
		rc = 0;
out:
	(void)sqlite3_close(v.from);
	(void)sqlite3_close(v.to);
	salvage_remove_copy(copy);
	free(copy);
	free(v.ids);
	return rc;
}
