/* SPDX-License-Identifier: ISC */
/* A list of strings, as options and addresses come in. */
#include "config.h"

#include <stdlib.h>
#include <strings.h>

#include "common/strlist.h"
#include "common/xalloc.h"

void
strlist_add(struct strlist *l, const char *s)
{
	/* Room doubles; it is full when n is a power of two. */
	if ((l->n & (l->n - 1)) == 0)
		l->v = xreallocarray(
		    l->v, l->n == 0 ? 1 : 2 * l->n, sizeof(*l->v));
	l->v[l->n++] = xstrdup(s);
}

void
strlist_clear(struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

bool
strlist_has(const struct strlist *l, const char *s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcasecmp(l->v[i], s) == 0)
			return true;
	return false;
}
