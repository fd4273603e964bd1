/* SPDX-License-Identifier: ISC */
/*
 * The octets of messages, in rows of up to 64 KiB.  SQLite does not checksum
 * its pages, so each row carries a CRC-32 of its own, verified before the
 * octets are sent.  It also covers the row's id: octets that come back under
 * another message's name are as wrong as changed ones.
 */
#include "config.h"

#include <assert.h>

#include <zlib.h>

#include "mail/look.h"
#include "queue/store_priv.h"

uint32_t
chunk_checksum(uint64_t id, const void *p, size_t n)
{
	unsigned char name[8];
	uLong crc;
	int i;

	for (i = 0; i < 8; i++)
		name[i] = (unsigned char)(id >> (56 - 8 * i));
	crc = crc32(0, name, sizeof(name));
	return (uint32_t)crc32(crc, p, (uInt)n);
}

int
store_chunk_add(
    struct store *s, uint64_t message, const void *p, size_t n, struct err *e)
{
	sqlite3_stmt *st;
	uint32_t seq;
	uint64_t id;

	assert(n <= CHUNK_SIZE);
	if (message_grow(s, message, n, &seq, e) == -1)
		return -1;
	id = message << SQL_CHUNK_BITS | seq;
	st = query_start(s, SQL_CHUNK_ADD);
	query_bind_u64(st, 1, id);
	query_bind_i64(st, 2, chunk_checksum(id, p, n));
	query_bind_blob(st, 3, p, n);
	return query_change(s, st, NULL, e);
}

/* The statement of one chunk: as query_row. */
static int
find_row(struct store *s, uint64_t message, uint32_t seq, sqlite3_stmt **st,
    struct err *e)
{
	*st = query_start(s, SQL_CHUNK_GET);
	query_bind_u64(*st, 1, message);
	query_bind_u64(*st, 2, message << SQL_CHUNK_BITS | seq);
	return query_row(s, *st, e);
}

static int
damaged(uint64_t message, uint32_t seq, const char *how, struct err *e)
{
	char text[QUEUE_ID_TEXT];

	queue_id_format(message, text);
	return err_set(e, ERR_LOCAL, "5.6.0",
	    "message %s is damaged in the queue: part %u %s; restore it from a "
	    "backup, or remove it",
	    text, (unsigned)seq + 1, how);
}

/* The row that st stands on, into *out. */
static int
read_row(sqlite3_stmt *st, uint64_t message, uint32_t seq, struct buf *out,
    struct err *e)
{
	uint64_t id = message << SQL_CHUNK_BITS | seq;
	const void *p;
	size_t n;

	if (seq >= query_u64(st, 0))
		return 0;
	if (sqlite3_column_type(st, 2) != SQLITE_BLOB)
		return damaged(message, seq, "is missing", e);
	p = sqlite3_column_blob(st, 2);
	n = (size_t)sqlite3_column_bytes(st, 2);
	if (chunk_checksum(id, p, n) != (uint32_t)query_i64(st, 1))
		return damaged(message, seq, "does not match its checksum", e);
	buf_truncate(out, 0);
	if (buf_append(out, p, n) == -1)
		return damaged(message, seq, "is too large", e);
	return 1;
}

int
store_chunk_get(struct store *s, uint64_t message, uint32_t seq,
    struct buf *out, struct err *e)
{
	sqlite3_stmt *st;
	int found = find_row(s, message, seq, &st, e);

	if (found == 1)
		found = read_row(st, message, seq, out, e);
	query_end(st);
	return found;
}

int
store_chunk_look(struct store *s, uint64_t message, uint32_t seq,
    struct look *l, struct err *e)
{
	sqlite3_stmt *st;
	int found = find_row(s, message, seq, &st, e);

	if (found == 1 && seq >= query_u64(st, 0))
		found = 0;
	if (found == 1 && sqlite3_column_type(st, 2) != SQLITE_BLOB)
		found = damaged(message, seq, "is missing", e);
	if (found == 1)
		look_put(l, sqlite3_column_blob(st, 2),
		    (size_t)sqlite3_column_bytes(st, 2));
	query_end(st);
	return found;
}
