/* SPDX-License-Identifier: ISC */
/* Which listeners are shut, over reloads. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/door_shut.h"

static struct door_shut *
find(const struct door_shuts *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return NULL;
}

void
door_shuts_begin(struct door_shuts *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->v[i].is_old = true;
}

void
door_shuts_note(struct door_shuts *s, const char *name, int64_t now, int why,
    const char *text)
{
	struct door_shut *one = find(s, name);

	if (one == NULL) {
		s->v = xreallocarray(s->v, s->n + 1, sizeof(*s->v));
		one = &s->v[s->n++];
		one->name = xstrdup(name);
		one->since = now;
	}
	one->why = why;
	one->is_final = why == EACCES;
	strlcpy(one->text, text, sizeof(one->text));
	one->is_old = false;
}

void
door_shuts_give_up(struct door_shuts *s, const char *name)
{
	struct door_shut *one = find(s, name);

	if (one != NULL)
		one->is_final = true;
}

static void
drop(struct door_shuts *s, struct door_shut *one)
{
	free(one->name);
	*one = s->v[--s->n];
}

void
door_shuts_end(struct door_shuts *s)
{
	size_t i;

	for (i = s->n; i > 0; i--)
		if (s->v[i - 1].is_old)
			drop(s, &s->v[i - 1]);
}

void
door_shuts_drop(struct door_shuts *s, const char *name)
{
	struct door_shut *one = find(s, name);

	if (one != NULL)
		drop(s, one);
}

const struct door_shut *
door_shuts_find(const struct door_shuts *s, const char *name)
{
	return find(s, name);
}

void
door_shuts_clear(struct door_shuts *s)
{
	door_shuts_begin(s);
	door_shuts_end(s);
	free(s->v);
	memset(s, 0, sizeof(*s));
}
