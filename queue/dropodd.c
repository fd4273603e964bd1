/* SPDX-License-Identifier: ISC */
/*
 * Names in order, each with a mark of the round that met it.  Beyond TOLD_MAX
 * of them there is only a number, told when it has doubled: anyone can make
 * such things, and the log is not theirs to fill.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/dropodd.h"

#define TOLD_MAX 1000

struct told {
	char *name;
	bool is_met;
};

struct dropodd {
	struct told v[TOLD_MAX];
	size_t n;
	size_t untold;    /* met in this round */
	size_t last_told; /* of such a number */
};

struct dropodd *
dropodd_new(void)
{
	return xcalloc(1, sizeof(struct dropodd));
}

void
dropodd_free(struct dropodd *o)
{
	if (o == NULL)
		return;
	while (o->n > 0)
		free(o->v[--o->n].name);
	free(o);
}

void
dropodd_begin(struct dropodd *o)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		o->v[i].is_met = false;
	o->untold = 0;
}

/* The place of the name, or where it would stand. */
static size_t
place(const struct dropodd *o, const char *name)
{
	size_t lo = 0, hi = o->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(o->v[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
dropodd_note(struct dropodd *o, const char *name)
{
	size_t i = place(o, name);

	if (i < o->n && strcmp(o->v[i].name, name) == 0) {
		o->v[i].is_met = true;
		return false;
	}
	if (o->n == TOLD_MAX) {
		o->untold++;
		return false;
	}
	memmove(&o->v[i + 1], &o->v[i], (o->n - i) * sizeof(o->v[0]));
	o->v[i] = (struct told){ xstrdup(name), true };
	o->n++;
	return true;
}

size_t
dropodd_end(struct dropodd *o)
{
	size_t i, kept = 0;

	for (i = 0; i < o->n; i++)
		if (o->v[i].is_met)
			o->v[kept++] = o->v[i];
		else
			free(o->v[i].name);
	o->n = kept;
	if (o->untold == 0 || o->untold < 2 * o->last_told) {
		if (o->untold == 0)
			o->last_told = 0;
		return 0;
	}
	o->last_told = o->untold;
	return o->untold;
}
