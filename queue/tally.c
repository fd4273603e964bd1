/* SPDX-License-Identifier: ISC */
/*
 * How recipients fared, account by account, since the store was opened.  These
 * are a process's counters and not the journal's: that forgets after
 * queue.history, and a curve that falls is none of a counter.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

static struct account_tally *
find(const struct store *s, const char *account)
{
	size_t i;

	for (i = 0; i < s->ntallies; i++)
		if (strcmp(s->tallies[i].account, account) == 0)
			return &s->tallies[i];
	return NULL;
}

/* One that comes within a transaction had counted nothing before. */
void
store_count(struct store *s, const char *account, enum store_result what)
{
	struct account_tally *t = find(s, account);

	if (t == NULL) {
		s->tallies = xreallocarray(
		    s->tallies, s->ntallies + 1, sizeof(*s->tallies));
		t = &s->tallies[s->ntallies++];
		memset(t, 0, sizeof(*t));
		t->account = xstrdup(account);
	}
	t->tally.n[what]++;
}

void
store_tally(const struct store *s, const char *account, struct store_tally *t)
{
	const struct account_tally *found = find(s, account);

	memset(t, 0, sizeof(*t));
	if (found != NULL)
		*t = found->tally;
}

int64_t
store_opened_at(const struct store *s)
{
	return s->opened_at;
}

void
tally_begin(struct store *s)
{
	size_t i;

	for (i = 0; i < s->ntallies; i++)
		s->tallies[i].before = s->tallies[i].tally;
}

void
tally_rollback(struct store *s)
{
	size_t i;

	for (i = 0; i < s->ntallies; i++)
		s->tallies[i].tally = s->tallies[i].before;
}

void
tally_clear(struct store *s)
{
	size_t i;

	for (i = 0; i < s->ntallies; i++)
		free(s->tallies[i].account);
	free(s->tallies);
	s->tallies = NULL;
	s->ntallies = 0;
}
