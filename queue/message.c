/* SPDX-License-Identifier: ISC */
/*
 * Messages: coming in as staging rows, becoming mail, being looked at and
 * going.  The recipients' part is in rcpt.c, the octets are in chunk.c.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

static const char *const kind_name[] = {
	[KIND_MAIL] = "mail",
	[KIND_BOUNCE] = "bounce",
	[KIND_ALARM] = "alarm",
};
static const char *const body_name[] = {
	[BODY_UNKNOWN] = NULL,
	[BODY_7BIT] = "7BIT",
	[BODY_8BITMIME] = "8BITMIME",
};
static const char *const ret_name[] = {
	[RET_UNSET] = NULL,
	[RET_FULL] = "FULL",
	[RET_HDRS] = "HDRS",
};

uint64_t
store_next_id(struct store *s, int64_t now_ms)
{
	uint64_t next = s->last_id + 1;

	if (now_ms > 0 && (uint64_t)now_ms > next)
		next = (uint64_t)now_ms;
	assert(next <= QUEUE_ID_MAX);
	s->last_id = next;
	return next;
}

uint64_t
store_last_id(const struct store *s)
{
	return s->last_id;
}

const char *
message_kind_name(enum message_kind kind)
{
	return kind_name[kind];
}

void
store_message_clear(struct store_message *m)
{
	free(m->account);
	free(m->sender);
	free(m->from);
	free(m->message_id);
	free(m->envid);
	memset(m, 0, sizeof(*m));
}

int
store_message_add(struct store *s, const struct store_message *m, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_ADD);

	query_bind_u64(st, 1, m->id);
	query_bind_i64(st, 2, m->arrived_at);
	query_bind_i64(st, 3, (int64_t)m->uid);
	query_bind_text(st, 4, m->account);
	query_bind_text(st, 5, kind_name[m->kind]);
	query_bind_text(st, 6, body_name[m->body]);
	query_bind_i64(st, 7, m->smtputf8);
	query_bind_text(st, 8, ret_name[m->ret]);
	query_bind_text(st, 9, m->sender);
	query_bind_text(st, 10, m->from);
	query_bind_text(st, 11, m->message_id);
	query_bind_text(st, 12, m->envid);
	query_bind_i64(st, 13, m->device);
	return query_change(s, st, NULL, e);
}

/* A change of one message that must be there. */
static int
change_one(struct store *s, sqlite3_stmt *st, uint64_t message,
    const char *as_what, struct err *e)
{
	char id[QUEUE_ID_TEXT];
	int changed;

	if (query_change(s, st, &changed, e) == -1)
		return -1;
	if (changed == 1)
		return 0;
	s->tx = TX_FAILED;
	queue_id_format(message, id);
	return err_set(
	    e, ERR_LOCAL, "4.3.0", "no %s %s in the queue", as_what, id);
}

int
message_grow(
    struct store *s, uint64_t message, size_t n, uint32_t *seq, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_CHUNKS);
	int found;

	query_bind_u64(st, 1, message);
	found = query_row(s, st, e);
	*seq = found == 1 ? (uint32_t)query_i64(st, 0) : 0;
	query_end(st);
	if (found == -1)
		return -1;
	if (*seq >= SQL_CHUNKS_MAX)
		return err_set(e, ERR_PERM, "5.3.4",
		    "the message is larger than a queue can hold");
	st = query_start(s, SQL_MESSAGE_GROW);
	query_bind_u64(st, 1, message);
	query_bind_u64(st, 2, n);
	return change_one(s, st, message, "unfinished message", e);
}

int
store_message_queue(
    struct store *s, uint64_t message, int64_t due_at, struct err *e)
{
	sqlite3_stmt *st;
	int changed;

	if (totals_without(s, message, e) == -1)
		return -1;
	st = query_start(s, SQL_MESSAGE_QUEUE);
	query_bind_u64(st, 1, message);
	query_bind_i64(st, 2, due_at);
	if (change_one(s, st, message, "unfinished message", e) == -1 ||
	    totals_with(s, message, e) == -1)
		return -1;
	st = query_start(s, SQL_RCPT_QUEUE);
	query_bind_u64(st, 1, message);
	query_bind_i64(st, 2, due_at);
	if (query_change(s, st, &changed, e) == -1)
		return -1;
	if (changed > 0)
		return 0;
	s->tx = TX_FAILED;
	return err_set(e, ERR_LOCAL, "4.3.0", "a message without a recipient");
}

