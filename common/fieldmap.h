/* SPDX-License-Identifier: ISC */
#ifndef COMMON_FIELDMAP_H
#define COMMON_FIELDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/frame.h"
#include "common/strlist.h"

/*
 * A struct as the fields of a frame, described by one table that serves
 * writing and reading alike, so that the two cannot drift apart.
 *
 * Reading is strict: what is not in the table, is out of its bounds, comes
 * twice, or is required and missing, is an error (ERR_LOCAL).  It starts from
 * a struct that is all zero; after an error the caller clears what is there.
 */

enum fieldmap_kind {
	FIELD_STRING, /* char *, allocated; NULL is left out */
	FIELD_TEXT,   /* char[size] */
	FIELD_NUMBER, /* an unsigned type, an enum, bool, or int64_t >= 0 */
	FIELD_LIST    /* struct strlist, a field for each */
};

struct fieldmap_item {
	uint8_t tag;
	enum fieldmap_kind kind;
	size_t offset;
	size_t size;       /* of a text or number */
	uint64_t min, max; /* of a number */
	bool required;
};

/* Rows of a table: tag, struct, member, and what the kind needs. */
#define FIELDMAP_STRING(tag, s, m, req) \
	{ \
		tag, FIELD_STRING, offsetof(struct s, m), 0, 0, 0, req \
	}
#define FIELDMAP_TEXT(tag, s, m) \
	{ \
		tag, FIELD_TEXT, offsetof(struct s, m), \
		    sizeof(((struct s *)0)->m), 0, 0, true \
	}
#define FIELDMAP_NUMBER(tag, s, m, min, max) \
	{ \
		tag, FIELD_NUMBER, offsetof(struct s, m), \
		    sizeof(((struct s *)0)->m), min, max, true \
	}
#define FIELDMAP_LIST(tag, s, m) \
	{ \
		tag, FIELD_LIST, offsetof(struct s, m), 0, 0, 0, false \
	}

/* A table with the struct it is about to fill; at most 64 items. */
struct fieldmap {
	const struct fieldmap_item *items;
	size_t n;
	void *into;
	uint64_t seen; /* a bit an item */
};

/* Appends the fields of the struct at from; -1 when b's cap is reached. */
int fieldmap_put(struct buf *b, const struct fieldmap_item *items, size_t n,
    const void *from);

/* Reads a whole payload by the n maps of m. */
int fieldmap_get(
    const struct frame *f, struct fieldmap *m, size_t n, struct err *e);

/*
 * The same in pieces, for a payload that holds more than its tables say: take
 * returns 1 for a tag in none of them.
 */
int fieldmap_take(
    struct fieldmap *m, size_t n, const struct field *x, struct err *e);
int fieldmap_finish(const struct fieldmap *m, size_t n, struct err *e);

/* Frees what a reading has put into the struct; the rest of it stays. */
void fieldmap_clear(const struct fieldmap_item *items, size_t n, void *into);

/*
 * The version that a frame begins with, as tag 1: looked at ahead of all else,
 * so that what another version says is told as that.
 */
int fieldmap_version(const struct frame *f, uint64_t *version, struct err *e);

/* Fills *e: what is wrong with the field of that tag. */
int fieldmap_malformed(struct err *e, const char *what, unsigned tag);

#endif
