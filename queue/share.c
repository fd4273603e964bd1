/* SPDX-License-Identifier: ISC */
/*
 * Shares of a day: a ledger for each user that sent within it, in a sorted
 * array, since a host has few of them.  One whose mail is older than a day
 * leaves it when another comes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/share.h"

#define DAY_S (24 * 60 * 60)

struct user {
	uint64_t who;
	struct budget *sent;
	bool is_warned;
	/* the answer for this second, since a listing asks for each row */
	int64_t asked_at, next_at;
};

struct shares {
	unsigned percent;
	uint64_t recipients_per_day;
	struct user *v;
	size_t n, room;
};

/*
 * The most n of which (used + n) * (100 - percent) / percent, rounded down, is
 * not more than what remains - n.
 */
uint64_t
share_left(unsigned percent, uint64_t remaining, uint64_t used)
{
	uint64_t has = percent * (remaining + 1);
	uint64_t owes = (100 - percent) * used;

	return has > owes ? (has - owes - 1) / 100 : 0;
}

struct shares *
shares_new(unsigned percent, uint64_t recipients_per_day)
{
	struct shares *s = xcalloc(1, sizeof(*s));

	s->percent = percent;
	s->recipients_per_day = recipients_per_day;
	return s;
}

void
shares_free(struct shares *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		budget_free(s->v[i].sent);
	free(s->v);
	free(s);
}

/* His place, or where it would be. */
static size_t
place(const struct shares *s, int64_t who)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((int64_t)s->v[mid].who < who)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct user *
find(const struct shares *s, uint64_t who)
{
	size_t i = place(s, (int64_t)who);

	return i < s->n && s->v[i].who == who ? &s->v[i] : NULL;
}

static void
drop_old(struct shares *s, int64_t now)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (budget_rcpts_at(s->v[i].sent, now) > 0)
			s->v[n++] = s->v[i];
		else
			budget_free(s->v[i].sent);
	}
	s->n = n;
}

static struct user *
add(struct shares *s, uint64_t who)
{
	const struct rate none = { 0, 0 };
	size_t i;

	if (s->n == s->room) {
		s->room = s->room == 0 ? 16 : s->room * 2;
		s->v = xreallocarray(s->v, s->room, sizeof(*s->v));
	}
	i = place(s, (int64_t)who);
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(*s->v));
	s->n++;
	s->v[i] = (struct user){ .who = who };
	s->v[i].sent = budget_new(none, s->recipients_per_day);
	return &s->v[i];
}

void
shares_note(struct shares *s, uint64_t who, int64_t at, unsigned recipients)
{
	struct user *u = find(s, who);

	if (s->recipients_per_day == 0)
		return;
	if (u == NULL) {
		drop_old(s, at);
		u = add(s, who);
	}
	budget_note(u->sent, at, 1, recipients);
	u->asked_at = 0;
}

void
shares_shift(struct shares *s, int64_t delta_s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		budget_shift(s->v[i].sent, delta_s);
		s->v[i].asked_at = 0;
	}
}

/* What would be left at that instant, if nothing more were sent. */
static uint64_t
left_at(const struct shares *s, const struct budget *day, const struct user *u,
    int64_t at)
{
	uint64_t all = budget_rcpts_at(day, at);
	uint64_t most = s->recipients_per_day;

	return share_left(s->percent, all < most ? most - all : 0,
	    budget_rcpts_at(u->sent, at));
}

/* It only grows as time goes by. */
static int64_t
find_next(const struct shares *s, const struct budget *day,
    const struct user *u, int64_t now)
{
	int64_t lo = now, hi = now + DAY_S + 2, mid;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (left_at(s, day, u, mid) > 0)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

void
shares_look(struct shares *s, struct budget *day, uint64_t who, int64_t now,
    struct share *out)
{
	uint64_t remaining = budget_rcpts_left(day, now), minute, messages;
	struct user *u = find(s, who);

	*out = (struct share){ who, 0, UINT64_MAX, 0 };
	if (s->recipients_per_day == 0 || s->percent == 100)
		return;
	if (u != NULL)
		budget_used(u->sent, now, &minute, &messages, &out->used);
	out->left = share_left(s->percent, remaining, out->used);
	/* Who has sent nothing waits for the day itself, if at all. */
	if (u == NULL || out->left > 0)
		return;
	if (u->asked_at != now) {
		u->next_at = find_next(s, day, u, now);
		u->asked_at = now;
	}
	out->next_at = u->next_at;
}

bool
shares_next(const struct shares *s, int64_t after, uint64_t *who)
{
	size_t i = place(s, after + 1);

	if (i == s->n)
		return false;
	*who = s->v[i].who;
	return true;
}

bool
shares_is_news(struct shares *s, const struct share *how)
{
	struct user *u = find(s, how->who);
	bool was_warned;

	if (u == NULL)
		return false;
	was_warned = u->is_warned;
	u->is_warned = how->used >= how->left;
	return u->is_warned && !was_warned;
}
