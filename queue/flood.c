/* SPDX-License-Identifier: ISC */
/*
 * A window for each user that hands in mail, which begins with his first
 * message and ends after its time; a place whose window is over is anybody's.
 */
#include "config.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "queue/flood.h"

struct source {
	uint64_t who;
	int64_t since;
	uint64_t messages;
};

struct flood {
	struct rate rate;
	struct source *v;
	size_t n;
};

struct flood *
flood_new(struct rate rate)
{
	struct flood *f = xcalloc(1, sizeof(*f));

	f->rate = rate;
	return f;
}

void
flood_free(struct flood *f)
{
	if (f != NULL)
		free(f->v);
	free(f);
}

/* A clock that was set back ends it, too. */
static bool
is_over(const struct flood *f, const struct source *s, int64_t now)
{
	return now < s->since || now - s->since >= f->rate.per_s;
}

/* The user's place, else one that is free, else a new one. */
static struct source *
find(struct flood *f, uint64_t who, int64_t now)
{
	struct source *free_one = NULL;
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (f->v[i].who == who)
			return &f->v[i];
		if (is_over(f, &f->v[i], now))
			free_one = &f->v[i];
	}
	if (free_one == NULL) {
		f->v = xreallocarray(f->v, f->n + 1, sizeof(*f->v));
		free_one = &f->v[f->n++];
	}
	*free_one = (struct source){ who, now, 0 };
	return free_one;
}

bool
flood_note(struct flood *f, uint64_t who, int64_t now)
{
	struct source *s;

	if (f->rate.count == 0)
		return false;
	s = find(f, who, now);
	if (is_over(f, s, now))
		*s = (struct source){ who, now, 0 };
	return ++s->messages == f->rate.count + 1ULL;
}
