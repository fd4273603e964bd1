/* SPDX-License-Identifier: ISC */
/* Clients that were refused, until somebody asks. */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/knocks.h"

struct knocks {
	struct knock v[KNOCKS_MAX];
	size_t n;
};

struct knocks *
knocks_new(void)
{
	return xcalloc(1, sizeof(struct knocks));
}

void
knocks_free(struct knocks *k)
{
	free(k);
}

static struct knock *
find(struct knocks *k, const struct knock *one)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (strcmp(k->v[i].client, one->client) == 0 &&
		    strcmp(k->v[i].listener, one->listener) == 0 &&
		    strcmp(k->v[i].login, one->login) == 0)
			return &k->v[i];
	return NULL;
}

void
knocks_note(struct knocks *k, const struct knock *one)
{
	struct knock *known = find(k, one);
	uint64_t before = known == NULL ? 0 : known->trouble.count;

	if (known == NULL && k->n == KNOCKS_MAX)
		return;
	if (known == NULL)
		known = &k->v[k->n++];
	*known = *one;
	known->trouble.count += before;
}

bool
knocks_take(struct knocks *k, struct knock *out)
{
	if (k->n == 0)
		return false;
	*out = k->v[--k->n];
	return true;
}
