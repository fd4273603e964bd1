/* SPDX-License-Identifier: ISC */
#ifndef MAIL_ALIAS_H
#define MAIL_ALIAS_H

#include <stddef.h>

#include "common/strlist.h"
#include "mail/alias_list.h"

/*
 * The file of aliases (aliases(5)) as a table.  A line that cannot be read is
 * told and passed over: it must never stop other mail.
 *
 *	name: target, target ...
 *	    target                   lines that begin with a blank go on
 *	"odd name": |command         quotes where a name needs them
 */

/* Faults that are told one by one; then only that there are more. */
#define ALIAS_BAD_MAX 100

struct aliases;

/*
 * Reads the text of a file.  What is wrong is added to *bad, each "line N:
 * text", the caller puts the file's name before it.  Never NULL.
 */
struct aliases *aliases_parse(const char *p, size_t n, struct strlist *bad);
void aliases_free(struct aliases *a); /* NULL is fine */

/*
 * The place of a name in the table, case ignored, less than aliases_count;
 * ALIAS_NONE when it is no alias.
 */
#define ALIAS_NONE ((size_t)-1)
size_t aliases_find(const struct aliases *a, const char *name);
size_t aliases_count(const struct aliases *a);

/* Whom the alias at that place stands for; perhaps nobody. */
const struct alias_items *aliases_items(const struct aliases *a, size_t place);

#endif
