/* SPDX-License-Identifier: ISC */
/*
 * Expansion of aliases.  Each alias and each list is entered once an
 * expansion, so that neither a loop nor a web of aliases costs more than the
 * file has lines; the depth is bounded because this recurses.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/alias_expand.h"

struct expansion {
	const struct alias_rules *rules;
	struct alias_targets *out;
	bool *entered;        /* by place in the table */
	struct strlist lists; /* included so far */
	unsigned depth;
	const char *name; /* of the alias that is being expanded */
	size_t place;     /* of the same in the table, or ALIAS_NONE */
};

static void expand_items(struct expansion *x, const struct alias_items *items);

/* ---- what comes of it ---- */

static void
add_target(struct expansion *x, enum alias_target_kind kind, const char *text)
{
	struct alias_targets *out = x->out;

	if (out->n > ALIAS_TARGETS_MAX)
		return; /* alias_expand tells */
	/* Doubled whenever the count is a power of two. */
	if ((out->n & (out->n - 1)) == 0)
		out->v = xreallocarray(
		    out->v, out->n == 0 ? 1 : out->n * 2, sizeof(*out->v));
	out->v[out->n].kind = kind;
	out->v[out->n++].text = xstrdup(text);
}

static void
add_note(struct expansion *x, const char *text, const char *why)
{
	char *note =
	    xasprintf("alias \"%.80s\": \"%.200s\" %s", x->name, text, why);

	strlist_add(&x->out->notes, note);
	free(note);
}

/* The mail goes to local.admin as well, and the log says why. */
static void
give_up(struct expansion *x, const char *text, const char *why)
{
	add_note(x, text, why);
	add_target(x, TARGET_LOCAL, x->name);
}

/* ---- lists ---- */

static void
read_list(
    struct alias_items *items, const char *text, size_t n, struct strlist *bad)
{
	struct alias_reader r;
	size_t number;
	char *line;

	alias_reader_init(&r, text, n, LINES_SINGLE);
	while ((line = alias_reader_next(&r, &number)) != NULL) {
		alias_list_parse(line, strlen(line), items, bad);
		free(line);
	}
}

static void
expand_list(struct expansion *x, const char *path)
{
	struct alias_items items = { 0 };
	struct strlist bad = { 0 };
	char *text = NULL;
	struct err e;
	size_t n = 0, i;

	if (strlist_has(&x->lists, path))
		return; /* all that it names is there, or on its way */
	strlist_add(&x->lists, path);
	err_clear(&e);
	if (x->rules->include(x->rules->arg, path, &text, &n, &e) == -1) {
		give_up(x, path, e.text);
		return;
	}
	read_list(&items, text, n, &bad);
	for (i = 0; i < bad.n && i < ALIAS_BAD_MAX; i++)
		add_note(x, path, bad.v[i]);
	expand_items(x, &items);
	alias_items_clear(&items);
	strlist_clear(&bad);
	free(text);
}

/* ---- names ---- */

/* The place of name, or of name without its "+tag". */
static size_t
find(const struct expansion *x, const char *name)
{
	size_t place = aliases_find(x->rules->aliases, name);
	const char *plus = strchr(name, '+');
	char *base;

	if (place != ALIAS_NONE || plus == NULL || plus == name)
		return place;
	base = xstrndup(name, (size_t)(plus - name));
	place = aliases_find(x->rules->aliases, base);
	free(base);
	return place;
}

static void
expand_name(struct expansion *x, const char *name)
{
	size_t place = find(x, name), outer_place = x->place;
	const char *outer_name = x->name;

	/* "root: root, alice@x" keeps root's own mail where it was. */
	if (place == ALIAS_NONE || place == x->place) {
		add_target(x, TARGET_LOCAL, name);
		return;
	}
	if (x->entered[place])
		return; /* all that it names is there, or on its way */
	x->entered[place] = true;
	x->place = place;
	x->name = name;
	expand_items(x, aliases_items(x->rules->aliases, place));
	x->place = outer_place;
	x->name = outer_name;
}

/* "name@domain of ours" as a name, for the caller to free; else NULL. */
static char *
local_part(const struct expansion *x, const char *address)
{
	const char *domain = addr_domain(address);

	if (domain == NULL || !strlist_has(x->rules->local_names, domain))
		return NULL;
	return alias_unquote(address, (size_t)(domain - address) - 1);
}

