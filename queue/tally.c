/* SPDX-License-Identifier: ISC */
/*
 * How recipients fared, account by account, and what came by each listener,
 * since the store was opened.  These are a process's counters and not the
 * journal's: that forgets after queue.history, and a curve that falls is none
 * of a counter.
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

static struct listener_tally *
find_listener(const struct store *s, const char *listener)
{
	size_t i;

	for (i = 0; i < s->nlistened; i++)
		if (strcmp(s->listened[i].listener, listener) == 0)
			return &s->listened[i];
	return NULL;
}

void
store_count_listened(struct store *s, const char *listener)
{
	struct listener_tally *t = find_listener(s, listener);

	if (t == NULL) {
		s->listened = xreallocarray(
		    s->listened, s->nlistened + 1, sizeof(*s->listened));
		t = &s->listened[s->nlistened++];
		*t = (struct listener_tally){ .listener = xstrdup(listener) };
	}
	t->messages++;
}

uint64_t
store_listened(const struct store *s, const char *listener)
{
	const struct listener_tally *t = find_listener(s, listener);

	return t == NULL ? 0 : t->messages;
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
	for (i = 0; i < s->nlistened; i++)
		s->listened[i].before = s->listened[i].messages;
}

void
tally_rollback(struct store *s)
{
	size_t i;

	for (i = 0; i < s->ntallies; i++)
		s->tallies[i].tally = s->tallies[i].before;
	for (i = 0; i < s->nlistened; i++)
		s->listened[i].messages = s->listened[i].before;
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
	for (i = 0; i < s->nlistened; i++)
		free(s->listened[i].listener);
	free(s->listened);
	s->listened = NULL;
	s->nlistened = 0;
}
