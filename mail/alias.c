/* SPDX-License-Identifier: ISC */
/*
 * The table of aliases: names sorted, looked up by halves.  Of a name that is
 * given twice the first line counts, as in the mailers people come from.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/alias.h"
#include "mail/chars.h"

struct alias {
	char *name;
	size_t line;
	struct alias_items items;
};

struct aliases {
	struct alias *v;
	size_t n;
};

static void
alias_clear(struct alias *a)
{
	free(a->name);
	alias_items_clear(&a->items);
}

void
aliases_free(struct aliases *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++)
		alias_clear(&a->v[i]);
	free(a->v);
	free(a);
}

/* ---- reading ---- */

static void
add_bad(struct strlist *bad, size_t line, const char *why)
{
	char *text;

	if (bad->n > ALIAS_BAD_MAX)
		return;
	if (bad->n == ALIAS_BAD_MAX) {
		strlist_add(bad, "there are more faults than these");
		return;
	}
	text = xasprintf("line %zu: %s", line, why);
	strlist_add(bad, text);
	free(text);
}

/* The colon behind the name, or NULL. */
static const char *
find_colon(const char *line)
{
	const char *p = line + strspn(line, " \t");

	if (*p == '"')
		for (p++; *p != '\0' && *p != '"'; p++)
			if (*p == '\\' && p[1] != '\0')
				p++;
	return strchr(p, ':');
}

/* What stands before the colon as the name it is, or NULL with *why set. */
static char *
read_name(const char *line, const char *colon, const char **why)
{
	char *name;

	while (char_is_white(*line))
		line++;
	while (colon > line && char_is_white(colon[-1]))
		colon--;
	name = alias_unquote(line, (size_t)(colon - line));
	*why = NULL;
	if (name[0] == '\0')
		*why = "no name stands before the colon";
	else if (line[0] != '"' && strpbrk(name, " \t\"") != NULL)
		*why = "a name with blanks or quotes in it must be quoted";
	else if (addr_domain(name) != NULL)
		*why = "an alias is a name without a domain";
	if (*why == NULL)
		return name;
	free(name);
	return NULL;
}

static void
append(struct aliases *a, const struct alias *one)
{
	/* Doubled whenever the count is a power of two. */
	if ((a->n & (a->n - 1)) == 0)
		a->v = xreallocarray(
		    a->v, a->n == 0 ? 1 : a->n * 2, sizeof(*a->v));
	a->v[a->n++] = *one;
}

static void
read_line(
    struct aliases *a, const char *line, size_t number, struct strlist *bad)
{
	struct alias one = { .line = number };
	struct strlist faults = { 0 };
	const char *colon = find_colon(line), *why;
	size_t i;

	if (colon == NULL) {
		add_bad(bad, number, "no colon stands behind a name");
		return;
	}
	if ((one.name = read_name(line, colon, &why)) == NULL) {
		add_bad(bad, number, why);
		return;
	}
	alias_list_parse(colon + 1, strlen(colon + 1), &one.items, &faults);
	for (i = 0; i < faults.n; i++)
		add_bad(bad, number, faults.v[i]);
	if (one.items.n == 0 && faults.n == 0)
		add_bad(bad, number, "nothing stands behind the colon");
	strlist_clear(&faults);
	append(a, &one);
}

static int
compare(const void *x, const void *y)
{
	const struct alias *a = x, *b = y;
	int order = strcasecmp(a->name, b->name);

	if (order != 0)
		return order;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* Sorts the table, and leaves the first of each name in it. */
static void
sort(struct aliases *a, struct strlist *bad)
{
	size_t i, kept = 0;
	char *why;

	if (a->n > 0)
		qsort(a->v, a->n, sizeof(*a->v), compare);
	for (i = 0; i < a->n; i++) {
		if (kept == 0 ||
		    strcasecmp(a->v[kept - 1].name, a->v[i].name) != 0) {
			a->v[kept++] = a->v[i];
			continue;
		}
		why = xasprintf("\"%.80s\" is an alias on line %zu already, "
				"and that one counts",
		    a->v[i].name, a->v[kept - 1].line);
		add_bad(bad, a->v[i].line, why);
		free(why);
		alias_clear(&a->v[i]);
	}
	a->n = kept;
}

struct aliases *
aliases_parse(const char *p, size_t n, struct strlist *bad)
{
	struct aliases *a = xcalloc(1, sizeof(*a));
	struct alias_reader r;
	size_t number;
	char *line;

	alias_reader_init(&r, p, n, LINES_CONTINUED);
	while ((line = alias_reader_next(&r, &number)) != NULL) {
		read_line(a, line, number, bad);
		free(line);
	}
	sort(a, bad);
	return a;
}

/* ---- looking up ---- */

size_t
aliases_find(const struct aliases *a, const char *name)
{
	size_t low = 0, high = a->n, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcasecmp(name, a->v[middle].name);
		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ALIAS_NONE;
}

size_t
aliases_count(const struct aliases *a)
{
	return a->n;
}

const struct alias_items *
aliases_items(const struct aliases *a, size_t place)
{
	return &a->v[place].items;
}