static void
expand_address(struct expansion *x, const char *address)
{
	char *name = local_part(x, address);

	if (name != NULL)
		expand_name(x, name);
	else
		add_target(x, TARGET_ADDRESS, address);
	free(name);
}

static void
expand_item(struct expansion *x, const struct alias_item *item)
{
	switch (item->kind) {
	case ITEM_ADDRESS:
		expand_address(x, item->text);
		break;
	case ITEM_NAME:
		expand_name(x, item->text);
		break;
	case ITEM_FINAL:
		add_target(x, TARGET_LOCAL, item->text);
		break;
	case ITEM_COMMAND:
		add_target(x, TARGET_COMMAND, item->text);
		break;
	case ITEM_FILE:
		add_target(x, TARGET_FILE, item->text);
		break;
	case ITEM_INCLUDE:
		expand_list(x, item->text);
		break;
	}
}

static void
expand_items(struct expansion *x, const struct alias_items *items)
{
	size_t i;

	if (x->depth == ALIAS_DEPTH_MAX) {
		give_up(x, x->name, "stands behind too many other aliases");
		return;
	}
	x->depth++;
	for (i = 0; i < items->n; i++)
		expand_item(x, &items->v[i]);
	x->depth--;
}

/* ---- each target once ---- */

struct ranked {
	const struct alias_target *target;
	size_t place;
};

static int
compare(const void *p, const void *q)
{
	const struct ranked *a = p, *b = q;
	int order = strcasecmp(a->target->text, b->target->text);

	if (order != 0)
		return order;
	if (a->target->kind != b->target->kind)
		return a->target->kind < b->target->kind ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

static bool
is_same(const struct alias_target *a, const struct alias_target *b)
{
	return a->kind == b->kind && strcasecmp(a->text, b->text) == 0;
}

/* Takes out repeats, and leaves the rest in order. */
static void
remove_repeats(struct alias_targets *t)
{
	struct ranked *rank = xcalloc(t->n, sizeof(*rank));
	bool *repeated = xcalloc(t->n, sizeof(*repeated));
	size_t i, kept = 0;

	for (i = 0; i < t->n; i++) {
		rank[i].target = &t->v[i];
		rank[i].place = i;
	}
	qsort(rank, t->n, sizeof(*rank), compare);
	for (i = 1; i < t->n; i++)
		repeated[rank[i].place] =
		    is_same(rank[i - 1].target, rank[i].target);
	for (i = 0; i < t->n; i++) {
		if (repeated[i])
			free(t->v[i].text);
		else
			t->v[kept++] = t->v[i];
	}
	t->n = kept;
	free(repeated);
	free(rank);
}

/* The name that is meant, for the caller to free; NULL: no name of ours. */
static char *
start_name(const struct expansion *x, const char *name)
{
	if (addr_domain(name) != NULL)
		return local_part(x, name);
	return alias_unquote(name, strlen(name));
}

int
alias_expand(const struct alias_rules *rules, const char *name,
    struct alias_targets *out, struct err *e)
{
	struct expansion x = {
		.rules = rules, .out = out, .name = name, .place = ALIAS_NONE
	};
	char *local = start_name(&x, name);

	memset(out, 0, sizeof(*out));
	x.entered =
	    xcalloc(aliases_count(rules->aliases) + 1, sizeof(*x.entered));
	if (local == NULL)
		add_target(&x, TARGET_ADDRESS, name);
	else if (local[0] == '\\' && local[1] != '\0')
		add_target(&x, TARGET_LOCAL, local + 1);
	else
		expand_name(&x, local);
	if (out->n == 0)
		give_up(&x, local, "stands for nobody in the end");
	free(x.entered);
	free(local);
	strlist_clear(&x.lists);
	if (out->n > ALIAS_TARGETS_MAX) {
		alias_targets_clear(out);
		return err_set(e, ERR_LOCAL, "4.2.4",
		    "alias \"%.80s\" stands for more than %d recipients: "
		    "split it",
		    name, ALIAS_TARGETS_MAX);
	}
	remove_repeats(out);
	return 0;
}

void
alias_targets_clear(struct alias_targets *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->v[i].text);
	free(t->v);
	strlist_clear(&t->notes);
	memset(t, 0, sizeof(*t));
}