int
store_message_delete(struct store *s, uint64_t message, struct err *e)
{
	sqlite3_stmt *st;

	rcpt_forget_stale(s, message);
	if (totals_without(s, message, e) == -1)
		return -1;
	st = query_start(s, SQL_CHUNK_DELETE);
	query_bind_u64(st, 1, message);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	st = query_start(s, SQL_RELEASED_FORGET);
	query_bind_u64(st, 1, message);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	/* Recipients and attempts go with it: ON DELETE CASCADE. */
	st = query_start(s, SQL_MESSAGE_DELETE);
	query_bind_u64(st, 1, message);
	return change_one(s, st, message, "message", e);
}

int
store_message_attempted(struct store *s, uint64_t message, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_ATTEMPTED);

	query_bind_u64(st, 1, message);
	return change_one(s, st, message, "message", e);
}

int
store_message_set_delay_notice(
    struct store *s, uint64_t message, int64_t at, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_NOTICE);

	query_bind_u64(st, 1, message);
	query_bind_i64(st, 2, at);
	return change_one(s, st, message, "message", e);
}

int
store_message_explain(struct store *s, uint64_t message, const char *text,
    const char *meaning, const char *fix, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_EXPLAIN);

	query_bind_u64(st, 1, message);
	query_bind_text(st, 2, text);
	query_bind_text(st, 3, meaning);
	query_bind_text(st, 4, fix);
	return query_change(s, st, NULL, e);
}

/* The place of a word in a table; -1 when it is not there. */
static int
find_word(const char *const *table, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (word == NULL
			? table[i] == NULL
			: table[i] != NULL && strcmp(table[i], word) == 0)
			return (int)i;
	return -1;
}
#define FIND_WORD(table, word) \
	find_word(table, sizeof(table) / sizeof((table)[0]), word)

int
message_from_row(
    struct store *s, sqlite3_stmt *st, struct store_message *m, struct err *e)
{
	int kind, body, ret;

	kind = FIND_WORD(kind_name, query_text(st, MC_KIND));
	body = FIND_WORD(body_name, query_text(st, MC_BODY));
	ret = FIND_WORD(ret_name, query_text(st, MC_RET));
	if (kind == -1 || body == -1 || ret == -1)
		return query_error(
		    SQLITE_CORRUPT, s->path, "an unknown word", e);
	m->kind = (enum message_kind)kind;
	m->body = (enum body_type)body;
	m->ret = (enum dsn_ret)ret;
	m->id = query_u64(st, MC_ID);
	m->due_at = query_i64(st, MC_DUE_AT);
	m->arrived_at = query_i64(st, MC_ARRIVED_AT);
	m->uid = (uid_t)query_i64(st, MC_UID);
	m->account = query_text(st, MC_ACCOUNT);
	m->sender = query_text(st, MC_SENDER);
	m->from = query_text(st, MC_HEADER_FROM);
	m->message_id = query_text(st, MC_MESSAGE_ID);
	m->size = query_u64(st, MC_SIZE);
	m->chunks = (uint32_t)query_i64(st, MC_CHUNKS);
	m->smtputf8 = query_i64(st, MC_SMTPUTF8) != 0;
	m->envid = query_text(st, MC_ENVID);
	m->attempts = (unsigned)query_i64(st, MC_ATTEMPTS);
	m->delay_notice_at = query_i64(st, MC_DELAY_NOTICE_AT);
	m->device = (uint32_t)query_i64(st, MC_DEVICE);
	return rcpt_column_state(st, MC_STATE, &m->state, s, e);
}

static char *
dup_or_null(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

int
store_message_get(
    struct store *s, uint64_t id, struct store_message *m, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_MESSAGE_GET);
	struct store_message row;
	int found;

	if (rcpt_sync_stale(s, e) == -1)
		return -1;
	query_bind_u64(st, 1, id);
	found = query_row(s, st, e);
	if (found == 1 && message_from_row(s, st, &row, e) == -1)
		found = -1;
	if (found == 1) {
		*m = row;
		m->account = dup_or_null(row.account);
		m->sender = dup_or_null(row.sender);
		m->from = dup_or_null(row.from);
		m->message_id = dup_or_null(row.message_id);
		m->envid = dup_or_null(row.envid);
	}
	query_end(st);
	return found;
}
