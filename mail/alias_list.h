/* SPDX-License-Identifier: ISC */
#ifndef MAIL_ALIAS_LIST_H
#define MAIL_ALIAS_LIST_H

#include <stddef.h>

#include "common/strlist.h"

/*
 * The right side of an alias, and the lines of an :include: file: a list of
 * whom mail goes to, in every form that aliases(5) of the usual mailers knows.
 */
enum alias_item_kind {
	ITEM_ADDRESS, /* "local@domain" */
	ITEM_NAME,    /* a name, perhaps an alias itself */
	ITEM_FINAL,   /* "\name": no alias even if there is one */
	ITEM_COMMAND, /* "|command": text is the command */
	ITEM_FILE,    /* "/path" */
	ITEM_INCLUDE  /* ":include:/path": text is the path */
};

struct alias_item {
	enum alias_item_kind kind;
	char *text; /* names are unquoted and without the backslash */
};

struct alias_items {
	struct alias_item *v;
	size_t n;
};

/*
 * Adds the items of a list to *out (all zero is an empty one): commas between
 * them, or blanks between addresses.  What is none goes to *bad, if that is not
 * NULL, as a sentence; the others are there all the same.
 */
void alias_list_parse(
    const char *p, size_t n, struct alias_items *out, struct strlist *bad);
void alias_items_clear(struct alias_items *l);

/*
 * Walks the lines of a text, without comments ("#" at the start of a line or
 * behind a blank, outside quotes) and empty ones.  In a file of aliases a line
 * that begins with a blank goes on with the one before; a list has no such.
 */
enum alias_lines {
	LINES_CONTINUED,
	LINES_SINGLE
};
struct alias_reader {
	const char *p;
	size_t left;
	enum alias_lines mode;
	size_t number; /* of the line at p, from 1 */
};
void alias_reader_init(
    struct alias_reader *r, const char *p, size_t n, enum alias_lines mode);

/*
 * The next line, allocated, for the caller to free; NULL at the end.  *number
 * is where it starts.
 */
char *alias_reader_next(struct alias_reader *r, size_t *number);

/* What a quoted string says, or the text itself; for the caller to free. */
char *alias_unquote(const char *p, size_t n);

#endif
